"""How many bytes of a download have left, counted while they leave: many transfers at once share one cap."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import datetime

from portal.byte_ranges import Bytes, TooMuchAsked

REMEMBERED = 10_000
MOST_TRANSFERS = 8  # of one download at once: enough for those who fetch a file in parts


class TooManyTransfers(TooMuchAsked):
    """As many as may be are running already. One more is possible when one of them has ended."""


class CapReached(TooMuchAsked):
    """More bytes of this download were asked for than any honest reader needs. The transfer ends here."""


@dataclass
class Meter:
    """One download's count, shared by its transfers, of which `running` go on. `cap` and `sent` in bytes."""

    cap: int
    sent: int
    reached: bool = False
    running: int = 0

    @contextmanager
    def transfer(self) -> Iterator[None]:
        """Raises TooManyTransfers."""
        if self.running >= MOST_TRANSFERS:
            raise TooManyTransfers(f"{self.running} transfers are running")
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1

    @property
    def is_full(self) -> bool:
        return self.sent >= self.cap

    def take(self, length: int) -> None:
        if self.sent + length > self.cap:
            self.reached = True
            raise CapReached(f"{self.cap} bytes were served")
        self.sent += length


class Meters:
    """What was served last. What is on record counts where nothing is known of a download here."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Meter] = OrderedDict()

    def of(self, name: str, cap: int, on_record: int) -> Meter:
        """`name` tells downloads and archives apart."""
        meter = self._known.setdefault(name, Meter(cap, on_record))
        self._known.move_to_end(name)
        if len(self._known) > REMEMBERED:  # what is being served is not forgotten
            oldest = next((known for known, each in self._known.items() if not each.running), None)
            if oldest is not None and oldest != name:
                del self._known[oldest]
        return meter


class MeteredBytes:
    """Bytes that are counted piece by piece as they leave.

    Those of an archive share the cap of `whole`; `meter` only adds up then.
    """

    def __init__(self, source: Bytes, meter: Meter, whole: Meter | None = None) -> None:
        self._source = source
        self.meter = meter
        self._whole = whole

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
        with (self._whole or self.meter).transfer():
            async with aclosing(self._source.read(start, end)) as pieces:
                async for piece in pieces:
                    self._take(len(piece))
                    yield piece

    def _take(self, length: int) -> None:
        if self._whole is None:
            self.meter.take(length)
        else:
            self._whole.take(length)
            self.meter.sent += length

    async def close(self) -> None:
        await self._source.close()
