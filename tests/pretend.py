"""Small stand-ins for what lies outside: they fulfil portal's protocols and can be told to fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path

from pdfkit.paper import PDF_NAME, XML_NAME, Paper, Printed
from portal.byte_ranges import Bytes, BytesChangedError, HeldBytes
from portal.fetching import Access, Batch, SourceUnavailable
from portal.sealed_options import OptionsRefused
from portal.storages import Entry, FileMissing, StorageUnavailable


class PretendPress:
    """Draws nothing that could be printed. `trouble` is awaited before each document, and may die of it."""

    def __init__(self, trouble: Callable[[Paper], Awaitable[None]] | None = None) -> None:
        self.drawn: list[Paper] = []
        self._trouble = trouble

    async def document(self, paper: Paper, folder: Path) -> Printed:
        if self._trouble:
            await self._trouble(paper)
        self.drawn.append(paper)
        (folder / PDF_NAME).write_bytes(b"%PDF-1.7 " + paper.number.encode())
        (folder / XML_NAME).write_bytes(b"<?xml version='1.0'?><number>" + paper.number.encode() + b"</number>")
        return Printed(pages=1, xrechnung_lacks=("buyer/email",))


class PretendStorage:
    """Holds what `files` holds. `trouble` is called before every answer, with the deed and the path."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.trouble: Callable[[str, str], None] = lambda deed, path: None

    def opener(self, _options: Mapping[str, str]) -> PretendStorage:
        return self

    async def entries(self, path: str) -> list[Entry]:
        return [await self.stat(name) for name in self.files]

    async def stat(self, path: str) -> Entry:
        content = self._content("stat", path)
        version = HeldBytes(content).version
        return Entry(path=path, name=Path(path).name, is_folder=False, size=len(content), version=version)

    async def open(self, path: str) -> Bytes:
        return HeldBytes(self._content("open", path))

    def local_path(self, path: str) -> Path | None:
        return None

    def presigned(self, path: str, answer: Mapping[str, str]) -> str | None:
        return None

    def _content(self, deed: str, path: str) -> bytes:
        self.trouble(deed, path)
        if path not in self.files:
            raise FileMissing(path)
        return self.files[path]


def out_of_reach(_deed: str, _path: str) -> None:
    raise StorageUnavailable("the network cable lies on the floor")


def out_of_order(_deed: str, _path: str) -> None:
    raise OSError(5, "Input/output error")


def changing(deed: str, path: str) -> None:
    if deed == "open":
        raise BytesChangedError(path)


class PretendShop:
    """A service that orders are fetched from: it tells what `batches` hold, and then of its `trouble` if it has any.

    `meanwhile` is awaited before each batch.
    """

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.trouble: SourceUnavailable | None = None
        self.asked: list[datetime | None] = []
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    def refuse(self, options: Mapping[str, str]) -> None:
        if options.get("username") == "nobody":
            raise OptionsRefused("username", "Nobody has no orders.")

    async def count(self, access: Access) -> int:
        if self.trouble:
            raise self.trouble
        return sum(len(batch.orders) for batch in self.batches)

    async def changed(self, access: Access, since: datetime | None) -> AsyncIterator[Batch]:
        self.asked.append(since)
        for batch in self.batches:
            if self.meanwhile:
                await self.meanwhile()
            yield batch
        if self.trouble:
            raise self.trouble
