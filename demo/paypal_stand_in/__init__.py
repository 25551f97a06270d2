"""A PayPal to try things out with: answers like PayPal's API, on this machine alone, and moves no money.

It has customers' approval pages, signs its webhooks, and can be told to fail in every way that PayPal or the network
may: from Python (`StandIn.faults`) or by `POST /stand-in/faults`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias

from litestar import Litestar, Request, Response, post
from litestar.datastructures import State
from litestar.types import Receive, Scope, Send

from demo.paypal_stand_in import approval, checkout, notifications, tokens
from demo.paypal_stand_in.faults import OPERATIONS, Fault, Faults, Faulty
from demo.paypal_stand_in.hooks import Hooks
from demo.paypal_stand_in.ledger import Ledger
from demo.serving import serving

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "Fault", "StandIn", "paypal", "serving", "stand_in", "standing_in"]

# The app that the demo's merchant has at this PayPal.
CLIENT_ID = "DemoTresenNaehwerk-AbCdEf0123456789"
CLIENT_SECRET = "demo-EGkLmNoPqRsTuVwXyZ-9876543210"  # noqa: S105 (opens nothing but this stand-in)
AnyRequest: TypeAlias = Request[object, object, State]


@post("/stand-in/faults", status_code=204)
async def switch_fault(request: AnyRequest, state: State) -> Response[None]:
    """A form with `operation`, `fault` and, if more than once, `times`."""
    form, faults = await request.form(), state.faults
    operation, fault, times = (str(form.get(name, "")) for name in ("operation", "fault", "times"))
    if operation not in {name for name, *_ in OPERATIONS} or fault not in set(Fault):
        return Response(None, status_code=400)
    faults.switch(operation, Fault(fault), int(times) if times.isdecimal() else 1)
    return Response(None, status_code=204)


class StandIn:
    """The ASGI application, with what it remembers and how it fails."""

    def __init__(self, apps: Mapping[str, str]) -> None:
        """`apps`: client id → secret."""
        self.ledger = Ledger(apps=dict(apps))
        self.hooks = Hooks(self.ledger)
        self.faults = Faults()
        state = State({"ledger": self.ledger, "hooks": self.hooks, "faults": self.faults}, deep_copy=False)
        inside = Litestar(
            [
                tokens.grant_token,
                checkout.create_order,
                checkout.show_order,
                checkout.capture_order,
                checkout.refund_capture,
                notifications.register_webhook,
                notifications.list_webhooks,
                notifications.change_webhook,
                notifications.withdraw_webhook,
                notifications.verify_signature,
                notifications.show_certificate,
                approval.start,
                approval.show,
                approval.decide,
                switch_fault,
            ],
            state=state,
            openapi_config=None,
            logging_config=None,
        )
        self._application = Faulty(inside, self.faults, self.ledger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)


def stand_in(apps: Mapping[str, str]) -> StandIn:
    """A PayPal that knows these apps: client id → secret."""
    return StandIn(apps)


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """The PayPal of the demo, served; its address is `ledger.origin`."""
    found = stand_in({CLIENT_ID: CLIENT_SECRET})
    with serving(found) as found.ledger.origin:
        yield found


@contextmanager
def paypal() -> Iterator[str]:
    """The same; only its origin."""
    with standing_in() as found:
        yield found.ledger.origin
