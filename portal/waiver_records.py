"""One consent with everything that a confirmation or a piece of evidence has to say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Address, AddressRole, Order
from db.settings import SellerSettings
from db.sources import Source
from portal import waiver_texts, waivers
from portal.dossiers import SellerFacts, seller_facts
from portal.refusals import NotFound
from portal.settings import AllSettings, all_settings
from portal.waivers import GivenWaiver
from portal.windows import local_day


@dataclass(frozen=True, kw_only=True)
class WaiverRecord:
    """`buyer` and `seller` are addresses line by line. `text_version` is None for wordings that were never ours."""

    waiver: GivenWaiver
    text_version: int | None
    order_id: int
    order_number: str
    ordered_on: date
    source: str
    platform: str
    shop_name: str
    locale: str
    buyer: tuple[str, ...]
    buyer_name: str
    buyer_email: str
    seller: tuple[str, ...]
    contact: SellerFacts
    accent_colour: str
    zone: ZoneInfo

    @property
    def given_at(self) -> datetime:
        """When it was given; when it was told, where a shop did not say."""
        return (self.waiver.given_at or self.waiver.recorded_at).astimezone(self.zone)


async def of(order_id: int, waiver_id: int, session: AsyncSession, fixed_zone: ZoneInfo | None) -> WaiverRecord:
    """Raises NotFound, also for the waiver of another order."""
    row = (await session.execute(select(Order, Source.name).join(Source).where(Order.id == order_id))).one_or_none()
    found = [waiver for waiver in await waivers.recorded(order_id, session) if waiver.id == waiver_id]
    if row is None or not found:
        raise NotFound
    order, source = row
    settings = await all_settings(session, fixed_zone)
    version = await waiver_texts.of_digest(found[0].text_sha256, session) if found[0].text_sha256 else None
    return WaiverRecord(
        waiver=found[0],
        text_version=version.id if version else None,
        order_id=order.id,
        order_number=order.number,
        ordered_on=local_day(order.ordered_at, settings.zone),
        source=source,
        platform=order.platform,
        shop_name=order.shop_name,
        locale=order.locale,
        buyer=await _buyer(order, session),
        buyer_name=order.buyer_name or order.buyer_company,
        buyer_email=order.buyer_email,
        seller=_seller(settings),
        contact=seller_facts(settings.seller),
        accent_colour=settings.appearance.accent_colour,
        zone=settings.zone,
    )


async def _buyer(order: Order, session: AsyncSession) -> tuple[str, ...]:
    address = await session.get(Address, (order.id, AddressRole.BILLING))
    name = order.buyer_name or order.buyer_company
    if address is None:
        return _filled(name)
    town = f"{address.zip} {address.city}".strip()
    return _filled(address.name or address.company or name, address.line1, address.line2, town, address.country)


def _seller(settings: AllSettings) -> tuple[str, ...]:
    seller: SellerSettings = settings.seller
    return _filled(seller.name, seller.street, f"{seller.zip} {seller.city}".strip())


def _filled(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)
