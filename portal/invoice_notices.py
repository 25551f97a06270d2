"""What a merchant has to mend before there can be an invoice: told once for each order and reason, not each click."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from portal.activity import By, entry
from portal.invoice_lines import NotIssued

REFUSED = "invoice_refused"


async def tell(order_id: int, not_issued: NotIssued, session: AsyncSession, by: By) -> None:
    told = await session.scalars(
        select(Activity.details).where(Activity.order_id == order_id, Activity.kind == REFUSED)
    )
    if any(details.get("refusal") == not_issued.refusal for details in told):
        return
    details: dict[str, object] = {"refusal": not_issued.refusal.value, "detail": not_issued.detail}
    session.add(entry(by, REFUSED, order_id, details, notice=True))
