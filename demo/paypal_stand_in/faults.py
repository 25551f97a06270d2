"""Everything that can go wrong between here and PayPal, switched on for one operation and so many times."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, ReceiveMessage, Scope, Send

from demo.paypal_stand_in.ledger import Exchange, Ledger

OPERATIONS: tuple[tuple[str, str, str], ...] = (
    ("token", "POST", "/v1/oauth2/token"),
    ("create", "POST", "/v2/checkout/orders"),
    ("look", "GET", "/v2/checkout/orders/[^/]+"),
    ("capture", "POST", "/v2/checkout/orders/[^/]+/capture"),
    ("refund", "POST", "/v2/payments/captures/[^/]+/refund"),
    ("register", "POST", "/v1/notifications/webhooks"),
    ("list", "GET", "/v1/notifications/webhooks"),
    ("change", "PATCH", "/v1/notifications/webhooks/[^/]+"),
    ("withdraw", "DELETE", "/v1/notifications/webhooks/[^/]+"),
    ("verify", "POST", "/v1/notifications/verify-webhook-signature"),
)
LASTING_SECONDS = 60.0
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


class Fault(StrEnum):
    """`lost`: it is done, but the answer never arrives. `…-after`: it is done, and answered as if it were not.

    `minimal`: it is done, and the answer names no more than the order's id and status.
    """

    ERROR = "500"
    UNAVAILABLE = "503"
    BUSY = "429"
    GATEWAY = "502-html"
    GARBAGE = "garbage"
    RESET = "reset"
    TIME_OUT = "time-out"
    SLOW = "slow"
    LOST = "lost"
    MINIMAL = "minimal"
    UNAUTHORIZED_AFTER = "401-after"
    FORBIDDEN_AFTER = "403-after"
    UNKNOWN_AFTER = "404-after"
    TIMED_OUT_AFTER = "408-after"
    CONFLICT_AFTER = "409-after"
    IN_PROGRESS_AFTER = "422-in-progress-after"
    REFUSED_AFTER = "422-after"


# Status, name and issue.
AFTERWARDS = {
    Fault.UNAUTHORIZED_AFTER: (401, "AUTHENTICATION_FAILURE", "INVALID_TOKEN"),
    Fault.FORBIDDEN_AFTER: (403, "NOT_AUTHORIZED", "PERMISSION_DENIED"),
    Fault.UNKNOWN_AFTER: (404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"),
    Fault.TIMED_OUT_AFTER: (408, "REQUEST_TIMEOUT", ""),
    Fault.CONFLICT_AFTER: (409, "RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS"),
    Fault.IN_PROGRESS_AFTER: (422, "UNPROCESSABLE_ENTITY", "PREVIOUS_REQUEST_IN_PROGRESS"),
    Fault.REFUSED_AFTER: (422, "UNPROCESSABLE_ENTITY", "TRANSACTION_REFUSED"),
}


@dataclass
class Faults:
    """`slow_seconds` is how slow a slow answer is; `retry_after` what a busy one advises, in seconds."""

    slow_seconds: float = 5.0
    retry_after: int = 1
    waiting: defaultdict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))

    def switch(self, operation: str, fault: Fault, times: int = 1) -> None:
        self.waiting[operation] = [fault] * times

    def next(self, operation: str) -> Fault | None:
        return self.waiting[operation].pop(0) if self.waiting[operation] else None


def operation_of(method: str, path: str) -> str:
    """Empty for what is none of the API's."""
    return next((name for name, verb, shape in OPERATIONS if verb == method and re.fullmatch(shape, path)), "")


@dataclass(frozen=True)
class Faulty:
    """Stands before the application: lets faults happen, and writes every exchange down."""

    inside: ASGIApp
    faults: Faults
    ledger: Ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not (operation := operation_of(scope["method"], scope["path"])):
            await self.inside(scope, receive, send)
            return
        match fault := self.faults.next(operation):
            case None | Fault.SLOW | Fault.MINIMAL:
                await asyncio.sleep(self.faults.slow_seconds if fault is Fault.SLOW else 0)
                await self._told(operation, scope, receive, _shortened(send) if fault is Fault.MINIMAL else send)
            case Fault.LOST:
                await self._told(operation, scope, receive, _swallow)
                _abort(send)
            case Fault.TIME_OUT:
                await asyncio.sleep(LASTING_SECONDS)
            case Fault.RESET:
                _abort(send)
            case _ if fault in AFTERWARDS:
                await self._told(operation, scope, receive, _swallow)
                await _refused(fault, send)
            case _:
                await _answer(fault, self.faults, send)

    async def _told(self, operation: str, scope: HTTPScope, receive: Receive, send: Send) -> None:
        body, sent, status = await _whole(receive), bytearray(), 0
        unread = [body]

        async def again() -> ReceiveMessage:
            """What was read to be written down; and then whatever else comes."""
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            return await receive()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                sent.extend(message["body"])
            await send(message)

        await self.inside(scope, again, noting)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        self.ledger.exchanges.append(
            Exchange(
                operation=operation,
                method=scope["method"],
                path=scope["path"],
                headers=headers,
                body=body,
                status=status,
                answer=bytes(sent),
            )
        )


async def _whole(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        body += message["body"]
        if not message.get("more_body"):
            return body


async def _swallow(message: Message) -> None:
    """Nobody hears it."""


def _shortened(send: Send) -> Send:
    """What PayPal answers to whoever prefers `return=minimal`."""
    status = 0

    async def shorter(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            told = msgspec.json.decode(message["body"])
            kept = {name: told[name] for name in ("id", "status", "links") if name in told}
            await _sent(status, [(b"content-type", b"application/json")], msgspec.json.encode(kept), send)

    return shorter


def _abort(send: Send) -> None:
    """Cuts the line. ASGI has no word for it, but uvicorn's `send` belongs to whoever holds the connection."""
    owner = getattr(send, "__self__", None)
    abort: Callable[[], None] = owner.transport.abort  # type: ignore[union-attr]
    abort()


async def _answer(fault: Fault, faults: Faults, send: Send) -> None:
    status, kind, body = {
        Fault.ERROR: (500, b"application/json", b'{"name":"INTERNAL_SERVER_ERROR","message":"An error."}'),
        Fault.UNAVAILABLE: (503, b"application/json", b'{"name":"SERVICE_UNAVAILABLE","message":"Busy."}'),
        Fault.BUSY: (429, b"application/json", b'{"name":"RATE_LIMIT_REACHED","message":"Too many requests."}'),
        Fault.GATEWAY: (502, b"text/html", HTML),
        Fault.GARBAGE: (200, b"application/json", b'{"id": "5O19'),
    }[fault]
    headers = [(b"content-type", kind)]
    if fault is Fault.BUSY:
        headers.append((b"retry-after", str(faults.retry_after).encode()))
    await _sent(status, headers, body, send)


async def _refused(fault: Fault, send: Send) -> None:
    status, name, issue = AFTERWARDS[fault]
    told = {"name": name, "message": "No.", "details": [{"issue": issue}] if issue else []}
    await _sent(status, [(b"content-type", b"application/json")], msgspec.json.encode(told), send)


async def _sent(status: int, headers: list[tuple[bytes, bytes]], body: bytes, send: Send) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body, "more_body": False})
