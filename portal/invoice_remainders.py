"""What is left of the invoices of one order, line by line: what a merchant may still take back; and what they lack."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.invoices import DocumentFormat, Invoice, InvoiceDocument, InvoiceKind, InvoiceSnapshot, Issuer
from pdfkit import xrechnung
from portal import credit_notes, snapshots
from portal.snapshots import Snapshot


@dataclass(frozen=True, kw_only=True)
class LeftLine:
    """`id` is the source's own for the line; `quantity` is above 0, also of a discount."""

    id: str
    title: str
    unit: str
    quantity: Decimal


@dataclass(frozen=True, kw_only=True)
class Remainder:
    """`credit_notes` counts those there are of the invoice."""

    lines: tuple[LeftLine, ...]
    credit_notes: int


async def of_order(order_id: int, session: AsyncSession) -> Mapping[int, Remainder]:
    """By the id of the invoice: those of our own of which something is left."""
    rows = await session.execute(
        select(Invoice, InvoiceSnapshot.content)
        .join(InvoiceSnapshot)
        .where(Invoice.order_id == order_id, Invoice.issuer == Issuer.TRESEN)
        .order_by(Invoice.id)
    )
    invoices: dict[int, Snapshot] = {}
    notes: dict[int, list[Snapshot]] = defaultdict(list)
    cancelled = set()
    for invoice, content in rows:
        if invoice.kind is InvoiceKind.INVOICE:
            invoices[invoice.id] = snapshots.restored(content)
        elif invoice.refers_to is not None:
            notes[invoice.refers_to].append(snapshots.restored(content))
            cancelled.add(invoice.cancels_id)
    return {
        invoice_id: Remainder(lines=_lines(snapshot, notes[invoice_id]), credit_notes=len(notes[invoice_id]))
        for invoice_id, snapshot in invoices.items()
        if invoice_id not in cancelled
    }


async def lacks_of(order_id: int, session: AsyncSession) -> Mapping[int, tuple[str, ...]]:
    """By the id of the document: the fields that keep our own ones from being an XRechnung, of those that are none."""
    is_one = select(InvoiceDocument.invoice_id).where(
        InvoiceDocument.invoice_id == Invoice.id, InvoiceDocument.format == DocumentFormat.XRECHNUNG
    )
    rows = await session.execute(
        select(Invoice.id, InvoiceSnapshot.content)
        .join(InvoiceSnapshot)
        .where(Invoice.order_id == order_id, ~is_one.exists())
    )
    return {invoice_id: xrechnung.lacks(snapshots.restored(content).paper) for invoice_id, content in rows}


def _lines(invoice: Snapshot, notes: list[Snapshot]) -> tuple[LeftLine, ...]:
    left = credit_notes.left_of(invoice, notes)
    return tuple(
        LeftLine(id=each.id, title=each.title, unit=each.unit, quantity=abs(left[each.id].quantity))
        for each in invoice.positions
        if left[each.id].quantity
    )
