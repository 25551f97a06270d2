"""OneDrive by Microsoft Graph 1.0: https://learn.microsoft.com/graph/api/resources/driveitem."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec

from integrations.clouds.drive import Account, below, in_order, instant, named
from integrations.clouds.grants import Service
from integrations.clouds.remote_bytes import Found, Reading, RemoteBytes
from integrations.clouds.wire import Ask, refuse_unsized
from portal.byte_ranges import BytesChangedError
from portal.mail_servers import is_loopback
from portal.storages import MOST_ENTRIES, Entry, FileMissing, StorageUnavailable, Trouble

SERVICE = Service(
    authorize="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
    token="https://login.microsoftonline.com/common/oauth2/v2.0/token",  # noqa: S106 (an address)
    api="https://graph.microsoft.com/v1.0",
    scope="offline_access Files.Read",
)
PAGE = 500
NAMES = {"content_tag": "cTag", "modified": "lastModifiedDateTime", "link": "@microsoft.graph.downloadUrl"}


class Item(msgspec.Struct, frozen=True, rename=NAMES):
    """`content_tag` differs whenever the bytes differ. `link` needs no token, and lives about an hour."""

    id: str
    name: str
    size: int | None = None
    content_tag: str = ""
    modified: str = ""
    folder: dict[str, object] | None = None
    file: dict[str, object] | None = None
    link: str = ""


class Page(msgspec.Struct, frozen=True, rename={"next_link": "@odata.nextLink"}):
    value: list[Item]
    next_link: str = ""


class OneDrive:
    """Fulfils portal.storages.Storage."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._api = account.grants.service.api

    async def entries(self, path: str) -> list[Entry]:
        url = f"{self._place(path, '/children')}?$top={PAGE}"
        items: list[Item] = []
        while url and len(items) <= MOST_ENTRIES:
            page = await self._account.told(Ask("GET", url), Page, path)
            items += [item for item in page.value if item.folder is not None or item.file is not None]
            url = self._own(page.next_link)
        return in_order([_entry(below(path, item.name), item) for item in items])

    async def stat(self, path: str) -> Entry:
        return _entry(path, await self._file(path))

    async def open(self, path: str) -> RemoteBytes:
        file = await self._file(path)

        async def unchanged() -> Item:
            try:
                now = await self._file(path)
            except FileMissing as error:
                raise BytesChangedError(path) from error
            if (now.id, now.content_tag) != (file.id, file.content_tag):
                raise BytesChangedError(path)
            return now

        async def ask() -> Ask:
            return Ask("GET", self._elsewhere((await unchanged()).link))

        async def is_same(_told: Mapping[str, str]) -> bool:
            """The link leads to whatever the file is now: that it was the same before and after, tells what comes."""
            await unchanged()
            return True

        modified = instant(file.modified)
        found = Found(path=path, size=file.size or 0, version=file.content_tag, modified=modified)
        return RemoteBytes(found, self._account.wire, Reading(ask=ask, is_same=is_same))

    def local_path(self, _path: str) -> Path | None:
        return None

    def presigned(self, _path: str, _answer: Mapping[str, str]) -> str | None:
        return None

    async def _file(self, path: str) -> Item:
        named(path)
        item = await self._account.told(Ask("GET", self._place(path)), Item, path)
        if item.file is None:
            raise FileMissing(path)
        refuse_unsized(item.size)
        return item

    def _place(self, path: str, what: str = "") -> str:
        """The address of an item, or of something that belongs to it."""
        parts = "/".join(quote(part, safe="") for part in self._account.parts(path))
        return f"{self._api}/me/drive/root" + (f":/{parts}:{what}" if parts else what)

    def _own(self, url: str) -> str:
        """The next page, only where the token may go."""
        if url and not url.startswith(f"{self._api}/"):
            raise StorageUnavailable("The next page lies elsewhere.", Trouble.MOVED)
        return url

    def _elsewhere(self, url: str) -> str:
        """The link to the bytes: another host by design, by https, and it gets no token of ours."""
        link = urlsplit(url)
        at_home = link.scheme == "http" and all(is_loopback(urlsplit(each).hostname or "") for each in (url, self._api))
        if link.scheme != "https" and not at_home:
            raise StorageUnavailable("The link to the file is none that can be followed.", Trouble.MOVED)
        return url


def _entry(path: str, item: Item) -> Entry:
    is_folder = item.folder is not None
    size, version = (0, "") if is_folder else (item.size or 0, item.content_tag)
    return Entry(path=path, name=item.name, is_folder=is_folder, size=size, version=version)
