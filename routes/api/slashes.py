"""Order ids and SKUs may hold a slash: sent as %2F, it stays part of its segment instead of cutting it in two."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from litestar.types import ASGIApp, Receive, Scope, Send

WITHIN = "/api/v1/"
KEPT = re.compile("%(2f|25)", re.IGNORECASE)
segment: Callable[[str], str] = unquote
"""What a segment of the path stands for, once `SlashesKept` let %2F and %25 pass undecoded."""


@dataclass(frozen=True)
class SlashesKept:
    """An ASGI application around the one that routes: servers decode %2F before anybody can route by it."""

    inside: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path") or b""
        if scope.get("path", "").startswith(WITHIN) and KEPT.search(raw.decode("latin-1")):
            path = unquote(KEPT.sub(lambda found: f"%25{found[1]}", raw.decode("latin-1")))
            scope["path"] = path
        await self.inside(scope, receive, send)
