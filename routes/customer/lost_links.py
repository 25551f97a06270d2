"""The way back for who lost the link: an address goes in, one answer comes out, whoever asks."""

from __future__ import annotations

from litestar import post, route
from litestar.response import Redirect

from portal import lost_links
from portal.refusals import Invalid
from routes.forms import field_of
from routes.given import AnyRequest, House, Now
from routes.limits import Limit, network
from views import Page
from views.customer.lost_link import LostLinkPage

FROM_ONE_NETWORK = Limit("20/hour")  # more is a machine that tries addresses; it gets the same answer
NOT_KEPT = {"Cache-Control": "no-store"}


@route("/link", http_method=["GET", "HEAD"])
async def show_lost_link(house: House, request: AnyRequest) -> Page:
    async with house.database.reading() as session:
        sends_mail = await house.messages.is_set_up(session)
    page = LostLinkPage.of(house.storefront.seller, sends_mail=sends_mail, asked="asked" in request.query_params)
    return Page(page, locale="", headers=NOT_KEPT)


@post("/link")
async def ask_for_links(house: House, request: AnyRequest, now: Now) -> Page | Redirect:
    """Queues a job and no more, so that no answer tells by its time whether the address is known."""
    typed = await field_of(request, "email", lost_links.LONGEST + 1)
    try:
        lost_links.normal(typed)
    except Invalid:
        page = LostLinkPage.again(house.storefront.seller, typed)
        return Page(page, locale="", status_code=422, headers=NOT_KEPT)
    if not FROM_ONE_NETWORK.wait(network(request.client.host if request.client else "")):
        async with house.database.writing() as session:
            await lost_links.ask(typed, session, now)
    return Redirect("/link?asked", status_code=303)
