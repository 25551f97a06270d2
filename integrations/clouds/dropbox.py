"""Dropbox, API version 2: https://www.dropbox.com/developers/documentation/http/documentation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from integrations.clouds.drive import Account, below, decoded, in_order, instant, named
from integrations.clouds.grants import Service
from integrations.clouds.remote_bytes import Found, Reading, RemoteBytes
from integrations.clouds.wire import Answer, Ask, refuse_unsized, refused
from portal.storages import MOST_ENTRIES, Entry, FileMissing

SERVICE = Service(
    authorize="https://www.dropbox.com/oauth2/authorize",
    token="https://api.dropboxapi.com/oauth2/token",  # noqa: S106 (an address)
    api="https://api.dropboxapi.com/2",
    content="https://content.dropboxapi.com/2",
    more={"token_access_type": "offline"},
)
PAGE = 1000
T = TypeVar("T")


class Item(msgspec.Struct, frozen=True, rename={"kind": ".tag"}):
    """`rev` differs whenever the bytes differ, and can be read by itself."""

    kind: str
    name: str
    rev: str = ""
    size: int | None = None
    server_modified: str = ""


class Page(msgspec.Struct, frozen=True):
    entries: list[Item]
    cursor: str = ""
    has_more: bool = False


class Refusal(msgspec.Struct, frozen=True):
    error_summary: str = ""


class Dropbox:
    """Fulfils portal.storages.Storage."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._api, self._content = account.grants.service.api, account.grants.service.content

    async def entries(self, path: str) -> list[Entry]:
        page = await self._told("files/list_folder", {"path": self._at(path), "limit": PAGE}, Page, path)
        items = list(page.entries)
        while page.has_more and len(items) <= MOST_ENTRIES:
            page = await self._told("files/list_folder/continue", {"cursor": page.cursor}, Page, path)
            items += page.entries
        return in_order([_entry(below(path, item.name), item) for item in items if item.kind in ("file", "folder")])

    async def stat(self, path: str) -> Entry:
        return _entry(path, await self._file(path))

    async def open(self, path: str) -> RemoteBytes:
        file = await self._file(path)
        argument = msgspec.json.encode({"path": f"rev:{file.rev}"}).decode()

        async def ask() -> Ask:
            """By its revision, so that no other version can come."""
            return await self._account.bearing(
                Ask("POST", f"{self._content}/files/download", {"dropbox-api-arg": argument})
            )

        async def is_same(told: Mapping[str, str]) -> bool:
            return f'"{file.rev}"' in told.get("dropbox-api-result", "")

        found = Found(path=path, size=file.size or 0, version=file.rev, modified=instant(file.server_modified))
        return RemoteBytes(found, self._account.wire, Reading(ask=ask, is_same=is_same))

    def local_path(self, _path: str) -> Path | None:
        return None

    def presigned(self, _path: str, _answer: Mapping[str, str]) -> str | None:
        return None

    async def _file(self, path: str) -> Item:
        named(path)
        item = await self._told("files/get_metadata", {"path": self._at(path)}, Item, path)
        if item.kind != "file":
            raise FileMissing(path)
        refuse_unsized(item.size)
        return item

    def _at(self, path: str) -> str:
        """Dropbox calls the root an empty text."""
        return "".join(f"/{part}" for part in self._account.parts(path))

    async def _told(self, call: str, argument: Mapping[str, object], shape: type[T], path: str) -> T:
        body = msgspec.json.encode(argument)
        answer = await self._account.answer(
            Ask("POST", f"{self._api}/{call}", {"content-type": "application/json"}, body)
        )
        if answer.status != 200:
            raise _refused(answer, path)
        return decoded(answer, shape)


def _refused(answer: Answer, path: str) -> Exception:
    """409 is how Dropbox says no to what it understood; the summary says why."""
    summary = decoded(answer, Refusal).error_summary if answer.status == 409 else ""
    if summary.startswith(("path/not_found", "path/not_file", "path/not_folder", "path/malformed_path")):
        return FileMissing(path)
    return refused(answer, path)


def _entry(path: str, item: Item) -> Entry:
    is_folder = item.kind == "folder"
    return Entry(path=path, name=item.name, is_folder=is_folder, size=item.size or 0, version=item.rev)
