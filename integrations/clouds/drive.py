"""What Dropbox, Google Drive and OneDrive have in common: a grant, JSON, and one more try when a token has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from integrations.clouds.addresses import root_of, segments
from integrations.clouds.grants import Grants, Tokens
from integrations.clouds.wire import Answer, Ask, Wire, refused
from portal.sealed_options import OptionsRefused
from portal.storage_grants import Client
from portal.storage_options import REFRESH_TOKEN
from portal.storages import MOST_ENTRIES, Entry, FileMissing, StorageUnavailable, Trouble

T = TypeVar("T")
JSON = {"accept": "application/json"}
NOT_GRANTED = "The account is not connected yet: agree to it on the storage's page."


@dataclass(frozen=True)
class Account:
    """The merchant's folder at a service, behind his grant."""

    grants: Grants
    tokens: Tokens
    client: Client
    refresh_token: str = field(repr=False)
    root: tuple[str, ...] = ()

    @property
    def wire(self) -> Wire:
        return self.grants.wire

    async def bearing(self, ask: Ask) -> Ask:
        """The same request with a token."""
        return _bearing(ask, await self._token())

    async def answer(self, ask: Ask) -> Answer:
        """Whatever the status; a token that was refused is replaced once. Raises StorageUnavailable."""
        token = await self._token()
        answer = await self.wire.ask(_bearing(ask, token))
        if answer.status == 401:
            answer = await self.wire.ask(_bearing(ask, await self._token(stale=token)))
        return answer

    async def told(self, ask: Ask, shape: type[T], path: str) -> T:
        """What the service answered. Raises FileMissing, StorageUnavailable."""
        answer = await self.answer(replace(ask, headers={**JSON, **ask.headers}))
        if answer.status != 200:
            raise refused(answer, path)
        return decoded(answer, shape)

    async def _token(self, stale: str = "") -> str:
        return await self.tokens.bearer(self.grants, self.client, self.refresh_token, stale)

    def parts(self, path: str) -> list[str]:
        """The path at the service. Raises FileMissing."""
        return [*self.root, *segments(path)]


def account(options: Mapping[str, str], grants: Grants, tokens: Tokens) -> Account:
    """Raises OptionsRefused, also while the merchant has not agreed yet."""
    root = root_of(options, "root")
    if not options.get(REFRESH_TOKEN):
        raise OptionsRefused(REFRESH_TOKEN, NOT_GRANTED)
    client = Client(options["client_id"].strip(), options["client_secret"].strip())
    return Account(grants, tokens, client, options[REFRESH_TOKEN], tuple(root))


def _bearing(ask: Ask, token: str) -> Ask:
    return replace(ask, headers={**ask.headers, "authorization": f"Bearer {token}"})


def decoded(answer: Answer, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except msgspec.MsgspecError as error:
        raise StorageUnavailable("The answer is none that this service would give.") from error


def in_order(entries: list[Entry]) -> list[Entry]:
    """Folders first. Raises StorageUnavailable for more than can be shown."""
    if len(entries) > MOST_ENTRIES:
        raise StorageUnavailable(f"There are more than {MOST_ENTRIES} entries.", Trouble.TOO_MANY)
    return sorted(entries, key=lambda entry: (not entry.is_folder, entry.name.casefold()))


def below(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def named(path: str) -> str:
    """The last part of a path. Raises FileMissing for the root, which is no file."""
    if not path:
        raise FileMissing(path)
    return path.rpartition("/")[2]


def instant(text: str) -> datetime | None:
    """RFC 3339, as all three write it."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None
