"""WebDAV (RFC 4918): Nextcloud, ownCloud, and any server that speaks it with a name and a password."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from xml.etree.ElementTree import Element

from integrations.clouds.addresses import endpoint, root_of, segments
from integrations.clouds.markup import parsed
from integrations.clouds.remote_bytes import Found, Reading, RemoteBytes
from integrations.clouds.wire import Answer, Ask, Part, Wire, instant, refuse_unsized, refused, whole
from portal.storages import MOST_ENTRIES, Entry, FileMissing, StorageUnavailable, Trouble

DAV = "{DAV:}"
PROPERTIES = (
    b'<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop>'
    b"<resourcetype/><getcontentlength/><getetag/><getlastmodified/></prop></propfind>"
)


@dataclass(frozen=True)
class Resource:
    """One answer of a PROPFIND. `parts` is its path on the server, unquoted; `etag` without its quotes."""

    parts: list[str]
    is_folder: bool
    length: str
    etag: str
    modified: str

    @property
    def size(self) -> int:
        return whole(self.length)

    @property
    def version(self) -> str:
        return "" if self.is_folder else self.etag or f"{self.size}-{self.modified}"


class WebDav:
    """Fulfils portal.storages.Storage and portal.depositories.Depository."""

    def __init__(self, options: Mapping[str, str], wire: Wire) -> None:
        self._wire = wire
        self._base = endpoint(options["endpoint"])
        self._root = root_of(options, "root")
        pair = f"{options['username']}:{options['password']}".encode()
        self._headers = {"authorization": f"Basic {base64.b64encode(pair).decode()}"}

    async def entries(self, path: str) -> list[Entry]:
        found = await self._resources(path, depth="1")
        own = _parts(self._url(path))
        here = next((each for each in found if each.parts == own), None)
        if here and not here.is_folder:
            raise FileMissing(path)
        below = [each for each in found if each.parts and each.parts[:-1] == own and _can_be_named(each.parts[-1])]
        if len(below) > MOST_ENTRIES:
            raise StorageUnavailable(f"There are more than {MOST_ENTRIES} entries.", Trouble.TOO_MANY)
        entries = (_entry(f"{path}/{each.parts[-1]}" if path else each.parts[-1], each) for each in below)
        return sorted(entries, key=lambda entry: (not entry.is_folder, entry.name.casefold()))

    async def stat(self, path: str) -> Entry:
        return _entry(path, await self._file(path))

    async def open(self, path: str) -> RemoteBytes:
        file = await self._file(path)

        async def ask() -> Ask:
            return Ask("GET", self._url(path), self._headers)

        async def is_same(told: Mapping[str, str]) -> bool:
            """By the tag where there is one, else by the time; the size is compared in any case."""
            if file.etag and "etag" in told:
                return _bare(told["etag"]) == file.etag
            return told.get("last-modified", file.modified) == file.modified

        found = Found(path=path, size=file.size, version=file.version, modified=instant(file.modified))
        return RemoteBytes(found, self._wire, Reading(ask=ask, is_same=is_same))

    def local_path(self, _path: str) -> Path | None:
        return None

    def presigned(self, _path: str, _answer: Mapping[str, str]) -> str | None:
        return None

    async def put(self, path: str, file: Path) -> None:
        """Under a hidden name first: what has the right one is whole."""
        folder, slash, name = path.rpartition("/")
        unfinished = f"{folder}{slash}.{name}.unfinished"
        size = (await asyncio.to_thread(file.stat)).st_size
        try:
            sent = await self._wire.send(Ask("PUT", self._url(unfinished), self._headers), Part(file, 0, size))
            _refuse(sent, path)
            headers = {**self._headers, "destination": self._url(path), "overwrite": "T"}
            _refuse(await self._wire.ask(Ask("MOVE", self._url(unfinished), headers)), path)
        except BaseException:
            with suppress(StorageUnavailable, FileMissing):
                await self.remove(unfinished)
            raise

    async def remove(self, path: str) -> None:
        answer = await self._wire.ask(Ask("DELETE", self._url(path), self._headers))
        if answer.status not in (200, 204, 404):
            raise refused(answer, path)

    async def _file(self, path: str) -> Resource:
        found = await self._resources(path, depth="0")
        if not path or len(found) != 1 or found[0].is_folder:
            raise FileMissing(path)
        refuse_unsized(found[0].length)
        return found[0]

    async def _resources(self, path: str, depth: str) -> list[Resource]:
        headers = {**self._headers, "depth": depth, "content-type": "application/xml; charset=utf-8"}
        slash = "/" if depth == "1" else ""  # a folder without it is answered with a redirect by some
        answer = await self._wire.ask(Ask("PROPFIND", self._url(path) + slash, headers, PROPERTIES))
        if answer.status != 207:
            raise refused(answer, path)
        return list(_told(parsed(answer.content)))

    def _url(self, path: str) -> str:
        return "/".join((self._base, *(quote(part, safe="") for part in (*self._root, *segments(path)))))


def _refuse(answer: Answer, path: str) -> None:
    """RFC 4918: 409 where the folder is not there, 507 where there is no room."""
    if answer.status == 409:
        raise FileMissing(path)
    if answer.status == 507:
        raise StorageUnavailable("HTTP 507: there is no room left.", Trouble.FULL)
    if answer.status not in (200, 201, 204):
        raise refused(answer, path)


def _told(root: Element) -> Iterator[Resource]:
    for response in root.iterfind(f"{DAV}response"):
        href = response.findtext(f"{DAV}href", "").strip()
        if found := next((each for each in response.iterfind(f"{DAV}propstat") if _is_ok(each)), None):
            properties = found.find(f"{DAV}prop")
            if properties is not None:
                yield _resource(href, properties)


def _is_ok(propstat: Element) -> bool:
    return " 200" in propstat.findtext(f"{DAV}status", "")


def _resource(href: str, properties: Element) -> Resource:
    return Resource(
        parts=_parts(href),
        is_folder=properties.find(f"{DAV}resourcetype/{DAV}collection") is not None,
        length=properties.findtext(f"{DAV}getcontentlength", "").strip(),
        etag=_bare(properties.findtext(f"{DAV}getetag", "")),
        modified=properties.findtext(f"{DAV}getlastmodified", "").strip(),
    )


def _parts(href: str) -> list[str]:
    """Split first, then unquoted: a name may hold a quoted slash. Empty for what is no address."""
    with suppress(ValueError):
        return [unquote(part) for part in urlsplit(href).path.split("/") if part]
    return []


def _can_be_named(name: str) -> bool:
    """Whether a path can lead there: some servers allow a slash inside a name."""
    return name not in ("", ".", "..") and "/" not in name


def _entry(path: str, found: Resource) -> Entry:
    name = path.rpartition("/")[2]
    return Entry(path=path, name=name, is_folder=found.is_folder, size=found.size, version=found.version)


def _bare(tag: str) -> str:
    """Servers differ in whether they quote the tag among the properties."""
    return tag.strip().removeprefix("W/").strip('"')
