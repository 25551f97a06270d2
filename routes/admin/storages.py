"""Where sold files lie: the list, and the folders of this machine, which are connected on it."""

from __future__ import annotations

from dataclasses import replace

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect

from db.storages import Storage, StorageKind
from portal import sessions, storage_checks, storages
from portal.house import House as PortalHouse
from portal.refusals import Conflict, Invalid
from portal.sessions import SignedIn
from portal.storages import NewStorage, TakesBackups
from routes.admin.articles import checked
from routes.admin.signed_in import kept_for
from routes.forms import texts_of
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.frame import Frame
from views.admin.storage_words import Checked
from views.admin.storages import NAME_TAKEN, STILL_NEEDED, TAKES_BACKUPS, StorageRow, StoragesPage, elsewhere, unusable
from views.faults import too_long, unfit_name
from views.sentences import Sentence

PATH = "/admin/storages"
LONGEST_NAME, LONGEST_ROOT = 200, 2000


@route(PATH, http_method=["GET", "HEAD"])
async def show_storages(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    """`?checked=3` lists the root of storage 3 for real, and says what came of it."""
    page = await _page(house, merchant, checked=request.query_params.get("checked", ""))
    if waiting := await kept_for(PATH, merchant, house):
        page = replace(page, name=waiting.get("name", ""), root=waiting.get("root", ""))
    return Page(page, locale=merchant.locale)


@post(PATH)
async def add_storage(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    texts = await texts_of(request)
    name, root = texts.get("name", "").strip(), texts.get("root", "").strip()
    wrong = await _refusal(name, root, house, merchant)
    if wrong is None:
        return Redirect(PATH, status_code=303)
    field, error = wrong
    page = replace(await _page(house, merchant), name=name, root=root, wrong=field, error=error)
    return Page(page, locale=merchant.locale, status_code=422)


@post(PATH + "/{storage_id:int}/removals")
async def remove_storage(storage_id: FromPath[int], house: House, merchant: Merchant) -> Page | Redirect:
    try:
        async with house.database.writing() as session:
            await storages.remove(await storages.one(checked(storage_id), session), session, merchant.by)
    except Conflict as error:
        why = TAKES_BACKUPS if isinstance(error, TakesBackups) else STILL_NEEDED
        page = replace(await _page(house, merchant), wrong="row", error=why)
        return Page(page, locale=merchant.locale, status_code=409)
    return Redirect(PATH, status_code=303)


async def _refusal(name: str, root: str, house: PortalHouse, merchant: SignedIn) -> tuple[str, Sentence] | None:
    """Connects the folder; else the wrong field and what is wrong with it."""
    if error := unfit_name(name, LONGEST_NAME):
        return "name", error
    if len(root) > LONGEST_ROOT:
        return "root", too_long(len(root), LONGEST_ROOT)
    try:
        new = NewStorage(name=name, kind=StorageKind.LOCAL, options={"root": root})
        await house.storages.look(new.kind, new.options)
        async with house.database.writing() as session:
            await storages.add(new, house.storages, session, merchant.by)
            await sessions.let_go(merchant.session_id, PATH, session)
    except Conflict:
        return "name", NAME_TAKEN
    except Invalid:
        return "root", unusable(default_root(house))
    return None


async def _page(house: PortalHouse, merchant: SignedIn, checked: str = "") -> StoragesPage:
    async with house.database.reading() as session:
        found = await storages.every(session)
    rows = [await _row(each, house, checked == str(each.id)) for each in found]
    return StoragesPage(
        frame=Frame.of(merchant, PATH), rows=tuple(rows), kinds=elsewhere(), name="", root=default_root(house)
    )


async def _row(storage: Storage, house: PortalHouse, checked: bool) -> StorageRow:
    if not checked:
        return StorageRow.of(storage)
    return StorageRow.of(storage, Checked.of(await storage_checks.check(storage, house.storages)))


def default_root(house: PortalHouse) -> str:
    return str(house.database.path.parent / "files")
