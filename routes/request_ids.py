"""Every request has a number: in each line it writes into the log, in its answer, and on the page when it fails.

It is random and says nothing of anybody. A proxy that is trusted may give it, so that its own log bears the same.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from typing import cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

HEADER = b"x-request-id"
HARMLESS = re.compile(rb"[A-Za-z0-9._-]{1,64}")
OUTSIDE = ""  # as a number: what runs now was asked for by no request

_current: ContextVar[str] = ContextVar("request_id", default=OUTSIDE)


def current() -> str:
    """The number of the request that is being answered here; `OUTSIDE` where there is none."""
    return _current.get()


def numbered(inside: ASGIApp, trusted_proxies: str = "") -> ASGIApp:
    """`trusted_proxies` as in TRESEN_TRUSTED_PROXIES: whose X-Forwarded-… and X-Request-ID are believed."""
    if not trusted_proxies:
        return _numbered(inside, lambda _peer: False)
    behind = ProxyHeadersMiddleware(inside, trusted_proxies)  # type: ignore[arg-type]  # uvicorn's ASGI is Litestar's
    return _numbered(cast("ASGIApp", behind), behind.trusted_hosts.__contains__)


def _numbered(inside: ASGIApp, is_trusted: Callable[[str | None], bool]) -> ASGIApp:
    """Outside of what replaces the client's address by the one that a proxy tells: asked is who is at the door."""

    async def numbering(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await inside(scope, receive, send)
            return

        client = scope.get("client")
        given = _given(scope) if is_trusted(client[0] if client else None) else None
        number = given or secrets.token_hex(8)
        # Never reset: each request is a task of its own, and what the server logs of a failure comes after this.
        _current.set(number)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER, number.encode())]
            await send(message)

        await inside(scope, receive, told)

    return numbering


def _given(scope: Scope) -> str | None:
    """The one harmless number among the headers; of two, none is taken."""
    found = [value for name, value in scope["headers"] if name == HEADER]
    return found[0].decode() if len(found) == 1 and HARMLESS.fullmatch(found[0]) else None
