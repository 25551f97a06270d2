"""Calls in a merchant's name: one cached token for each app, one renewal, and the same question again after trouble."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

import httpx
import msgspec

from integrations.paypal import wire
from integrations.paypal.check import Refusal, Token
from integrations.paypal.origins import Origins
from integrations.paypal.shapes import Problem
from integrations.paypal.wire import JSON, NotJson, Request, TooLong
from portal.paying import ProviderRefused, ProviderTrouble
from portal.payment_providers import Credentials

EARLIER = 60.0  # seconds before its end, a token is renewed
CONNECTIONS = 100
log = logging.getLogger("tresen.paypal")


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Seconds. `pauses` lie between the tries of one call; `whole` bounds them all together."""

    connect: float = 5.0
    answer: float = 15.0
    whole: float = 25.0
    pauses: tuple[float, ...] = (0.5, 2.0, 5.0)


class Refused(ProviderRefused):
    """PayPal understood, and says no. `issue` is its own word, such as `INSTRUMENT_DECLINED`.

    `after_trouble`: an earlier try of the same call was not answered, and may have been done.
    """

    def __init__(self, status: int, problem: Problem) -> None:
        words = f"{problem.issue} ({problem.debug_id})" if problem.debug_id else problem.issue
        wrong = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        super().__init__(wire.short(f"HTTP {status}: {words}".strip()), credentials=wrong)
        self.status = status
        self.issue = problem.issue
        self.after_trouble = False


class Busy(Exception):
    """Trouble that may pass by itself; after `wait` seconds at the earliest."""

    def __init__(self, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait = wait


class Calls:
    """All calls of the process to PayPal. Bound to the event loop of its first call; `close` it there."""

    def __init__(self, origins: Origins, timing: Timing) -> None:
        self._origins = origins
        self._timing = timing
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._tokens: dict[Credentials, tuple[str, float]] = {}
        self._locks: defaultdict[Credentials | str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def call(self, request: Request, credentials: Credentials) -> Mapping[str, object]:
        """What PayPal answers. Trouble is met by asking again, with the same headers and thus the same request id.

        Raises ProviderTrouble, Refused.
        """
        sentence = ""
        try:
            async with asyncio.timeout(self._timing.whole):
                for pause in (*self._timing.pauses, None):
                    try:
                        return await self._once(request, credentials)
                    except Refused as refused:
                        log.warning("%s %s: %s", request.verb, _place(request), refused)
                        refused.after_trouble = bool(sentence)
                        raise
                    except Busy as busy:
                        sentence = str(busy)
                        log.warning("%s %s: %s", request.verb, _place(request), busy)
                        if pause is None or busy.wait > self._timing.whole:
                            break
                        await asyncio.sleep(max(pause, busy.wait))
        except TimeoutError:
            sentence = sentence or f"No answer within {self._timing.whole:g} seconds."
        raise ProviderTrouble(f"PayPal: {sentence}")

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _once(self, request: Request, credentials: Credentials) -> Mapping[str, object]:
        origin = self._origins.of(credentials.sandbox)
        for is_last in (False, True):
            token = await self._token(origin, credentials)
            headers = {"content-type": JSON, **request.headers, "authorization": f"Bearer {token}"}
            response = await self._answered(origin, replace(request, headers=headers))
            if response.status_code != HTTPStatus.UNAUTHORIZED or is_last:
                break
            self._forget(token, credentials)
        return _understood(origin, response)

    async def _token(self, origin: str, credentials: Credentials) -> str:
        """One for all calls that come together. Raises Busy, Refused."""
        async with self._locks[credentials]:
            token, until = self._tokens.get(credentials, ("", 0.0))
            if time.monotonic() < until:
                return token
            auth = httpx.BasicAuth(credentials.client_id, credentials.client_secret)
            response = await self._answered(origin, wire.token_request(), auth)
            granted = _granted(_understood(origin, response))
            self._tokens[credentials] = (granted.access_token, time.monotonic() + granted.expires_in - EARLIER)
            return granted.access_token

    def _forget(self, token: str, credentials: Credentials) -> None:
        """Only the one that was refused: another call may have renewed it meanwhile."""
        if self._tokens.get(credentials, ("", 0.0))[0] == token:
            del self._tokens[credentials]

    async def _answered(self, origin: str, request: Request, auth: httpx.Auth | None = None) -> httpx.Response:
        try:
            return await wire.answered(await self._client(origin), request, auth)
        except httpx.TimeoutException as error:
            raise Busy(f"No answer in time ({type(error).__name__}).") from error
        except (httpx.TransportError, httpx.DecodingError, TooLong) as error:
            raise Busy(wire.short(str(error)) or type(error).__name__) from error

    async def _client(self, origin: str) -> httpx.AsyncClient:
        async with self._locks[origin]:
            if origin not in self._clients:
                self._clients[origin] = httpx.AsyncClient(
                    base_url=origin,
                    timeout=httpx.Timeout(self._timing.answer, connect=self._timing.connect),
                    limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=20),
                    follow_redirects=False,
                    trust_env=False,
                    verify=await asyncio.to_thread(wire.trusted),
                )
        return self._clients[origin]


def _understood(origin: str, response: httpx.Response) -> Mapping[str, object]:
    """Raises Busy, Refused."""
    from paypalhttp import HttpError

    try:
        return wire.result(origin, response)
    except NotJson as error:
        raise Busy(f"HTTP {response.status_code} with something that is no answer ({error}).") from error
    except HttpError as error:
        if error.status_code == HTTPStatus.TOO_MANY_REQUESTS or error.status_code >= 500 or response.is_redirect:
            raise Busy(f"HTTP {error.status_code}.", _wait(response)) from error
        raise Refused(error.status_code, _problem(error.message)) from error


def _granted(told: Mapping[str, object]) -> Token:
    try:
        return msgspec.convert(told, Token)
    except msgspec.ValidationError as error:
        raise Busy("An answer without a token.") from error


def _problem(text: str) -> Problem:
    """PayPal's own words; those of the token's address look different. A page of somebody else's says nothing."""
    try:
        found = msgspec.json.decode(text, type=Problem)
        return found if found.name else Problem(name=msgspec.json.decode(text, type=Refusal).error)
    except (msgspec.MsgspecError, ValueError):
        return Problem()


def _wait(response: httpx.Response) -> float:
    """What Retry-After says in seconds; PayPal sends no dates there."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0.0


def _place(request: Request) -> str:
    """The address without ids, for the log."""
    parts = request.path.split("/")
    return "/".join("…" if len(part) > 2 and any(sign.isdigit() for sign in part) else part for part in parts)
