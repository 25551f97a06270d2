"""The portal page behind the link."""

from __future__ import annotations

from litestar import route
from litestar.background_tasks import BackgroundTask

from portal import dossiers, links
from portal.links import Link
from routes.given import AnyRequest, House, IpPrefix, LinkedOrder, Now, Reading
from views import Page
from views.customer.order import OrderPage


@route("/o/{token:str}", http_method=["GET", "HEAD"])
async def show_order(
    order: LinkedOrder, reading: Reading, house: House, now: Now, request: AnyRequest, ip_prefix: IpPrefix
) -> Page:
    dossier = await dossiers.of(order.id, reading, house.zone)
    view = OrderPage.of(dossier, now, token=order.token)
    return Page(view, locale=dossier.locale, etag=True)
