"""Imports of CSV files: asked for, read by a job, cancelled, looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.csv_imports import CsvFile, CsvImport, CsvReportRow, ImportOutcome
from db.engine import Transaction
from portal import csv_mappings, outbox
from portal.activity import By, entry
from portal.outbox import NewJob
from portal.refusals import Conflict, NotFound

# A look at a small file does not wait until a long one has been imported.
DRY_RUN_JOB, IMPORT_JOB = "csv_dry_run", "csv_import"
FILE_GONE = "The file is not here any more; upload it again."
INCOMPLETE = "It has not been said yet which columns hold what an order needs."
CHANGED_SINCE = "The last dry run was of something else; look at a new one first."
RESULTS = ("created", "updated", "unchanged", "stale", "ignored", "failed")


async def ask(file: CsvFile, is_dry_run: bool, session: AsyncSession, by: By) -> CsvImport:
    """Has the file read by its mapping, or tells the import that does so already. Raises Conflict."""
    if file.removed_at is not None:
        raise Conflict(FILE_GONE)
    if any(csv_mappings.lacking(csv_mappings.of(file.mapping))):
        raise Conflict(INCOMPLETE)
    open_ones = select(CsvImport).where(CsvImport.file_id == file.id, CsvImport.ended_at.is_(None))
    for other in await session.scalars(open_ones):
        if other.is_dry_run == is_dry_run and other.mapping == file.mapping and other.cancelled_at is None:
            return other
        if other.is_dry_run:
            other.cancelled_at = other.cancelled_at or by.at
        else:
            raise Conflict("This file is being imported already.")
    row = CsvImport(file_id=file.id, is_dry_run=is_dry_run, mapping=file.mapping, asked_at=by.at, asked_by=by.actor)
    session.add(row)
    await session.flush()
    kind = DRY_RUN_JOB if is_dry_run else IMPORT_JOB
    job = NewJob(kind=kind, key=outbox.key_of(kind, row.id, by.at), payload={"import_id": row.id})
    await outbox.enqueue(job, session, by.at)
    return row


async def confirm(file: CsvFile, dry_run_id: int, session: AsyncSession, by: By) -> CsvImport:
    """Imports for good what that dry run showed. Raises Conflict where it was of another mapping, or has not ended.

    Said twice, it is the same import: its dry run is looked at once.
    """
    looked_at = await session.get(CsvImport, dry_run_id)
    if looked_at is None or looked_at.file_id != file.id or not looked_at.is_dry_run:
        raise NotFound
    if looked_at.mapping != file.mapping or looked_at.outcome not in (ImportOutcome.OK, ImportOutcome.UNREADABLE):
        raise Conflict(CHANGED_SINCE)
    since = select(CsvImport).where(
        CsvImport.file_id == file.id, CsvImport.is_dry_run.is_(False), CsvImport.id > dry_run_id
    )
    if known := await session.scalar(since.limit(1)):
        return known
    return await ask(file, False, session, by)


def cancel(row: CsvImport, by: By) -> None:
    """The job ends at the next order. What has been imported stays."""
    if row.ended_at is None and row.cancelled_at is None:
        row.cancelled_at = by.at


async def one(import_id: int, session: AsyncSession) -> CsvImport:
    """Raises NotFound."""
    row = await session.get(CsvImport, import_id)
    if row is None:
        raise NotFound
    return row


async def of_file(file_id: int, session: AsyncSession) -> Sequence[CsvImport]:
    """The newest first."""
    mine = select(CsvImport).where(CsvImport.file_id == file_id)
    return list(await session.scalars(mine.order_by(CsvImport.id.desc())))


async def of_source(source_id: int, session: AsyncSession, limit: int = 20) -> Sequence[tuple[CsvImport, CsvFile]]:
    """The newest first, each with its file."""
    mine = select(CsvImport, CsvFile).join(CsvFile, CsvFile.id == CsvImport.file_id)
    mine = mine.where(CsvFile.source_id == source_id).order_by(CsvImport.id.desc()).limit(limit)
    return [(row, file) for row, file in await session.execute(mine)]


async def last_of_each(files: Sequence[CsvFile], session: AsyncSession) -> dict[int, CsvImport]:
    """The newest import by file. One statement."""
    ids = [file.id for file in files]
    newest = select(func.max(CsvImport.id)).where(CsvImport.file_id.in_(ids)).group_by(CsvImport.file_id)
    return {row.file_id: row for row in await session.scalars(select(CsvImport).where(CsvImport.id.in_(newest)))}


async def report(
    row: CsvImport, session: AsyncSession, limit: int, after: tuple[int, int] = (0, 0), found_only: bool = False
) -> Sequence[CsvReportRow]:
    """Rows in the order of the file, behind the one with that line and id."""
    mine = select(CsvReportRow).where(CsvReportRow.import_id == row.id)
    line, row_id = after
    mine = mine.where((CsvReportRow.line > line) | ((CsvReportRow.line == line) & (CsvReportRow.id > row_id)))
    if found_only:
        mine = mine.where(CsvReportRow.code != "")
    return list(await session.scalars(mine.order_by(CsvReportRow.line, CsvReportRow.id).limit(limit)))


async def codes(row: CsvImport, session: AsyncSession) -> set[str]:
    """What was found at all."""
    mine = select(CsvReportRow.code).where(CsvReportRow.import_id == row.id, CsvReportRow.code != "").distinct()
    return set(await session.scalars(mine))


async def take_up(transaction: Transaction) -> None:
    """At a start: imports that were being worked on when the process ended go on at once."""
    async with transaction() as session:
        await outbox.let_go((DRY_RUN_JOB, IMPORT_JOB), session)


async def end(row: CsvImport, outcome: ImportOutcome, session: AsyncSession, now: datetime) -> None:
    """Writes how it ended; an import for good is history, and a notice where anything was left out."""
    row.outcome, row.ended_at = outcome, now
    if row.is_dry_run:
        return
    file = await session.get_one(CsvFile, row.file_id)
    told: dict[str, object] = {"file": file.id, "name": file.name, "outcome": outcome.value}
    told |= {name: getattr(row, name) for name in RESULTS}
    is_incomplete = outcome not in (ImportOutcome.OK, ImportOutcome.CANCELLED) or row.failed > 0
    session.add(entry(By(row.asked_by, now), "csv_imported", details=told, notice=is_incomplete))
