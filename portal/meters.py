"""How many bytes of a download have left, counted while they leave: many transfers at once share one cap."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from portal.byte_ranges import Bytes

REMEMBERED = 10_000


class CapReached(OSError):
    """More bytes of this download were asked for than any honest reader needs. The transfer ends here."""


@dataclass
class Meter:
    """One download's count, shared by its transfers. `cap` and `sent` in bytes."""

    cap: int
    sent: int
    reached: bool = False

    def take(self, length: int) -> None:
        if self.sent + length > self.cap:
            self.reached = True
            raise CapReached(f"{self.cap} bytes were served")
        self.sent += length


class Meters:
    """The downloads that were served last. What is on record counts where nothing is known of a download here."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, Meter] = OrderedDict()

    def of(self, download_id: int, cap: int, on_record: int) -> Meter:
        meter = self._known.setdefault(download_id, Meter(cap, on_record))
        self._known.move_to_end(download_id)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return meter


class MeteredBytes:
    """Bytes that are counted piece by piece as they leave."""

    def __init__(self, source: Bytes, meter: Meter) -> None:
        self._source = source
        self.meter = meter

    @property
    def size(self) -> int:
        return self._source.size

    @property
    def version(self) -> str:
        return self._source.version

    @property
    def modified(self) -> datetime | None:
        return self._source.modified

    async def read(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        async with aclosing(self._source.read(start, end)) as pieces:
            async for piece in pieces:
                self.meter.take(len(piece))
                yield piece

    async def close(self) -> None:
        await self._source.close()
