"""A PayPal to try things out with: answers like PayPal's API, on this machine alone, and moves no money."""

from __future__ import annotations

import base64
import binascii
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias
from urllib.parse import parse_qs

from litestar import Litestar, Request, Response, post
from litestar.datastructures import State
from litestar.types import ASGIApp

# The app that the demo's merchant has at this PayPal.
CLIENT_ID = "DemoTresenNaehwerk-AbCdEf0123456789"
CLIENT_SECRET = "demo-EGkLmNoPqRsTuVwXyZ-9876543210"  # noqa: S105 (opens nothing but this stand-in)
TOKEN_SECONDS = 32_400
STARTS_WITHIN = 10.0
AnyRequest: TypeAlias = Request[object, object, State]


@post("/v1/oauth2/token", status_code=200)
async def grant_token(request: AnyRequest, state: State) -> Response[dict[str, object]]:
    """Wrong credentials, a wrong grant and the wrong content type are refused as PayPal refuses them."""
    client_id, secret = _basic(request.headers.get("Authorization", ""))
    apps: Mapping[str, str] = state.apps
    if not client_id or not secrets.compare_digest(apps.get(client_id, "").encode(), secret.encode()):
        return _refused(401, "invalid_client", "Client Authentication failed")
    grant = parse_qs((await request.body()).decode("ascii", "replace")).get("grant_type", [""])[0]
    if not grant:
        return _refused(400, "invalid_request", "grant_type is missing")
    if grant != "client_credentials":
        return _refused(400, "unsupported_grant_type", "Grant Type is NULL or not supported")
    return _answer(
        200,
        {
            "scope": "https://uri.paypal.com/services/invoicing https://uri.paypal.com/services/applications/webhooks",
            "access_token": f"A21AA{secrets.token_urlsafe(48)}",
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": TOKEN_SECONDS,
            "nonce": secrets.token_hex(16),
        },
    )


def _basic(header: str) -> tuple[str, str]:
    """Id and secret; both empty where the header is no basic authentication."""
    scheme, _, credentials = header.partition(" ")
    try:
        client_id, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (client_id, secret) if scheme.lower() == "basic" else ("", "")


def _refused(status: int, error: str, description: str) -> Response[dict[str, object]]:
    return _answer(status, {"error": error, "error_description": description})


def _answer(status: int, content: dict[str, object]) -> Response[dict[str, object]]:
    return Response(content, status_code=status, headers={"Paypal-Debug-Id": secrets.token_hex(7)})


def stand_in(apps: Mapping[str, str]) -> Litestar:
    """A PayPal that knows these apps: client id → secret."""
    return Litestar([grant_token], state=State({"apps": dict(apps)}), openapi_config=None, logging_config=None)


@contextmanager
def serving(application: ASGIApp) -> Iterator[str]:
    """Serves on a free port of this machine as long as it is needed; its origin.

    In a thread with an event loop of its own: a server whose process is asked to end asks nobody else.
    """
    import uvicorn

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready.set()

    ready = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Announcing(
            uvicorn.Config(
                application,
                access_log=False,
                log_config=None,
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        if not ready.wait(STARTS_WITHIN):
            raise RuntimeError("The stand-in for PayPal did not start.")
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(STARTS_WITHIN)


@contextmanager
def paypal() -> Iterator[str]:
    """The PayPal of the demo; its origin."""
    with serving(stand_in({CLIENT_ID: CLIENT_SECRET})) as origin:
        yield origin
