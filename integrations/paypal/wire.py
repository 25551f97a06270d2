"""One call and its whole answer. The shape of requests, answers and errors is paypalhttp's, the connection httpx's:
paypalhttp's own knows no time-out, is not asynchronous, and lets a .netrc file replace the credentials.
Both are imported at the first call: a shop without PayPal never pays for them."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx
    from paypalhttp import HttpClient

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
TOKEN = "/v1/oauth2/token"  # noqa: S105 (an address)
LONGEST_ANSWER = 256 * 1024  # bytes; the longest of PayPal's has a few KB
LONGEST_DETAIL = 300


class TooLong(Exception):
    """The answer goes on and on: PayPal's does not."""


class NotJson(Exception):
    """A good status with something else behind it, such as a proxy's own page."""


@dataclass(kw_only=True)
class Request:
    """A request as paypalhttp's injectors and encoder know it. A body of bytes goes out as it is."""

    verb: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | bytes | None = None


def token_request() -> Request:
    return Request(verb="POST", path=TOKEN, headers={"content-type": FORM}, body={"grant_type": "client_credentials"})


async def answered(http: httpx.AsyncClient, request: Request, auth: tuple[str, str] | None = None) -> httpx.Response:
    """The whole answer, up to a length that none of PayPal's has. Raises TooLong and httpx's errors."""
    from httpx import Response

    client = _client(str(http.base_url))
    sent = Request(verb=request.verb, path=request.path, headers={"accept": JSON, **request.headers}, body=request.body)
    for inject in client._injectors:
        inject(sent)
    content = sent.body if isinstance(sent.body, bytes | None) else client.encoder.serialize_request(sent)
    async with http.stream(sent.verb, sent.path, headers=sent.headers, content=content, auth=auth) as response:
        read = b""
        async for piece in response.aiter_bytes():
            read += piece
            if len(read) > LONGEST_ANSWER:
                raise TooLong(f"HTTP {response.status_code} with more than {LONGEST_ANSWER} bytes.")
        return Response(response.status_code, headers=_plain(response.headers), content=read)


def result(origin: str, response: httpx.Response) -> Mapping[str, object]:
    """What a good answer says, empty where it has no body. Raises paypalhttp.HttpError, NotJson."""
    if not response.is_error and not response.content:
        return {}
    if not response.is_error and not str(response.headers.get("content-type", "")).lower().startswith(JSON):
        raise NotJson(kind_of(response))
    try:
        found = _client(origin).parse_response(response).result
        told = found.dict() if found else {}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:  # JSON of any shape, or none
        raise NotJson(kind_of(response)) from error
    if not isinstance(told, dict):
        raise NotJson(kind_of(response))
    return told


def kind_of(response: httpx.Response) -> str:
    return short(response.headers.get("content-type", "no content type"), 60)


def short(text: str, longest: int = LONGEST_DETAIL) -> str:
    """What others said, as one line that can be shown and stored."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:longest]


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Without what says how the bytes were packed: they are unpacked."""
    return {name: value for name, value in headers.items() if name not in ("content-encoding", "content-length")}


def _say_who_asks(request: Request) -> None:
    request.headers["user-agent"] = f"Tresen/{version('tresen')}"


@cache
def _client(origin: str) -> HttpClient:
    """paypalhttp is imported when PayPal is first asked: it takes 0.2 seconds."""
    from paypalhttp import Environment, HttpClient

    client = HttpClient(Environment(origin))
    client.add_injector(_say_who_asks)
    return client


@cache
def trusted() -> ssl.SSLContext:
    """Takes a moment: not for the event loop."""
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
