"""A person as a shop knows one: by a mail address. What there is of them, and what of it the law keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.downloads import Download
from db.invoices import Invoice, InvoiceKind
from db.messages import Message, MessageState
from db.orders import Order
from db.payments import Payment
from db.settings import RetentionSettings
from db.waivers import Waiver
from portal import settings
from portal.retention_clocks import INVOICES_STAY_YEARS, last_day
from portal.windows import local_day


class KeptKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    WAIVER = "waiver"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What stays when an order is erased, and the last day on which the law asks for it. `what` names it."""

    kind: KeptKind
    what: str
    order_number: str
    until: date


@dataclass(frozen=True, kw_only=True)
class SubjectOrder:
    id: int
    number: str
    platform: str
    ordered_on: date
    name: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """`counts` by table; `queued` are mails that still wait to be sent."""

    address: str
    orders: Sequence[SubjectOrder]
    counts: Mapping[str, int]
    queued: int
    kept: Sequence[Kept]

    @property
    def is_known(self) -> bool:
        return bool(self.orders) or any(self.counts.values())


Counted = type[Invoice | Payment | Waiver | Download]
COUNTED: tuple[Counted, ...] = (Invoice, Payment, Waiver, Download)


async def about(address: str, session: AsyncSession, zone: ZoneInfo) -> Subject:
    """`address` as portal.lost_links.normal() writes it."""
    found = await orders_of(address, session)
    ids = [order.id for order in found]
    counts = {table.__tablename__: await _count(table, ids, session) for table in COUNTED}
    mine = select(func.count()).select_from(Message).where(written_to(address, ids))
    counts[Message.__tablename__] = await session.scalar(mine) or 0
    return Subject(
        address=address,
        orders=tuple(_told(order, zone) for order in found),
        counts=counts,
        queued=await session.scalar(mine.where(Message.state == MessageState.QUEUED)) or 0,
        kept=await kept_of(ids, session, zone),
    )


async def orders_of(address: str, session: AsyncSession) -> list[Order]:
    """The newest first. An order belongs to the address that it bears now."""
    mine = Order.buyer_email_key == address
    return list(await session.scalars(select(Order).where(mine).order_by(Order.ordered_at.desc(), Order.id.desc())))


def written_to(address: str, order_ids: Collection[int]) -> ColumnElement[bool]:
    return or_(func.lower(Message.to_address) == address, Message.order_id.in_(order_ids))


async def kept_of(order_ids: Collection[int], session: AsyncSession, zone: ZoneInfo) -> tuple[Kept, ...]:
    """Documents and money for as long as §§ 147 (3) AO, 14b (1) UStG say, consents for as long as the merchant says."""
    years = (await settings.of(RetentionSettings, session)).waiver_retention_years
    numbers = select(Order.id, Order.number).where(Order.id.in_(order_ids))
    of_order = {row.id: row.number for row in await session.execute(numbers)}
    kept = []
    for invoice in await session.scalars(select(Invoice).where(Invoice.order_id.in_(order_ids)).order_by(Invoice.id)):
        kind = KeptKind.INVOICE if invoice.kind is InvoiceKind.INVOICE else KeptKind.CREDIT_NOTE
        kept.append((invoice.order_id, kind, invoice.number, last_day(invoice.issued_on, INVOICES_STAY_YEARS)))
    for payment in await session.scalars(select(Payment).where(Payment.order_id.in_(order_ids)).order_by(Payment.id)):
        until = last_day(local_day(payment.at, zone), INVOICES_STAY_YEARS)
        kept.append((payment.order_id, KeptKind.PAYMENT, payment.transaction_id, until))
    for waiver in await session.scalars(select(Waiver).where(Waiver.order_id.in_(order_ids)).order_by(Waiver.id)):
        until = last_day(local_day(waiver.recorded_at, zone), years)
        kept.append((waiver.order_id, KeptKind.WAIVER, "", until))
    return tuple(Kept(kind=kind, what=what, order_number=of_order[id], until=until) for id, kind, what, until in kept)


async def _count(table: Counted, ids: Collection[int], session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(table).where(table.order_id.in_(ids))) or 0


def _told(order: Order, zone: ZoneInfo) -> SubjectOrder:
    return SubjectOrder(
        id=order.id,
        number=order.number,
        platform=order.platform,
        ordered_on=local_day(order.ordered_at, zone),
        name=order.buyer_name or order.buyer_company,
    )
