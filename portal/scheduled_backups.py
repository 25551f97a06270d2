"""The shop is saved by itself: when that is due; the archive at its place, read back there; then older ones go.

What another one named is never removed, and a failed backup removes nothing. Nor does a shop that was restored remove
what was made before: the shop it was copied from may still be there, and these archives are its own.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.backups import BackupRun, BackupSettings, BackupState, Rhythm
from db.engine import Database
from db.outbox import Job
from db.settings import GeneralSettings
from db.storages import Storage as StorageRow
from portal import backup, outbox, settings
from portal.activity import By
from portal.backup_archive import BackupFailed
from portal.backup_outcomes import Failure, Kept, NotKept, Success, nothing
from portal.backup_rhythms import Cause, due, tried_again
from portal.byte_ranges import BytesChangedError
from portal.depositories import Depository
from portal.jobs import Record
from portal.number_gaps import RESTORED
from portal.outbox import Claimed, NewJob
from portal.sealed_options import OptionsRefused
from portal.storages import FileMissing, Storage, Storages, StorageUnavailable, Trouble

ASK = "ask_for_backups"
KIND = "scheduled_backup"
EVERY = timedelta(minutes=5)
LIMIT = timedelta(hours=12)
SHOWN = 30
OUTGOING = ".outgoing"


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What one run has to do; `storage` is None where the archive stays in the folder. `older` may go afterwards."""

    run_id: int
    name: str
    begun_at: datetime
    storage: StorageRow | None
    older: Sequence[tuple[int, str]]


async def runs(session: AsyncSession) -> list[BackupRun]:
    """Newest first."""
    return list(await session.scalars(select(BackupRun).order_by(BackupRun.id.desc()).limit(SHOWN)))


async def last(session: AsyncSession) -> BackupRun | None:
    return await session.scalar(select(BackupRun).order_by(BackupRun.id.desc()).limit(1))


async def running(session: AsyncSession) -> BackupRun | None:
    found = select(BackupRun).where(BackupRun.state == BackupState.RUNNING).order_by(BackupRun.id.desc()).limit(1)
    return await session.scalar(found)


class ScheduledBackups:
    """Asks what is due, and does it: the work of jobs of `KIND`. `folder` holds archives, or lets them pass through."""

    def __init__(
        self, database: Database, storages: Storages, folder: Path, *, keys_inside: bool, fixed_zone: ZoneInfo | None
    ) -> None:
        self.folder = folder
        self.keys_inside = keys_inside
        self._database = database
        self._storages = storages
        self._fixed_zone = fixed_zone

    @property
    def limit(self) -> timedelta:
        return LIMIT

    async def ask(self, now: datetime) -> None:
        """Begins what is due."""
        async with self._database.reading() as session:
            if not await self._is_due(session, now):
                return
        async with self._database.writing() as session:
            if await self._is_due(session, now):
                await self.begin(session, now)

    async def begin(self, session: AsyncSession, now: datetime) -> BackupRun:
        """One at a time: where one is running, it is that one."""
        if found := await running(session):
            return found
        wanted = await settings.of(BackupSettings, session)
        storage = await session.get(StorageRow, wanted.storage_id) if wanted.storage_id else None
        run = BackupRun(
            begun_at=now,
            name=f"tresen-{now:%Y-%m-%dT%H%M%SZ}-{secrets.token_hex(4)}.tar.gz",
            place=storage.name if storage else str(self.folder),
            storage_id=storage.id if storage else None,
        )
        session.add(run)
        await session.flush()
        job = NewJob(kind=KIND, key=f"{KIND}:{secrets.token_hex(8)}", payload={"run": run.id})
        await outbox.enqueue(job, session, now)
        return run

    async def do(self, job: Claimed) -> Record:
        """A failure is no failed job: it stands in the run, and another one is begun an hour later."""
        deed = await self._deed(job)
        if deed is None:
            return nothing
        try:
            kept = await self._done(deed)
        except NotKept as error:
            return Failure(deed.run_id, error.cause, error.detail).record
        return Success(deed.run_id, kept).record

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """Tresen itself failed, or was ended again and again."""
        run_id = job.payload.get("run")
        if job.dead_at and isinstance(run_id, int):
            await Failure(run_id, Cause.BROKEN_OFF, job.error, is_told=True).record(session, by.at)

    async def _is_due(self, session: AsyncSession, now: datetime) -> bool:
        wanted = await settings.of(BackupSettings, session)
        newest = await last(session)
        if newest and newest.state is BackupState.RUNNING:
            return False
        if newest and wanted.rhythm is not Rhythm.OFF and tried_again(newest, now):
            return True
        zone = settings.zone_of(await settings.of(GeneralSettings, session), self._fixed_zone)
        return due(wanted, newest.begun_at if newest else None, now, zone)

    async def _deed(self, job: Claimed) -> Deed | None:
        """None for a run that has ended, such as one in a shop that was restored from it."""
        async with self._database.reading() as session:
            run = await session.get(BackupRun, job.payload.get("run"))
            if run is None or run.state is not BackupState.RUNNING:
                return None
            wanted = await settings.of(BackupSettings, session)
            restored_at = select(func.max(Activity.at)).where(Activity.kind == RESTORED).scalar_subquery()
            older = (
                select(BackupRun.id, BackupRun.name)
                .where(
                    restored_at.is_(None) | (BackupRun.begun_at > restored_at),
                    BackupRun.state == BackupState.DONE,
                    BackupRun.removed_at.is_(None),
                    BackupRun.storage_id == run.storage_id if run.storage_id else BackupRun.storage_id.is_(None),
                    BackupRun.storage_id.is_not(None) | (BackupRun.place == str(self.folder)),
                )
                .order_by(BackupRun.id.desc())
                .offset(wanted.kept - 1)
            )
            return Deed(
                run_id=run.id,
                name=run.name,
                begun_at=run.begun_at,
                storage=await session.get(StorageRow, run.storage_id) if run.storage_id else None,
                older=[(run_id, name) for run_id, name in await session.execute(older)]
                if run.storage_id or run.place == str(self.folder)
                else [],
            )

    async def _done(self, deed: Deed) -> Kept:
        """Raises NotKept."""
        try:
            await asyncio.to_thread(self._make_folders)
            if deed.storage is None:
                return await self._in_folder(deed)
            return await self._in_storage(deed, deed.storage)
        except NotKept:
            raise
        except StorageUnavailable as error:
            raise NotKept(error.trouble, str(error)) from error
        except OptionsRefused as error:
            raise NotKept(Trouble.OPTIONS, str(error)) from error
        except FileMissing as error:
            raise NotKept(Trouble.ROOT_MISSING, str(error)) from error
        except BytesChangedError as error:
            raise NotKept(Cause.DIFFERENT, str(error)) from error
        except (BackupFailed, OSError) as error:
            raise NotKept(_cause(error), str(error)) from error

    async def _in_folder(self, deed: Deed) -> Kept:
        archive = self.folder / deed.name
        size, sha256 = await self._save(deed, archive)  # what was written is read back there
        for _, name in deed.older:
            await asyncio.to_thread((self.folder / name).unlink, missing_ok=True)
        return Kept(size=size, sha256=sha256, removed=[run_id for run_id, _ in deed.older])

    async def _in_storage(self, deed: Deed, row: StorageRow) -> Kept:
        storage = self._storages.opened(row)
        if not isinstance(storage, Depository):
            raise NotKept(Cause.STORAGE_GONE)
        archive = self.folder / OUTGOING / deed.name
        try:
            size, sha256 = await self._save(deed, archive)
            await storage.put(deed.name, archive)
        finally:
            await asyncio.to_thread(archive.unlink, missing_ok=True)
        if await _read_back(storage, deed.name) != (size, sha256):
            with suppress(StorageUnavailable, FileMissing):
                await storage.remove(deed.name)
            raise NotKept(Cause.DIFFERENT)
        removed = []
        with suppress(StorageUnavailable, FileMissing):  # the next one removes what stays now
            for run_id, name in deed.older:
                await storage.remove(name)
                removed.append(run_id)
        return Kept(size=size, sha256=sha256, removed=removed)

    async def _save(self, deed: Deed, archive: Path) -> tuple[int, str]:
        data = self._database.path.parent
        shop = backup.Shop(
            data=data, database=self._database.path, keys_inside=self.keys_inside, version=version("tresen")
        )
        await backup.save(shop, archive, deed.begun_at)
        return await asyncio.to_thread(_size_and_sum, archive)

    def _make_folders(self) -> None:
        """What a killed one left on its way out is cleared away."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(self.folder / OUTGOING, ignore_errors=True)
        for left in self.folder.glob(".tresen-*.unfinished"):
            shutil.rmtree(left, ignore_errors=True)
        (self.folder / OUTGOING).mkdir(mode=0o700, exist_ok=True)


async def _read_back(storage: Storage, path: str) -> tuple[int, str]:
    """What lies there now."""
    found, digest = await storage.open(path), hashlib.sha256()
    try:
        async for piece in found.read(0, found.size):
            digest.update(piece)
    finally:
        await found.close()
    return found.size, digest.hexdigest()


def _size_and_sum(archive: Path) -> tuple[int, str]:
    with archive.open("rb") as file:
        return archive.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _cause(error: BaseException) -> Cause:
    reason = error if isinstance(error, OSError) else error.__cause__
    number = reason.errno if isinstance(reason, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        return Cause.NO_ROOM
    if number in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
        return Cause.UNWRITABLE
    return Cause.NOT_SAVED
