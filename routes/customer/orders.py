"""The portal page behind the link."""

from __future__ import annotations

from litestar import route
from litestar.background_tasks import BackgroundTask

from portal import dossiers, links
from portal.refusals import Refusal
from routes.given import AnyRequest, House, IpPrefix, LinkedOrder, Now, OrderBehindLink
from views import Page
from views.customer.order import OrderPage


@route("/o/{token:str}", http_method=["GET", "HEAD"])
async def show_order(order: LinkedOrder, house: House, now: Now, request: AnyRequest, ip_prefix: IpPrefix) -> Page:
    page = await page_of(order, house, now)
    if request.method == "GET":
        page.background = BackgroundTask(links.observe, order.id, house.database.writing, ip_prefix, now)
    return page


async def page_of(order: OrderBehindLink, house: House, now: Now, refused: Refusal | None = None) -> Page:
    """The page as it stands now; with why a click was just refused, it is no page that a browser may keep."""
    async with house.database.reading() as session:
        dossier = await dossiers.of(order.id, session, house.zone)
    view = OrderPage.of(dossier, now, token=order.token, flash=refused)
    if refused is None:
        return Page(view, locale=dossier.locale, etag=True)
    return Page(view, locale=dossier.locale, status_code=status_of(refused), headers={"Cache-Control": "no-store"})


OUR_FAULT = frozenset({Refusal.STAMP_FAILED, Refusal.STORAGE_UNAVAILABLE, Refusal.FILE_MISSING})


def status_of(refused: Refusal) -> int:
    """503 where something failed on our side and may work later, 409 where a rule applies."""
    return 503 if refused in OUR_FAULT else 409
