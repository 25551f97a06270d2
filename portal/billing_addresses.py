"""The billing address as an invoice would bear it: the customer's own correction, else what the source told."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Address, AddressRole, BillingCorrection
from db.settings import SellerSettings
from pdfkit.codes import COUNTRIES
from pdfkit.letters import unprintable
from portal.refusals import Fault
from portal.texts import plain

MANDATORY = ("line1", "zip", "city", "country")
LONGEST, LONGEST_ZIP = 200, 20


@dataclass(frozen=True, kw_only=True)
class BillingAddress:
    """`country` is a code of ISO 3166-1; every text is on one line, and empty where there is none."""

    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    zip: str = ""
    city: str = ""
    country: str = ""


NAMES = tuple(each.name for each in fields(BillingAddress))


def typed(texts: dict[str, str]) -> BillingAddress:
    return BillingAddress(**{name: plain(texts.get(name, "")) for name in NAMES})


def faults(address: BillingAddress, country: str) -> list[Fault]:
    """Every wrong place: a name or a company has to be there, and all of the rest but `line2`.

    `country` is that of the sale, which stays: another one could change the tax.
    """
    missing = [name for name in MANDATORY if not getattr(address, name)]
    missing += [] if address.name or address.company else ["name"]
    found = [Fault(f"#/{name}", "missing", "This is needed on an invoice.") for name in missing]
    if address.country and address.country not in COUNTRIES:
        found.append(Fault("#/country", "unknown-country", "There is no country of this code."))
    elif address.country and address.country != country:
        found.append(Fault("#/country", "other-country", f"The order was sold to {country}."))
    found += [
        Fault(f"#/{name}", "unprintable", f"No font here has {signs}.")
        for name in NAMES
        if (signs := unprintable(getattr(address, name)))
    ]
    return found + [
        Fault(f"#/{name}", "too-long", "This is too long for an address.")
        for name in NAMES
        if len(getattr(address, name)) > (LONGEST_ZIP if name == "zip" else LONGEST)
    ]


async def newest_correction(order_id: int, session: AsyncSession) -> BillingCorrection | None:
    """None also where the newest is empty: it took back those before it."""
    chosen = select(BillingCorrection).where(BillingCorrection.order_id == order_id)
    found = await session.scalar(chosen.order_by(BillingCorrection.id.desc()).limit(1))
    return found if found and found.country else None


async def of_order(order_id: int, session: AsyncSession) -> BillingAddress:
    found = await newest_correction(order_id, session) or await _told(order_id, AddressRole.BILLING, session)
    return BillingAddress(**{name: getattr(found, name) for name in NAMES}) if found else BillingAddress()


async def country_of(order_id: int, session: AsyncSession) -> str:
    """Where an invoice of this order goes by what the source told; where it told no country, it was sold at home."""
    billing = await _told(order_id, AddressRole.BILLING, session)
    told = billing or await _told(order_id, AddressRole.SHIPPING, session)
    return (told.country if told else "") or (await session.scalars(select(SellerSettings.country))).one()


async def _told(order_id: int, role: AddressRole, session: AsyncSession) -> Address | None:
    return await session.get(Address, (order_id, role))
