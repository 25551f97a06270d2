"""A file that was linked, or that changed, is looked at by the worker: whoever links it waits for nobody.

A customer who comes before the worker has the file looked at for their own copy, so that nobody meets one unseen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Reading
from db.files import File
from db.outbox import WAITING, Job
from portal import outbox
from portal.activity import TRESEN, By
from portal.file_checks import TROUBLE, FileChecks
from portal.jobs import Record, utc_now
from portal.outbox import Claimed, NewJob, NotDone

KIND = "file_inspection"
FILE = "file"  # in a job's payload: its id
LIMIT = timedelta(minutes=10)  # half a gigabyte comes from a storage elsewhere first
LOOK_AGAIN_SECONDS = 0.1


@dataclass(frozen=True)
class FileInspections:
    """How the job is done: as the daily look at all files, at one."""

    checks: FileChecks
    limit: timedelta = LIMIT

    async def do(self, job: Claimed) -> Record:
        """Raises NotDone where the storage does not answer."""
        match job.payload.get(FILE):
            case int(file_id):
                try:
                    is_seen = await self.checks.one(file_id, By(TRESEN, utc_now()))
                except TROUBLE as error:
                    raise NotDone(str(error)) from error
                if not is_seen:
                    raise NotDone("The file was being written.")
        return _nothing

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """There is nothing to add."""


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """What was found is written already."""


async def ask(file: File, session: AsyncSession, at: datetime) -> None:
    """The worker looks as soon as it has time; one that waits for its next try is due now."""
    soon = update(Job).where(WAITING, _of([file.id]), Job.locked_until.is_(None)).values(run_at=at)
    waiting = await session.scalar(select(exists().where(WAITING, _of([file.id]))))
    if waiting:
        await session.execute(soon)
        outbox.wake(session)
        return
    new = NewJob(
        kind=KIND,
        key=outbox.key_of(KIND, file.id, at),
        payload={FILE: file.id},
        lane=f"storage:{file.storage_id}",  # one that is slow keeps nobody else's files waiting
    )
    await outbox.enqueue(new, session, at)


async def awaited(file_ids: Collection[int], session: AsyncSession) -> Mapping[int, str]:
    """The files that the worker is about to look at, and why its last try came to nothing; empty before the first."""
    rows = await session.execute(select(Job.payload, Job.error).where(WAITING, _of(file_ids)))
    return {file_id: error for payload, error in rows if isinstance(file_id := payload[FILE], int)}


async def over(file_ids: Collection[int], reading: Reading, patience: float) -> None:
    """Waits until nobody is about to look at these files, or for so many seconds."""
    until = asyncio.get_running_loop().time() + patience
    while asyncio.get_running_loop().time() < until:
        async with reading() as session:
            if not await session.scalar(select(func.count()).where(WAITING, Job.error == "", _of(file_ids))):
                return
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def _of(file_ids: Collection[int]) -> ColumnElement[bool]:
    return and_(Job.kind == KIND, Job.payload[FILE].as_integer().in_(file_ids))
