"""CSV files by the API: sent in, looked at, imported, reported on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from litestar import delete, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from db.csv_imports import CsvFile, CsvImport, CsvPreset, CsvReportRow, ImportOutcome
from db.sources import Source
from portal import csv_files, csv_imports, csv_mappings, csv_presets, sources
from portal.csv_files import LARGEST_FILE
from portal.csv_mappings import CsvMapping, Layout
from portal.house import House as PortalHouse
from portal.refusals import Fault, Invalid, NotFound
from routes.api.calls import CSV, Call, Listed, asked, row_id, told
from routes.given import AnyRequest, ApiKeyHolder, House, Reading

IMPORTS = "/sources/{source:str}/imports"
IMPORT = IMPORTS + "/{import_id:str}"
WAITS = 10.0  # seconds for an import that is quickly done
MOST_ROWS = 1000  # of a report, in one answer
CURSOR = re.compile("([0-9]{1,15})-([0-9]{1,15})", re.ASCII)


class YesNo(StrEnum):
    YES = "true"
    NO = "false"


class DecimalSign(StrEnum):
    COMMA = ","
    POINT = "."


class DateOrder(StrEnum):
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


class HowToRead(Struct, kw_only=True, frozen=True):
    """`preset` is the name of a saved mapping; without it, the best one that fits, or the format that is recognised."""

    dry_run: YesNo = YesNo.NO
    name: str = "import.csv"
    preset: str = ""
    decimal_sign: DecimalSign | None = None
    dates: DateOrder | None = None


class Paged(Struct, kw_only=True, frozen=True):
    limit: int = 100
    cursor: str = ""


class ToldImport(Struct, kw_only=True, frozen=True):
    """`outcome` is null as long as it has not ended. `line` of `lines` have been dealt with; `failed` were kept out."""

    id: int
    file: str
    size: int
    sha256: str
    mapping: str
    layout: Layout
    dry_run: bool
    asked_at: datetime
    started_at: datetime | None
    cancelled_at: datetime | None
    ended_at: datetime | None
    outcome: ImportOutcome | None
    line: int
    lines: int
    created: int
    updated: int
    unchanged: int
    stale: int
    ignored: int
    failed: int
    findings: int


class ToldRow(Struct, kw_only=True, frozen=True):
    """An order with what became of it, or a finding: `code` is empty where nothing is wrong."""

    line: int
    external_id: str
    result: str
    column: str
    code: str
    value: str


class MadeImport(ToldImport, kw_only=True, frozen=True):
    """`report` holds the first findings."""

    report: list[ToldRow]


class ToldPreset(Struct, kw_only=True, frozen=True):
    id: int
    name: str
    layout: Layout
    columns: dict[str, str]
    constants: dict[str, str]
    decimal_sign: str
    dates: str


@post(
    IMPORTS,
    status_code=201,
    request_max_body_size=LARGEST_FILE + 1,
    opt=told(
        Call(
            summary="Import a CSV file, or with dry_run=true only look at it; a small one has ended with the answer",
            query=HowToRead,
            takes=CSV,
            gives={201: MadeImport},
        )
    ),
)
async def add_import(source: FromPath[str], request: AnyRequest, house: House, by: ApiKeyHolder) -> MadeImport:
    how = asked(HowToRead, request)
    if request.content_type[0] != CSV:
        raise HTTPException(status_code=415)
    async with house.database.reading() as session:
        csv_files.refuse_fetched(await sources.one(row_id(source), session))
    arrived = await house.csv_files.looked_at(await house.csv_files.received(request.stream(), how.name))
    async with house.database.writing() as session:
        file = await house.csv_files.add(arrived, await sources.one(row_id(source), session), session, by)
        file.mapping = csv_mappings.told(await _mapping(file, how, session))
        made = await csv_imports.ask(file, how.dry_run is YesNo.YES, session, by)
    await _ended(made.id, house)
    return await _made(made.id, house)


@get(IMPORTS, opt=told(Call(summary="List the last imports of a source", gives={200: Listed[ToldImport]})))
async def list_imports(source: FromPath[str], reading: Reading) -> Listed[ToldImport]:
    row = await sources.one(row_id(source), reading)
    return Listed(items=[_told(*each) for each in await csv_imports.of_source(row.id, reading)])


@get(IMPORT, opt=told(Call(summary="Show an import", gives={200: ToldImport})))
async def show_import(source: FromPath[str], import_id: FromPath[str], reading: Reading) -> ToldImport:
    return _told(*await _one(source, import_id, reading))


@delete(IMPORT, opt=told(Call(summary="Cancel an import; what it has taken stays", gives={204: None})))
async def cancel_import(source: FromPath[str], import_id: FromPath[str], house: House, by: ApiKeyHolder) -> None:
    async with house.database.writing() as session:
        csv_imports.cancel((await _one(source, import_id, session))[0], by)


@get(
    IMPORT + "/report",
    opt=told(Call(summary="Read the report of an import, line by line", query=Paged, gives={200: Listed[ToldRow]})),
)
async def list_report(
    source: FromPath[str], import_id: FromPath[str], request: AnyRequest, reading: Reading
) -> Listed[ToldRow]:
    page = asked(Paged, request)
    limit = max(1, min(page.limit, MOST_ROWS))
    row, _ = await _one(source, import_id, reading)
    rows = await csv_imports.report(row, reading, limit + 1, _place(page.cursor))
    more = f"{rows[limit - 1].line}-{rows[limit - 1].id}" if len(rows) > limit else None
    return Listed(items=_rows(rows[:limit]), next_cursor=more)


@get("/csv-presets", opt=told(Call(summary="List the saved mappings of CSV files", gives={200: Listed[ToldPreset]})))
async def list_presets(reading: Reading) -> Listed[ToldPreset]:
    return Listed(items=[_told_preset(row) for row in await csv_presets.every(reading)])


@delete("/csv-presets/{preset:str}", opt=told(Call(summary="Remove a saved mapping", gives={204: None})))
async def remove_preset(preset: FromPath[str], house: House, by: ApiKeyHolder) -> None:
    async with house.database.writing() as session:
        await csv_presets.remove(await csv_presets.one(row_id(preset), session), session, by)


async def _mapping(file: CsvFile, how: HowToRead, session: AsyncSession) -> CsvMapping:
    """Raises Invalid where nobody has said what the columns mean."""
    found = csv_mappings.of(file.mapping)
    if how.preset:
        fitting = {row.name: row for row in await csv_presets.fitting(file.header, session)}
        if how.preset not in fitting:
            raise Invalid(Fault("#/preset", "unfit", "No saved mapping of that name has its columns in this file."))
        found = csv_mappings.of(fitting[how.preset].mapping)
    found = csv_mappings.settled(found, how.decimal_sign or "", how.dates or "")
    if lacks := [" or ".join(names) for names in csv_mappings.lacking(found)]:
        why = f"No known format, and no saved mapping fits: there is no column for {', '.join(lacks)}."
        raise Invalid(Fault(csv_files.FIELD, "format-unknown", why))
    return found


async def _ended(import_id: int, house: PortalHouse) -> None:
    """Waits a little for its end."""
    for _ in range(int(WAITS / 0.1)):
        async with house.database.reading() as session:
            if (await csv_imports.one(import_id, session)).ended_at is not None:
                return
        await asyncio.sleep(0.1)


async def _made(import_id: int, house: PortalHouse) -> MadeImport:
    async with house.database.reading() as session:
        row = await csv_imports.one(import_id, session)
        told = _told(row, await csv_files.one(row.file_id, session))
        found = await csv_imports.report(row, session, 100, found_only=True)
    return MadeImport(**{name: getattr(told, name) for name in told.__struct_fields__}, report=_rows(found))


async def _one(source: str, import_id: str, session: AsyncSession) -> tuple[CsvImport, CsvFile]:
    """Raises NotFound, also for an import of another source."""
    of: Source = await sources.one(row_id(source), session)
    row = await csv_imports.one(row_id(import_id), session)
    file = await csv_files.one(row.file_id, session)
    if file.source_id != of.id:
        raise NotFound
    return row, file


def _place(cursor: str) -> tuple[int, int]:
    """Raises Invalid."""
    if not cursor:
        return 0, 0
    if not (found := CURSOR.fullmatch(cursor)):
        raise Invalid(Fault("#/cursor", "invalid", "Send a cursor as it was told."))
    return int(found[1]), int(found[2])


def _told(row: CsvImport, file: CsvFile) -> ToldImport:
    mapping = csv_mappings.of(row.mapping)
    names = "id asked_at started_at cancelled_at ended_at outcome line findings".split()
    return ToldImport(
        **{name: getattr(row, name) for name in (*names, *csv_imports.RESULTS)},
        file=file.name,
        size=file.size,
        sha256=file.sha256,
        mapping=mapping.name,
        layout=mapping.layout,
        dry_run=row.is_dry_run,
        lines=file.lines,
    )


def _rows(rows: Sequence[CsvReportRow]) -> list[ToldRow]:
    return [ToldRow(**{name: getattr(row, name) for name in ToldRow.__struct_fields__}) for row in rows]


def _told_preset(row: CsvPreset) -> ToldPreset:
    mapping = csv_mappings.of(row.mapping)
    return ToldPreset(
        id=row.id,
        name=row.name,
        layout=mapping.layout,
        columns=dict(mapping.columns),
        constants=dict(mapping.constants),
        decimal_sign=mapping.decimal_sign,
        dates=mapping.dates,
    )
