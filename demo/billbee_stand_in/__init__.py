"""A Billbee to try things out with: its envelopes, its limits, its ways to fail, on this machine alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.types import Receive, Scope, Send

from demo.billbee_stand_in import hooks, rest
from demo.billbee_stand_in.account import API_KEY, PASSWORD, USERNAME, ZONE, Account
from demo.serving import serving

__all__ = ["API_KEY", "PASSWORD", "USERNAME", "ZONE", "StandIn", "standing_in"]


class StandIn:
    """The ASGI application, with the account it serves; `base` is the API's address."""

    def __init__(self) -> None:
        self.account = Account()
        self.base = ""
        state = State({"account": self.account}, deep_copy=False)
        self._inside = Litestar([*rest.ROUTES, *hooks.ROUTES], state=state, openapi_config=None, logging_config=None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._inside(scope, receive, send)


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """The same, served."""
    found = StandIn()
    with serving(found) as origin:
        found.base = f"{origin}{rest.API}"
        yield found
