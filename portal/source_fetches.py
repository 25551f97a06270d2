"""A run of a source: what has changed there since the last one is fetched and taken over, a few orders at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.outbox import Job
from db.settings import GeneralSettings
from db.sources import RunOutcome, SourceRun
from portal import order_batches, settings, source_imports, source_runs, sources
from portal.activity import SOURCE, By
from portal.connectors import Connectors
from portal.fetching import OVERLAP, Access, Batch, Connector, Fetched, SourceUnavailable, Unreadable
from portal.jobs import Clock, Record, utc_now
from portal.outbox import Claimed
from portal.source_options import SWITCHED_OFF

# A first run takes as long as there are pages. A claim outlasts that without harm: where the process ends, the run is
# broken off at the next start, and the next one is another job.
LIMIT = timedelta(days=2)
A_PAGE = timedelta(minutes=30)  # with all that is asked for beside its orders, and the service's pauses


@dataclass(frozen=True, kw_only=True)
class Begun:
    run_id: int
    source_id: int
    name: str
    connector: Connector
    access: Access
    cursor: datetime | None


class Fetches:
    """How the job is done. Trouble of the service's ends the run, and the next one is due in a few minutes."""

    limit = LIMIT

    def __init__(
        self,
        database: Database,
        connectors: Connectors,
        zone: ZoneInfo | None,
        clock: Clock = utc_now,
        a_page: timedelta = A_PAGE,
    ) -> None:
        """`a_page` is how long the service may take for a single one."""
        self._database = database
        self._a_page = a_page
        self._connectors = connectors
        self._zone = zone
        self._clock = clock

    async def do(self, job: Claimed) -> Record:
        run_id, started = int(str(job.payload["run_id"])), self._clock()
        try:
            begun = await self._begun(run_id, started)
            newest = await self._taken(begun) if begun else None
        except SourceUnavailable as error:
            return partial(_end, run_id, error.outcome, str(error))
        if begun is None:
            return _nothing
        return partial(_see, begun, _cursor(begun, newest, started))

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """The run is over with the first failure of our own; what is tried again is the next one."""
        await _end(int(str(job.payload["run_id"])), RunOutcome.BROKEN_OFF, job.error, session, by.at)

    async def _begun(self, run_id: int, now: datetime) -> Begun | None:
        """None for a run that is over. Raises SourceUnavailable."""
        async with self._database.writing() as session:
            run = await session.get(SourceRun, run_id)
            if run is None or run.ended_at is not None:
                return None
            run.started_at = now
            row = await sources.one(run.source_id, session)
            cursor = await source_runs.cursor_of(row.id, session)
            zone = settings.zone_of(await settings.of(GeneralSettings, session), self._zone)
        if not row.active:
            raise SourceUnavailable(SWITCHED_OFF, RunOutcome.INCOMPLETE)
        connector, access = self._connectors.opened(row, zone)
        return Begun(run_id=run_id, source_id=row.id, name=row.name, connector=connector, access=access, cursor=cursor)

    async def _taken(self, begun: Begun) -> datetime | None:
        """The newest change that was met. Raises SourceUnavailable."""
        newest = None
        since = begun.cursor - OVERLAP if begun.cursor else None
        asked_at = self._clock()
        batches = begun.connector.changed(begun.access, since)
        while batch := await self._next(batches):
            orders = [replace(each, asked_at=asked_at) if isinstance(each, Fetched) else each for each in batch.orders]
            for start in range(0, len(orders), order_batches.AT_ONCE):
                await self._take(begun, orders[start : start + order_batches.AT_ONCE])
            newest = max(filter(None, (newest, batch.changed_at)), default=None)
            asked_at = self._clock()
        return newest

    async def _next(self, batches: AsyncIterator[Batch]) -> Batch | None:
        """None behind the last one. Raises SourceUnavailable."""
        seconds = self._a_page.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                return await anext(batches, None)
        except TimeoutError as error:
            raise SourceUnavailable(f"No further orders within {seconds:.0f} seconds.", RunOutcome.TIMED_OUT) from error

    async def _take(self, begun: Begun, some: Sequence[Fetched | Unreadable]) -> None:
        by = By(f"{SOURCE}:{begun.name}", self._clock())
        async with self._database.writing() as session:
            source = await sources.one(begun.source_id, session)
            run = await session.get_one(SourceRun, begun.run_id)
            await source_imports.take(source, run, some, session, by)


def _cursor(begun: Begun, newest: datetime | None, started: datetime) -> datetime | None:
    """Never back, and never beyond our own clock: an order of next year must not hide those of today."""
    seen = max(filter(None, (begun.cursor, newest)), default=None)
    return min(seen, started) if seen else None


async def _see(begun: Begun, cursor: datetime | None, session: AsyncSession, now: datetime) -> None:
    run = await session.get(SourceRun, begun.run_id)
    if run is not None:
        run.cursor = cursor
        await source_runs.end(run, RunOutcome.OK, "", session, now)


async def _end(run_id: int, outcome: RunOutcome, detail: str, session: AsyncSession, now: datetime) -> None:
    run = await session.get(SourceRun, run_id)
    if run is not None and run.ended_at is None:
        await source_runs.end(run, outcome, detail, session, now)


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """It is over already, or its source was removed."""
