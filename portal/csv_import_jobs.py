"""How an import is done: a few orders are read, taken and reported in one short transaction, then the next few.

Whoever is killed in between loses nothing and doubles nothing: how far it is stands in the same transaction as the
orders, and the next one goes on behind that line.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import BinaryIO
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.csv_imports import CsvFile, CsvImport, CsvReportRow, ImportOutcome
from db.engine import Database
from db.outbox import Job
from db.settings import GeneralSettings
from db.sources import Source
from portal import csv_imports, csv_mappings, order_batches, order_imports, settings, sources
from portal.activity import SOURCE, By
from portal.csv_files import CsvFiles, refuse_fetched, sheet_of
from portal.csv_findings import LONGEST_VALUE, Code, Finding, Unreadable
from portal.csv_reading import Read, Shop
from portal.jobs import Clock, Record, utc_now
from portal.order_batches import Taken
from portal.order_imports import ImportResult, Key, Known
from portal.outbox import Claimed
from portal.refusals import Conflict, Invalid
from portal.sources import NAME

LIMIT = timedelta(hours=6)
LOOKED_AT_ONCE = 200
BREATH = 0.0002  # seconds after each order
MOST_ORDERS, MOST_FINDINGS = 5_000, 5_000  # that have a line in the report


@dataclass(frozen=True, kw_only=True)
class Begun:
    import_id: int
    is_dry_run: bool
    source: str
    line: int
    reads: Iterator[Read]

    @property
    def at_once(self) -> int:
        return LOOKED_AT_ONCE if self.is_dry_run else order_batches.AT_ONCE


@dataclass(frozen=True)
class Outcome:
    """What became of one order, or would: `result` is one of portal.csv_imports.RESULTS."""

    read: Read
    result: str
    findings: Sequence[Finding]


class CsvImports:
    """The job, of dry runs and of imports for good."""

    limit = LIMIT

    def __init__(self, database: Database, files: CsvFiles, zone: ZoneInfo | None, clock: Clock = utc_now) -> None:
        self._database = database
        self._files = files
        self._zone = zone
        self._clock = clock

    async def do(self, job: Claimed) -> Record:
        import_id = int(str(job.payload["import_id"]))
        with ExitStack() as stack:
            try:
                begun = await self._begun(import_id, stack)
            except FileNotFoundError:
                return partial(_end, import_id, ImportOutcome.FILE_GONE, None)
            if begun is None:
                return _nothing
            outcome, finding = await self._read(begun)
        return partial(_end, import_id, outcome, finding)

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """It is tried again from where it is, until it is given up."""
        if job.dead_at is not None:
            await _end(int(str(job.payload["import_id"])), ImportOutcome.BROKEN_OFF, None, session, by.at)

    async def _begun(self, import_id: int, stack: ExitStack) -> Begun | None:
        """None for one that is over. Raises FileNotFoundError."""
        async with self._database.writing() as session:
            row = await session.get(CsvImport, import_id)
            if row is None or row.ended_at is not None:
                return None
            row.started_at = row.started_at or self._clock()
            file = await session.get_one(CsvFile, row.file_id)
            source = await session.get_one(Source, file.source_id)
            zone = settings.zone_of(await settings.of(GeneralSettings, session), self._zone)
        opened: BinaryIO = stack.enter_context(await asyncio.to_thread(self._files.path(file).open, "rb"))
        reads = self._files.reader.orders(opened, sheet_of(file), csv_mappings.of(row.mapping), Shop(zone=zone))
        return Begun(import_id=row.id, is_dry_run=row.is_dry_run, source=source.name, line=row.line, reads=reads)

    async def _read(self, begun: Begun) -> tuple[ImportOutcome, Finding | None]:
        while True:
            some, broken = await asyncio.to_thread(_next, begun)
            if some and not await self._deal_with(begun, some):
                return ImportOutcome.CANCELLED, None
            if broken:
                return ImportOutcome.UNREADABLE, broken
            if len(some) < begun.at_once:
                return ImportOutcome.OK, None

    async def _deal_with(self, begun: Begun, some: Sequence[Read]) -> bool:
        """False where the import was cancelled: nothing more is taken then."""
        found = await self._foretold(begun, some) if begun.is_dry_run else []
        async with self._database.writing() as session:
            row = await session.get_one(CsvImport, begun.import_id)
            if row.cancelled_at is not None:
                return False
            if not begun.is_dry_run:
                by = By(f"{SOURCE}:{begun.source}", self._clock())
                found = await _taken(begun, some, session, by)
            row.line = some[-1].last_line
            _report(row, found, session)
        return True

    async def _foretold(self, begun: Begun, some: Sequence[Read]) -> list[Outcome]:
        by_source: dict[str, list[str]] = defaultdict(list)
        for read in some:
            by_source[read.source or begun.source].append(read.external_id)
        known: dict[Key, Known] = {}
        async with self._database.reading() as session:
            closed = await _closed(by_source, session)
            for name, external_ids in by_source.items():
                source = await sources.named(name, session)
                if source is not None and name not in closed:
                    found = await order_imports.known_of(source.id, external_ids, session)
                    known |= {Key(name, external_id): row for external_id, row in found.items()}
        now = self._clock()
        return [_looked_up(begun, read, (known, now), closed) for read in some]


def _next(begun: Begun) -> tuple[list[Read], Finding | None]:
    """The next few that have not been dealt with, and what ends the reading. Blocks."""
    some: list[Read] = []
    try:
        for read in begun.reads:
            if read.last_line > begun.line:
                some.append(read)
                time.sleep(BREATH)  # otherwise this thread keeps the interpreter from the event loop for 5 ms at a time
            if len(some) == begun.at_once:
                break
    except Unreadable as unreadable:
        return some, unreadable.finding
    return some, None


async def _closed(names: Iterable[str], session: AsyncSession) -> Mapping[str, str]:
    """Sources whose orders no file may bring or change, and why; a column may name any of them."""
    closed = {}
    for name in set(names):
        source = await sources.named(name, session)
        if source is not None:
            try:
                refuse_fetched(source)
            except Conflict as why:
                closed[name] = str(why)
    return closed


def _looked_up(
    begun: Begun, read: Read, stand: tuple[Mapping[Key, Known], datetime], closed: Mapping[str, str]
) -> Outcome:
    """`stand`: what is stored, and when that was looked up."""
    if (out := _kept_out(begun, read, closed)) or read.order is None:
        return out or Outcome(read, "failed", read.findings)
    key, (known, now) = _key(begun, read), stand
    try:
        result = order_imports.foretold(known.get(key), order_imports.told(key, read.order), now)
        return Outcome(read, result.value, read.findings)
    except Conflict as error:
        return _not_taken(read, str(error))


async def _taken(begun: Begun, some: Sequence[Read], session: AsyncSession, by: By) -> list[Outcome]:
    """One that cannot be taken hides no other."""
    closed = await _closed([_key(begun, read).source for read in some], session)
    kept_out = {place: out for place, read in enumerate(some) if (out := _kept_out(begun, read, closed))}
    told = [
        order_imports.told(_key(begun, read), read.order)
        for place, read in enumerate(some)
        if read.order and place not in kept_out
    ]
    taken = iter(await order_batches.take(told, session, by))
    return [kept_out.get(place) or _outcome(read, next(taken)) for place, read in enumerate(some)]


def _outcome(read: Read, taken: Taken) -> Outcome:
    match taken:
        case ImportResult():
            return Outcome(read, taken.value, read.findings)
        case Conflict() | Invalid():
            return _not_taken(read, str(taken))
        case _:
            return _not_taken(read, f"Tresen itself failed: {type(taken).__name__}.")


def _kept_out(begun: Begun, read: Read, closed: Mapping[str, str]) -> Outcome | None:
    if read.order is None:
        is_draft = any(finding.code is Code.DRAFT for finding in read.findings)
        return Outcome(read, "ignored" if is_draft else "failed", read.findings)
    if read.source and not NAME.fullmatch(read.source):
        unfit = Finding(read.first_line, "", Code.NOT_TAKEN, f"{read.source[:40]} is no name of a source.")
        return Outcome(read, "failed", (*read.findings, unfit))
    why = closed.get(_key(begun, read).source)
    return _not_taken(read, why) if why else None


def _key(begun: Begun, read: Read) -> Key:
    return Key(read.source or begun.source, read.external_id)


def _not_taken(read: Read, why: str) -> Outcome:
    return Outcome(read, "failed", (*read.findings, Finding(read.first_line, "", Code.NOT_TAKEN, why)))


def _report(row: CsvImport, found: Sequence[Outcome], session: AsyncSession) -> None:
    """Counts everything, and keeps the lines of the first few thousand: a later finding hides behind no success."""
    for each in found:
        orders = sum(getattr(row, name) for name in csv_imports.RESULTS)
        if each.findings:
            room = max(0, MOST_FINDINGS - row.findings)
            session.add_all(_line(row, each, finding) for finding in each.findings[:room])
        elif orders < MOST_ORDERS:
            session.add(_line(row, each))
        setattr(row, each.result, getattr(row, each.result) + 1)
        row.findings += len(each.findings)


def _line(row: CsvImport, outcome: Outcome, finding: Finding | None = None) -> CsvReportRow:
    return CsvReportRow(
        import_id=row.id,
        line=finding.line if finding else outcome.read.first_line,
        external_id=outcome.read.external_id[:LONGEST_VALUE],
        result=outcome.result,
        column=finding.column[:LONGEST_VALUE] if finding else "",
        code=finding.code if finding else "",
        value=finding.value if finding else "",
    )


async def _end(
    import_id: int, outcome: ImportOutcome, finding: Finding | None, session: AsyncSession, now: datetime
) -> None:
    row = await session.get(CsvImport, import_id)
    if row is None or row.ended_at is not None:
        return
    if finding and not await _is_told(row, finding, session):
        row.findings += 1
        session.add(
            CsvReportRow(
                import_id=row.id,
                line=finding.line,
                external_id="",
                result="failed",
                code=finding.code,
                value=finding.value,
            )
        )
    await csv_imports.end(row, outcome, session, now)


async def _is_told(row: CsvImport, finding: Finding, session: AsyncSession) -> bool:
    """Of the order in whose midst the file breaks: it is kept out by that very finding."""
    mine = select(CsvReportRow.id).where(CsvReportRow.import_id == row.id, CsvReportRow.line == finding.line)
    return await session.scalar(mine.where(CsvReportRow.code == finding.code).limit(1)) is not None


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """It is over already, or its file was removed with its source."""
