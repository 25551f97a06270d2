"""S3 and what speaks like it: AWS, Hetzner, IONOS, Wasabi, Backblaze, Cloudflare R2, MinIO, Ceph.

Buckets are named in the path (`endpoint/bucket/key`): all of them know that, and no certificate stands in the way.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import unquote_plus
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from integrations.clouds.addresses import endpoint, root_of, segments
from integrations.clouds.markup import parsed
from integrations.clouds.remote_bytes import Found, Reading, RemoteBytes
from integrations.clouds.s3_signature import BODY_SUM, AccessKey, address, headers, presigned
from integrations.clouds.wire import MOST_DIGITS, SENT_AT_ONCE, Answer, Ask, Part, Wire, instant, refused, short, whole
from portal.storages import MOST_ENTRIES, Entry, FileMissing, StorageUnavailable, Trouble

NOTHING: Mapping[str, str] = {}
PART_BYTES = 64 * 1024 * 1024  # ten thousand of them may be one file
DEFAULT_REGION = "us-east-1"  # what those expect that know no regions


class S3:
    """Fulfils portal.storages.Storage and portal.depositories.Depository."""

    def __init__(self, options: Mapping[str, str], wire: Wire) -> None:
        self._wire = wire
        self._origin = endpoint(options["endpoint"])
        self._bucket = options["bucket"].strip("/ ")
        self._root = root_of(options, "prefix")
        self._key = AccessKey(
            options["access_key_id"].strip(),
            options["secret_access_key"].strip(),
            options.get("region", "").strip() or DEFAULT_REGION,
        )

    async def entries(self, path: str) -> list[Entry]:
        here = [*self._root, *segments(path)]
        prefix = "".join(f"{part}/" for part in here)
        found = [entry async for entry in self._listed(prefix, path)]
        if path and not found:
            raise FileMissing(path)
        return sorted(found, key=lambda entry: (not entry.is_folder, entry.name.casefold()))

    async def stat(self, path: str) -> Entry:
        found = await self._found(path)
        name = path.rpartition("/")[2]
        return Entry(path=path, name=name, is_folder=False, size=found.size, version=found.version)

    async def open(self, path: str) -> RemoteBytes:
        found = await self._found(path)

        async def ask() -> Ask:
            return self._asked("GET", self._key_of(path), more={"if-match": found.version})

        async def is_same(told: Mapping[str, str]) -> bool:
            return told.get("etag", found.version) == found.version

        return RemoteBytes(found, self._wire, Reading(ask=ask, is_same=is_same))

    def local_path(self, _path: str) -> Path | None:
        return None

    def presigned(self, path: str, answer: Mapping[str, str]) -> str | None:
        url = address(self._origin, [self._bucket, *self._key_of(path)], NOTHING)
        query = {f"response-{name}": value for name, value in answer.items()}
        return presigned(url, query, self._key, datetime.now(UTC))

    async def put(self, path: str, file: Path) -> None:
        """In one piece where it is small, else in parts, which are no file before all of them are there."""
        key, size = self._key_of(path), (await asyncio.to_thread(file.stat)).st_size
        if size <= PART_BYTES:
            await self._sent(key, NOTHING, Part(file, 0, size))
            return
        await self._clear(key)
        begun = await self._told("POST", key, {"uploads": ""})
        query = {"uploadId": _text(begun, "UploadId")}
        try:
            tags = [
                await self._sent(key, {**query, "partNumber": str(number)}, part)
                for number, part in enumerate(_parts(file, size), start=1)
            ]
            await self._told("POST", key, query, _all_of(tags))
        except BaseException:
            with suppress(StorageUnavailable):
                await self._wire.ask(self._asked("DELETE", key, query))
            raise

    async def remove(self, path: str) -> None:
        answer = await self._wire.ask(self._asked("DELETE", self._key_of(path)))
        if answer.status not in (200, 204, 404):
            raise self._refused(answer, path)

    async def _clear(self, key: list[str]) -> None:
        """The parts that a killed one left: nobody sees them, and they cost money. Not every service tells of them."""
        name = "/".join(key)
        with suppress(StorageUnavailable, FileMissing):
            for upload in await self._told("GET", [], {"uploads": "", "prefix": name}):
                if _local(upload) == "Upload" and _text(upload, "Key") == name:
                    query = {"uploadId": _text(upload, "UploadId")}
                    await self._wire.ask(self._asked("DELETE", key, query))

    async def _told(self, method: str, key: list[str], query: Mapping[str, str], content: bytes = b"") -> Element:
        """The answer of a request about an upload; a failure may come with status 200."""
        more = {BODY_SUM: hashlib.sha256(content).hexdigest()}
        ask = replace(self._asked(method, key, query=query, more=more), content=content)
        answer = await self._wire.ask(ask)
        if answer.status != 200:
            raise self._refused(answer, "/".join(key))
        told = parsed(answer.content)
        if _local(told) == "Error":
            raise StorageUnavailable(short(f"{_text(told, 'Code')}: {_text(told, 'Message')}"))
        return told

    async def _sent(self, key: list[str], query: Mapping[str, str], part: Part) -> str:
        """The tag that it got."""
        more = {BODY_SUM: await asyncio.to_thread(_sum, part)}
        answer = await self._wire.send(self._asked("PUT", key, query=query, more=more), part)
        if answer.status != 200:
            raise self._refused(answer, "/".join(key))
        return answer.headers.get("etag", "")

    def _key_of(self, path: str) -> list[str]:
        """Raises FileMissing for the root itself, too: it is no file."""
        if not path:
            raise FileMissing(path)
        return [*self._root, *segments(path)]

    async def _found(self, path: str) -> Found:
        answer = await self._wire.ask(self._asked("HEAD", self._key_of(path)))
        if answer.status != 200:
            raise self._refused(answer, path)
        told = answer.headers
        try:
            length, version, modified = told["content-length"], told["etag"], instant(told["last-modified"])
            if len(length) > MOST_DIGITS:
                raise ValueError(length)
            return Found(path=path, size=int(length), version=version, modified=modified)
        except (KeyError, ValueError) as error:
            raise StorageUnavailable("The answer is none that S3 would give.") from error

    async def _listed(self, prefix: str, path: str) -> AsyncIterator[Entry]:
        """Page after page, as it comes; `encoding-type=url`, as XML cannot bear every character a name may have."""
        query = {"list-type": "2", "delimiter": "/", "encoding-type": "url", "prefix": prefix}
        count = 0
        while True:
            answer = await self._wire.ask(self._asked("GET", [], query=query))
            if answer.status != 200:
                raise self._refused(answer, path)
            page = parsed(answer.content)
            for entry in filter(None, map(partial(_entry, prefix, path), page)):
                count += 1
                if count > MOST_ENTRIES:
                    raise StorageUnavailable(f"There are more than {MOST_ENTRIES} entries.", Trouble.TOO_MANY)
                yield entry
            token = _text(page, "NextContinuationToken")
            if not token:
                return
            query["continuation-token"] = token

    def _asked(
        self, method: str, key: list[str], query: Mapping[str, str] = NOTHING, more: Mapping[str, str] = NOTHING
    ) -> Ask:
        url = address(self._origin, [self._bucket, *key], query)
        return Ask(method, url, headers(method, url, self._key, datetime.now(UTC), more))

    def _refused(self, answer: Answer, path: str) -> Exception:
        region = answer.headers.get("x-amz-bucket-region")
        if region and region != self._key.region:
            return StorageUnavailable(f"The bucket lies in the region {region}.", Trouble.MOVED)
        if answer.status == 404 and not path:
            return FileMissing(self._bucket)
        return refused(answer, path)


def _parts(file: Path, size: int) -> Iterator[Part]:
    for start in range(0, size, PART_BYTES):
        yield Part(file, start, min(PART_BYTES, size - start))


def _sum(part: Part) -> str:
    digest = hashlib.sha256()
    with part.file.open("rb") as source:
        source.seek(part.start)
        left = part.size
        while block := source.read(min(left, SENT_AT_ONCE)):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def _all_of(tags: list[str]) -> bytes:
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(tag)}</ETag></Part>"
        for number, tag in enumerate(tags, start=1)
    )
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()


def _entry(prefix: str, path: str, element: Element) -> Entry | None:
    """A file or folder of a listing; None for what is neither, such as the marker of the folder itself."""
    kind = _local(element)
    if kind not in ("Contents", "CommonPrefixes"):
        return None
    is_folder = kind == "CommonPrefixes"
    key = unquote_plus(_text(element, "Prefix" if is_folder else "Key")).removesuffix("/")
    name = key.removeprefix(prefix)
    if not name or "/" in name or name in (".", "..") or key == prefix.removesuffix("/"):
        return None
    return Entry(
        path=f"{path}/{name}" if path else name,
        name=name,
        is_folder=is_folder,
        size=0 if is_folder else whole(_text(element, "Size")),
        version="" if is_folder else _text(element, "ETag"),
    )


def _text(element: Element, name: str) -> str:
    return next((child.text or "" for child in element if _local(child) == name), "")


def _local(element: Element) -> str:
    """Without the namespace: some give none, some another."""
    return element.tag.rpartition("}")[2]
