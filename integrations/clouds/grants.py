"""OAuth 2 at Dropbox, Google and Microsoft: grants of merchants, and the short-lived tokens that come of them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlencode

import msgspec

from integrations.clouds.wire import Answer, Ask, Wire, short
from portal.storage_grants import Agreement, Client, GrantRefused
from portal.storages import StorageUnavailable, Trouble

ENDED = "invalid_grant"  # RFC 6749 §5.2: all other refusals are about the app or the moment
EARLY_SECONDS = 60.0  # a token that ends while it travels is of no use


@dataclass(frozen=True, kw_only=True)
class Service:
    """Where a service is asked, and what for. `more` are parameters of its own; without them no refresh token comes."""

    authorize: str
    token: str
    api: str
    scope: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    content: str = ""  # where files come from, if not from `api`


class Token(msgspec.Struct, frozen=True):
    access_token: str
    refresh_token: str = ""
    expires_in: int = 3600


class Refusal(msgspec.Struct, frozen=True):
    """RFC 6749 §5.2."""

    error: str = ""
    error_description: str = ""


@dataclass(frozen=True)
class Grants:
    """Fulfils portal.storage_grants.Granter."""

    service: Service
    wire: Wire

    def address(self, client_id: str, redirect_uri: str, state: str, challenge: str) -> str:
        asked = {
            "client_id": client_id,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **({"scope": self.service.scope} if self.service.scope else {}),
            **self.service.more,
        }
        return f"{self.service.authorize}?{urlencode(asked)}"

    async def agreed(self, client: Client, agreement: Agreement) -> str:
        asked = {
            "grant_type": "authorization_code",
            "code": agreement.code,
            "redirect_uri": agreement.redirect_uri,
            "code_verifier": agreement.verifier,
        }
        token = await self.token(client, asked)
        if not token.refresh_token:
            raise GrantRefused("The service gave no refresh token.")
        return token.refresh_token

    async def renewed(self, client: Client, refresh_token: str) -> str:
        asked = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return (await self.token(client, asked)).refresh_token or refresh_token

    async def token(self, client: Client, asked: Mapping[str, str]) -> Token:
        """Raises GrantRefused, StorageUnavailable."""
        body = urlencode({**asked, "client_id": client.id, "client_secret": client.secret}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        answer = await self.wire.ask(Ask("POST", self.service.token, headers, body))
        if answer.status in (400, 401, 403):
            refusal = _refusal(answer)
            raise GrantRefused(_said(answer.status, refusal, client), is_over=refusal.error == ENDED)
        if answer.status != 200:
            busy = answer.status == 429 or answer.status >= 500
            raise StorageUnavailable(f"HTTP {answer.status}.", Trouble.BUSY if busy else Trouble.UNEXPECTED)
        try:
            return msgspec.json.decode(answer.content, type=Token)
        except msgspec.MsgspecError as error:
            raise StorageUnavailable("The answer is no token.") from error


class Tokens:
    """The tokens that open a folder, by grant; each is asked for once, and again shortly before it ends.

    All who need the same one at the same time wait for one answer of the service.
    """

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, float]] = {}
        self._asking: dict[str, asyncio.Task[str]] = {}

    async def bearer(self, grants: Grants, client: Client, refresh_token: str, stale: str = "") -> str:
        """`stale`: the one that was refused. Raises StorageUnavailable."""
        key = hashlib.sha256("\0".join((grants.service.token, client.id, refresh_token)).encode()).hexdigest()
        token, until = self._held.get(key, ("", 0.0))
        if token and until > monotonic() and token != stale:
            return token
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._asked(key, grants, client, refresh_token))
            asking.add_done_callback(lambda _: self._asking.pop(key))
        return await asyncio.shield(asking)  # whoever leaves does not take it away from the others

    async def _asked(self, key: str, grants: Grants, client: Client, refresh_token: str) -> str:
        try:
            found = await grants.token(client, {"grant_type": "refresh_token", "refresh_token": refresh_token})
        except GrantRefused as error:
            raise StorageUnavailable(str(error), Trouble.DENIED) from error
        self._held[key] = found.access_token, monotonic() + found.expires_in - EARLY_SECONDS
        return found.access_token


def _refusal(answer: Answer) -> Refusal:
    try:
        return msgspec.json.decode(answer.content, type=Refusal)
    except msgspec.MsgspecError:
        return Refusal()


def _said(status: int, refusal: Refusal, client: Client) -> str:
    return short(f"HTTP {status} {refusal.error} {refusal.error_description}".strip()).replace(client.secret, "…")
