"""A merchant lets Tresen read his folder at a service, by OAuth 2: he agrees there, and we get a refresh token.

The code dance of RFC 6749 §4.1 with PKCE (RFC 7636). What has to be remembered meanwhile travels in `state`, sealed:
it is bound to the session and the storage, and nobody but this shop can read or make one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.storages import Storage, StorageKind
from portal import storage_options
from portal.activity import TRESEN, By, entry
from portal.refusals import NotFound
from portal.sessions import SignedIn
from portal.storage_options import REFRESH_TOKEN
from portal.storages import StorageUnavailable
from portal.vault import Unreadable, Vault

PURPOSE = "storage-grant"
PATH = "/admin/storages/grants"  # where the service sends the merchant back to
VALID_FOR = timedelta(hours=1)
KIND = "storage_grants"
LIMIT = timedelta(minutes=10)


class GrantRefused(Exception):
    """The service does not let us in; the text is what it said.

    `is_over`: the grant itself has ended, so that only agreeing anew helps. Else the app's secret may be wrong, or the
    service has a bad day, and the same grant may work tomorrow.
    """

    def __init__(self, detail: str, *, is_over: bool = False) -> None:
        super().__init__(detail)
        self.is_over = is_over


class StateUnknown(Exception):
    """Nobody here began this: too old, of another session, or made up."""


@dataclass(frozen=True)
class Client:
    """The merchant's own app at the service."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Agreement:
    """What the merchant came back with, and what belongs to it."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str


class Granter(Protocol):
    """A service that hands out grants; integrations/ has one for each."""

    def address(self, client_id: str, redirect_uri: str, state: str, challenge: str) -> str:
        """Where the merchant agrees."""
        ...

    async def agreed(self, client: Client, agreement: Agreement) -> str:
        """The refresh token. Raises GrantRefused, StorageUnavailable."""
        ...

    async def renewed(self, client: Client, refresh_token: str) -> str:
        """The refresh token from now on, often the same. Raises GrantRefused, StorageUnavailable."""
        ...


@dataclass(frozen=True)
class Asked:
    """What `state` remembers."""

    storage_id: int
    session_id: int
    verifier: str = field(repr=False)
    at: float


@dataclass(frozen=True)
class StorageGrants:
    """`by_kind` holds the services that ask for one; app.py hands them in."""

    by_kind: Mapping[StorageKind, Granter]
    database: Database
    vault: Vault
    base_url: str

    @property
    def redirect_uri(self) -> str:
        """What the merchant enters at the service, to the letter."""
        return f"{self.base_url}{PATH}"

    def address(self, row: Storage, merchant: SignedIn) -> str:
        """Where the merchant agrees to this storage; it changes nothing until he comes back. Empty where none is."""
        granter = self.by_kind.get(row.kind)
        if granter is None:
            return ""
        verifier = secrets.token_urlsafe(48)
        asked = [row.id, merchant.session_id, verifier, merchant.at.timestamp()]
        state = self.vault.sealed(PURPOSE, json.dumps(asked))
        return granter.address(row.options["client_id"], self.redirect_uri, state, challenge(verifier))

    def asked(self, state: str, merchant: SignedIn) -> Asked:
        """What was begun with that `state`. Raises StateUnknown."""
        try:
            asked = Asked(*json.loads(self.vault.opened(PURPOSE, state)))
        except (Unreadable, UnicodeEncodeError) as error:
            raise StateUnknown from error
        is_over = merchant.at.timestamp() - asked.at > VALID_FOR.total_seconds()
        if is_over or asked.session_id != merchant.session_id:
            raise StateUnknown
        return asked

    async def finish(self, state: str, code: str, merchant: SignedIn) -> int:
        """Turns the code into a grant and stores it; the storage's id.

        Raises StateUnknown, NotFound, GrantRefused, StorageUnavailable.
        """
        asked = self.asked(state, merchant)
        async with self.database.reading() as session:
            row = await session.get(Storage, asked.storage_id)
        if row is None or row.kind not in self.by_kind:
            raise NotFound
        client = self._client(row)
        agreement = Agreement(code=code, verifier=asked.verifier, redirect_uri=self.redirect_uri)
        token = await self.by_kind[row.kind].agreed(client, agreement)
        async with self.database.writing() as session:
            await self._store(row, token, session)
            details: dict[str, object] = {"storage": row.id, "name": row.name}
            session.add(entry(merchant.by, "storage_granted", details=details))
        return row.id

    async def renew(self, now: datetime) -> None:
        """Asks each service for a fresh token, as some let a grant die that nobody uses. Its end is a notice, once.

        Here and nowhere else is a grant renewed for good: a download, which is a GET, stores nothing of it.
        """
        async with self.database.reading() as session:
            rows = await session.scalars(select(Storage).where(Storage.kind.in_(self.by_kind)).order_by(Storage.id))
            granted = [row for row in rows if row.options.get(REFRESH_TOKEN)]
        for row in granted:
            await self._renew(row, By(TRESEN, now))

    async def _renew(self, row: Storage, by: By) -> None:
        details: dict[str, object] = {"storage": row.id, "name": row.name}
        try:
            old = self.vault.opened(storage_options.PURPOSE, row.options[REFRESH_TOKEN])
            token = await self.by_kind[row.kind].renewed(self._client(row), old)
        except (StorageUnavailable, Unreadable):
            return  # tomorrow is another day, and the keys that open it may come back
        except GrantRefused as error:
            if error.is_over:
                async with self.database.writing() as session:
                    if await self._replace(row, "", session):
                        details["detail"] = str(error)
                        session.add(entry(by, "storage_grant_lost", None, details, notice=True))
            return
        if token != old:
            async with self.database.writing() as session:
                await self._replace(row, token, session)

    def _client(self, row: Storage) -> Client:
        """Raises GrantRefused where the shop's keys do not open the secret any more."""
        try:
            secret = self.vault.opened(storage_options.PURPOSE, row.options["client_secret"])
        except Unreadable as error:
            raise GrantRefused("The stored client secret cannot be read with this shop's keys.") from error
        return Client(row.options["client_id"], secret)

    async def _replace(self, seen: Storage, token: str, session: AsyncSession) -> bool:
        """Whether it was stored: not where the merchant has agreed anew meanwhile, as his grant is the newer one."""
        row = await session.get(Storage, seen.id)
        if row is None or row.options.get(REFRESH_TOKEN) != seen.options[REFRESH_TOKEN]:
            return False
        return await self._store(seen, token, session)

    async def _store(self, seen: Storage, token: str, session: AsyncSession) -> bool:
        """Nothing where the storage is gone, or its app was changed meanwhile: the token would be another's."""
        row = await session.get(Storage, seen.id)
        if not row or any(row.options.get(name) != seen.options.get(name) for name in ("client_id", "client_secret")):
            return False
        others = {name: value for name, value in row.options.items() if name != REFRESH_TOKEN}
        row.options = {**others, **storage_options.sealed(row.kind, {REFRESH_TOKEN: token}, self.vault)}
        return True


def challenge(verifier: str) -> str:
    """S256 of RFC 7636 §4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
