"""Datenschutz: the clocks of retention, what they would remove, and what they have removed."""

from __future__ import annotations

from litestar import post, route
from litestar.response import Redirect

from db.settings import GeneralSettings, RetentionSettings
from portal import erasures, retention
from portal.house import House as PortalHouse
from portal.sessions import SignedIn
from portal.settings import GeneralChange, RetentionChange
from routes.admin.tabs import Section, Tab, saved, shown
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.frame import Frame
from views.admin.labels import GENERAL, IN_PRIVACY, RETENTION
from views.admin.retention import PATH, RetentionPage, erasures_of, foretold_of, nights_of
from views.form import Form

TAB = Tab(
    PATH,
    [
        Section(GeneralSettings, GeneralChange, {name: GENERAL[name] for name in IN_PRIVACY}),
        Section(RetentionSettings, RetentionChange, RETENTION),
    ],
)


@route(PATH, http_method=["GET", "HEAD"])
async def show_retention(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    is_asked = "foretold" in request.query_params
    return await _page(await shown(TAB, request, house, merchant), house, merchant, is_asked=is_asked)


@post(PATH)
async def change_retention(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    found = await saved(TAB, request, house, merchant)
    return found if isinstance(found, Redirect) else await _page(found, house, merchant, status=422)


async def _page(
    form: Form, house: PortalHouse, merchant: SignedIn, *, is_asked: bool = False, status: int = 200
) -> Page:
    zone = house.storefront.zone
    async with house.database.reading() as session:
        page = RetentionPage(
            frame=Frame.of(merchant, PATH),
            form=form,
            foretold=foretold_of(await retention.foretold(session, merchant.at, house.zone)) if is_asked else None,
            nights=nights_of(await retention.nights(session, zone)),
            erasures=erasures_of(await erasures.latest(session), zone),
        )
    return Page(page, locale=merchant.locale, status_code=status)
