"""The transactional outbox: what is to be done stands exactly if the change that asks for it does.

At least once: whoever claims a job and dies leaves it to the next one when the claim runs out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate, Update

from db.engine import QUEUED
from db.outbox import WAITING, Job
from portal.activity import By, entry

# How long after each failure; more than a day and a half in all, so that a service may be down for a day.
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1080))
MAX_ATTEMPTS = len(DELAYS) + 1
LONGEST_DELAY = DELAYS[-1] * 1.2
LONGEST_CLAIM = timedelta(days=3)  # more than any work takes
NOW: BindParameter[datetime] = bindparam("now", type_=Job.run_at.type)
UNTIL: BindParameter[datetime] = bindparam("until", type_=Job.run_at.type)
JOBS = Job.metadata.tables[Job.__tablename__]  # what is done for every job goes past the rows of the session
OF_ID: BindParameter[int] = bindparam("of_id", type_=Job.id.type)
OF: BindParameter[str] = bindparam("of", type_=Job.kind.type)
IN: BindParameter[str] = bindparam("of_lane", type_=Job.lane.type)
Taken = tuple[int, str, str, dict[str, object], int]  # as Claimed has it
ORDER_ID = "order_id"  # a payload that has it is about that order: a notice then stands in the order's history
LOST = "The process ended while it worked on this."


class Lane(NamedTuple):
    """In which jobs of a kind are done one after the other; `name` is None for all that have no lane of their own."""

    kind: str
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """`key` says what this is, such as `message:12`: a second job of the same key is not added.

    `lane` names those of the kind that wait for each other, where not all of them do.
    """

    kind: str
    key: str
    payload: Mapping[str, object] = field(default_factory=dict)
    run_at: datetime | None = None
    lane: str | None = None


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A job that is ours until its claim runs out. `attempts` counts this one and tells claims apart."""

    id: int
    kind: str
    key: str
    payload: Mapping[str, object]
    attempts: int


class NotDone(Exception):
    """It did not work; one sentence for the merchant. `permanent`: trying again cannot help."""

    def __init__(self, sentence: str, *, permanent: bool = False) -> None:
        super().__init__(sentence)
        self.permanent = permanent


def delay(attempts: int, chance: float) -> timedelta | None:
    """How long to wait after so many failures, or None to give up.

    `chance` from 0 to 1 spreads the wait by a fifth to both sides, so that a thousand jobs that failed
    together do not come back together.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    return DELAYS[attempts - 1] * (0.8 + 0.4 * chance)


def key_of(kind: str, row_id: int, at: datetime) -> str:
    """For a row that may be removed: SQLite gives its id once more, while the outbox still knows what was done."""
    return f"{kind}:{row_id}:{at.isoformat()}"


async def enqueue(new: NewJob, session: AsyncSession, at: datetime) -> bool:
    """Whether it is new. The worker wakes when the caller's transaction is committed."""
    if await session.scalar(select(Job.id).where(Job.key == new.key)) is not None:
        return False
    job = Job(
        kind=new.kind,
        key=new.key,
        payload=dict(new.payload),
        created_at=at,
        run_at=new.run_at or at,
        lane=new.lane,
    )
    session.add(job)
    session.info[QUEUED] = True
    await session.flush()
    return True


def wake(session: AsyncSession) -> None:
    """The worker looks into the outbox when this transaction is committed."""
    session.info[QUEUED] = True


async def add(new: Sequence[NewJob], session: AsyncSession, at: datetime) -> None:
    """Many of them, or one in a hurry: with keys that nobody can have used, such as the id of a new row."""
    rows = [
        {"kind": each.kind, "key": each.key, "payload": dict(each.payload), "created_at": at, "attempts": 0,
         "run_at": each.run_at or at, "error": "", "lane": each.lane}
        for each in new
    ]  # fmt: skip
    await (await session.connection()).execute(_ADD, rows)
    session.info[QUEUED] = True


async def kinds_due(kinds: list[str], session: AsyncSession, now: datetime) -> list[str]:
    """Which of these kinds have something to do outside of lanes of its own. One statement, whatever is queued."""
    if not kinds:
        return []
    row = (await session.execute(_which_are_due(tuple(kinds)), {NOW.key: now})).one()
    return [kind for kind, has in zip(kinds, row, strict=True) if has]


async def lanes_due(session: AsyncSession, now: datetime) -> list[Lane]:
    """All named lanes that have something to do. One statement."""
    rows = await session.execute(_LANES_DUE, {NOW.key: now})
    return [Lane(kind, name) for kind, name in rows]


async def claim(lane: Lane, lease: timedelta, session: AsyncSession, now: datetime) -> Claimed | None:
    """The next job of that lane, or None."""
    if lane.name is None:
        return await _taken(_claim_of_kind(), {OF.key: lane.kind}, lease, session, now)
    return await _taken(_claim_of_lane(), {OF.key: lane.kind, IN.key: lane.name}, lease, session, now)


async def also_due(
    lane: Lane, session: AsyncSession, now: datetime, limit: int
) -> list[tuple[int, Mapping[str, object]]]:
    """What is due in that lane besides what was claimed, as id and payload: whoever works in it may take it along."""
    due = select(Job.id, Job.payload).where(_due(now), Job.kind == lane.kind, Job.lane == lane.name)
    rows = await session.execute(due.order_by(Job.run_at, Job.id).limit(limit))
    return [(job_id, payload) for job_id, payload in rows]


async def claim_key(key: str, lease: timedelta, session: AsyncSession, now: datetime) -> Claimed | None:
    """That very job, even if it would wait for its next attempt; None while somebody else has it, or it is over."""
    return await _taken(_claim_of_key(), {OF.key: key}, lease, session, now)


async def done(claimed: Claimed, session: AsyncSession, now: datetime) -> None:
    """It happened, so it is done, even if the claim has run out meanwhile."""
    await session.execute(_over(), {OF_ID.key: claimed.id, NOW.key: now})


async def done_along(job_ids: Sequence[int], session: AsyncSession, now: datetime) -> None:
    """Others of the same lane that were done together with the one that was claimed."""
    if job_ids:
        over = update(Job).where(Job.id.in_(job_ids), WAITING)
        await session.execute(over.values(done_at=now, locked_until=None, error=""))


async def failed(claimed: Claimed, why: NotDone, chance: float, session: AsyncSession, by: By) -> Job | None:
    """The job with its next attempt, or given up. None where it is no longer ours: another one tells its end."""
    job = await session.get_one(Job, claimed.id)
    if job.attempts != claimed.attempts or job.done_at or job.dead_at:
        return None
    wait = None if why.permanent else delay(claimed.attempts, chance)
    if wait is None:
        _give_up(job, str(why), session, by)
    else:
        job.error, job.run_at, job.locked_until = str(why), by.at + wait, None
    return job


async def let_go(kinds: Sequence[str], session: AsyncSession) -> None:
    """At a start: what the process before this one had claimed is nobody's, whenever its claim would run out."""
    await session.execute(update(Job).where(WAITING, Job.kind.in_(kinds)).values(locked_until=None))


async def let_go_of(claimed: Claimed, session: AsyncSession, run_at: datetime) -> None:
    """It is nobody's from now on, and due at that moment; nothing where it is over, or another one's by now."""
    ours = (Job.id == claimed.id, Job.attempts == claimed.attempts, WAITING)
    await session.execute(update(Job).where(*ours).values(locked_until=None, run_at=run_at))


async def bring_back(session: AsyncSession, now: datetime) -> None:
    """The clock was ahead, and what was noted by it would wait until it is there again.

    A job from the future keeps its own delay, counted from now; one that failed meanwhile is tried again at once, and
    a claim that no work could need is none.
    """
    for job in await session.scalars(select(Job).where(WAITING, or_(Job.created_at > now, Job.error != ""))):
        if job.created_at > now:
            job.run_at, job.created_at = now + (job.run_at - job.created_at), now
        elif job.run_at > now + LONGEST_DELAY:
            job.run_at = now
    long_claims = (WAITING, Job.locked_until > now + LONGEST_CLAIM)
    await session.execute(update(Job).where(*long_claims).values(locked_until=None))


@lru_cache(64)
def _which_are_due(kinds: tuple[str, ...]) -> Select[*tuple[bool, ...]]:
    """Asked after everything that is done, about the same few kinds: laying it out would take most of the time."""
    due = _due(NOW) & Job.lane.is_(None)
    return select(*(exists().where(due, Job.kind == kind).label(f"kind_{place}") for place, kind in enumerate(kinds)))


async def _taken(
    claiming: ReturningUpdate[*Taken], of: Mapping[str, str], lease: timedelta, session: AsyncSession, now: datetime
) -> Claimed | None:
    row = (await session.execute(claiming, {**of, NOW.key: now, UNTIL.key: now + lease})).one_or_none()
    return Claimed(id=row[0], kind=row[1], key=row[2], payload=row[3], attempts=row[4]) if row else None


@cache
def _claim_of_kind() -> ReturningUpdate[*Taken]:
    return _claiming(_first(Job.lane.is_(None)))


@cache
def _claim_of_lane() -> ReturningUpdate[*Taken]:
    return _claiming(_first(Job.lane == IN))


def _first(mine: ColumnElement[bool]) -> Select[int]:
    return select(Job.id).where(_due(NOW), Job.kind == OF, mine).order_by(Job.run_at, Job.id).limit(1)


@cache
def _claim_of_key() -> ReturningUpdate[*Taken]:
    return _claiming(select(Job.id).where(Job.key == OF, WAITING, _free(NOW)))


@cache
def _over() -> Update:
    return update(JOBS).where(JOBS.c.id == OF_ID).values(done_at=NOW, dead_at=None, locked_until=None, error="")


def _claiming(which: Select[int]) -> ReturningUpdate[*Taken]:
    """One statement, laid out once: it is asked for everything that is done."""
    return (
        update(JOBS)
        .where(JOBS.c.id == which.scalar_subquery())
        .values(attempts=JOBS.c.attempts + 1, locked_until=UNTIL)
        .returning(JOBS.c.id, JOBS.c.kind, JOBS.c.key, JOBS.c.payload, JOBS.c.attempts)
    )


def _give_up(job: Job, error: str, session: AsyncSession, by: By) -> None:
    """The merchant must know: nobody will try again."""
    job.error, job.dead_at, job.locked_until = error, by.at, None
    order_id = job.payload.get(ORDER_ID)
    details = {**job.payload, "error": error, "attempts": job.attempts}
    about = order_id if isinstance(order_id, int) else None
    session.add(entry(by, f"{job.kind}_failed", about, details, notice=True))


def _due(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return WAITING & (Job.run_at <= now) & _free(now)


def _free(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return or_(Job.locked_until.is_(None), Job.locked_until <= now)


_ADD = insert(Job)  # by the connection: the ORM would go through all attributes for nothing
_LANES_DUE = select(Job.kind, Job.lane).where(_due(NOW), Job.lane.is_not(None)).distinct()
