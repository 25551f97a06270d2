"""What is kept is kept as long as its clock says: visits for days, letters for years. A nightly job applies the clocks.

Visits are shortened to what rules and merchants still need: an order keeps the moment at which its link was opened
last, and a download what became of it, because that decides whether it was spent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database, Transaction
from db.orders import Order
from db.retention import RetentionRun
from portal import dossiers, link_ends, order_erasures, retention_clocks
from portal.activity import TRESEN, By
from portal.retention_clocks import Clock, Step, Terms
from portal.windows import local_day

KIND = "retention"
LIMIT = timedelta(minutes=30)
AT_ONCE = 5000  # rows of one transaction, so that nobody waits long for the writer
WITH_PARTS_AT_ONCE = 500  # these weigh more
ORDERS_AT_ONCE = 20
AT_NIGHT = time(3, 20)
SHOWN = 14


@dataclass(frozen=True)
class Night:
    """What one run removed, by clock."""

    on: date
    removed: Mapping[str, int]
    is_over: bool


async def run(database: Database, now: datetime, fixed_zone: ZoneInfo | None = None) -> dict[Clock, int]:
    """How many rows each clock deleted or shortened, in short transactions; harmless to repeat, or to break off."""
    async with database.writing() as session:
        terms = await retention_clocks.terms(session, now, fixed_zone)
        session.add(row := RetentionRun(started_at=now))
    removed: dict[Clock, int] = {}
    for clock in Clock:
        if clock is Clock.ORDERS:
            removed[clock] = await _forget_buyers(terms, database)
        else:
            removed[clock] = sum([await _in_pieces(step, database.writing) for step in terms.steps(clock)])
    async with database.writing() as session:
        row = await session.get_one(RetentionRun, row.id)
        row.ended_at, row.removed = now, {clock.value: count for clock, count in removed.items() if count}
    return removed


async def foretold(session: AsyncSession, now: datetime, fixed_zone: ZoneInfo | None = None) -> dict[Clock, int]:
    """How many rows each clock would reach now. Of orders, all that are old enough: some may be kept by a right."""
    terms = await retention_clocks.terms(session, now, fixed_zone)
    found = {}
    for clock in Clock:
        found[clock] = sum([await _count(step, session) for step in terms.steps(clock)])
    old = select(func.count()).select_from(Order).where(retention_clocks.still_told(terms.orders_before))
    return found | {Clock.ORDERS: await session.scalar(old) or 0}


async def nights(session: AsyncSession, zone: ZoneInfo) -> list[Night]:
    """The newest first."""
    rows = await session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(SHOWN))
    return [
        Night(
            local_day(row.started_at, zone),
            {name: count for name, count in row.removed.items() if isinstance(count, int)},
            row.ended_at is not None,
        )
        for row in rows
    ]


def every_night(zone: Callable[[], ZoneInfo]) -> Callable[[datetime], datetime]:
    """The next time that the merchant's clock shows twenty past three."""

    def next_after(moment: datetime) -> datetime:
        here = moment.astimezone(zone())
        tonight = datetime.combine(here.date(), AT_NIGHT, here.tzinfo)
        return tonight if tonight > here else datetime.combine(here.date() + timedelta(days=1), AT_NIGHT, here.tzinfo)

    return next_after


async def _count(step: Step, session: AsyncSession) -> int:
    return await session.scalar(select(func.count(step.key)).where(step.condition)) or 0


async def _in_pieces(step: Step, transaction: Transaction) -> int:
    """How many rows it reached. Each piece goes on behind the ids of the last one: nothing is looked through twice."""
    reached, behind = 0, 0
    most = WITH_PARTS_AT_ONCE if step.parts else AT_ONCE
    while True:
        async with transaction() as session:
            over = select(step.key).where(step.key > behind, step.condition).order_by(step.key).limit(most)
            if not (ids := list(await session.scalars(over))):
                return reached
            for part in step.parts:
                await session.execute(delete(part.class_).where(part.in_(ids)))
            await session.execute(step.deed.where(step.key.between(behind + 1, ids[-1]), step.key.in_(ids)))
        reached, behind = reached + len(ids), ids[-1]


async def _forget_buyers(terms: Terms, database: Database) -> int:
    """Orders whose link has ended tell of nobody any more. Which ones, is asked while others may write."""
    erased, behind = 0, 0
    while True:
        async with database.reading() as session:
            old = select(Order.id).where(Order.id > behind, retention_clocks.still_told(terms.orders_before))
            ids = list(await session.scalars(old.order_by(Order.id).limit(ORDERS_AT_ONCE)))
            ended = [order_id for order_id in ids if await _has_ended(order_id, terms, session)]
        if not ids:
            return erased
        if ended:
            async with database.writing() as session:
                for order_id in ended:
                    order = await session.get_one(Order, order_id)
                    await order_erasures.erase(order, None, session, By(TRESEN, terms.now))
        erased, behind = erased + len(ended), ids[-1]


async def _has_ended(order_id: int, terms: Terms, session: AsyncSession) -> bool:
    found = await dossiers.of(order_id, session, terms.zone)
    return link_ends.has_ended(found, terms.general.link_retention_days, terms.now)
