"""Google Drive, API version 3: https://developers.google.com/workspace/drive/api/reference/rest/v3.

Google knows no paths: each step is a search among the children of a folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

import msgspec

from integrations.clouds.drive import Account, below, in_order, instant, named
from integrations.clouds.grants import Service
from integrations.clouds.remote_bytes import Found, Reading, RemoteBytes
from integrations.clouds.wire import Ask, refuse_unsized, whole
from portal.storages import MOST_ENTRIES, Entry, FileMissing

SERVICE = Service(
    authorize="https://accounts.google.com/o/oauth2/v2/auth",
    token="https://oauth2.googleapis.com/token",  # noqa: S106 (an address)
    api="https://www.googleapis.com/drive/v3",
    scope="https://www.googleapis.com/auth/drive.readonly",
    more={"access_type": "offline", "prompt": "consent"},
)
FOLDER = "application/vnd.google-apps.folder"
OWN_KINDS = "application/vnd.google-apps."  # documents that have no bytes of their own
FIELDS = "nextPageToken,files(id,name,mimeType,size,headRevisionId,modifiedTime)"
PAGE = 1000


class Item(msgspec.Struct, frozen=True, rename="camel"):
    """`head_revision_id` differs whenever the bytes differ, and can be read by itself. `size` is a text of digits."""

    id: str
    name: str
    mime_type: str
    size: str = ""
    head_revision_id: str = ""
    modified_time: str = ""

    @property
    def is_folder(self) -> bool:
        return self.mime_type == FOLDER

    @property
    def can_be_sold(self) -> bool:
        return self.is_folder or (bool(self.head_revision_id) and not self.mime_type.startswith(OWN_KINDS))


class Page(msgspec.Struct, frozen=True, rename="camel"):
    files: list[Item]
    next_page_token: str = ""


class GoogleDrive:
    """Fulfils portal.storages.Storage. Of several files with one name, the one that was changed last counts."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._api = account.grants.service.api

    async def entries(self, path: str) -> list[Entry]:
        folder = await self._folder(self._account.parts(path), path)
        items = await self._children(folder, path)
        newest = {(item.name, item.is_folder): item for item in reversed(items) if "/" not in item.name}
        return in_order([_entry(below(path, item.name), item) for item in newest.values()])

    async def stat(self, path: str) -> Entry:
        return _entry(path, await self._file(path))

    async def open(self, path: str) -> RemoteBytes:
        file = await self._file(path)
        place = (
            f"{self._api}/files/{quote(file.id, safe='')}/revisions/{quote(file.head_revision_id, safe='')}?alt=media"
        )

        async def ask() -> Ask:
            return await self._account.bearing(Ask("GET", place))

        async def is_same(_told: Mapping[str, str]) -> bool:
            return True  # a revision never changes

        modified = instant(file.modified_time)
        found = Found(path=path, size=whole(file.size), version=file.head_revision_id, modified=modified)
        return RemoteBytes(found, self._account.wire, Reading(ask=ask, is_same=is_same))

    def local_path(self, _path: str) -> Path | None:
        return None

    def presigned(self, _path: str, _answer: Mapping[str, str]) -> str | None:
        return None

    async def _file(self, path: str) -> Item:
        name = named(path)
        folder = await self._folder(self._account.parts(path)[:-1], path)
        item = await self._child(folder, name, is_folder=False, path=path)
        refuse_unsized(item.size)
        return item

    async def _folder(self, parts: list[str], path: str) -> str:
        """The id of a folder."""
        folder = "root"
        for part in parts:
            folder = (await self._child(folder, part, is_folder=True, path=path)).id
        return folder

    async def _child(self, folder: str, name: str, *, is_folder: bool, path: str) -> Item:
        for item in await self._children(folder, path, name):
            if item.is_folder == is_folder and item.name == name:
                return item
        raise FileMissing(path)

    async def _children(self, folder: str, path: str, name: str = "") -> list[Item]:
        """Those of that name, or all; the newest first."""
        asked = f"{_text(folder)} in parents and trashed = false" + (f" and name = {_text(name)}" if name else "")
        query = {"q": asked, "fields": FIELDS, "pageSize": str(PAGE), "orderBy": "modifiedTime desc", "spaces": "drive"}
        items: list[Item] = []
        while len(items) <= MOST_ENTRIES:
            page = await self._account.told(Ask("GET", f"{self._api}/files?{urlencode(query)}"), Page, path)
            items += [item for item in page.files if item.can_be_sold]
            if not page.next_page_token:
                break
            query["pageToken"] = page.next_page_token
        return items


def _text(value: str) -> str:
    """A text in Google's query language."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _entry(path: str, item: Item) -> Entry:
    size = 0 if item.is_folder else whole(item.size)
    version = "" if item.is_folder else item.head_revision_id
    return Entry(path=path, name=item.name, is_folder=item.is_folder, size=size, version=version)
