"""CSV files on their way in: taken to disk piece by piece, looked at, kept for some days, then removed."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.csv_imports import CsvFile, CsvImport, CsvReportRow
from db.engine import Database
from db.sources import Source, SourceKind
from portal import csv_mappings, csv_presets
from portal.activity import TRESEN, By, entry
from portal.csv_findings import Code, Finding, Unreadable
from portal.csv_mappings import CsvMapping, Layout
from portal.csv_reading import CsvReader, Sheet
from portal.images import plain_name
from portal.refusals import Conflict, Fault, Invalid, NotFound
from portal.source_options import SWITCHED_OFF

LARGEST_FILE = 256 * 1024 * 1024  # bytes
PIECE = 1024 * 1024
ARE_KEPT = timedelta(days=7)
FIELD = "#/file"
FETCHED = "The orders of this source are fetched; name another source for a file."
STILL_READ = "This file is being read; cancel that first."
SENTENCES = {
    Code.EMPTY: "The file is empty.",
    Code.SPREADSHEET: "This is a workbook; save it as CSV (UTF-8) in your spreadsheet program, and send that.",
    Code.NOT_TEXT: "This is no text, so no CSV.",
    Code.NO_HEADER: "The first line has to name the columns, at least two of them.",
    Code.TOO_MANY_COLUMNS: "The file has more than 300 columns.",
    Code.LINE_TOO_LONG: "A line is longer than 256 KiB: this is no CSV.",
    Code.QUOTE_NOT_CLOSED: "A quotation mark in the header is never closed.",
    Code.QUOTE_IN_CELL: "In the header, text goes on behind a closing quotation mark.",
}


@dataclass(frozen=True, kw_only=True)
class Received:
    """What was uploaded, as it lies on disk."""

    name: str
    place: str
    size: int
    sha256: str
    lines: int


@dataclass(frozen=True)
class Arrived:
    """A file that is a table, with how it is written."""

    received: Received
    sheet: Sheet


@dataclass(frozen=True)
class CsvFiles:
    """Where the files lie, and who reads them."""

    folder: Path
    reader: CsvReader

    def path(self, row: CsvFile) -> Path:
        return self.folder / row.place

    async def received(self, pieces: AsyncIterator[bytes], name: str) -> Received:
        """Takes the file to disk. Raises Invalid for one that is too large; nothing stays behind then."""
        place = f"{secrets.token_hex(16)}.csv"
        try:
            return await self._written(pieces, name, place)
        except BaseException:  # whoever sends may break off, too
            await asyncio.to_thread((self.folder / place).unlink, missing_ok=True)
            raise

    async def _written(self, pieces: AsyncIterator[bytes], name: str, place: str) -> Received:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        size, digest, ends = 0, hashlib.sha256(), {b"\n": 0, b"\r": 0}
        with await asyncio.to_thread((self.folder / place).open, "xb") as file:

            def take(some: bytes) -> None:
                file.write(some)
                digest.update(some)
                for end in ends:
                    ends[end] += some.count(end)

            async for some in _in_pieces(pieces):
                size += len(some)
                if size > LARGEST_FILE:
                    raise Invalid(Fault(FIELD, "too-large", "A file has at most 256 MiB; split it."))
                await asyncio.to_thread(take, some)
        lines = max(ends.values()) + 1
        return Received(name=plain_name(name), place=place, size=size, sha256=digest.hexdigest(), lines=lines)

    async def looked_at(self, received: Received) -> Arrived:
        """Finds out how it is written. Raises Invalid for what is no CSV; the file is gone then."""
        path = self.folder / received.place

        def look() -> Sheet:
            with path.open("rb") as file:
                return self.reader.sniffed(file)

        try:
            return Arrived(received, await asyncio.to_thread(look))
        except Unreadable as unreadable:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise Invalid(_fault(unreadable.finding)) from unreadable

    async def add(self, arrived: Arrived, source: Source, session: AsyncSession, by: By) -> CsvFile:
        """Its mapping is the saved one that knows most of its columns, else that of the known format it is of."""
        received, sheet = arrived.received, arrived.sheet
        row = CsvFile(
            source_id=source.id,
            name=received.name,
            place=received.place,
            size=received.size,
            sha256=received.sha256,
            lines=received.lines,
            encoding=sheet.encoding,
            delimiter=sheet.delimiter,
            header=list(sheet.header),
            header_line=sheet.header_line,
            mapping=csv_mappings.told(await self._mapping(list(sheet.header), session)),
            uploaded_at=by.at,
            uploaded_by=by.actor,
        )
        session.add(row)
        await session.flush()
        return row

    async def _mapping(self, header: list[str], session: AsyncSession) -> CsvMapping:
        if presets := await csv_presets.fitting(header, session):
            return csv_mappings.of(presets[0].mapping)
        return self.reader.recognised(header) or self.reader.begun(Layout.OWN, header)

    async def samples(self, row: CsvFile, count: int) -> list[tuple[str, ...]]:
        """The first rows; none where the file is gone."""
        path, sheet = self.path(row), sheet_of(row)

        def look() -> list[tuple[str, ...]]:
            with path.open("rb") as file:
                return self.reader.samples(file, sheet, count)

        try:
            return await asyncio.to_thread(look)
        except FileNotFoundError:
            return []

    async def clear(self, database: Database, now: datetime) -> None:
        """Removes what has been kept long enough, and what lies there without anybody knowing of it."""
        async with database.writing() as session:
            old = select(CsvFile).where(CsvFile.uploaded_at < now - ARE_KEPT, CsvFile.removed_at.is_(None))
            for row in await session.scalars(old):
                if not await is_being_read(row, session):
                    await remove(row, session, By(TRESEN, now))
            known = set(await session.scalars(select(CsvFile.place).where(CsvFile.removed_at.is_(None))))
        await asyncio.to_thread(self._sweep, known, now - timedelta(days=1))

    def _sweep(self, known: set[str], before: datetime) -> None:
        for path in self.folder.glob("*.csv"):
            if path.name not in known and path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)

    async def discard(self, row: CsvFile) -> None:
        """Its bytes, once nobody knows of them any more."""
        await asyncio.to_thread(self.path(row).unlink, missing_ok=True)


def refuse_fetched(source: Source) -> None:
    """Raises Conflict for a source that a service is asked for: it calls orders by names of its own."""
    if source.kind not in (SourceKind.CSV, SourceKind.API):
        raise Conflict(FETCHED)
    if not source.active:
        raise Conflict(SWITCHED_OFF)


def sheet_of(row: CsvFile) -> Sheet:
    return Sheet(row.encoding, row.delimiter, tuple(row.header), row.header_line)


async def one(file_id: int, session: AsyncSession) -> CsvFile:
    """Raises NotFound."""
    row = await session.get(CsvFile, file_id)
    if row is None:
        raise NotFound
    return row


async def latest(session: AsyncSession, limit: int = 20) -> list[tuple[CsvFile, str]]:
    """The newest first, each with the name of its source."""
    found = select(CsvFile, Source.name).join(Source, Source.id == CsvFile.source_id).order_by(CsvFile.id.desc())
    return [(row, name) for row, name in await session.execute(found.limit(limit))]


async def is_being_read(row: CsvFile, session: AsyncSession) -> bool:
    open_ones = select(CsvImport.id).where(CsvImport.file_id == row.id, CsvImport.ended_at.is_(None))
    return await session.scalar(open_ones.limit(1)) is not None


async def remove(row: CsvFile, session: AsyncSession, by: By) -> None:
    """The file and the reports on it go, what was counted stays. Raises Conflict while it is being read."""
    if await is_being_read(row, session):
        raise Conflict(STILL_READ)
    if row.removed_at is None:
        row.removed_at = by.at
        mine = select(CsvImport.id).where(CsvImport.file_id == row.id)
        await session.execute(delete(CsvReportRow).where(CsvReportRow.import_id.in_(mine)))
        session.add(entry(by, "csv_file_removed", details={"file": row.id, "name": row.name}))


async def _in_pieces(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Small ones put together: each is written by a thread of its own."""
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        if len(waiting) >= PIECE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _fault(finding: Finding) -> Fault:
    return Fault(FIELD, finding.code.value, SENTENCES.get(finding.code, "This is no CSV that can be read."))
