"""Notices, and the history of the whole shop."""

from __future__ import annotations

from litestar import post, route
from litestar.response import Redirect

from portal import notices
from routes.forms import field_of
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin import history_words
from views.admin.activity import ActivityPage, ActivityRow
from views.admin.frame import Frame
from views.admin.order import ORDERS

PATH = "/admin/activity"
LONGEST_NUMBER = 18


@route(PATH, http_method=["GET", "HEAD"])
async def show_activity(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    only_notices = "all" not in request.query_params
    async with house.database.reading() as session:
        before = _number(request.query_params.get("before", ""))
        found, older = await notices.page(session, only_notices=only_notices, before=before)
        seen, merchants = await notices.seen(merchant.merchant_id, session), await notices.merchants(session)
    new = [each.id for each in found if each.happening.is_notice and each.id > seen]
    page = ActivityPage(
        frame=Frame.of(merchant, PATH),
        only_notices=only_notices,
        rows=tuple(
            ActivityRow(
                entry=history_words.entry(each.happening, house.storefront.zone, merchants),
                number=each.number,
                url=f"{ORDERS}/{each.order_id}/activity" if each.order_id else "",
                is_new=each.id in new,
            )
            for each in found
        ),
        newest=max(new, default=0) if only_notices else 0,
        older=f"{PATH}?{'' if only_notices else 'all&'}before={older}" if older else "",
    )
    return Page(page, locale=merchant.locale)


@post(f"{PATH}/sightings")
async def see_notices(request: AnyRequest, house: House, merchant: Merchant) -> Redirect:
    up_to = _number(await field_of(request, "up_to"))
    if up_to:
        async with house.database.writing() as session:
            await notices.see(merchant.merchant_id, up_to, session)
    return Redirect(PATH, status_code=303)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None
