"""Whether a customer may download a file now, and if not, why not; and the spending of one download."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Trigger
from db.downloads import Download
from db.orders import Order
from portal import triggers
from portal.activity import CUSTOMER, By
from portal.entitled import is_given_back
from portal.entitlements import BoughtLine, Entitlement
from portal.links import Link
from portal.orders import OrderFacts, death, not_an_order
from portal.refusals import Refusal, Refused
from portal.signing import Signer
from portal.windows import is_over

PURPOSE = "download"
LIFETIME = timedelta(hours=24)
SAME_ATTEMPT = timedelta(minutes=5)
BYTE_CAP = 3  # × the file's bytes: enough for every broken transfer, too little for a mirror
AT_ADDRESS = (
    select(Order, Download)
    .join(Order, Order.id == Download.order_id)
    .where(
        Download.id == bindparam("download"), Order.id == bindparam("order"), Order.link_version == bindparam("version")
    )
)


def refusal(entitlement: Entitlement, now: datetime) -> Refusal | None:
    """The first obstacle; those the customer cannot clear come first."""
    order = entitlement.order
    if why := death(order) or not_an_order(order):
        return why
    if entitlement.is_refunded:
        return Refusal.REFUNDED
    if not entitlement.rules.enabled:
        return Refusal.DISABLED
    if not order.is_paid:
        return Refusal.NOT_PAID
    return _used_up(entitlement, now)


def _used_up(entitlement: Entitlement, now: datetime) -> Refusal | None:
    if is_over(entitlement.until(now), now, entitlement.rules.zone):
        return Refusal.EXPIRED
    if entitlement.downloads_left == 0:
        return Refusal.LIMIT_REACHED
    if entitlement.file.missing:
        return Refusal.FILE_MISSING
    if entitlement.file.unstampable:
        return Refusal.STAMP_FAILED
    if entitlement.waits_for_consent(now):
        return Refusal.WAIVER_MISSING
    return Refusal.WAIVER_CONFIRMATION_PENDING if entitlement.waits_for_confirmation(now) else None


def ending(order: OrderFacts, lines: Collection[BoughtLine], *, enabled: bool) -> Refusal | None:
    """Why an address that was given out is dead, or None while it lives. Limit and window are not asked again.

    `lines`: those that bring its file now; none if it was unlinked.
    """
    if why := death(order) or not_an_order(order):
        return why
    if not enabled:
        return Refusal.DISABLED
    if not lines:
        return Refusal.UNLINKED
    return Refusal.REFUNDED if all(line.is_refunded for line in lines) else None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What one spent download will hand out: these bytes under this name and no others."""

    name: str
    file_version: str
    size: int
    stamp: str = ""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Who asks: `mark` is random for each rendered page, empty where a script asks without one."""

    mark: str
    ip_prefix: str
    at: datetime


async def spend(entitlement: Entitlement, delivery: Delivery, attempt: Attempt, session: AsyncSession) -> Download:
    """Spends one download in the running write transaction, or reuses that of the same attempt. Raises Refused."""
    if known := await of_attempt(entitlement, attempt, session):
        return known
    if why := refusal(entitlement, attempt.at):
        raise Refused(why)
    download = Download(
        order_id=entitlement.order.id,
        file_id=entitlement.file.id,
        attempt=attempt.mark,
        name=delivery.name,
        file_version=delivery.file_version,
        size=delivery.size,
        stamp=delivery.stamp,
        started_at=attempt.at,
        ip_prefix=attempt.ip_prefix,
    )
    session.add(download)
    by = By(CUSTOMER, attempt.at)
    await triggers.fire(Trigger.FILE_DOWNLOADED, entitlement.order.id, session, by, download)
    await session.flush()
    return download


async def of_attempt(entitlement: Entitlement, attempt: Attempt, session: AsyncSession) -> Download | None:
    """A double click or the back button within five minutes gets the download that it has already paid for."""
    if not attempt.mark or ending(entitlement.order, entitlement.lines, enabled=entitlement.rules.enabled):
        return None
    return await session.scalar(
        select(Download)
        .where(
            Download.order_id == entitlement.order.id,
            Download.file_id == entitlement.file.id,
            Download.attempt == attempt.mark,
            Download.started_at > attempt.at - SAME_ATTEMPT,
            ~is_given_back(),
        )
        .limit(1)
    )


@dataclass(frozen=True)
class Address:
    """What a download's address carries: it dies with the portal link it was made from."""

    download_id: int
    link: Link


def token(address: Address, signer: Signer) -> str:
    return signer.sign(PURPOSE, [address.download_id, address.link.order_id, address.link.version])


def read(token: str, signer: Signer) -> Address | None:
    match signer.read(PURPOSE, token):
        case [int(download_id), int(order_id), int(version)]:
            return Address(download_id, Link(order_id, version))
        case _:
            return None


async def at_address(address: Address, session: AsyncSession, now: datetime) -> tuple[Order, Download] | None:
    """What is behind an address, or None once its day is over or the link was renewed."""
    which = {"download": address.download_id, "order": address.link.order_id, "version": address.link.version}
    found = await session.execute(AT_ADDRESS, which)
    row = found.one_or_none()
    if row is None or now - row[1].started_at > LIFETIME:
        return None
    order, download = row
    return order, download
