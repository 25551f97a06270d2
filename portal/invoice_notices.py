"""What a merchant has to mend before there can be an invoice: told once for each order and reason, not each click."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.invoices import Invoice, InvoiceKind
from db.orders import Order
from portal.activity import By, entry
from portal.invoice_lines import NotIssued
from portal.orders import DEAD
from portal.refusals import Refusal

REFUSED = "invoice_refused"
MOST_TOLD = 50


@dataclass(frozen=True, kw_only=True)
class ToDo:
    """An order whose invoice could not be made, and why when it was last tried with this outcome."""

    order_id: int
    order_number: str
    refusal: Refusal
    detail: str


async def to_do(session: AsyncSession) -> list[ToDo]:
    """The newest first, at most MOST_TOLD; an order that got its invoice, or died, needs nothing more."""
    taken_back = select(Invoice.cancels_id).where(Invoice.order_id == Order.id, Invoice.cancels_id.is_not(None))
    standing = select(Invoice.id).where(
        Invoice.order_id == Order.id, Invoice.kind == InvoiceKind.INVOICE, Invoice.id.not_in(taken_back)
    )
    found = await session.execute(
        select(Activity.details, Order.id, Order.number)
        .join(Order, Order.id == Activity.order_id)
        .where(Activity.kind == REFUSED, Activity.notice, Order.state.not_in(DEAD), ~standing.exists())
        .order_by(Activity.id.desc())
        .limit(MOST_TOLD)
    )
    newest = {order_id: (details, number) for details, order_id, number in reversed(found.all())}
    return [
        ToDo(
            order_id=order_id,
            order_number=number,
            refusal=Refusal(str(details["refusal"])),
            detail=str(details.get("detail", "")),
        )
        for order_id, (details, number) in reversed(newest.items())
    ]


async def tell(order_id: int, not_issued: NotIssued, session: AsyncSession, by: By) -> None:
    told = await session.scalars(
        select(Activity.details).where(Activity.order_id == order_id, Activity.kind == REFUSED)
    )
    if any(details.get("refusal") == not_issued.refusal for details in told):
        return
    details: dict[str, object] = {"refusal": not_issued.refusal.value, "detail": not_issued.detail}
    session.add(entry(by, REFUSED, order_id, details, notice=True))
