"""The one worker of the process: takes what the outbox holds, does it outside any transaction, records how it went."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database, Transaction
from db.outbox import Job
from portal import outbox
from portal.activity import TRESEN, By
from portal.outbox import LOST, MAX_ATTEMPTS, Claimed, Lane, NotDone
from portal.periodic_jobs import Periodic, is_to_plan, plan

MARGIN = timedelta(seconds=20)  # a claim outlasts the work on it by this, time enough to record
BUSY_SECONDS = 6.0  # how long a single try to write waits for somebody else's lock, at the most
WRITE_AGAIN_SECONDS = 0.2
GRACE_SECONDS = 10.0
Clock = Callable[[], datetime]
Record = Callable[[AsyncSession, datetime], Awaitable[None]]
log = logging.getLogger("tresen.jobs")


class Pace(Protocol):
    """How fast jobs of one kind are begun."""

    async def free_at(self, now: datetime) -> datetime:
        """From when on the next one may be begun; `now` or earlier: at once."""
        ...

    def begun(self, now: datetime) -> None: ...


class Work(Protocol):
    """How one kind of job is done."""

    @property
    def limit(self) -> timedelta:
        """The longest that it may take."""
        ...

    async def do(self, job: Claimed) -> Record:
        """Outside any transaction; what it answers is written together with "done". Raises NotDone."""
        ...

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """Written together with the failure; `job.dead_at` tells whether it was the last one."""
        ...


@dataclass(frozen=True)
class Paced:
    """The same work, begun no faster than its pace allows."""

    work: Work
    pace: Pace

    @property
    def limit(self) -> timedelta:
        return self.work.limit

    async def do(self, job: Claimed) -> Record:
        return await self.work.do(job)

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        await self.work.failed(job, session, by)


@dataclass(frozen=True)
class Routine:
    """Work that asks for nothing but the moment, writes by itself, and may be done again without harm."""

    deed: Callable[[datetime], Awaitable[object]]
    limit: timedelta

    async def do(self, job: Claimed) -> Record:
        await self.deed(utc_now())
        return _nothing

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """There is nothing to add."""


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """There is nothing to add."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def lease(work: Work) -> timedelta:
    return work.limit + MARGIN


async def attempt(
    job: Claimed, work: Work, transaction: Transaction, clock: Clock = utc_now, limit: timedelta | None = None
) -> None:
    """Does what was claimed, within `limit` or the work's own, then writes the outcome in one transaction.

    With a `limit` somebody waits for it, and writing it down is given up where the claim is about to run out.
    """
    waits = limit is not None
    limit = limit or work.limit
    try:
        if job.attempts > MAX_ATTEMPTS:
            raise NotDone(LOST, permanent=True)
        async with asyncio.timeout(limit.total_seconds()):
            record = await work.do(job)
    except Exception as error:
        async with transaction() as session:
            by = By(TRESEN, clock())
            chance = random.random()  # noqa: S311 (spreads load, guards nothing)
            if row := await outbox.failed(job, _told(error, job, limit), chance, session, by):
                await work.failed(row, session, by)
        return
    await _written(job, record, transaction, clock, waits)


async def _written(job: Claimed, record: Record, transaction: Transaction, clock: Clock, waits: bool) -> None:
    """What happened outside does not happen once more because it could not be written down: a disk that is full, or
    somebody else's lock, is waited out. Nobody else takes the job meanwhile: its lane is ours, claim or no claim.
    """
    loop = asyncio.get_running_loop()
    last = loop.time() + MARGIN.total_seconds() - BUSY_SECONDS
    while True:
        try:
            async with transaction() as session:
                now = clock()
                await record(session, now)
                await outbox.done(job, session, now)
            return
        except OperationalError:
            if waits and loop.time() >= last:
                raise
            await asyncio.sleep(WRITE_AGAIN_SECONDS)


def _told(error: Exception, job: Claimed, limit: timedelta) -> NotDone:
    """A failure of our own is no reason to give up: the next version may do better."""
    match error:
        case NotDone():
            return error
        case TimeoutError():
            return NotDone(f"It took longer than {limit.total_seconds():.0f} seconds.")
        case _:
            log.error("%s failed", job.key, exc_info=error)
            return NotDone(f"Tresen itself failed: {type(error).__name__}.")


class Worker:
    """One job at a time in each lane: a mail server that hangs holds up mails alone, a shop nobody but itself.

    A kind has one lane, and one more for each name that its jobs give.
    """

    def __init__(
        self,
        database: Database,
        works: Mapping[str, Work],
        periodic: Sequence[Periodic] = (),
        clock: Clock = utc_now,
        poll_seconds: float = 5.0,
    ) -> None:
        self._database = database
        self._works = works
        self._periodic = periodic
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._resting: dict[str, datetime] = {}
        self._lanes: dict[Lane, asyncio.Task[None]] = {}
        self._last_moment: float | None = None

    @asynccontextmanager
    async def running(self, grace_seconds: float = GRACE_SECONDS) -> AsyncIterator[None]:
        """Works for as long as the block lasts; then lets running jobs end, until `grace_seconds` after `stop`."""
        looking = asyncio.create_task(self._look_again_and_again())
        try:
            yield
        finally:
            self.stop(grace_seconds)
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
            await self._wind_up()

    def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Nothing new is begun from now on. The first call counts."""
        if self._last_moment is None:
            self._last_moment = asyncio.get_running_loop().time() + grace_seconds

    async def end(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Stops, and returns when nothing runs any more, at the latest after the grace of the first stop."""
        self.stop(grace_seconds)
        await self._wind_up()

    async def _look_again_and_again(self) -> None:
        while self._last_moment is None:
            self._database.queued.clear()
            try:
                await self._look()
            except Exception:  # a full disk or a locked database must not end all work for good
                log.exception("The outbox cannot be read; it is tried again.")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._database.queued.wait(), self._pause())

    def _pause(self) -> float:
        """Seconds until the next look, if nothing is queued before."""
        now = self._clock()
        idle = {kind: until for kind, until in self._resting.items() if Lane(kind) not in self._lanes}
        rests = [(until - now).total_seconds() for until in idle.values()]
        return min([self._poll_seconds, *(rest for rest in rests if rest > 0)])

    async def _look(self) -> None:
        now = self._clock()
        idle = [kind for kind in self._works if Lane(kind) not in self._lanes and not self._rests(kind, now)]
        async with self._database.reading() as session:
            waiting = [Lane(kind) for kind in await outbox.kinds_due(idle, session, now)]
            waiting += [each for each in await outbox.lanes_due(session, now) if self._may_open(each, now)]
            planning = await is_to_plan(self._periodic, session, now)
        if planning:
            async with self._database.writing() as session:
                await plan(self._periodic, session, now)
        for lane in waiting:
            self._lanes[lane] = asyncio.create_task(self._work_off(lane))

    def _may_open(self, lane: Lane, now: datetime) -> bool:
        return lane.kind in self._works and lane not in self._lanes and not self._rests(lane.kind, now)

    async def _work_off(self, lane: Lane) -> None:
        """Until nothing of that lane is due any more."""
        work = self._works[lane.kind]
        job: Claimed | None = None
        try:
            while await self._may_begin(lane.kind) and (job := await self._claimed(lane, work)):
                if isinstance(work, Paced):
                    work.pace.begun(self._clock())
                await attempt(job, work, self._database.writing, self._clock)
        except Exception:  # as above
            log.exception("Working on %s was broken off; it is tried again.", lane.kind)
            if job:
                await self._let_go(job)
        else:
            self._database.queued.set()  # what came in between the last look and now
        finally:
            del self._lanes[lane]

    async def _let_go(self, job: Claimed) -> None:
        """As soon as anything can be written: a claim may be for days, and nobody works on it any more."""
        while self._last_moment is None:
            try:
                async with self._database.writing() as session:
                    await outbox.let_go_of(job, session, self._clock() + outbox.DELAYS[0])
            except OperationalError:
                await asyncio.sleep(WRITE_AGAIN_SECONDS)
            else:
                return

    async def _may_begin(self, kind: str) -> bool:
        work = self._works[kind]
        if isinstance(work, Paced):
            self._resting[kind] = await work.pace.free_at(self._clock())
        return self._last_moment is None and not self._rests(kind, self._clock())

    def _rests(self, kind: str, now: datetime) -> bool:
        return kind in self._resting and self._resting[kind] > now

    async def _claimed(self, lane: Lane, work: Work) -> Claimed | None:
        async with self._database.writing() as session:
            return await outbox.claim(lane, lease(work), session, self._clock())

    async def _wind_up(self) -> None:
        """What cannot end in time is broken off; its claim runs out, and it is done after the next start."""
        lanes = list(self._lanes.values())
        if not lanes or self._last_moment is None:
            return
        _, late = await asyncio.wait(lanes, timeout=max(0, self._last_moment - asyncio.get_running_loop().time()))
        for lane in late:
            lane.cancel()
        await asyncio.gather(*late, return_exceptions=True)
