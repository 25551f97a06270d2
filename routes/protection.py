"""Stands before everything, also before 404 and 405: which host, which origin, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from routes.limits import RefusalLimit

Pairs = tuple[tuple[bytes, bytes], ...]
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ADDRESSED = ("/o/", "/d/")  # these carry their authority in the address
AUTHENTICATED = ("/api/", "/hooks/", "/metrics")  # and these in a header or signature of their own

OFFICE = "/admin"
PREVIEW = "/admin/settings/portal/appearance/preview"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


@dataclass(frozen=True)
class Origins:
    """Where this Tresen is served: `base_url` is the one public origin, `form_targets` where forms may lead besides."""

    base_url: str
    form_targets: Sequence[str] = ("https://*.paypal.com",)

    def policy(self, path: str) -> str:
        """The back office shows a preview in a frame, and the preview alone may be shown in one."""
        told = " ".join((POLICY, *self.form_targets))
        if path.startswith(PREVIEW):
            told = told.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
        return f"{told}; frame-src 'self'" if path.startswith(OFFICE) else told

    def is_host(self, host: str) -> bool:
        """Whether a Host header means us. All loopback names are one host."""
        own = urlsplit(self.base_url)
        try:
            asked = urlsplit(f"//{host}")
            same_port = (asked.port or _default_port(own.scheme)) == (own.port or _default_port(own.scheme))
        except ValueError:  # such as half an IPv6 address
            return False
        if asked.netloc != host or "@" in host:  # neither a path nor a user belongs to a host
            return False
        both_loopback = asked.hostname in LOOPBACK and own.hostname in LOOPBACK
        return same_port and (asked.hostname == own.hostname or both_loopback)

    def is_own(self, origin: str) -> bool:
        scheme, _, host = origin.partition("://")
        return scheme == urlsplit(self.base_url).scheme and self.is_host(host)


@dataclass(frozen=True)
class Protection:
    """An ASGI application around the application."""

    inside: ASGIApp
    origins: Origins
    refuse: Callable[[str, int], ASGIApp]
    limited: RefusalLimit
    headers: Mapping[str, Pairs] = field(init=False)  # by the beginning of the path, the longest first

    def __post_init__(self) -> None:
        headers = {
            "referrer-policy": "same-origin",
            "x-content-type-options": "nosniff",
            "x-robots-tag": "noindex",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
        }
        if self.origins.base_url.startswith("https:"):
            headers["strict-transport-security"] = "max-age=31536000"
        object.__setattr__(self, "headers", {path: self._encoded(path, headers) for path in (PREVIEW, OFFICE, "")})

    def _encoded(self, path: str, headers: Mapping[str, str]) -> Pairs:
        told = {"content-security-policy": self.origins.policy(path), **headers}
        return tuple((name.encode(), value.encode()) for name, value in told.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:  # the lifespan of the process
            await self.inside(scope, receive, send)
            return

        own = next(headers for path, headers in self.headers.items() if scope["path"].startswith(path))

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                named = {name for name, _ in given}
                message["headers"] = given + [pair for pair in own if pair[0] not in named]
            await send(message)

        request = Headers.from_scope(scope)
        status = self._refusal(scope["path"], scope["method"], request)
        answer = self.refuse(scope["path"], status) if status else self.inside
        await self.limited(answer, scope, receive, dressed)

    def _refusal(self, path: str, method: str, request: Headers) -> int | None:
        """421 for a Host that is not ours, 403 for a post from somewhere else, else None."""
        if path == "/up":
            return None
        if not self.origins.is_host(request.get("host", "")):
            return 421
        if method in SAFE or path.startswith(AUTHENTICATED):
            return None
        return None if self._same_origin(path, request) else 403

    def _same_origin(self, path: str, request: Headers) -> bool:
        """By what the browser says of itself: no token in any form."""
        site, origin = request.get("sec-fetch-site"), request.get("origin")
        if path.startswith(ADDRESSED):
            return site != "cross-site" and (origin is None or self.origins.is_own(origin))
        if site is not None:
            return site == "same-origin"
        return origin is not None and self.origins.is_own(origin)


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
