"""Why there could be no invoice: a notice for the merchant when it is news, and a word for who waits for it.

Each refusal bears the versions of the order and of the shop: while both stand, another try would end the same way.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.orders import Order
from db.versions import ShopVersion
from portal.activity import By, entry
from portal.invoice_lines import NotIssued
from portal.refusals import Refusal

REFUSED = "invoice_refused"


async def tell(order_id: int, not_issued: NotIssued, session: AsyncSession, by: By) -> None:
    """A notice where reason or detail are other ones than the last time; nothing where nothing has changed since."""
    last = await _newest(order_id, session)
    told: dict[str, object] = {"refusal": not_issued.refusal.value, "detail": not_issued.detail}
    is_news = last is None or any(last.get(name) != value for name, value in told.items())
    if last is not None and not is_news and await holds(order_id, last, session):
        return
    # The page that the customer comes back to is another one now: it says that the invoice follows.
    await session.execute(update(Order).where(Order.id == order_id).values(version=Order.version + 1))
    seen = await _versions(order_id, session)
    session.add(entry(by, REFUSED, order_id, {**told, "seen": seen}, notice=is_news))


async def waiting_for(order_id: int, session: AsyncSession) -> Refusal | None:
    """What the merchant has to mend first, as long as nothing has changed since it was found.

    What failed once without a reason in the order is no such thing: it may do better.
    """
    last = await _newest(order_id, session)
    if last is None or not await holds(order_id, last, session):
        return None
    why = Refusal(str(last["refusal"]))
    return None if why is Refusal.INVOICE_FAILED else why


async def holds(order_id: int, details: Mapping[str, object], session: AsyncSession) -> bool:
    """Whether nothing of the order and the shop has changed since these details of a refusal were written."""
    return details.get("seen") == await _versions(order_id, session)


async def _newest(order_id: int, session: AsyncSession) -> Mapping[str, object] | None:
    found = select(Activity.details).where(Activity.order_id == order_id, Activity.kind == REFUSED)
    return await session.scalar(found.order_by(Activity.id.desc()).limit(1))


async def _versions(order_id: int, session: AsyncSession) -> str:
    shop = select(ShopVersion.version).scalar_subquery()
    order, shop_version = (await session.execute(select(Order.version, shop).where(Order.id == order_id))).one()
    return f"{order}.{shop_version}"
