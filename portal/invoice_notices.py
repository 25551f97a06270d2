"""What a merchant has to mend before there can be an invoice: told once for each order and reason, not each click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.invoices import Invoice, InvoiceKind
from db.orders import Order, State
from portal.activity import By, entry
from portal.invoice_lines import NotIssued

REFUSED = "invoice_refused"
MOST = 20  # of what is to be mended, on one screen


@dataclass(frozen=True)
class ToDo:
    """An order whose invoice could not be made, and why as it was noted."""

    order_id: int
    number: str
    details: Mapping[str, object]


async def tell(order_id: int, not_issued: NotIssued, session: AsyncSession, by: By) -> None:
    told = await session.scalars(
        select(Activity.details).where(Activity.order_id == order_id, Activity.kind == REFUSED)
    )
    if any(details.get("refusal") == not_issued.refusal for details in told):
        return
    details: dict[str, object] = {"refusal": not_issued.refusal.value, "detail": not_issued.detail}
    session.add(entry(by, REFUSED, order_id, details, notice=True))


async def still_open(session: AsyncSession) -> list[ToDo]:
    """Orders that have been refused an invoice and still have none, the newest refusal of each, newest first."""
    has_one = exists().where(Invoice.order_id == Activity.order_id, Invoice.kind == InvoiceKind.INVOICE)
    rows = await session.execute(
        select(Order.id, Order.number, Activity.details)
        .join(Order, Order.id == Activity.order_id)
        .where(Activity.kind == REFUSED, Activity.notice, ~has_one, Order.state != State.DELETED)
        .order_by(Activity.id.desc())
        .limit(10 * MOST)
    )
    found: dict[int, ToDo] = {}
    for order_id, number, details in rows:
        found.setdefault(order_id, ToDo(order_id, number, details))
    return list(found.values())[:MOST]
