"""Tokens, as PayPal grants and refuses them."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TypeAlias
from urllib.parse import parse_qs

from litestar import Request, Response, post
from litestar.datastructures import State

from demo.paypal_stand_in.answers import answer
from demo.paypal_stand_in.ledger import Json, Ledger

TOKEN_SECONDS = 32_400
AnyRequest: TypeAlias = Request[object, object, State]


@post("/v1/oauth2/token", status_code=200)
async def grant_token(request: AnyRequest, state: State) -> Response[Json | None]:
    """Wrong credentials, a wrong grant and the wrong content type are refused as PayPal refuses them."""
    client_id, secret = _basic(request.headers.get("Authorization", ""))
    ledger: Ledger = state.ledger
    if not client_id or not secrets.compare_digest(ledger.apps.get(client_id, "").encode(), secret.encode()):
        return _refused(401, "invalid_client", "Client Authentication failed")
    grant = parse_qs((await request.body()).decode("ascii", "replace")).get("grant_type", [""])[0]
    if not grant:
        return _refused(400, "invalid_request", "grant_type is missing")
    if grant != "client_credentials":
        return _refused(400, "unsupported_grant_type", "Grant Type is NULL or not supported")
    token = f"A21AA{secrets.token_urlsafe(48)}"
    ledger.tokens.add(token)
    return answer(
        200,
        {
            "scope": "https://uri.paypal.com/services/invoicing https://uri.paypal.com/services/applications/webhooks",
            "access_token": token,
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


def _refused(status: int, error: str, description: str) -> Response[Json | None]:
    return answer(status, {"error": error, "error_description": description})
