"""What happened in the shop, newest first; what of it is a notice the merchant must know of, and who has seen it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.merchants import Merchant
from db.orders import Order
from portal.order_history import Happening, named

PAGE = 50


@dataclass(frozen=True, kw_only=True)
class Noted:
    """`order_id` and `number` are those of the order it is about, if there is one."""

    id: int
    happening: Happening
    order_id: int | None
    number: str


async def page(session: AsyncSession, *, only_notices: bool, before: int | None) -> tuple[list[Noted], int | None]:
    """The entries, and the id before which the next page begins, if there is one."""
    chosen = select(Activity, Order.number).outerjoin(Order, Order.id == Activity.order_id)
    if only_notices:
        chosen = chosen.where(Activity.notice)
    if before is not None:
        chosen = chosen.where(Activity.id < before)
    rows = (await session.execute(chosen.order_by(Activity.id.desc()).limit(PAGE + 1))).all()
    happenings = await named([activity for activity, _ in rows[:PAGE]], session)
    found = noted([(activity, number) for activity, number in rows[:PAGE]], happenings)
    return found, found[-1].id if len(rows) > PAGE else None


def noted(rows: Sequence[tuple[Activity, str | None]], happenings: Sequence[Happening]) -> list[Noted]:
    """Entries with the numbers of their orders, and the same entries with the names in them."""
    return [
        Noted(id=activity.id, happening=happening, order_id=activity.order_id, number=number or "")
        for (activity, number), happening in zip(rows, happenings, strict=True)
    ]


async def seen(merchant_id: int, session: AsyncSession) -> int:
    """The last activity whose notice this merchant has seen."""
    return (await session.scalars(select(Merchant.notices_seen).where(Merchant.id == merchant_id))).one()


async def see(merchant_id: int, up_to: int, session: AsyncSession) -> None:
    """This one and all before it: what came while the merchant was reading stays unseen."""
    newest = (await session.scalars(select(func.max(Activity.id)).where(Activity.notice))).one() or 0
    await session.execute(
        update(Merchant)
        .where(Merchant.id == merchant_id, Merchant.notices_seen < up_to)
        .values(notices_seen=min(up_to, newest))
    )


async def merchants(session: AsyncSession) -> Mapping[int, str]:
    """Mail addresses by id: who a history speaks of."""
    return {merchant_id: email for merchant_id, email in await session.execute(select(Merchant.id, Merchant.email))}
