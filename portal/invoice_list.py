"""The merchant's list of issued documents: newest first, searched and filtered, in pages that turn both ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from sqlalchemy import Row, Select, Tuple, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from db import order_search
from db.engine import Reading
from db.invoices import DocumentFormat, Invoice, InvoiceDocument, InvoiceKind, InvoiceSnapshot, Issuer
from db.order_search import OrderSearch
from db.orders import Order
from pdfkit.paper import Kind
from portal import taxations
from portal.taxations import Taxation

PAGE = 50
BATCH = 200
FEW = 6_000  # orders that a search finds are collected and sorted; of more, walking along the list meets some soon

Chosen: TypeAlias = Select[date, int]


@dataclass(frozen=True, order=True)
class Month:
    """A month of the calendar."""

    year: int
    month: int

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class InvoiceFilter:
    """None and empty mean any. `since` and `until` are both part of the span."""

    query: str = ""
    kind: InvoiceKind | None = None
    issuer: Issuer | None = None
    since: Month | None = None
    until: Month | None = None

    @property
    def is_empty(self) -> bool:
        return self == InvoiceFilter()


@dataclass(frozen=True, order=True)
class Place:
    """Where a document stands in the list."""

    issued_on: date
    id: int


@dataclass(frozen=True, kw_only=True)
class Turn:
    """From where in the list a page goes on: towards older documents, or back towards newer ones."""

    after: Place | None = None
    before: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Related:
    """The other document; `is_complete` where the credit note of the two leaves nothing of the invoice."""

    number: str
    is_complete: bool


@dataclass(frozen=True, kw_only=True)
class ListedInvoice:
    """One document. `hashes` are SHA-256 by form; `basis` and `tax` are known of our own documents alone.

    Amounts in minor units; those of a credit note are negative. `taken_back_by` are the credit notes of an invoice,
    `takes_back` is the invoice of a credit note; `is_correction` that it takes back a part.
    """

    id: int
    order_id: int
    order_number: str
    buyer: str
    number: str
    kind: InvoiceKind
    issuer: Issuer
    issued_on: date
    total: int
    currency: str
    basis: int | None
    tax: int | None
    hashes: Mapping[DocumentFormat, str]
    taken_back_by: tuple[Related, ...]
    takes_back: Related | None
    is_correction: bool
    taxation: Taxation

    @property
    def place(self) -> Place:
        return Place(self.issued_on, self.id)


@dataclass(frozen=True, kw_only=True)
class Found:
    """`newer` and `older` are where the neighbouring pages begin, None at the ends of the list."""

    rows: tuple[ListedInvoice, ...]
    newer: Place | None
    older: Place | None


async def page(wanted: InvoiceFilter, turn: Turn, session: AsyncSession) -> Found:
    chosen = _turned(await _chosen(wanted, session), turn).limit(PAGE + 1)
    places = [Place(*row) for row in await session.execute(chosen)]
    rows = await _rows([place.id for place in places[:PAGE]], session)
    beyond = places[PAGE - 1] if len(places) > PAGE else None
    if turn.before is None:
        newer = places[0] if turn.after is not None and places else None
        return Found(rows=tuple(rows), newer=newer, older=beyond)
    return Found(rows=tuple(reversed(rows)), newer=beyond, older=places[0] if places else None)


async def any_at_all(session: AsyncSession) -> bool:
    return await session.scalar(select(Invoice.id).limit(1)) is not None


async def of_order(order_id: int, session: AsyncSession) -> list[ListedInvoice]:
    """All documents of one order, oldest first."""
    ids = select(Invoice.id).where(Invoice.order_id == order_id).order_by(Invoice.issued_on, Invoice.id)
    return await _rows(list(await session.scalars(ids)), session)


async def every(wanted: InvoiceFilter, reading: Reading) -> AsyncIterator[ListedInvoice]:
    """Oldest first, a batch at a time, so that thousands take no more room than a few.

    Issued documents never change: what is there at the first batch is what is told, and what comes later is left out.
    """
    async with reading() as session:
        newest = await session.scalar(select(func.max(Invoice.id))) or 0
    last: Place | None = None
    while True:
        async with reading() as session:
            chosen = (await _chosen(wanted, session)).where(Invoice.id <= newest)
            if last is not None:
                chosen = chosen.where(_place() > tuple_(last.issued_on, last.id))
            chosen = chosen.order_by(Invoice.issued_on, Invoice.id).limit(BATCH)
            rows = await _rows([row.id for row in await session.execute(chosen)], session)
        for row in rows:
            yield row
        if len(rows) < BATCH:
            return
        last = rows[-1].place


async def _chosen(wanted: InvoiceFilter, session: AsyncSession) -> Chosen:
    chosen = select(Invoice.issued_on, Invoice.id)
    if wanted.kind is not None:
        chosen = chosen.where(Invoice.kind == wanted.kind)
    if wanted.issuer is not None:
        chosen = chosen.where(Invoice.issuer == wanted.issuer)
    if wanted.since is not None:
        chosen = chosen.where(Invoice.issued_on >= wanted.since.first)
    if wanted.until is not None:
        chosen = chosen.where(Invoice.issued_on <= wanted.until.last)
    if words := order_search.words_of(wanted.query):
        return await _holding(words, chosen, session)
    return chosen


async def _holding(words: Sequence[str], chosen: Chosen, session: AsyncSession) -> Chosen:
    """Documents of orders that hold the words: an order is found by the numbers of its documents, too."""
    holding = select(OrderSearch.order_id).select_from(order_search.joined())
    few = holding.where(order_search.may_hold(words), order_search.holds(words)).limit(FEW + 1)
    if (await session.scalars(select(func.count()).select_from(few.subquery()))).one() <= FEW:
        return chosen.where(Invoice.order_id.in_(few))
    return chosen.join(OrderSearch, OrderSearch.order_id == Invoice.order_id).where(order_search.holds(words))


def _place() -> Tuple:
    return tuple_(Invoice.issued_on, Invoice.id)


def _turned(chosen: Chosen, turn: Turn) -> Chosen:
    if turn.before is not None:
        newer = chosen.where(_place() > tuple_(turn.before.issued_on, turn.before.id))
        return newer.order_by(Invoice.issued_on, Invoice.id)
    if turn.after is not None:
        chosen = chosen.where(_place() < tuple_(turn.after.issued_on, turn.after.id))
    return chosen.order_by(Invoice.issued_on.desc(), Invoice.id.desc())


async def _rows(ids: Sequence[int], session: AsyncSession) -> list[ListedInvoice]:
    """The documents in the order of their ids, with the same number of statements for one as for hundreds."""
    told = select(
        Invoice,
        Order.number.label("order_number"),
        func.coalesce(
            func.nullif(func.json_extract(InvoiceSnapshot.content, "$.paper.buyer.address.company"), ""),
            func.nullif(func.json_extract(InvoiceSnapshot.content, "$.paper.buyer.address.name"), ""),
            func.nullif(Order.buyer_company, ""),
            Order.buyer_name,
        ).label("buyer"),
        func.json_extract(InvoiceSnapshot.content, "$.paper.totals.basis").label("basis"),
        func.json_extract(InvoiceSnapshot.content, "$.paper.totals.tax").label("tax"),
        func.json_extract(InvoiceSnapshot.content, "$.paper.kind").label("paper_kind"),
    )
    told = told.join(Order, Order.id == Invoice.order_id).outerjoin(InvoiceSnapshot)
    found = {row.Invoice.id: row for row in await session.execute(told.where(Invoice.id.in_(ids)))}
    hashes = await _hashes(ids, session)
    taxation = await taxations.of(ids, session)
    taken_back = await _taken_back(ids, session)
    numbers = await _numbers([row.Invoice.refers_to for row in found.values() if row.Invoice.refers_to], session)
    return [
        _listed(
            found[each],
            hashes[each],
            taxation[each],
            taken_back[each],
            numbers.get(found[each].Invoice.refers_to),
        )
        for each in ids
    ]


def _listed(
    row: Row[Invoice, str, str, int | None, int | None, str | None],
    hashes: Mapping[DocumentFormat, str],
    taxation: Taxation,
    taken_back_by: Sequence[Related],
    takes_back: str | None,
) -> ListedInvoice:
    invoice: Invoice = row.Invoice
    sign = -1 if invoice.kind is InvoiceKind.CREDIT_NOTE else 1
    return ListedInvoice(
        id=invoice.id,
        order_id=invoice.order_id,
        order_number=row.order_number,
        buyer=row.buyer,
        number=invoice.number,
        kind=invoice.kind,
        issuer=invoice.issuer,
        issued_on=invoice.issued_on,
        total=invoice.total_gross,
        currency=invoice.currency,
        basis=None if row.basis is None else sign * row.basis,
        tax=None if row.tax is None else sign * row.tax,
        hashes=hashes,
        taken_back_by=tuple(taken_back_by),
        takes_back=Related(number=takes_back, is_complete=invoice.cancels_id is not None) if takes_back else None,
        is_correction=row.paper_kind == Kind.CORRECTION,
        taxation=taxation,
    )


async def _hashes(ids: Sequence[int], session: AsyncSession) -> Mapping[int, Mapping[DocumentFormat, str]]:
    found: dict[int, dict[DocumentFormat, str]] = defaultdict(dict)
    stored = select(InvoiceDocument.invoice_id, InvoiceDocument.format, InvoiceDocument.sha256)
    for invoice_id, form, sha256 in await session.execute(stored.where(InvoiceDocument.invoice_id.in_(ids))):
        found[invoice_id][form] = sha256
    return found


async def _taken_back(ids: Sequence[int], session: AsyncSession) -> Mapping[int, Sequence[Related]]:
    found: dict[int, list[Related]] = defaultdict(list)
    notes = select(Invoice.refers_to, Invoice.number, Invoice.cancels_id).where(Invoice.refers_to.in_(ids))
    for refers_to, number, cancels_id in await session.execute(notes.order_by(Invoice.id)):
        if refers_to is not None:
            found[refers_to].append(Related(number=number, is_complete=cancels_id is not None))
    return found


async def _numbers(ids: Sequence[int], session: AsyncSession) -> Mapping[int | None, str]:
    rows = await session.execute(select(Invoice.id, Invoice.number).where(Invoice.id.in_(ids)))
    return {invoice_id: number for invoice_id, number in rows}
