"""What Billbee calls us with: the shape of Microsoft's ASP.NET WebHooks, of which Billbee's own documents say little.

So a call is a hint and no more: whoever asks for what has changed learns the truth.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

from integrations.tolerant import NotUnderstood, parsed

SIGNATURE = "ms-signature"
SCHEME = "sha256="
OF_ORDERS = "order."
KNOWN_FILTERS = ("order.created",)  # where the account does not tell which there are
LONGEST_NAME = 300


def is_genuine(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """`ms-signature: sha256=…` is the HMAC-SHA256 of the very bytes, in hexadecimal."""
    told = headers.get(SIGNATURE, "").strip()
    if not told.lower().startswith(SCHEME):
        return False
    try:
        signature = bytes.fromhex(told[len(SCHEME) :])
    except ValueError:
        return False
    return hmac.compare_digest(signature, hmac.new(secret.encode(), body, hashlib.sha256).digest())


def name_of(body: bytes) -> str:
    """The delivery's own id, which tries of the same one share; where there is none, the content is the name."""
    try:
        told = parsed(body)
    except NotUnderstood:
        told = None
    own = told.get("Id") if isinstance(told, dict) else None
    return (
        own[:LONGEST_NAME] if isinstance(own, str) and own.isprintable() and own else hashlib.sha256(body).hexdigest()
    )


def filters(told: object) -> Sequence[str]:
    """Those that speak of orders, out of what the account has."""
    rows = told if isinstance(told, list) else []
    names = [str(row.get("Name", "")) for row in rows if isinstance(row, dict)]
    return [name for name in names if name.startswith(OF_ORDERS)] or KNOWN_FILTERS


def at(url: str, told: object) -> str | None:
    """The id of the webhook that calls this address already."""
    rows = told if isinstance(told, list) else []
    ids = [str(row.get("Id", "")) for row in rows if isinstance(row, dict) and row.get("WebHookUri") == url]
    return next(filter(None, ids), None)
