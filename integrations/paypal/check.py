"""Whether credentials work: asks for a token with a connection of its own, and tells what was answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import msgspec

from db.payment_providers import CheckOutcome
from integrations.paypal.origins import Origins
from integrations.paypal.wire import NotJson, TooLong, answered, kind_of, result, short, token_request, trusted
from portal.payment_providers import Answer, Credentials

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 5.0


class Refusal(msgspec.Struct, frozen=True):
    """How PayPal says no to a token."""

    error: str = ""
    error_description: str = ""


class Token(msgspec.Struct, frozen=True):
    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    expires_in: int = 0


@dataclass(frozen=True)
class Check:
    """`patience` in seconds, for each environment that is asked."""

    origins: Origins
    patience: float

    async def of(self, credentials: Credentials) -> Answer:
        """One token, or why there is none. Two calls at most: refused credentials may be the other environment's."""
        here, there = self.origins.of(credentials.sandbox), self.origins.of(not credentials.sandbox)
        found = await self._asked(here, credentials)
        if found.outcome is CheckOutcome.WRONG_CREDENTIALS and there != here:
            other = await self._asked(there, credentials)
            if other.outcome is CheckOutcome.OK:
                return Answer(CheckOutcome.WRONG_ENVIRONMENT, found.detail)
        return found

    async def _asked(self, origin: str, credentials: Credentials) -> Answer:
        import httpx

        try:
            async with asyncio.timeout(self.patience):
                response = await self._token_call(origin, credentials)
        except (TimeoutError, httpx.TimeoutException):
            return Answer(CheckOutcome.TIMED_OUT, f"No answer within {self.patience:g} seconds.")
        except (httpx.RemoteProtocolError, httpx.DecodingError, TooLong) as error:
            return Answer(CheckOutcome.UNEXPECTED, short(str(error)))
        except httpx.TransportError as error:
            return Answer(CheckOutcome.UNREACHABLE, short(str(error)))
        found = _understood(origin, response)
        return Answer(found.outcome, found.detail.replace(credentials.client_secret, "…"))

    async def _token_call(self, origin: str, credentials: Credentials) -> httpx.Response:
        import httpx

        async with httpx.AsyncClient(
            base_url=origin,
            timeout=httpx.Timeout(self.patience, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
            verify=await asyncio.to_thread(trusted),
        ) as http:
            return await answered(http, token_request(), (credentials.client_id, credentials.client_secret))


def _understood(origin: str, response: httpx.Response) -> Answer:
    from paypalhttp import HttpError

    try:
        msgspec.convert(result(origin, response), Token)
    except HttpError as error:
        return _refused(error.status_code, error.message, response)
    except (NotJson, msgspec.ValidationError):
        return Answer(CheckOutcome.UNEXPECTED, f"HTTP {response.status_code} without a token ({kind_of(response)}).")
    return Answer(CheckOutcome.OK)


def _refused(status: int, text: str, response: httpx.Response) -> Answer:
    try:
        said = msgspec.json.decode(text, type=Refusal)
    except (msgspec.MsgspecError, ValueError):
        said = Refusal()
    words = said.error or response.reason_phrase
    detail = short(f"HTTP {status}: {words} {said.error_description}".strip())
    if debug_id := response.headers.get("paypal-debug-id"):
        detail += f" (PayPal-Debug-Id {short(debug_id, 60)})"
    if status == HTTPStatus.UNAUTHORIZED and said.error == "invalid_client":
        return Answer(CheckOutcome.WRONG_CREDENTIALS, detail)
    busy = status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500
    return Answer(CheckOutcome.UNAVAILABLE if busy else CheckOutcome.UNEXPECTED, detail)
