"""PayPal's webhooks: stored and answered at once, worked on later. Nothing is believed here."""

from __future__ import annotations

from litestar import post
from litestar.exceptions import HTTPException
from litestar.params import FromPath, RawBody

from portal import webhooks
from portal.webhooks import Incoming, NotADelivery, TooMany
from routes.given import AnyRequest, House, Now

LARGEST_ID = 2**63 - 1


@post("/hooks/paypal/{provider:int}", status_code=204, request_max_body_size=webhooks.LARGEST)
async def take_delivery(provider: FromPath[int], body: RawBody, request: AnyRequest, house: House, now: Now) -> None:
    """The raw bytes count: what PayPal signed is not JSON, but these very bytes."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    incoming = Incoming(provider_id=min(max(provider, 0), LARGEST_ID), headers=headers, body=body)
    try:
        await webhooks.accept(incoming, house.till, now)
    except NotADelivery as error:
        raise HTTPException(status_code=400) from error
    except TooMany as error:
        raise HTTPException(status_code=503, headers={"Retry-After": "60"}) from error
