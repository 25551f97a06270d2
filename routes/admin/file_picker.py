"""Picks a file by walking through the storages: to link it with an article, or to put it in the place of another."""

from __future__ import annotations

from dataclasses import dataclass, replace

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect

from db.articles import Article
from db.storages import Storage as StorageRow
from portal import article_files, articles, storages
from portal.articles import FileLink, Seen
from portal.house import House as PortalHouse
from portal.refusals import Conflict, Invalid
from portal.sealed_options import OptionsRefused
from portal.sessions import SignedIn
from portal.storages import Entry, FileMissing, StorageUnavailable
from routes.admin.article_files import found, path_of
from routes.admin.articles import checked
from routes.forms import texts_of
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.articles import PATH
from views.admin.file_picker import KNOWN_ALREADY, NO_FOLDER, NOT_TO_BE_HAD, PickerPage, Place, unreachable
from views.admin.frame import Frame
from views.sentences import Sentence

PICKER = f"{PATH}/{{article_id:int}}/picker"
LONGEST_PATH = 1000


@dataclass(frozen=True)
class Look:
    """Where the merchant stands, and what lies there or why nobody can tell."""

    place: Place
    entries: tuple[Entry, ...] = ()
    error: Sentence | None = None


@route(PICKER, http_method=["GET", "HEAD"])
async def show_picker(article_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant) -> Page:
    """`?storage=2&path=muster` lists that folder; `?file=7` picks what shall take the place of file 7."""
    asked = request.query_params
    place = Place(
        storage=_number(asked.get("storage", "")),
        path=asked.get("path", "")[:LONGEST_PATH],
        instead_of=_number(asked.get("file", "")),
    )
    return await _page(article_id, place, house, merchant)


@post(f"{PATH}/{{article_id:int}}/files")
async def link_file(
    article_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    place, seen = await _picked(article_id, request, house)
    if not isinstance(seen, Seen):
        return await _page(article_id, place, house, merchant, seen)
    async with house.database.writing() as session:
        article = await articles.by_id(article_id, session)
        await article_files.add(article, seen, session, merchant.by)
    return Redirect(f"{PATH}/{article_id}?done=linked", status_code=303)


@post(f"{PATH}/{{article_id:int}}/files/{{file_id:int}}/replacements")
async def replace_file(
    article_id: FromPath[int], file_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    await found(article_id, checked(file_id), house)
    place, seen = await _picked(article_id, request, house)
    place = replace(place, instead_of=file_id)
    if not isinstance(seen, Seen):
        return await _page(article_id, place, house, merchant, seen)
    try:
        async with house.database.writing() as session:
            await article_files.replace(file_id, seen, session, merchant.by)
    except Conflict:
        return await _page(article_id, place, house, merchant, KNOWN_ALREADY)
    return Redirect(f"{path_of(article_id, file_id)}?done=replaced", status_code=303)


async def _picked(article_id: int, request: AnyRequest, house: PortalHouse) -> tuple[Place, Seen | Sentence]:
    """What was picked, looked at in its storage; or why it cannot be had."""
    async with house.database.reading() as session:
        await articles.by_id(checked(article_id), session)
    texts = await texts_of(request)
    storage, path = _number(texts.get("storage", "")), texts.get("path", "")[:LONGEST_PATH]
    place = Place(storage=storage, path=path.rpartition("/")[0])
    if not path:
        return place, NOT_TO_BE_HAD
    link = FileLink(storage=storage, path=path)
    try:
        (seen,) = await articles.look([link], house.database.reading, house.storages)
    except Invalid as invalid:
        fault = invalid.faults[0]
        return place, unreachable(fault.detail) if fault.code == "storage-unavailable" else NOT_TO_BE_HAD
    return place, seen


async def _page(
    article_id: int, place: Place, house: PortalHouse, merchant: SignedIn, error: Sentence | None = None
) -> Page:
    async with house.database.reading() as session:
        article: Article = await articles.by_id(checked(article_id), session)
        rows = await storages.every(session)
        taken = await article_files.places(article, session)
    replaced = (await found(article_id, place.instead_of, house)).file.name if place.instead_of else ""
    chosen = next((row for row in rows if row.id == place.storage), rows[0] if rows else None)
    look = await _look(chosen, place, house) if chosen else Look(place)
    path = f"{PATH}/{article.id}"
    page = PickerPage(
        frame=Frame.of(merchant, f"{path}/picker"),
        sku=article.sku,
        article_path=path,
        replaced=replaced,
        storages=PickerPage.choices(rows, look.place, path),
        crumbs=PickerPage.way(look.place, path),
        folders=PickerPage.below(look.entries, look.place, path),
        files=tuple(entry for entry in look.entries if not entry.is_folder),
        linked=frozenset(path for storage, path in taken if storage == look.place.storage),
        storage=look.place.storage,
        action=f"{path_of(article.id, place.instead_of)}/replacements" if place.instead_of else f"{path}/files",
        error=error or look.error,
    )
    return Page(page, locale=merchant.locale, status_code=409 if error else 200)


async def _look(row: StorageRow, place: Place, house: PortalHouse) -> Look:
    here = replace(place, storage=row.id)
    try:
        return Look(here, tuple(await house.storages.opened(row).entries(place.path)))
    except FileMissing:
        top = await _look(row, replace(here, path=""), house) if here.path else Look(here)
        return replace(top, error=top.error or NO_FOLDER)
    except (StorageUnavailable, OptionsRefused) as error:
        return Look(here, error=unreachable(str(error)))


def _number(text: str) -> int:
    """0 for what no row can have."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
