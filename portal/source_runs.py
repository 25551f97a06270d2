"""The times that a source is asked for its orders: asked for, done once, and kept to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Transaction
from db.orders import Order
from db.sources import RunCause, RunOutcome, Source, SourceFault, SourceKind, SourceRun
from portal import outbox, source_options
from portal.activity import TRESEN, By, entry
from portal.outbox import NewJob
from portal.refusals import Conflict
from portal.source_options import SWITCHED_OFF

EVERY = timedelta(minutes=5)
NOT_FETCHED = "Orders of this source are brought; there is nobody to ask."
BROKEN_OFF = "Tresen ended while it ran; the next one sees it all."
FAILING = "source_failing"  # the notice
# What time may mend is told of at the third time in a row, everything else at once.
PATIENCE = {RunOutcome.BUSY: 3, RunOutcome.UNREACHABLE: 3, RunOutcome.TIMED_OUT: 3, RunOutcome.BROKEN_OFF: 3}


def job_kind(kind: SourceKind) -> str:
    """Each source has a lane of its own: a shop that hangs holds up no other."""
    return f"{kind.value}_run"


def lane_of(source_id: int) -> str:
    """What waits for one source waits for no other: runs, deliveries and reports alike."""
    return f"source:{source_id}"


async def ask(row: Source, cause: RunCause, session: AsyncSession, by: By) -> SourceRun:
    """A run, or the one that is waiting already. Raises Conflict where there is nobody to ask."""
    if not source_options.is_fetched(row):
        raise Conflict(NOT_FETCHED)
    if not row.active:
        raise Conflict(SWITCHED_OFF)
    open_ones = select(SourceRun).where(SourceRun.source_id == row.id, SourceRun.ended_at.is_(None))
    if waiting := await session.scalar(open_ones.order_by(SourceRun.id.desc()).limit(1)):
        return waiting
    run = SourceRun(source_id=row.id, cause=cause, asked_at=by.at)
    session.add(run)
    await session.flush()
    kind = job_kind(row.kind)
    job = NewJob(kind=kind, key=outbox.key_of(kind, run.id, by.at), payload={"run_id": run.id}, lane=lane_of(row.id))
    await outbox.enqueue(job, session, by.at)
    return run


async def ask_if_fetched(row: Source, cause: RunCause, session: AsyncSession, by: By) -> None:
    if row.active and source_options.is_fetched(row):
        await ask(row, cause, session, by)


async def ask_all(transaction: Transaction, now: datetime) -> None:
    async with transaction() as session:
        for row in await session.scalars(select(Source).where(Source.active)):
            await ask_if_fetched(row, RunCause.CLOCK, session, By(TRESEN, now))


async def break_off(transaction: Transaction, now: datetime) -> None:
    """At a start: what ran when the process ended does not go on by itself."""
    async with transaction() as session:
        stuck = select(SourceRun).where(SourceRun.started_at.is_not(None), SourceRun.ended_at.is_(None))
        for run in await session.scalars(stuck):
            await end(run, RunOutcome.BROKEN_OFF, BROKEN_OFF, session, now)


async def end(run: SourceRun, outcome: RunOutcome, detail: str, session: AsyncSession, now: datetime) -> None:
    """Writes how it ended, and tells the merchant once of a source that goes on failing."""
    run.outcome, run.detail, run.ended_at = outcome, detail, now
    await session.flush()
    if outcome is RunOutcome.OK or await _failures_in_a_row(run.source_id, session) != PATIENCE.get(outcome, 1):
        return
    source = await session.get_one(Source, run.source_id)
    told: dict[str, object] = {"source": source.id, "name": source.name, "outcome": outcome.value, "detail": detail}
    session.add(entry(By(TRESEN, now), FAILING, details=told, notice=True))


async def cursor_of(source_id: int, session: AsyncSession) -> datetime | None:
    """Up to when all changes have been seen, by the source's own clock; None before the first whole run."""
    seen = select(SourceRun.cursor).where(SourceRun.source_id == source_id, SourceRun.cursor.is_not(None))
    return await session.scalar(seen.order_by(SourceRun.id.desc()).limit(1))


async def of_source(source_id: int, session: AsyncSession, limit: int = 20) -> Sequence[SourceRun]:
    """Newest first."""
    mine = select(SourceRun).where(SourceRun.source_id == source_id)
    return list(await session.scalars(mine.order_by(SourceRun.id.desc()).limit(limit)))


async def last_of_each(session: AsyncSession) -> dict[int, SourceRun]:
    """The newest run by source. One statement."""
    newest = select(func.max(SourceRun.id)).group_by(SourceRun.source_id)
    return {run.source_id: run for run in await session.scalars(select(SourceRun).where(SourceRun.id.in_(newest)))}


async def open_faults(source_id: int, session: AsyncSession, limit: int = 50) -> Sequence[SourceFault]:
    """Orders that could not be taken and have not come since, newest first."""
    has_come = exists().where(
        Order.source_id == source_id,
        Order.external_id == SourceFault.external_id,
        Order.changed_at > SourceRun.asked_at,
    )
    found = (
        select(SourceFault)
        .join(SourceRun, SourceRun.id == SourceFault.run_id)
        .where(SourceRun.source_id == source_id, ~has_come)
        .order_by(SourceFault.id.desc())
    )
    return list(await session.scalars(found.limit(limit)))


async def _failures_in_a_row(source_id: int, session: AsyncSession) -> int:
    """How many of the newest ended runs have failed; counted no further than anybody asks."""
    latest = select(SourceRun.outcome).where(SourceRun.source_id == source_id, SourceRun.outcome.is_not(None))
    outcomes = list(await session.scalars(latest.order_by(SourceRun.id.desc()).limit(max(PATIENCE.values()) + 1)))
    return next((place for place, each in enumerate(outcomes) if each is RunOutcome.OK), len(outcomes))
