"""PayPal. So far: asks for a token, which tells whether the credentials work.

The shape of requests, answers and errors is paypalhttp's, the connection httpx's: paypalhttp's own knows no time-out,
is not asynchronous, and lets a .netrc file replace the credentials.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import httpx
import msgspec

from config import ConfigError
from db.payment_providers import CheckOutcome
from portal.mail_servers import is_loopback
from portal.payment_providers import Answer, Credentials

if TYPE_CHECKING:
    from paypalhttp import HttpClient

LIVE, SANDBOX = "https://api-m.paypal.com", "https://api-m.sandbox.paypal.com"
TOKEN = "/v1/oauth2/token"  # noqa: S105 (an address)
FORM = "application/x-www-form-urlencoded"
PATIENCE_SECONDS = 10.0
CONNECT_SECONDS = 5.0
LONGEST_ANSWER = 64 * 1024  # bytes; a token's answer has about 1 KB
LONGEST_DETAIL = 300


class Refusal(msgspec.Struct, frozen=True):
    """How PayPal says no to a token."""

    error: str = ""
    error_description: str = ""


class Token(msgspec.Struct, frozen=True):
    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    expires_in: int = 0


class TooLong(Exception):
    """The answer goes on and on: PayPal's does not."""


@dataclass(frozen=True, kw_only=True)
class Origins:
    """Where PayPal's API is; the same origin twice where the operator replaces both."""

    live: str = LIVE
    sandbox: str = SANDBOX

    def of(self, sandbox: bool) -> str:
        return self.sandbox if sandbox else self.live


def origins(text: str) -> Origins:
    """What TRESEN_PAYPAL_API_BASE says; PayPal's own where it says nothing. Raises ConfigError."""
    if not text:
        return Origins()
    base = text.rstrip("/")
    try:
        url = urlsplit(base)
        is_origin = base == f"{url.scheme}://{url.netloc}" and bool(url.hostname) and url.port != 0
    except ValueError:
        is_origin = False
    if not is_origin or url.scheme not in ("http", "https") or "@" in base or not base.isprintable() or " " in base:
        raise ConfigError(f"TRESEN_PAYPAL_API_BASE must be an origin such as {SANDBOX}, not {text}.")
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise ConfigError("TRESEN_PAYPAL_API_BASE: credentials are sent by https only, except to this very machine.")
    return Origins(live=base, sandbox=base)


@dataclass(frozen=True, kw_only=True)
class PayPal:
    """Fulfils portal.payment_providers.ProviderCheck, for PayPal and PayPal Plus alike."""

    origins: Origins = field(default_factory=Origins)
    patience: float = PATIENCE_SECONDS

    async def check(self, credentials: Credentials) -> Answer:
        """One token, or why there is none. Two calls at most: refused credentials may be the other environment's."""
        here, there = self.origins.of(credentials.sandbox), self.origins.of(not credentials.sandbox)
        found = await self._asked(here, credentials)
        if found.outcome is CheckOutcome.WRONG_CREDENTIALS and there != here:
            other = await self._asked(there, credentials)
            if other.outcome is CheckOutcome.OK:
                return Answer(CheckOutcome.WRONG_ENVIRONMENT, found.detail)
        return found

    async def _asked(self, origin: str, credentials: Credentials) -> Answer:
        try:
            async with asyncio.timeout(self.patience):
                response = await _token_call(origin, credentials)
        except (TimeoutError, httpx.TimeoutException):
            return Answer(CheckOutcome.TIMED_OUT, f"No answer within {self.patience:g} seconds.")
        except (httpx.RemoteProtocolError, httpx.DecodingError, TooLong) as error:
            return Answer(CheckOutcome.UNEXPECTED, _short(str(error)))
        except httpx.TransportError as error:
            return Answer(CheckOutcome.UNREACHABLE, _short(str(error)))
        found = _understood(origin, response)
        return Answer(found.outcome, found.detail.replace(credentials.client_secret, "…"))


async def _token_call(origin: str, credentials: Credentials) -> httpx.Response:
    """The whole answer, up to a length that none of PayPal's has."""
    headers = {"content-type": FORM, "accept": "application/json"}
    content = _client(origin).encoder.serialize_request(_Body(headers, {"grant_type": "client_credentials"}))
    async with (
        httpx.AsyncClient(
            base_url=origin,
            auth=httpx.BasicAuth(credentials.client_id, credentials.client_secret),
            timeout=httpx.Timeout(PATIENCE_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
            verify=await asyncio.to_thread(_trusted),
        ) as client,
        client.stream("POST", TOKEN, headers=headers, content=content) as response,
    ):
        read = b""
        async for piece in response.aiter_bytes():
            read += piece
            if len(read) > LONGEST_ANSWER:
                raise TooLong(f"HTTP {response.status_code} with more than {LONGEST_ANSWER} bytes.")
        return httpx.Response(response.status_code, headers=_plain(response.headers), content=read)


@dataclass(frozen=True)
class _Body:
    """As much of a request as paypalhttp's encoder reads."""

    headers: dict[str, str]
    body: dict[str, str]


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Without what says how the bytes were packed: they are unpacked."""
    return {name: value for name, value in headers.items() if name not in ("content-encoding", "content-length")}


def _understood(origin: str, response: httpx.Response) -> Answer:
    from paypalhttp import HttpError

    try:
        answer = _client(origin).parse_response(response) if _is_json(response) or response.is_error else None
        return _granted(answer.result.dict()) if answer and answer.result else _unexpected(response)
    except HttpError as error:
        return _refused(error.status_code, error.message, response)
    except (ValueError, TypeError, AttributeError, RecursionError):  # JSON of any shape, or none
        return _unexpected(response)


def _granted(told: object) -> Answer:
    msgspec.convert(told, Token)
    return Answer(CheckOutcome.OK)


def _refused(status: int, text: str, response: httpx.Response) -> Answer:
    try:
        said = msgspec.json.decode(text, type=Refusal)
    except (msgspec.MsgspecError, ValueError):
        said = Refusal()
    words = said.error or response.reason_phrase
    detail = _short(f"HTTP {status}: {words} {said.error_description}".strip())
    if debug_id := response.headers.get("paypal-debug-id"):
        detail += f" (PayPal-Debug-Id {_short(debug_id, 60)})"
    if status == HTTPStatus.UNAUTHORIZED and said.error == "invalid_client":
        return Answer(CheckOutcome.WRONG_CREDENTIALS, detail)
    busy = status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500
    return Answer(CheckOutcome.UNAVAILABLE if busy else CheckOutcome.UNEXPECTED, detail)


def _unexpected(response: httpx.Response) -> Answer:
    kind = _short(response.headers.get("content-type", "no content type"), 60)
    return Answer(CheckOutcome.UNEXPECTED, f"HTTP {response.status_code} without a token ({kind}).")


def _is_json(response: httpx.Response) -> bool:
    return str(response.headers.get("content-type", "")).lower().startswith("application/json")


def _short(text: str, longest: int = LONGEST_DETAIL) -> str:
    """What others said, as one line that can be shown and stored."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:longest]


@cache
def _client(origin: str) -> HttpClient:
    """paypalhttp is imported when PayPal is first asked: it takes 0.2 seconds."""
    from paypalhttp import Environment, HttpClient

    return HttpClient(Environment(origin))


@cache
def _trusted() -> ssl.SSLContext:
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
