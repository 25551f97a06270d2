"""What sources call us with: signed over the very bytes, stored and answered at once, worked on later."""

from __future__ import annotations

import re

from litestar import MediaType, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath, RawBody

from db.sources import SourceKind
from portal.house import House as PortalHouse
from portal.source_deliveries import Call, NotGenuine
from portal.webhook_inbox import LARGEST, TooMany, TooManyForged
from routes.given import AnyRequest, House, IpPrefix

ECHO = re.compile("[A-Za-z0-9_-]{1,100}")


@post("/hooks/woocommerce/{source:str}", status_code=200, media_type=MediaType.TEXT, request_max_body_size=LARGEST)
async def take_woocommerce(
    source: FromPath[str], body: RawBody, request: AnyRequest, house: House, ip_prefix: IpPrefix
) -> str:
    """Five answers other than 2xx in a row, and WooCommerce switches the webhook off. A try wants 200 and no other."""
    return await _taken(SourceKind.WOOCOMMERCE, Call(source, ip_prefix, _headers(request), body), house)


@post("/hooks/billbee/{source:str}", status_code=200, media_type=MediaType.TEXT, request_max_body_size=LARGEST)
async def take_billbee(
    source: FromPath[str], body: RawBody, request: AnyRequest, house: House, ip_prefix: IpPrefix
) -> str:
    return await _taken(SourceKind.BILLBEE, Call(source, ip_prefix, _headers(request), body), house)


@get("/hooks/billbee/{source:str}", media_type=MediaType.TEXT)
async def echo_billbee(source: FromPath[str], request: AnyRequest) -> str:
    """Who registers a webhook is asked whether somebody is there, by a word that has to come back."""
    word = request.query_params.get("echo", "")
    if not ECHO.fullmatch(word):
        raise HTTPException(status_code=404)
    return word


async def _taken(kind: SourceKind, call: Call, house: PortalHouse) -> str:
    try:
        await house.source_deliveries.accept(kind, call)
    except NotGenuine as error:
        raise HTTPException(status_code=401) from error
    except (TooMany, TooManyForged) as error:
        raise HTTPException(status_code=503, headers={"Retry-After": "60"}) from error
    return ""


def _headers(request: AnyRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}
