"""Whoever guesses waits longer each time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil


class TooSoon(Exception):
    """There were too many tries; the next one counts after so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"{seconds} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Patience:
    """So many tries are free; then the wait doubles from one second up to `longest`."""

    free: int
    longest: timedelta

    def wait(self, tries: int) -> timedelta:
        """How long after that many tries the next one may come."""
        if tries < self.free:
            return timedelta(0)
        return min(self.longest, timedelta(seconds=2 ** min(tries - self.free, 20)))


# An account's wait stays short, and known browsers have one of their own: nobody locks a merchant out by guessing.
WITH_ACCOUNTS = Patience(free=5, longest=timedelta(minutes=1))
WITH_ADDRESSES = Patience(free=15, longest=timedelta(minutes=15))
Key = tuple[str, Patience]


class Throttle:
    """Remembers the tries of the last hour, for the busiest `most` keys."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._tries: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def count(self, keys: Sequence[Key], now: datetime) -> None:
        """Counts one try before it is known how it ends, so that many at once are many. Raises TooSoon, uncounted."""
        waits = [self._at(key, now)[1] + patience.wait(self._at(key, now)[0]) - now for key, patience in keys]
        if (longest := max(waits)) > timedelta(0):
            raise TooSoon(ceil(longest.total_seconds()))
        for key, _ in keys:
            self._tries[key] = (self._at(key, now)[0] + 1, now)
            self._tries.move_to_end(key)
        while len(self._tries) > self._most:
            self._tries.popitem(last=False)

    def forget(self, keys: Sequence[Key]) -> None:
        """Whoever came in begins anew."""
        for key, _ in keys:
            self._tries.pop(key, None)

    def _at(self, key: str, now: datetime) -> tuple[int, datetime]:
        tries, last = self._tries.get(key, (0, now))
        return (tries, last) if now - last < timedelta(hours=1) else (0, now)
