"""What others call us with."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from routes.hooks import paypal, woocommerce

ROUTES: list[ControllerRouterHandler] = [paypal.take_delivery, woocommerce.take_woocommerce]
