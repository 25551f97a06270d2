"""Invoices issued elsewhere: stored once, byte for byte, and handed out like our own."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.automations import Trigger
from db.invoices import DocumentFormat, Invoice, InvoiceDocument, InvoiceKind, Issuer
from db.orders import Order, OrderKind
from pdfkit.child import Child
from pdfkit.outcome import Inspection
from portal import left_alone, old_news
from portal.activity import By, entry
from portal.left_alone import Occasion
from portal.old_news import Watch
from portal.refusals import Conflict, Fault, Invalid
from portal.texts import plain

REPORTED = "invoice_reported_elsewhere"
EARLIEST, LATEST = 1990, 2100
LARGEST = 10 * 1024 * 1024  # bytes of one PDF


@dataclass(frozen=True, kw_only=True)
class ForeignInvoice:
    """`content` is the PDF as it was issued; `inspection` what the child process found in it."""

    number: str
    issued_on: date
    content: bytes
    inspection: Inspection


async def looked_through(content: bytes, child: Child, scratch: Path) -> Inspection:
    """What the child process finds in these bytes."""
    with NamedTemporaryFile(dir=scratch, suffix=".pdf") as copy:
        await asyncio.to_thread(copy.write, content)
        copy.flush()
        return await child.inspect(Path(copy.name))


async def store(new: ForeignInvoice, order: Order, session: AsyncSession, by: By) -> tuple[Invoice, bool]:
    """The stored invoice, and whether it is new. The same bytes again are no second one; other ones raise Conflict.

    The merchant is told of one beside an invoice of ours, or with a number of ours. Raises Invalid.
    """
    number = plain(new.number)
    if not number:
        raise Invalid(Fault("#/number", "missing", "An invoice has a number that can be read."))
    if not new.inspection.pages:
        raise Invalid(Fault("#", "not-a-pdf", "The body is no PDF that can be opened."))
    if not EARLIEST <= new.issued_on.year <= LATEST:
        raise Invalid(Fault("#/date", "out-of-range", f"An invoice has a date from {EARLIEST} to {LATEST}."))
    digest = hashlib.sha256(new.content).hexdigest()
    if known := await _foreign(order, session):
        invoice, stored = known
        if stored == digest and plain(invoice.number) == number and invoice.issued_on == new.issued_on:
            return invoice, False
        raise Conflict(f"Invoice {invoice.number} is stored for this order and stays unchanged.")
    beside_own = await _has_own(order, session)
    invoice = Invoice(
        order_id=order.id,
        number=number,
        kind=_kind(order),
        issuer=Issuer.ELSEWHERE,
        issued_on=new.issued_on,
        total_gross=order.total_gross,
        currency=order.currency,
        stored_at=by.at,
    )
    session.add(invoice)
    await session.flush()
    document = InvoiceDocument(invoice_id=invoice.id, format=DocumentFormat.PDF, content=new.content, sha256=digest)
    session.add(document)
    same_number = await session.scalar(
        select(Invoice.id).where(Invoice.number == number, Invoice.issuer == Issuer.TRESEN)
    )
    details: dict[str, object] = {"number": number, "sha256": digest, "beside_own": beside_own}
    details["same_number"] = same_number is not None
    happening = entry(by, "invoice_stored", order.id, details, notice=beside_own or same_number is not None)
    session.add(happening)
    if invoice.kind is InvoiceKind.INVOICE:
        is_old = await _is_old(new.issued_on, order, session, by.at)
        occasion = Occasion(trigger=Trigger.INVOICE_CREATED, order=order, is_old=is_old, note=happening)
        await left_alone.fire(occasion, session, by)
    return invoice, True


async def _is_old(issued_on: date, order: Order, session: AsyncSession, now: datetime) -> bool:
    """Issued more than two days ago, or before its order came in, which was an old one then."""
    if old_news.is_old(old_news.end_of(issued_on), now, Watch(None)):
        return True
    return issued_on < order.created_at.date() and await old_news.was_old(order.ordered_at, order, session)


async def note_reported(order: Order, session: AsyncSession, by: By) -> None:
    """A source tells of an invoice of its own where there is one of ours already: the tax would be owed twice."""
    number = order.source_invoice_number
    if number is None or not await _has_own(order, session):
        return
    told = select(Activity.details).where(Activity.order_id == order.id, Activity.kind == REPORTED)
    if all(details.get("number") != number for details in await session.scalars(told)):
        session.add(entry(by, REPORTED, order.id, {"number": number}, notice=True))


def _kind(order: Order) -> InvoiceKind:
    """What a source uploads for a credit is the document that takes an invoice back."""
    return InvoiceKind.CREDIT_NOTE if order.kind is OrderKind.CREDIT else InvoiceKind.INVOICE


async def _foreign(order: Order, session: AsyncSession) -> tuple[Invoice, str] | None:
    found = await session.execute(
        select(Invoice, InvoiceDocument.sha256)
        .join(InvoiceDocument)
        .where(
            Invoice.order_id == order.id,
            Invoice.issuer == Issuer.ELSEWHERE,
            InvoiceDocument.format == DocumentFormat.PDF,
        )
    )
    row = found.one_or_none()
    return (row[0], row[1]) if row else None


async def _has_own(order: Order, session: AsyncSession) -> bool:
    """An invoice of ours that credit notes have not taken back completely."""
    taken_back = select(Invoice.cancels_id).where(Invoice.order_id == order.id, Invoice.cancels_id.is_not(None))
    own = select(Invoice.id).where(
        Invoice.order_id == order.id,
        Invoice.issuer == Issuer.TRESEN,
        Invoice.kind == InvoiceKind.INVOICE,
        Invoice.id.not_in(taken_back),
    )
    return await session.scalar(own.limit(1)) is not None
