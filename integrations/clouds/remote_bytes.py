"""Bytes of a storage elsewhere: read as they are asked for, and never mixed of two versions."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from integrations.clouds.large_bodies import Inlet
from integrations.clouds.wire import Ask, Streamed, Wire, refused
from portal.byte_ranges import EAGER_BYTES, BytesChangedError, Eagerness
from portal.storages import StorageUnavailable

CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
GONE = frozenset({404, 409, 410, 412, 416})  # what was there when it was opened
MOST_PARTS = 100
LARGE = EAGER_BYTES  # for less, a connection that is kept is the quicker one


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file as the storage described it; `size` in bytes."""

    path: str
    size: int
    version: str
    modified: datetime | None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How one version is read: `ask` is made anew for every part, `is_same` looks at the headers of its answer.

    Both may ask the service themselves. Raise what a storage raises.
    """

    ask: Callable[[], Awaitable[Ask]]
    is_same: Callable[[Mapping[str, str]], Awaitable[bool]]


class RemoteBytes:
    """Fulfils portal.byte_ranges.Bytes. A line that breaks is taken up again, as long as it brings something."""

    def __init__(self, found: Found, wire: Wire, reading: Reading) -> None:
        self.size, self.version, self.modified = found.size, found.version, found.modified
        self._path = found.path
        self._wire = wire
        self._reading = reading

    async def read(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        at, parts, eagerness = start, 0, Eagerness()
        while at < end:
            begun, parts = at, parts + 1
            if parts > MOST_PARTS:
                raise StorageUnavailable("The line breaks again and again.")
            try:
                async with self._part(at, end) as (line, pieces):
                    async for piece in pieces:
                        at += len(piece)
                        eagerness.hand()
                        yield piece
                        eagerness.took(len(piece))
                        if line:
                            line.is_wide = eagerness.is_proven
            except StorageUnavailable:
                if at == begun:
                    raise
            if at == begun:
                raise BytesChangedError(self._path)

    async def close(self) -> None:
        """Whoever stops reading has hung up already."""

    @asynccontextmanager
    async def _part(self, start: int, end: int) -> AsyncIterator[tuple[Inlet | None, AsyncIterator[bytes]]]:
        ask = await self._reading.ask()
        ranged = replace(ask, headers={**ask.headers, "range": f"bytes={start}-{end - 1}"})
        way = self._wire.poured if end - start > LARGE else self._wire.streamed
        async with way(ranged) as answer:
            skip = await self._checked(answer, start)
            async with aclosing(_within(answer.pieces, skip, end - start)) as pieces:
                yield answer.line, pieces

    async def _checked(self, answer: Streamed, start: int) -> int:
        """How many bytes are to be skipped, as not every server knows ranges. Raises what reading raises."""
        if answer.status in GONE:
            raise BytesChangedError(self._path)
        if answer.status not in (200, 206):
            raise refused(answer, self._path)
        first, size = _place(answer)
        if size != self.size or first not in (0, start) or not await self._reading.is_same(answer.headers):
            raise BytesChangedError(self._path)
        return start - first


def _place(answer: Streamed) -> tuple[int, int]:
    """Where the answer begins, and how large the whole is."""
    if answer.status == 200:
        return 0, int(answer.headers.get("content-length", "-1"))
    match = CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
    if not match or match[3] == "*":
        raise StorageUnavailable("It sends a part and does not say which one.")
    return int(match[1]), int(match[3])


async def _within(pieces: AsyncIterator[bytes], skip: int, length: int) -> AsyncGenerator[bytes, None]:
    """What lies behind the first `skip` bytes, and not more than `length` of it."""
    async for piece in pieces:
        wanted = piece[skip : skip + length]
        skip = max(0, skip - len(piece))
        length -= len(wanted)
        if wanted:
            yield wanted
        if not length:
            return
