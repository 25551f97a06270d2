"""The route table: every address of Tresen on one page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.types import ASGIApp, ControllerRouterHandler

from portal.house import House
from routes import admin, api, errors, hooks, images, metrics, static, up
from routes.api.slashes import SlashesKept
from routes.customer import archives, billing_addresses, downloads, invoices, lost_links, orders, payments, waivers
from routes.given import BEHIND_LINK, EVERYWHERE
from routes.limits import RefusalLimit
from routes.protection import Origins, Protection
from routes.request_ids import numbered
from routes.traffic import Traffic

FORM_BYTES = 1_000_000

customer = Router(
    path="/",
    dependencies=BEHIND_LINK,
    route_handlers=[
        orders.show_order,
        downloads.start_download,
        archives.start_archive,
        downloads.hand_out,
        invoices.get_invoice,
        invoices.show_invoice,
        billing_addresses.correct_address,
        waivers.give_waiver,
        waivers.confirm_waiver,
        waivers.show_waiver,
        payments.start_payment,
        payments.come_back,
        payments.show_transfer,
        payments.announce_transfer,
        lost_links.show_lost_link,
        lost_links.ask_for_links,
    ],
)
ROUTES: list[ControllerRouterHandler] = [
    up.up,
    metrics.show_metrics,
    static.show_static,
    static.show_theme,
    images.show_image,
    customer,
    *hooks.ROUTES,
    *api.ROUTES,
    *admin.ROUTES,
]


def application(opened: Callable[[], AbstractAsyncContextManager[House]]) -> Litestar:
    """Every address, without its protection; `opened` gives the house for as long as it runs."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with opened() as house:
            app.state.house = house
            yield

    return Litestar(
        route_handlers=ROUTES,
        dependencies=EVERYWHERE,
        exception_handlers=errors.TABLE,
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=FORM_BYTES,
        state=State(),
    )


def protected(app: Litestar, origins: Origins, trusted_proxies: str = "") -> ASGIApp:
    """What is served: the application behind the checks that come before any address is looked at.

    All is counted and numbered; `trusted_proxies` as in TRESEN_TRUSTED_PROXIES.
    """
    refuse = errors.refuser(app)
    app.state.traffic = traffic = Traffic()
    counted = traffic.counted(Protection(SlashesKept(app), origins, refuse, RefusalLimit(refuse)))
    return numbered(counted, trusted_proxies)
