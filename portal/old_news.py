"""Whether what comes in had happened so long ago that nobody is written to because of it.

News is old if it happened more than two days before it was told: whoever connects a shop brings in what was sold long
ago. A source that is fetched has been watched since it was connected, so what happened since then is never old,
however long a service was away meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Order
from db.sources import RunOutcome, Source, SourceRun
from portal import source_options
from portal.imported import ImportedOrder

LATE = timedelta(days=2)
LONG_AGO = timedelta(days=30)


@dataclass(frozen=True)
class Watch:
    """Since when a source is asked for its news; None where it is brought. `is_first_run`: no whole run has ended."""

    since: datetime | None
    is_first_run: bool = False


def is_old(happened: datetime, told: datetime, watch: Watch) -> bool:
    """In the first whole run of a source, all that happened before it was connected is old."""
    if watch.since is not None and happened >= watch.since:
        return False
    return watch.is_first_run or told - happened >= LATE


def last_news(order: ImportedOrder) -> datetime:
    """When something happened to it last, as its source tells it."""
    money = (each.at for each in order.payments)
    return max(filter(None, (order.ordered_at, order.confirmed_at, order.paid_at, order.shipped_at, *money)))


def end_of(day: date) -> datetime:
    """A date says no hour; the latest that it may mean."""
    return datetime.combine(day, time.max, UTC)


async def watches(source_ids: Collection[int], session: AsyncSession) -> dict[int, Watch]:
    """By source."""
    whole = select(SourceRun.id).where(SourceRun.source_id == Source.id, SourceRun.outcome == RunOutcome.OK)
    rows = await session.execute(select(Source, whole.exists()).where(Source.id.in_(source_ids)))
    return {
        source.id: Watch(source.connected_at or source.created_at, not is_over)
        if source_options.is_fetched(source)
        else Watch(None)
        for source, is_over in rows
    }


async def came_late(happened: datetime | None, order: Order, session: AsyncSession, now: datetime) -> bool:
    """As `was_old`; what nobody says the time of has happened now, unless the order was placed a month ago and more.

    Whoever brings in what was sold long ago, and then corrects what was missing in it, would write to everybody else.
    """
    if happened is None and now - order.ordered_at < LONG_AGO:
        return False
    return await was_old(happened or order.ordered_at, order, session)


async def was_old(happened: datetime, order: Order, session: AsyncSession) -> bool:
    """Whether its order was an old one when it came in, and this had happened long before, too."""
    watch, came = (await watches([order.source_id], session))[order.source_id], order.created_at
    return is_old(order.ordered_at, came, watch) and is_old(happened, came, watch)
