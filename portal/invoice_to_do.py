"""The orders whose invoice waits for the merchant, with what is in its way now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.invoices import Invoice, InvoiceKind
from db.orders import Order
from portal import invoice_drafts, invoice_notices
from portal.invoice_drafts import Wish
from portal.invoice_lines import NotIssued
from portal.invoice_notices import REFUSED
from portal.orders import DEAD
from portal.refusals import Refusal, Refused

MOST_TOLD = 50
BATCH = 50


@dataclass(frozen=True, kw_only=True)
class ToDo:
    """An order whose invoice could not be made, and why not."""

    order_id: int
    order_number: str
    refusal: Refusal
    detail: str


async def of_shop(session: AsyncSession, now: datetime, fixed_zone: ZoneInfo | None) -> list[ToDo]:
    """One for each order, the newest refusal first, at most MOST_TOLD.

    What changed since it was refused is looked at anew: mended, it is none of these any more.
    """
    found: list[ToDo] = []
    async for activity, number in _refused(session):
        if activity.order_id is None:
            continue
        details = activity.details
        stored = ToDo(
            order_id=activity.order_id,
            order_number=number,
            refusal=Refusal(str(details["refusal"])),
            detail=str(details.get("detail", "")),
        )
        is_same = await invoice_notices.holds(activity.order_id, details, session)
        if now_so := stored if is_same else await _anew(stored, session, now, fixed_zone):
            found.append(now_so)
        if len(found) == MOST_TOLD:
            break
    return found


async def _refused(session: AsyncSession) -> AsyncIterator[tuple[Activity, str]]:
    """The newest refusal of each order that lives and has no invoice, here or elsewhere."""
    taken_back = select(Invoice.cancels_id).where(Invoice.order_id == Order.id, Invoice.cancels_id.is_not(None))
    standing = select(Invoice.id).where(
        Invoice.order_id == Order.id, Invoice.kind == InvoiceKind.INVOICE, Invoice.id.not_in(taken_back)
    )
    newest = select(func.max(Activity.id)).where(Activity.kind == REFUSED, Activity.notice).group_by(Activity.order_id)
    chosen = (
        select(Activity, Order.number)
        .join(Order, Order.id == Activity.order_id)
        .where(
            Activity.id.in_(newest),
            Order.state.not_in(DEAD),
            Order.source_invoice_number.is_(None),
            ~standing.exists(),
        )
        .order_by(Activity.id.desc())
        .limit(BATCH)
    )
    last: int | None = None
    while True:
        rows = (await session.execute(chosen if last is None else chosen.where(Activity.id < last))).all()
        for activity, number in rows:
            yield activity, number
        if len(rows) < BATCH:
            return
        last = rows[-1][0].id


async def _anew(stored: ToDo, session: AsyncSession, now: datetime, fixed_zone: ZoneInfo | None) -> ToDo | None:
    wish = Wish(order_id=stored.order_id, is_by_hand=True, at=now)
    try:
        await invoice_drafts.of_invoice(wish, session, fixed_zone)
    except NotIssued as refused:
        return ToDo(
            order_id=stored.order_id,
            order_number=stored.order_number,
            refusal=refused.refusal,
            detail=refused.detail,
        )
    except Refused:
        return None
    return None
