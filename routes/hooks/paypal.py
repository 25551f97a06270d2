"""PayPal's webhooks: stored and answered at once, worked on later. Nothing is believed here."""

from __future__ import annotations

from litestar import post
from litestar.exceptions import HTTPException
from litestar.params import FromPath, RawBody

from portal import webhooks
from portal.webhook_inbox import LARGEST, Incoming, NotADelivery, TooMany, TooManyForged
from routes.given import AnyRequest, House, IpPrefix

LARGEST_ID = 2**63 - 1


@post("/hooks/paypal/{provider:int}", status_code=204, request_max_body_size=LARGEST)
async def take_delivery(
    provider: FromPath[int], body: RawBody, request: AnyRequest, house: House, ip_prefix: IpPrefix
) -> None:
    """The raw bytes count: what PayPal signed is not JSON, but these very bytes."""
    incoming = Incoming(
        provider_id=min(max(provider, 0), LARGEST_ID),
        ip_prefix=ip_prefix,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )
    try:
        await webhooks.accept(incoming, house.till, house.till.clock())
    except NotADelivery as error:
        raise HTTPException(status_code=400) from error
    except TooManyForged as error:
        raise HTTPException(status_code=429, headers={"Retry-After": "3600"}) from error
    except TooMany as error:
        raise HTTPException(status_code=503, headers={"Retry-After": "60"}) from error
