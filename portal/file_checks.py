"""Whether every linked file still lies in its storage: looked at once a day, and told where something is missing.

A file that changed is inspected anew, so that the merchant hears of a stamp that fails before a customer does. Trouble
with one file keeps nobody from looking at the next one; a storage in which nothing answers is given up for the day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.articles import ArticleFile
from db.engine import Database
from db.files import File
from db.storages import Storage as StorageRow
from pdfkit.outcome import Cause
from portal.activity import TRESEN, By, entry
from portal.byte_ranges import BytesChangedError
from portal.inspections import Inspector, is_of_this_edition
from portal.sealed_options import OptionsRefused
from portal.storages import Entry, FileMissing, Storage, Storages, StorageUnavailable

KIND = "file_checks"
LIMIT = timedelta(hours=2)
TROUBLE = (StorageUnavailable, OSError, ValueError)  # the last is what the child makes nothing of
MOST_IN_A_ROW = 5  # troubles, each of which may take half a minute


@dataclass(frozen=True)
class Look:
    """What lies in the storage now. `inspection` is None where the bytes are those that were inspected before."""

    entry: Entry
    inspection: dict[str, object] | None


@dataclass(frozen=True)
class FileChecks:
    """Looks at files where they lie, outside any transaction."""

    database: Database
    storages: Storages
    inspector: Inspector

    async def run(self, now: datetime) -> None:
        """All linked files, storage by storage; one that does not answer is told, and its files stay as they are."""
        async with self.database.reading() as session:
            rows = list(await session.scalars(select(StorageRow).order_by(StorageRow.id)))
        for row in rows:
            async with self.database.reading() as session:
                files = await _linked(row.id, session)
            await self._check(row, files, By(TRESEN, now))

    async def one(self, file_id: int, by: By) -> bool:
        """Looks at one file now; False while somebody is writing it. Raises one of TROUBLE where nobody can tell."""
        async with self.database.reading() as session:
            file = await session.get_one(File, file_id)
            row = await session.get(StorageRow, file.storage_id) if file.storage_id else None
        return row is None or await self._look_at(file, self.storages.opened(row), by)

    async def _check(self, row: StorageRow, files: Sequence[File], by: By) -> None:
        try:
            if files:
                await self._check_each(row, files, by)
        except OptionsRefused as error:  # then none of its files can be had
            await self._tell(row, [str(error)], by)

    async def _check_each(self, row: StorageRow, files: Sequence[File], by: By) -> None:
        """Raises OptionsRefused."""
        storage = self.storages.opened(row)
        troubles: list[str] = []
        in_a_row = 0
        for file in files:
            try:
                await self._look_at(file, storage, by)
                in_a_row = 0
            except TROUBLE as error:
                troubles.append(f"{file.path}: {error}")
                in_a_row += 1
            if in_a_row == MOST_IN_A_ROW:
                await self._tell(row, troubles, by)
                return
        if troubles:
            await self._tell(row, troubles, by, files=len(troubles))

    async def _tell(self, row: StorageRow, troubles: Sequence[str], by: By, files: int | None = None) -> None:
        """One notice a storage, with the first trouble. `files` had one; None for all of them."""
        details: dict[str, object] = {"storage": row.id, "name": row.name, "detail": troubles[0], "files": files}
        async with self.database.writing() as session:
            session.add(entry(by, "storage_unavailable", None, details, notice=True))

    async def _look_at(self, file: File, storage: Storage, by: By) -> bool:
        try:
            found = await storage.stat(file.path)
            is_known = found.version == file.version and _is_settled(file.inspection)
            look = Look(found, None if is_known else await self.inspector.inspect(storage, found))
        except BytesChangedError:
            return False
        except FileMissing:
            await self._miss(file, by)
        else:
            await self._note(file, look, by)
        return True

    async def _miss(self, seen: File, by: By) -> None:
        """Told once: it stays missing until it is back."""
        async with self.database.writing() as session:
            file = await _same(seen, session)
            if file is None or file.missing_since is not None:
                return
            file.missing_since = by.at
            details: dict[str, object] = {"file": file.id, "name": file.name, "path": file.path}
            session.add(entry(by, "file_missing", None, details, notice=True))

    async def _note(self, seen: File, look: Look, by: By) -> None:
        async with self.database.writing() as session:
            if (file := await _same(seen, session)) is None:
                return
            file.checked_at, file.missing_since = by.at, None
            if look.inspection is not None:
                file.version, file.size, file.inspection = look.entry.version, look.entry.size, look.inspection
                if not look.inspection.get("stampable", True):
                    details: dict[str, object] = {"file": file.id, "name": file.name, "path": file.path}
                    session.add(entry(by, "file_unstampable", None, details, notice=True))


async def _linked(storage_id: int, session: AsyncSession) -> list[File]:
    linked = select(ArticleFile.file_id).where(ArticleFile.unlinked_at.is_(None))
    return list(
        await session.scalars(
            select(File).where(File.storage_id == storage_id, File.id.in_(linked)).order_by(File.path)
        )
    )


def _is_settled(inspection: Mapping[str, object] | None) -> bool:
    """That a look took too long, or was broken off, says as much of the machine as of the file; and Tresen may have
    learned to read it since.
    """
    if inspection is None or not is_of_this_edition(inspection):
        return False
    return inspection.get("cause") not in (Cause.TIMEOUT, Cause.CRASHED)


async def _same(seen: File, session: AsyncSession) -> File | None:
    """The row, unless another file was put in its place meanwhile."""
    file = await session.get(File, seen.id)
    return file if file and (file.storage_id, file.path) == (seen.storage_id, seen.path) else None
