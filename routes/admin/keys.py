"""Keys of the API."""

from __future__ import annotations

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect

from portal import keys, sessions
from portal.house import House as PortalHouse
from portal.sessions import SignedIn
from routes.admin.signed_in import kept_for, sealed
from routes.forms import field_of
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.frame import Frame
from views.admin.keys import NAME_TAKEN, KeyRow, KeysPage
from views.admin.storages import NO_NAME
from views.sentences import Sentence

PATH = "/admin/settings/keys"
NEW = f"{PATH}/new"


@route(PATH, http_method=["GET", "HEAD"])
async def show_keys(house: House, merchant: Merchant) -> Page:
    return await _page(house, merchant)


@post(PATH)
async def add_key(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    """The key waits, sealed, in the merchant's session until it is copied."""
    name = (await field_of(request, "name")).strip()
    if not name:
        return await _page(house, merchant, NO_NAME)
    try:
        async with house.database.writing() as session:
            key = await keys.add(name, session, merchant.by)
            await sessions.keep(merchant.session_id, sealed(NEW, {"key": key}, house.vault, merchant.at), session)
    except keys.NameTaken:
        return await _page(house, merchant, NAME_TAKEN)
    return Redirect(PATH, status_code=303)


@post(f"{PATH}/copies")
async def note_copied(house: House, merchant: Merchant) -> Redirect:
    async with house.database.writing() as session:
        await sessions.let_go(merchant.session_id, session)
    return Redirect(PATH, status_code=303)


@post(PATH + "/{key_id:int}/revocations")
async def revoke_key(key_id: FromPath[int], house: House, merchant: Merchant) -> Redirect:
    async with house.database.writing() as session:
        await keys.revoke(key_id, session, merchant.by)
    return Redirect(PATH, status_code=303)


async def _page(house: PortalHouse, merchant: SignedIn, error: Sentence | None = None) -> Page:
    async with house.database.reading() as session:
        found, used = await keys.every(session), await keys.last_used(session)
    zone = house.storefront.zone
    page = KeysPage(
        frame=Frame.of(merchant, PATH),
        rows=tuple(KeyRow.of(key, used.get(key.id), zone) for key in found),
        new_key=kept_for(NEW, merchant, house.vault).get("key", ""),
        error=error,
    )
    return Page(page, locale=merchant.locale, status_code=422 if error else 200)
