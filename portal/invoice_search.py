"""Finding issued documents, and telling them apart."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from sqlalchemy import Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.invoices import DocumentFormat, Invoice, InvoiceDocument, InvoiceKind, Issuer
from db.orders import Order
from db.sources import Source
from portal import paging
from portal.paging import AfterId, Paging
from portal.refusals import NotFound

Found = Select[Invoice, Order, str, str]


class InvoiceQuery(Paging, kw_only=True, frozen=True):
    """Empty means any. `order` is the order's number."""

    order: str = ""
    number: str = ""
    kind: InvoiceKind | None = None
    issued_after: date | None = None


class InvoicedOrder(Struct, kw_only=True, frozen=True):
    source: str
    external_id: str
    number: str


class ToldInvoice(Struct, kw_only=True, frozen=True):
    """An issued document. `sha256` is that of its PDF; `refers_to` the id of what a credit note takes back."""

    id: int
    order: InvoicedOrder
    number: str
    kind: InvoiceKind
    issuer: Issuer
    issued_on: date
    total_gross: int
    currency: str
    sha256: str | None
    refers_to: int | None


async def one(invoice_id: int, session: AsyncSession) -> ToldInvoice:
    """Raises NotFound."""
    row = (await session.execute(_everything().where(Invoice.id == invoice_id))).one_or_none()
    if row is None:
        raise NotFound
    return _told(*row)


async def page(query: InvoiceQuery, session: AsyncSession) -> tuple[list[ToldInvoice], str | None]:
    """Oldest first, and the cursor of the next page."""
    wanted = _filtered(query)
    if query.cursor:
        wanted = wanted.where(Invoice.id > paging.place(query.cursor, AfterId).id)
    rows = await session.execute(wanted.order_by(Invoice.id).limit(query.limit + 1))
    return paging.cut([_told(*row) for row in rows], query.limit, lambda invoice: AfterId(invoice.id))


def _everything() -> Found:
    is_pdf = and_(InvoiceDocument.invoice_id == Invoice.id, InvoiceDocument.format == DocumentFormat.PDF)
    return (
        select(Invoice, Order, Source.name, InvoiceDocument.sha256)
        .join(Order, Order.id == Invoice.order_id)
        .join(Source, Source.id == Order.source_id)
        .outerjoin(InvoiceDocument, is_pdf)
    )


def _filtered(query: InvoiceQuery) -> Found:
    wanted = _everything()
    if query.order:
        wanted = wanted.where(Order.number == query.order)
    if query.number:
        wanted = wanted.where(Invoice.number == query.number)
    if query.kind:
        wanted = wanted.where(Invoice.kind == query.kind)
    if query.issued_after:
        wanted = wanted.where(Invoice.issued_on > query.issued_after)
    return wanted


def _told(invoice: Invoice, order: Order, source: str, sha256: str | None) -> ToldInvoice:
    same = "id number kind issuer issued_on total_gross currency refers_to".split()
    return ToldInvoice(
        **{name: getattr(invoice, name) for name in same},
        order=InvoicedOrder(source=source, external_id=order.external_id, number=order.number),
        sha256=sha256,
    )
