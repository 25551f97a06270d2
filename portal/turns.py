"""Several prepare at the same time what only one after the other may finish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    """A place in the line; `before` ends with whoever stands in front."""

    before: tuple[asyncio.Future[None], ...]

    @property
    def ahead(self) -> int:
        """How many have not finished yet of those in front."""
        return sum(not each.done() for each in self.before)

    async def comes(self) -> None:
        """Waits until nobody is in front."""
        if self.before:
            await asyncio.wait(self.before)


class Turns:
    """As many as `width` are in line at once, in the order in which they came; the others wait for a place."""

    def __init__(self, width: int) -> None:
        self._places = asyncio.Semaphore(width)
        self._line: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        async with self._places:
            mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            turn = Turn(tuple(self._line))
            self._line.append(mine)
            try:
                yield turn
            finally:
                self._line.remove(mine)
                mine.set_result(None)
