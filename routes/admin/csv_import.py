"""One file on its way in: said what it means, looked at, imported, cancelled, removed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect, Stream
from sqlalchemy.ext.asyncio import AsyncSession

from db.csv_imports import CsvFile, CsvImport
from db.sources import Source
from portal import csv_files, csv_imports, csv_mappings, csv_presets
from portal.csv_mappings import CONSTANTS, DATES, DECIMAL_SIGNS, LONGEST_CONSTANT, CsvMapping, Layout
from portal.csv_presets import LONGEST_NAME
from portal.house import House as PortalHouse
from portal.refusals import Conflict, NotFound
from portal.sessions import SignedIn
from routes.forms import field_of, texts_of
from routes.given import AnyRequest, House, Merchant
from routes.ranges import attachment
from views import Page, spoken
from views.admin import csv_import, csv_words
from views.admin.csv_import import CHANGED_SINCE, GONE, IS_READ, SHOWN_ROWS, TWICE, CsvImportPage
from views.admin.csv_imports import PATH
from views.admin.csv_report import Report
from views.admin.frame import Frame
from views.faults import unfit_name
from views.sentences import Sentence

ONE = PATH + "/{file_id:int}"
SAMPLES = 4
AT_ONCE = 1000  # rows of a report that are held
BY_HAND = "by-hand"
PRESET = "preset-"


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """What was typed where it differs from what is stored, and what is wrong with it."""

    mapping: CsvMapping | None = None
    columns: Mapping[int, Sentence] = field(default_factory=dict)
    preset: str = ""
    preset_error: Sentence | None = None
    trouble: Sentence | None = None


@route(ONE, http_method=["GET", "HEAD"])
async def show_file(file_id: FromPath[int], house: House, merchant: Merchant) -> Page:
    return await _page(file_id, house, merchant, Wrong())


@post(ONE + "/formats")
async def choose_format(
    file_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    wanted = await field_of(request, "format")
    async with house.database.writing() as session:
        row = await csv_files.one(file_id, session)
        row.mapping = csv_mappings.told(await _chosen(wanted, row, house, session))
    return Redirect(f"{PATH}/{file_id}", status_code=303)


@post(ONE + "/dry-runs")
async def start_dry_run(
    file_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    texts = await texts_of(request)
    async with house.database.reading() as session:
        row = await csv_files.one(file_id, session)
    wrong = _read(texts, row)
    mapping = wrong.mapping
    if mapping is None or wrong.columns or wrong.preset_error or any(csv_mappings.lacking(mapping)):
        return await _page(file_id, house, merchant, wrong, 422)
    try:
        async with house.database.writing() as session:
            row = await csv_files.one(file_id, session)
            if wrong.preset:
                mapping = replace(mapping, name=wrong.preset)
                await csv_presets.keep(wrong.preset, mapping, session, merchant.by)
            row.mapping = csv_mappings.told(mapping)
            await csv_imports.ask(row, True, session, merchant.by)
    except Conflict:
        return await _page(file_id, house, merchant, replace(wrong, trouble=IS_READ), 409)
    return Redirect(f"{PATH}/{file_id}#reading", status_code=303)


@post(ONE + "/runs")
async def import_orders(
    file_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    """What the dry run showed, and nothing else: it comes with the form."""
    dry_run = _id(await field_of(request, "dry_run"))
    try:
        async with house.database.writing() as session:
            row = await csv_files.one(file_id, session)
            await csv_imports.confirm(row, dry_run, session, merchant.by)
    except Conflict:
        return await _page(file_id, house, merchant, Wrong(trouble=CHANGED_SINCE), 409)
    return Redirect(f"{PATH}/{file_id}#reading", status_code=303)


@post(ONE + "/cancellations")
async def cancel_import(file_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant) -> Redirect:
    import_id = _id(await field_of(request, "import"))
    async with house.database.writing() as session:
        csv_imports.cancel(await _import(file_id, import_id, session), merchant.by)
    return Redirect(f"{PATH}/{file_id}#reading", status_code=303)


@post(ONE + "/removals")
async def remove_file(file_id: FromPath[int], house: House, merchant: Merchant) -> Page | Redirect:
    try:
        async with house.database.writing() as session:
            row = await csv_files.one(file_id, session)
            await csv_files.remove(row, session, merchant.by)
    except Conflict:
        return await _page(file_id, house, merchant, Wrong(trouble=IS_READ), 409)
    await house.csv_files.discard(row)
    return Redirect(PATH, status_code=303)


@route(ONE + "/reports/{name:str}", http_method=["GET", "HEAD"])
async def export_report(
    file_id: FromPath[int], name: FromPath[str], request: AnyRequest, house: House, merchant: Merchant
) -> Stream:
    async with house.database.reading() as session:
        row = await _import(file_id, _id(name.removesuffix(".csv")), session)
    report = Report(spoken(merchant.locale, request))
    lines = _nothing() if request.method == "HEAD" else _lines(row, report, house)
    headers = {"Content-Disposition": attachment(f"report-{row.id}.csv")}
    return Stream(lines, media_type="text/csv; charset=utf-8", headers=headers)


async def _lines(row: CsvImport, report: Report, house: PortalHouse) -> AsyncIterator[bytes]:
    yield report.head()
    place = (0, 0)
    while True:
        async with house.database.reading() as session:
            some = await csv_imports.report(row, session, AT_ONCE, place)
        for each in some:
            yield report.line(each)
            place = (each.line, each.id)
        if len(some) < AT_ONCE:
            return


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


async def _import(file_id: int, import_id: int, session: AsyncSession) -> CsvImport:
    """Raises NotFound, also for an import of another file."""
    row = await csv_imports.one(import_id, session)
    if row.file_id != file_id:
        raise NotFound
    return row


async def _chosen(wanted: str, row: CsvFile, house: PortalHouse, session: AsyncSession) -> CsvMapping:
    """Raises NotFound for what this file cannot be read by."""
    reader = house.csv_files.reader
    if wanted.startswith(PRESET):
        for preset in await csv_presets.fitting(row.header, session):
            if wanted == f"{PRESET}{preset.id}":
                return csv_mappings.of(preset.mapping)
        raise NotFound
    known = reader.recognised(row.header)
    if known and wanted == known.layout:
        return known
    if wanted != BY_HAND:
        raise NotFound
    return reader.begun(Layout.OWN, row.header)


def _read(texts: Mapping[str, str], row: CsvFile) -> Wrong:
    """The form over what is stored: what it does not bring stays."""
    stored, errors = csv_mappings.of(row.mapping), dict[int, Sentence]()
    columns, constants = dict(stored.columns), dict(stored.constants)
    if stored.layout is Layout.OWN:
        columns, errors = _columns(texts, row)
        typed = {name: texts.get(f"constant.{name}", "").strip()[:LONGEST_CONSTANT] for name in CONSTANTS}
        constants = {name: value for name, value in typed.items() if value}
    sign, dates = texts.get("decimal_sign", ""), texts.get("dates", "")
    preset = texts.get("preset", "").strip()
    mapping = CsvMapping(
        name=stored.name,
        layout=stored.layout,
        columns=columns,
        constants=constants,
        decimal_sign=sign if sign in DECIMAL_SIGNS else "",
        dates=dates if dates in DATES else "",
    )
    return Wrong(
        mapping=mapping,
        columns=errors,
        preset=preset,
        preset_error=unfit_name(preset, LONGEST_NAME) if preset else None,
    )


def _columns(texts: Mapping[str, str], row: CsvFile) -> tuple[dict[str, str], dict[int, Sentence]]:
    """Field → column, and the places of columns that mean what another one means already."""
    columns: dict[str, str] = {}
    errors: dict[int, Sentence] = {}
    for place, column in enumerate(row.header):
        wanted = texts.get(f"column.{place}", "")
        if wanted not in csv_words.FIELDS:
            continue
        if wanted in columns:
            errors[place] = TWICE
        else:
            columns[wanted] = column
    return columns, errors


def _id(text: str) -> int:
    """Raises NotFound."""
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise NotFound
    return int(text)


async def _page(file_id: int, house: PortalHouse, merchant: SignedIn, wrong: Wrong, status: int = 200) -> Page:
    async with house.database.reading() as session:
        row = await csv_files.one(file_id, session)
        source = await session.get_one(Source, row.source_id)
        newest = next(iter(await csv_imports.of_file(row.id, session)), None)
        found, first = [], []
        if newest is not None:
            found = list(await csv_imports.report(newest, session, SHOWN_ROWS, found_only=True))
            first = list(await csv_imports.report(newest, session, SHOWN_ROWS))
        codes = frozenset(await csv_imports.codes(newest, session)) if newest else frozenset[str]()
        presets = [(preset.id, preset.name) for preset in await csv_presets.fitting(row.header, session)]
    mapping, reader = wrong.mapping or csv_mappings.of(row.mapping), house.csv_files.reader
    samples = [] if row.removed_at else await house.csv_files.samples(row, SAMPLES)
    page = CsvImportPage(
        frame=Frame.of(merchant, f"{PATH}/{row.id}"),
        path=csv_import.path_of(row),
        name=row.name,
        source=source.name,
        size=row.size,
        uploaded_at=row.uploaded_at.astimezone(house.storefront.zone),
        encoding=csv_words.ENCODINGS[row.encoding],
        delimiter=csv_words.delimiter(row.delimiter),
        is_gone=row.removed_at is not None,
        formats=csv_import.formats(mapping, reader.recognised(row.header), presets),
        form=csv_import.mapping_form(row, mapping, samples, wrong.columns, codes),
        preset=wrong.preset,
        preset_error=wrong.preset_error,
        reading=csv_import.reading(newest, row, found, first) if newest else None,
        trouble=GONE if wrong.trouble and row.removed_at else wrong.trouble,
    )
    return Page(page, locale=merchant.locale, status_code=status)
