"""Orders from files: one is brought here, and mappings that are kept are renamed and deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus

from litestar import post, route
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Redirect, Response
from sqlalchemy.ext.asyncio import AsyncSession

from db.sources import Source, SourceKind
from portal import csv_files, csv_imports, csv_presets, sources
from portal.csv_files import FIELD, LARGEST_FILE, PIECE, Arrived
from portal.csv_presets import LONGEST_NAME
from portal.house import House as PortalHouse
from portal.refusals import Conflict, Fault, Invalid
from portal.sessions import SignedIn
from portal.sources import NAME, NewSource
from routes.forms import field_of
from routes.given import AnyRequest, House, Merchant
from routes.ranges import attachment
from views import Page, spoken
from views.admin.csv_imports import (
    FETCHED,
    NO_SOURCE_NAME,
    PATH,
    PRESET_TAKEN,
    PRESETS,
    SWITCHED_OFF,
    TEMPLATE,
    CsvImportsPage,
    FileRow,
    PresetRow,
)
from views.admin.csv_words import file_refused
from views.admin.frame import Frame
from views.faults import unfit_name
from views.sentences import Sentence

LARGEST_UPLOAD = LARGEST_FILE + 64 * 1024  # with what a form adds
USUAL_SOURCE = "csv"
TABLES = (SourceKind.CSV, SourceKind.API)


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """What does not fit, and where: in the form, or with the mapping of that id."""

    source: str = USUAL_SOURCE
    source_error: Sentence | None = None
    file_error: Sentence | None = None
    preset: int = 0
    preset_error: Sentence | None = None


class SourceUnfit(Exception):
    def __init__(self, why: Sentence) -> None:
        super().__init__(why.text)
        self.why = why


@route(PATH, http_method=["GET", "HEAD"])
async def list_files(house: House, merchant: Merchant) -> Page:
    return await _page(house, merchant, Wrong())


@post(PATH, request_max_body_size=LARGEST_UPLOAD)
async def bring_file(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    source = USUAL_SOURCE
    try:
        form = await _form(request)
        source = str(form.get("source", "")).strip()
        await _refuse_unfit(source, house)
        arrived = await _arrived(form.get("file"), house)
        file_id = await _add(arrived, source, house, merchant)
    except Invalid as invalid:
        return await _page(house, merchant, Wrong(source=source, file_error=file_refused(invalid.faults[0].code)), 422)
    except SourceUnfit as unfit:
        return await _page(house, merchant, Wrong(source=source, source_error=unfit.why), 422)
    return Redirect(f"{PATH}/{file_id}", status_code=303)


@route(TEMPLATE, http_method=["GET", "HEAD"])
async def show_template(request: AnyRequest, house: House, merchant: Merchant) -> Response[bytes]:
    language = spoken(merchant.locale, request).language
    content = house.csv_files.reader.template(language)
    return Response(
        b"" if request.method == "HEAD" else content,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": attachment("tresen.csv")},
    )


@post(PRESETS + "/{preset_id:int}")
async def rename_preset(
    preset_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    name = (await field_of(request, "name", LONGEST_NAME + 1)).strip()
    error = unfit_name(name, LONGEST_NAME)
    try:
        async with house.database.writing() as session:
            row = await csv_presets.one(preset_id, session)
            if not error:
                await csv_presets.rename(row, name, session, merchant.by)
    except Conflict:
        error = PRESET_TAKEN
    if error:
        return await _page(house, merchant, Wrong(preset=preset_id, preset_error=error), 422)
    return Redirect(f"{PATH}#presets", status_code=303)


@post(PRESETS + "/{preset_id:int}/removals")
async def remove_preset(preset_id: FromPath[int], house: House, merchant: Merchant) -> Redirect:
    async with house.database.writing() as session:
        await csv_presets.remove(await csv_presets.one(preset_id, session), session, merchant.by)
    return Redirect(PATH, status_code=303)


async def _form(request: AnyRequest) -> dict[str, object]:
    """The parts by name. Raises Invalid for what is too large to be read."""
    try:
        return dict((await request.form()).multi_items())
    except HTTPException as error:
        if error.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise
        raise Invalid(Fault(FIELD, "too-large", "A file has at most 256 MiB.")) from error


async def _arrived(file: object, house: PortalHouse) -> Arrived:
    """Raises Invalid."""
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid(Fault(FIELD, "missing", "Choose a file first."))
    return await house.csv_files.looked_at(await house.csv_files.received(_pieces(file), file.filename))


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE):
        yield piece


async def _add(arrived: Arrived, source: str, house: PortalHouse, merchant: SignedIn) -> int:
    async with house.database.writing() as session:
        row = await _source(source, house, session, merchant)
        file = await house.csv_files.add(arrived, row, session, merchant.by)
        return file.id


async def _refuse_unfit(name: str, house: PortalHouse) -> None:
    """Asked before the file is looked at. Raises SourceUnfit."""
    if not NAME.fullmatch(name):
        raise SourceUnfit(NO_SOURCE_NAME)
    async with house.database.reading() as session:
        row = await sources.named(name, session)
    if row is not None and row.kind not in TABLES:
        raise SourceUnfit(FETCHED)
    if row is not None and not row.active:
        raise SourceUnfit(SWITCHED_OFF)


async def _source(name: str, house: PortalHouse, session: AsyncSession, merchant: SignedIn) -> Source:
    if row := await sources.named(name, session):
        return row
    return await sources.add(NewSource(name=name, kind=SourceKind.CSV), house.connectors, session, merchant.by)


async def _page(house: PortalHouse, merchant: SignedIn, wrong: Wrong, status: int = 200) -> Page:
    zone = house.storefront.zone
    async with house.database.reading() as session:
        files = await csv_files.latest(session)
        last = await csv_imports.last_of_each([file for file, _ in files], session)
        presets = await csv_presets.every(session)
        known = [row.name for row in await sources.every(session) if row.kind in TABLES and row.active]
    page = CsvImportsPage(
        frame=Frame.of(merchant, PATH),
        files=tuple(FileRow.of(file, source, last.get(file.id), zone) for file, source in files),
        presets=tuple(PresetRow.of(row, wrong.preset_error if row.id == wrong.preset else None) for row in presets),
        known=tuple(known),
        source=wrong.source,
        source_error=wrong.source_error,
        file_error=wrong.file_error,
    )
    return Page(page, locale=merchant.locale, status_code=status)
