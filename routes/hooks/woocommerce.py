"""WooCommerce's webhooks: signed over the very bytes, stored and answered at once, worked on later."""

from __future__ import annotations

from litestar import MediaType, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath, RawBody

from portal.source_deliveries import Call, NotGenuine
from portal.webhook_inbox import LARGEST, TooMany, TooManyForged
from routes.given import AnyRequest, House, IpPrefix


@post("/hooks/woocommerce/{source:str}", status_code=200, media_type=MediaType.TEXT, request_max_body_size=LARGEST)
async def take_woocommerce(
    source: FromPath[str], body: RawBody, request: AnyRequest, house: House, ip_prefix: IpPrefix
) -> str:
    """Five answers other than 2xx in a row, and WooCommerce switches the webhook off. A try wants 200 and no other."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        await house.source_deliveries.accept(Call(source=source, ip_prefix=ip_prefix, headers=headers, body=body))
    except NotGenuine as error:
        raise HTTPException(status_code=401) from error
    except (TooMany, TooManyForged) as error:
        raise HTTPException(status_code=503, headers={"Retry-After": "60"}) from error
    return ""
