"""Finding orders."""

from __future__ import annotations

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Order
from db.sources import Source
from portal import imported, paging
from portal.imported import Instant
from portal.paging import AfterMoment, Paging


class OrderQuery(Paging, kw_only=True, frozen=True):
    """Empty means any. `updated_after` asks when Tresen last took something over, by its own clock."""

    source: str = ""
    number: str = ""
    email: str = ""
    updated_after: Instant | None = None


async def page(query: OrderQuery, session: AsyncSession) -> tuple[list[Order], str | None]:
    """Orders in the order of their last change, and the cursor of the next page.

    What changes while somebody turns the pages moves to the end: it may be seen twice, and is never missed.
    """
    wanted = _filtered(query)
    if query.cursor:
        last = paging.place(query.cursor, AfterMoment)
        at = paging.instant(last.microseconds)
        wanted = wanted.where(or_(Order.changed_at > at, and_(Order.changed_at == at, Order.id > last.id)))
    rows = await session.scalars(wanted.order_by(Order.changed_at, Order.id).limit(query.limit + 1))
    return paging.cut(rows.all(), query.limit, _place)


def _place(order: Order) -> AfterMoment:
    return AfterMoment(paging.microseconds(order.changed_at), order.id)


def _filtered(query: OrderQuery) -> Select[Order]:
    wanted = select(Order)
    if query.source:
        wanted = wanted.join(Source).where(Source.name == query.source)
    if query.number:
        wanted = wanted.where(Order.number == query.number)
    if query.email:
        wanted = wanted.where(Order.buyer_email_key == imported.email_key(query.email))
    if query.updated_after:
        wanted = wanted.where(Order.changed_at > query.updated_after)
    return wanted
