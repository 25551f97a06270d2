"""Where a service sends the merchant back to. Looking changes nothing; the button does."""

from __future__ import annotations

from litestar import post, route
from litestar.response import Redirect

from portal.house import House as PortalHouse
from portal.sessions import SignedIn
from portal.storage_grants import PATH, GrantRefused, StateUnknown
from portal.storages import StorageUnavailable
from routes.forms import texts_of
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.frame import Frame
from views.admin.storage_grant import DENIED, UNAVAILABLE, UNKNOWN, StorageGrantPage
from views.sentences import Sentence

LIST = "/admin/storages"
LONGEST_CODE = 4000
LONGEST_DETAIL = 300


@route(PATH, http_method=["GET", "HEAD"])
async def show_grant(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    asked = request.query_params
    code, state = asked.get("code", ""), asked.get("state", "")
    try:
        house.storage_grants.asked(state, merchant)
    except StateUnknown:
        return _refused(UNKNOWN, "", merchant)
    if not code or len(code) > LONGEST_CODE:
        return _refused(DENIED, f"{asked.get('error', '')} {asked.get('error_description', '')}", merchant)
    page = StorageGrantPage(frame=Frame.of(merchant, LIST), code=code, state=state)
    return Page(page, locale=merchant.locale)


@post(PATH)
async def finish_grant(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    texts = await texts_of(request)
    return await _finished(texts.get("state", ""), texts.get("code", ""), house, merchant)


async def _finished(state: str, code: str, house: PortalHouse, merchant: SignedIn) -> Page | Redirect:
    try:
        storage_id = await house.storage_grants.finish(state, code, merchant)
    except StateUnknown:
        return _refused(UNKNOWN, "", merchant)
    except GrantRefused as error:
        return _refused(DENIED, str(error), merchant)
    except StorageUnavailable as error:
        return _refused(UNAVAILABLE, str(error), merchant)
    return Redirect(f"{LIST}?checked={storage_id}#storage-{storage_id}", status_code=303)


def _refused(error: Sentence, detail: str, merchant: SignedIn) -> Page:
    plain = "".join(sign for sign in detail.strip() if sign.isprintable())[:LONGEST_DETAIL]
    page = StorageGrantPage(frame=Frame.of(merchant, LIST), error=error, detail=plain)
    return Page(page, locale=merchant.locale, status_code=422)
