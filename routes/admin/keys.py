"""Keys of the API."""

from __future__ import annotations

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect

from portal import keys, sessions
from portal.house import House as PortalHouse
from portal.sessions import SignedIn
from portal.windows import local_day
from routes.admin.signed_in import kept_below, kept_for, sealed
from routes.forms import field_of, texts_of
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.frame import Frame
from views.admin.keys import KeyRow, KeysPage, NewKey
from views.faults import unfit_name
from views.sentences import Sentence

PATH = "/admin/settings/keys"
NEW = f"{PATH}/new"
LONGEST_NAME = 100


@route(PATH, http_method=["GET", "HEAD"])
async def show_keys(house: House, merchant: Merchant) -> Page:
    waiting = await kept_for(PATH, merchant, house)
    return await _page(house, merchant, name=waiting.get("name", ""))


@post(PATH)
async def add_key(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    """The key waits, sealed, in the merchant's session until it is copied."""
    name = (await texts_of(request)).get("name", "").strip()
    if error := unfit_name(name, LONGEST_NAME):
        return await _page(house, merchant, name, error)
    action = f"{NEW}/{name}"
    async with house.database.writing() as session:
        key = await keys.add(name, session, merchant.by)
        waiting = sealed(action, {"name": name, "key": key}, house.vault, merchant.at)
        await sessions.keep(merchant.session_id, action, waiting, session, merchant.at)
        await sessions.let_go(merchant.session_id, PATH, session)
    return Redirect(PATH, status_code=303)


@post(f"{PATH}/copies")
async def note_copied(request: AnyRequest, house: House, merchant: Merchant) -> Redirect:
    name = await field_of(request, "name")
    async with house.database.writing() as session:
        await sessions.let_go(merchant.session_id, f"{NEW}/{name}", session)
    return Redirect(PATH, status_code=303)


@post(PATH + "/{key_id:int}/revocations")
async def revoke_key(key_id: FromPath[int], house: House, merchant: Merchant) -> Redirect:
    async with house.database.writing() as session:
        await keys.revoke(key_id, session, merchant.by)
    return Redirect(PATH, status_code=303)


async def _page(house: PortalHouse, merchant: SignedIn, name: str = "", error: Sentence | None = None) -> Page:
    uncopied = await kept_below(f"{NEW}/", merchant, house)
    async with house.database.reading() as session:
        found = await keys.every(session)
    zone = house.storefront.zone
    page = KeysPage(
        frame=Frame.of(merchant, PATH),
        rows=tuple(KeyRow(id=key.id, name=key.name, since=local_day(key.created_at, zone)) for key in found),
        new_keys=tuple(NewKey(each["name"], each["key"]) for each in uncopied.values()),
        name=name,
        error=error,
    )
    return Page(page, locale=merchant.locale, status_code=422 if error else 200)
