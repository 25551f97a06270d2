"""The order as Tresen tells it: what its source sent, and what follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Address, AddressRole, Line, Order, OrderTag
from db.payments import Payment
from db.settings import GeneralSettings
from db.sources import Source
from portal import order_facts
from portal.imported import (
    Buyer,
    ImportedLine,
    ImportedOrder,
    ImportedPayment,
    PostalAddress,
    ShopWaiver,
    SourceInvoice,
)
from portal.links import Link, Links
from portal.order_rows import ADDRESS_FIELDS, BUYER_FIELDS, LINE_FIELDS, PAYMENT_FIELDS, PLAIN_FIELDS
from portal.orders import OrderFacts, PaymentState

T = TypeVar("T")


class ExportedOrder(ImportedOrder, kw_only=True, frozen=True):
    """Every field as it was sent, and beside it what Tresen computes. `paid` and `due` follow the setting `paid_rule`.

    `payments` holds all that are known, whoever told of them.
    """

    source: str
    external_id: str
    payment_state: PaymentState
    paid: bool
    due: int
    portal_url: str


class Parts:
    """What belongs to some orders, by order id."""

    def __init__(self) -> None:
        self.sources: dict[int, str] = {}
        self.lines: dict[int, list[Line]] = defaultdict(list)
        self.addresses: dict[int, dict[AddressRole, Address]] = defaultdict(dict)
        self.tags: dict[int, list[str]] = defaultdict(list)
        self.payments: Mapping[int, Sequence[Payment]] = {}
        self.facts: Mapping[int, OrderFacts] = {}


async def one(order: Order, links: Links, session: AsyncSession) -> ExportedOrder:
    return (await many([order], links, session))[0]


async def many(orders: Sequence[Order], links: Links, session: AsyncSession) -> list[ExportedOrder]:
    """In the given order, with the same number of statements for one as for hundreds."""
    parts = await _parts(orders, session)
    return [_exported(order, parts, links) for order in orders]


async def _parts(orders: Sequence[Order], session: AsyncSession) -> Parts:
    await session.flush()
    ids = [order.id for order in orders]
    parts = Parts()
    names = select(Source.id, Source.name).where(Source.id.in_({order.source_id for order in orders}))
    parts.sources = {source_id: name for source_id, name in await session.execute(names)}
    for line in await session.scalars(select(Line).where(Line.order_id.in_(ids)).order_by(Line.position)):
        parts.lines[line.order_id].append(line)
    for address in await session.scalars(select(Address).where(Address.order_id.in_(ids))):
        parts.addresses[address.order_id][address.role] = address
    as_sent: ColumnElement[int] = literal_column("order_tag.rowid")
    for tag in await session.scalars(select(OrderTag).where(OrderTag.order_id.in_(ids)).order_by(as_sent)):
        parts.tags[tag.order_id].append(tag.tag)
    paid_rule = (await session.scalars(select(GeneralSettings.paid_rule))).one()
    parts.facts = await order_facts.of(orders, paid_rule, session)
    parts.payments = await order_facts.payments_of(orders, session)
    return parts


def _exported(order: Order, parts: Parts, links: Links) -> ExportedOrder:
    facts = parts.facts[order.id]
    addresses = parts.addresses[order.id]
    return ExportedOrder(
        **{name: _told(getattr(order, name)) for name in PLAIN_FIELDS},
        updated_at=_told(order.source_updated_at),
        buyer=Buyer(**{name: getattr(order, f"buyer_{name}") for name in BUYER_FIELDS}),
        billing=_address(addresses.get(AddressRole.BILLING)),
        shipping=_address(addresses.get(AddressRole.SHIPPING)),
        waiver=_waiver(order),
        lines=[_line(line) for line in parts.lines[order.id]],
        payments=[_payment(payment) for payment in parts.payments.get(order.id, ())],
        invoice=_invoice(order),
        tags=parts.tags[order.id],
        source=parts.sources[order.source_id],
        external_id=order.external_id,
        payment_state=facts.payment_state,
        paid=facts.is_paid,
        due=facts.due,
        portal_url=links.url(Link(order.id, order.link_version)),
    )


def _address(row: Address | None) -> PostalAddress | None:
    return PostalAddress(**{name: getattr(row, name) for name in ADDRESS_FIELDS}) if row else None


def _waiver(order: Order) -> ShopWaiver | None:
    if order.waiver_accepted is None:
        return None
    return ShopWaiver(accepted=order.waiver_accepted, at=_told(order.waiver_at), text=order.waiver_text)


def _invoice(order: Order) -> SourceInvoice | None:
    if order.source_invoice_number is None or order.source_invoice_date is None:
        return None
    return SourceInvoice(number=order.source_invoice_number, date=order.source_invoice_date)


def _line(row: Line) -> ImportedLine:
    same = {name: getattr(row, name) for name in LINE_FIELDS}
    return ImportedLine(id=row.external_id, tax_rate=percent(row.tax_rate), **same)


def _payment(row: Payment) -> ImportedPayment:
    return ImportedPayment(**{name: _told(getattr(row, name)) for name in PAYMENT_FIELDS})


def _told(value: T) -> T:
    """Instants in UTC, whatever offset a row that was written a moment ago still has."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def percent(basis_points: int) -> str:
    """1900 → `"19.00"`."""
    return f"{basis_points // 100}.{basis_points % 100:02d}"
