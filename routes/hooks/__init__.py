"""What others call us with."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from routes.hooks import paypal, sources

ROUTES: list[ControllerRouterHandler] = [
    paypal.take_delivery,
    sources.take_woocommerce,
    sources.take_billbee,
    sources.echo_billbee,
]
