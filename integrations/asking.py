"""Asking a service for orders: over the guarded wire, again after trouble that passes, no faster than it allows."""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from db.sources import RunOutcome
from integrations.clouds.wire import Answer, Ask, Wire, short
from portal.fetching import SourceUnavailable
from portal.storages import StorageUnavailable, Trouble

LONGEST_WAIT = 120.0  # seconds; whoever wants more is asked by the next run
TOO_MANY = 429
OUTCOMES: Mapping[Trouble, RunOutcome] = {
    Trouble.UNREACHABLE: RunOutcome.UNREACHABLE,
    Trouble.TIMED_OUT: RunOutcome.TIMED_OUT,
    Trouble.BUSY: RunOutcome.BUSY,
    Trouble.DENIED: RunOutcome.DENIED,
    Trouble.MOVED: RunOutcome.MOVED,
}


@dataclass(frozen=True)
class Pace:
    """Seconds: `apart` between two calls of one endpoint, `pauses` before each new try of one that failed."""

    apart: float = 0.0
    pauses: tuple[float, ...] = (1.0, 5.0, 15.0)


@dataclass
class Turns:
    """Whose turn it is at an endpoint.

    A call begins so long after the answer to the one before it, as the way there is not always equally long.
    """

    apart: float
    _next: dict[str, float] = field(default_factory=dict)
    _locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    @asynccontextmanager
    async def turn(self, endpoint: str) -> AsyncIterator[None]:
        if not self.apart:
            yield
            return
        clock = asyncio.get_running_loop().time
        async with self._locks[endpoint]:
            await asyncio.sleep(max(0.0, self._next.get(endpoint, 0.0) - clock()))
            try:
                yield
            finally:
                self._next[endpoint] = clock() + self.apart


class Asking:
    """All calls of the process to one kind of service."""

    def __init__(self, wire: Wire, pace: Pace) -> None:
        self._wire = wire
        self._pace = pace
        self._turns = Turns(pace.apart)

    async def ask(self, ask: Ask, endpoint: str = "") -> Answer:
        """The answer, whatever its status, but for what may pass by itself: that is asked for again.

        `endpoint` names what the service counts calls of. Raises SourceUnavailable.
        """
        for pause in (*self._pace.pauses, None):
            try:
                async with self._turns.turn(endpoint):
                    answer = await self._wire.ask(ask)
            except StorageUnavailable as error:
                trouble = SourceUnavailable(str(error), OUTCOMES.get(error.trouble, RunOutcome.UNEXPECTED))
                wait = 0.0
            else:
                if answer.status not in (408, TOO_MANY) and answer.status < 500:
                    return answer
                trouble, wait = SourceUnavailable(f"HTTP {answer.status}.", RunOutcome.BUSY), retry_after(answer)
            if pause is None or wait > LONGEST_WAIT:
                raise trouble
            await asyncio.sleep(max(pause, wait))
        raise AssertionError("the last try ends it")


def retry_after(answer: Answer, now: datetime | None = None) -> float:
    """What the service advises, in seconds; 0 where it does not. RFC 9110 §10.2.3: a number, or a date."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal() and len(text) < 7:
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds()) if at.tzinfo else 0.0


def good(answer: Answer) -> bytes:
    """The body of a success. Raises SourceUnavailable for everything else."""
    status = answer.status
    if 200 <= status < 300:
        return answer.content
    if status in (401, 403):
        raise SourceUnavailable(f"HTTP {status}: access is denied. {_words(answer)}".strip(), RunOutcome.DENIED)
    if 300 <= status < 400:
        place = short(answer.headers.get("location", "somewhere else"))
        raise SourceUnavailable(f"HTTP {status}: it sends us to {place}.", RunOutcome.MOVED)
    raise SourceUnavailable(f"HTTP {status}. {_words(answer)}".strip())


def basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def _words(answer: Answer) -> str:
    """What the service says of it, where it is a text for people and no whole page."""
    text = answer.content[:300].decode("utf-8", "replace").strip()
    return "" if text.startswith("<") else short(text)
