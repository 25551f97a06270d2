"""Jobs that come again and again; and what becomes of all jobs when a clock that was ahead has gone back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.outbox import DueTime
from portal import outbox
from portal.outbox import NewJob


@dataclass(frozen=True)
class Periodic:
    """A kind of job that comes by itself. `next_after` gives the moment that follows a given one."""

    kind: str
    next_after: Callable[[datetime], datetime]


def every(period: timedelta) -> Callable[[datetime], datetime]:
    return lambda moment: moment + period


async def is_to_plan(periodic: Sequence[Periodic], session: AsyncSession, now: datetime) -> bool:
    """Whether something is due, is not known yet, or stands at a moment that the clock has come back from."""
    known = {row.kind: row.due_at for row in await session.scalars(select(DueTime))}
    return any(
        each.kind not in known or known[each.kind] <= now or _is_too_late(known[each.kind], each, now)
        for each in periodic
    )


async def plan(periodic: Sequence[Periodic], session: AsyncSession, now: datetime) -> None:
    """Puts what is due into the outbox. After a long sleep each comes once, not once for every time it missed.

    What stands later than the next moment from now on was planned by a clock that was ahead: it would wait until then,
    and so would the jobs that came in meanwhile.
    """
    went_back = False
    for each in periodic:
        row = await session.get(DueTime, each.kind)
        if row is None:
            session.add(DueTime(kind=each.kind, due_at=each.next_after(now)))
        elif row.due_at <= now:
            await outbox.enqueue(NewJob(kind=each.kind, key=f"{each.kind}:{row.due_at.isoformat()}"), session, now)
            row.due_at = _first_after(now, row.due_at, each)
        elif _is_too_late(row.due_at, each, now):
            row.due_at, went_back = each.next_after(now), True
    if went_back:
        await outbox.bring_back(session, now)


def _is_too_late(due_at: datetime, periodic: Periodic, now: datetime) -> bool:
    return due_at > periodic.next_after(now)


def _first_after(now: datetime, due_at: datetime, periodic: Periodic) -> datetime:
    """The next moment in the same rhythm; a rhythm that would need very many steps starts anew."""
    for _ in range(1000):
        due_at = periodic.next_after(due_at)
        if due_at > now:
            return due_at
    return periodic.next_after(now)
