"""S3 and what speaks like it: AWS, Hetzner, IONOS, Wasabi, Backblaze, Cloudflare R2, MinIO, Ceph.

Buckets are named in the path (`endpoint/bucket/key`): all of them know that, and no certificate stands in the way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import unquote_plus
from xml.etree.ElementTree import Element

from integrations.clouds.markup import parsed
from integrations.clouds.remote_bytes import Found, Reading, RemoteBytes
from integrations.clouds.s3_signature import AccessKey, address, headers, presigned
from integrations.clouds.wire import (
    MOST_DIGITS,
    Answer,
    Ask,
    Wire,
    endpoint,
    instant,
    refused,
    root_of,
    segments,
    whole,
)
from portal.storages import MOST_ENTRIES, Entry, FileMissing, StorageUnavailable, Trouble

NOTHING: Mapping[str, str] = {}
DEFAULT_REGION = "us-east-1"  # what those expect that know no regions


class S3:
    """Fulfils portal.storages.Storage."""

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
