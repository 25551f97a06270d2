"""One storage at a time: connecting a new one of some kind, and changing one that is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from db.storages import Storage, StorageKind
from portal import sessions, storages
from portal.house import House as PortalHouse
from portal.refusals import Conflict, Invalid, NotFound
from portal.sessions import SignedIn
from portal.storages import NewStorage, StorageChange
from routes.admin.articles import checked
from routes.admin.signed_in import kept_for
from routes.admin.storages import PATH, default_root
from routes.forms import texts_of
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.frame import Frame
from views.admin.storage_form import StorageFormPage, asked_for, consent, option_fields, title, told_of
from views.admin.storages import NAME_TAKEN, unusable
from views.faults import too_long, unfit_name
from views.sentences import Sentence

NEW = f"{PATH}/new"
LONGEST_NAME, LONGEST_OPTION = 200, 2000


@dataclass(frozen=True)
class Typed:
    """What a form brought, and what is wrong with it."""

    texts: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Sentence] = field(default_factory=dict)


@route(NEW + "/{kind:str}", http_method=["GET", "HEAD"])
async def show_new_storage(kind: FromPath[str], house: House, merchant: Merchant) -> Page:
    known = _kind(kind)
    return _page(known, None, Typed(await kept_for(f"{NEW}/{known}", merchant, house)), house, merchant)


@post(NEW + "/{kind:str}")
async def connect_storage(
    kind: FromPath[str], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    known = _kind(kind)
    texts = await texts_of(request)
    errors = _too_long(known, texts)
    if not errors:
        try:
            async with house.database.writing() as session:
                new = NewStorage(name=texts.get("name", "").strip(), kind=known, options=_options(known, texts))
                row = await storages.add(new, house.storages, session, merchant.by)
                await sessions.let_go(merchant.session_id, f"{NEW}/{known}", session)
            has_account = known in house.storage_grants.by_kind  # which is connected next
            return Redirect(f"{PATH}/{row.id}" if has_account else _looked_at(row.id), status_code=303)
        except (Conflict, Invalid) as error:
            errors = _told(error, known, house)
    return _page(known, None, Typed(texts, errors), house, merchant)


@route(PATH + "/{storage_id:int}", http_method=["GET", "HEAD"])
async def show_storage(storage_id: FromPath[int], house: House, merchant: Merchant) -> Page:
    async with house.database.reading() as session:
        row = await storages.one(checked(storage_id), session)
    return _page(row.kind, row, Typed(await kept_for(f"{PATH}/{row.id}", merchant, house)), house, merchant)


@post(PATH + "/{storage_id:int}")
async def change_storage(
    storage_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    texts = await texts_of(request)
    async with house.database.reading() as session:
        row = await storages.one(checked(storage_id), session)
    errors = _too_long(row.kind, texts)
    if not errors:
        try:
            await house.storages.look(row.kind, _options(row.kind, texts))
            async with house.database.writing() as session:
                await _change(storage_id, texts, house, session, merchant)
            return Redirect(_looked_at(storage_id), status_code=303)
        except (Conflict, Invalid) as error:
            errors = _told(error, row.kind, house)
    return _page(row.kind, row, Typed(texts, errors), house, merchant)


async def _change(
    storage_id: int, texts: Mapping[str, str], house: PortalHouse, session: AsyncSession, merchant: SignedIn
) -> None:
    row = await storages.one(storage_id, session)
    wanted = StorageChange(name=texts.get("name", "").strip(), options=_options(row.kind, texts))
    await storages.change(row, wanted, house.storages, session, merchant.by)
    await sessions.let_go(merchant.session_id, f"{PATH}/{storage_id}", session)


def _options(kind: StorageKind, texts: Mapping[str, str]) -> dict[str, str]:
    """A secret field that is left empty stands for "as it is"."""
    typed = {option: texts.get(option.name, "").strip() for option in asked_for(kind)}
    return {option.name: text for option, text in typed.items() if text or not option.is_secret}


def _too_long(kind: StorageKind, texts: Mapping[str, str]) -> dict[str, Sentence]:
    name = texts.get("name", "").strip()
    errors = {"name": error} if (error := unfit_name(name, LONGEST_NAME)) else {}
    for option in asked_for(kind):
        if len(texts.get(option.name, "")) > LONGEST_OPTION:
            errors[option.name] = too_long(len(texts[option.name]), LONGEST_OPTION)
    return errors


def _told(error: Conflict | Invalid, kind: StorageKind, house: PortalHouse) -> dict[str, Sentence]:
    if isinstance(error, Conflict):
        return {"name": NAME_TAKEN}
    return {"root": unusable(default_root(house))} if kind is StorageKind.LOCAL else told_of(error.faults)


def _kind(text: str) -> StorageKind:
    """Raises NotFound; a folder of this server is connected on the list itself."""
    try:
        kind = StorageKind(text)
    except ValueError as error:
        raise NotFound from error
    if kind is StorageKind.LOCAL:
        raise NotFound
    return kind


def _looked_at(storage_id: int) -> str:
    """The list, where it says at once whether the storage answers."""
    return f"{PATH}?checked={storage_id}#storage-{storage_id}"


def _page(kind: StorageKind, row: Storage | None, typed: Typed, house: PortalHouse, merchant: SignedIn) -> Page:
    grants = house.storage_grants
    page = StorageFormPage(
        frame=Frame.of(merchant, PATH),
        action=f"{PATH}/{row.id}" if row else f"{NEW}/{kind}",
        kind=title(kind),
        is_new=row is None,
        name=typed.texts.get("name", row.name if row else ""),
        name_error=typed.errors.get("name"),
        options=option_fields(kind, row, typed.texts, typed.errors),
        consent=consent(kind, row, grants.redirect_uri, grants.address(row, merchant) if row else ""),
    )
    return Page(page, locale=merchant.locale, status_code=422 if typed.errors else 200)
