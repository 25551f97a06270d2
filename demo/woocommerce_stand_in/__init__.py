"""A WooCommerce to try things out with: its orders, its webhooks, its ways to fail, on this machine alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.types import Receive, Scope, Send

from demo.serving import serving
from demo.woocommerce_stand_in import hooks, rest
from demo.woocommerce_stand_in.hooks import Hooks
from demo.woocommerce_stand_in.till import Till

__all__ = ["CONSUMER_KEY", "CONSUMER_SECRET", "StandIn", "standing_in"]

CONSUMER_KEY = "ck_demo0123456789"
CONSUMER_SECRET = "cs_demo9876543210"  # noqa: S105 (opens nothing but this stand-in)


class StandIn:
    """The ASGI application, with the shop's till and its webhooks."""

    def __init__(self) -> None:
        self.till = Till(key=CONSUMER_KEY, secret=CONSUMER_SECRET)
        self.hooks = Hooks(self.till)
        self.origin = ""
        self._inside = Litestar(
            [*rest.ROUTES, *hooks.ROUTES],
            state=State({"till": self.till, "hooks": self.hooks}, deep_copy=False),
            openapi_config=None,
            logging_config=None,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._inside(scope, receive, send)


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """The same, served."""
    found = StandIn()
    with serving(found) as found.origin:
        yield found
