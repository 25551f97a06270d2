"""How a scheduled backup ended, and what is written down of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.backups import BackupRun, BackupState
from portal.activity import TRESEN, By, entry
from portal.backup_rhythms import Cause
from portal.storages import Trouble

FAILED = "scheduled_backup_failed"
ONE_NOTICE = timedelta(hours=23)  # a day, less what a backup may begin earlier on the next one
LONGEST_DETAIL = 300


class NotKept(Exception):
    """No backup came of it; `detail` is what was said of it."""

    def __init__(self, cause: Cause | Trouble, detail: str = "") -> None:
        super().__init__(detail)
        self.cause, self.detail = cause, detail[:LONGEST_DETAIL]


@dataclass(frozen=True, kw_only=True)
class Kept:
    size: int
    sha256: str
    removed: Sequence[int]


@dataclass(frozen=True)
class Success:
    run_id: int
    kept: Kept

    async def record(self, session: AsyncSession, now: datetime) -> None:
        run = await session.get_one(BackupRun, self.run_id)
        run.state, run.ended_at = BackupState.DONE, now
        run.size, run.sha256 = self.kept.size, self.kept.sha256
        for run_id in self.kept.removed:
            (await session.get_one(BackupRun, run_id)).removed_at = now


@dataclass(frozen=True)
class Failure:
    """`is_told`: the outbox has told of it already."""

    run_id: int
    cause: Cause | Trouble
    detail: str
    is_told: bool = False

    async def record(self, session: AsyncSession, now: datetime) -> None:
        run = await session.get_one(BackupRun, self.run_id)
        run.state, run.ended_at = BackupState.FAILED, now
        run.error, run.detail = self.cause.value, self.detail
        if self.is_told:
            return
        told = select(Activity.id).where(Activity.kind == FAILED, Activity.notice, Activity.at > now - ONE_NOTICE)
        is_first = await session.scalar(told.limit(1)) is None
        details: dict[str, object] = {"run": run.id, "cause": run.error, "detail": run.detail}
        session.add(entry(By(TRESEN, now), FAILED, details=details, notice=is_first))


async def nothing(session: AsyncSession, now: datetime) -> None:
    """It has ended before."""
