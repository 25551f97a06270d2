"""The way to storages elsewhere: bounded in time, no redirect is followed unseen, no metadata service is ever asked.

httpcore and not httpx: nothing here wants cookies, a proxy out of the environment or a .netrc file.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import httpcore

from integrations.clouds.addresses import Door, may_be_asked
from integrations.clouds.large_bodies import Inlet, Terms, opened
from portal.storages import FileMissing, StorageUnavailable, Trouble

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 20.0  # between two bytes
TAKING_IN_SECONDS = 300.0  # until it says what became of what was sent
WHOLE_SECONDS = 30.0  # for an answer that is read as a whole
LONGEST_ANSWER = 8 * 1024 * 1024  # bytes; a thousand entries with long names have about 1 MiB
LONGEST_DETAIL = 300
MOST_DIGITS = 18  # of a size
SIZE = re.compile(f"[0-9]{{1,{MOST_DIGITS}}}")
SENT_AT_ONCE = 1024 * 1024
KEPT_CONNECTIONS = 20
KEPT_SECONDS = 30.0
@dataclass(frozen=True)
class Ask:
    """A request. `url` has its path quoted already."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Part:
    """Some bytes of a file of this machine, to be sent from the disk."""

    file: Path
    start: int
    size: int

    async def pieces(self) -> AsyncIterator[bytes]:
        """Raises OSError where the file has become shorter."""
        with await asyncio.to_thread(self.file.open, "rb") as source:
            await asyncio.to_thread(source.seek, self.start)
            left = self.size
            while left:
                piece = await asyncio.to_thread(source.read, min(left, SENT_AT_ONCE))
                if not piece:
                    raise OSError(f"{self.file.name} has become shorter.")
                left -= len(piece)
                yield piece


@dataclass(frozen=True)
class Answer:
    """`headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""


@dataclass(frozen=True)
class Streamed:
    """An answer whose body is read as it comes, in pieces of at most 64 KiB, or of 1 MiB where `line` is wide."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]
    line: Inlet | None = None


@dataclass(frozen=True, kw_only=True)
class Patience:
    """In seconds."""

    connect: float = CONNECT_SECONDS
    silence: float = SILENCE_SECONDS
    whole: float = WHOLE_SECONDS

    def told(self) -> Mapping[str, float]:
        return {"connect": self.connect, "read": self.silence, "write": self.silence, "pool": self.connect}


class Wire:
    """One pool of connections for all storages, opened when the first of them is asked."""

    _own: ClassVar[Mapping[str, str]] = {"accept-encoding": "identity", "user-agent": "Tresen"}

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._pool: httpcore.AsyncConnectionPool | None = None
        self._opening = asyncio.Lock()
        self._trusted: ssl.SSLContext | None = None

    async def ask(self, ask: Ask) -> Answer:
        """The whole answer, whatever its status. Raises StorageUnavailable."""
        try:
            async with asyncio.timeout(self._patience.whole), self.streamed(ask) as answer:
                content = bytearray()
                async for piece in answer.pieces:
                    content += piece
                    if len(content) > LONGEST_ANSWER:
                        raise StorageUnavailable(f"The answer has more than {LONGEST_ANSWER} bytes.")
                return Answer(answer.status, answer.headers, bytes(content))
        except TimeoutError as error:
            detail = f"No whole answer within {self._patience.whole:g} seconds."
            raise StorageUnavailable(detail, Trouble.TIMED_OUT) from error

    async def send(self, ask: Ask, part: Part) -> Answer:
        """With that part as its body, however long it takes while something moves. Raises StorageUnavailable."""
        pool = await self._opened()
        headers = {**self._own, **ask.headers, "content-length": str(part.size)}
        with _told(urlsplit(ask.url).hostname or ""):
            async with pool.stream(
                ask.method,
                ask.url,
                headers=[(name.encode(), text.encode()) for name, text in headers.items()],
                content=part.pieces(),
                extensions={"timeout": {**self._patience.told(), "read": TAKING_IN_SECONDS}},
            ) as response:
                told = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in response.headers}
                content = bytearray()
                async for piece in response.aiter_stream():
                    content += piece
                    if len(content) > LONGEST_ANSWER:
                        raise StorageUnavailable(f"The answer has more than {LONGEST_ANSWER} bytes.")
                return Answer(response.status, told, bytes(content))

    @asynccontextmanager
    async def streamed(self, ask: Ask) -> AsyncIterator[Streamed]:
        """No redirect is followed. Raises StorageUnavailable, also out of `pieces`."""
        pool = await self._opened()
        with _told(urlsplit(ask.url).hostname or ""):
            async with pool.stream(
                ask.method,
                ask.url,
                headers=[(name.encode(), text.encode()) for name, text in {**self._own, **ask.headers}.items()],
                content=ask.content,
                extensions={"timeout": dict(self._patience.told())},
            ) as response:
                headers = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in response.headers}
                yield Streamed(response.status, headers, response.aiter_stream())

    @asynccontextmanager
    async def poured(self, ask: Ask) -> AsyncIterator[Streamed]:
        """The same over a connection of its own, for what is large."""
        terms = Terms(
            trusted=await self._trusting(),
            may_be_asked=may_be_asked,
            connect=self._patience.connect,
            silence=self._patience.silence,
        )
        request = ask.method, {**self._own, **ask.headers}, ask.content
        async with opened(ask.url, request, terms) as body:
            yield Streamed(body.status, body.headers, body.pieces, body.line)

    async def close(self) -> None:
        if self._pool:
            await self._pool.aclose()

    async def _trusting(self) -> ssl.SSLContext:
        if self._trusted is None:
            self._trusted = await asyncio.to_thread(_trusted)
        return self._trusted

    async def _opened(self) -> httpcore.AsyncConnectionPool:
        async with self._opening:
            if self._pool is None:
                self._pool = httpcore.AsyncConnectionPool(
                    ssl_context=await self._trusting(),
                    max_connections=None,  # each customer who downloads holds one
                    max_keepalive_connections=KEPT_CONNECTIONS,
                    keepalive_expiry=KEPT_SECONDS,
                    network_backend=Door(),
                )
            return self._pool


def refused(answer: Answer | Streamed, what: str) -> Exception:
    """What a status means that is no success; `what` was asked for, and is named where it is not there."""
    status = answer.status
    if status in (404, 410):
        return FileMissing(what)
    if status in (401, 403):
        return StorageUnavailable(f"HTTP {status}: access is denied.", Trouble.DENIED)
    if 300 <= status < 400:
        place = short(answer.headers.get("location", "somewhere else"))
        return StorageUnavailable(f"HTTP {status}: it sends us to {place}.", Trouble.MOVED)
    if status in (408, 429) or status >= 500:
        return StorageUnavailable(f"HTTP {status}.", Trouble.BUSY)
    return StorageUnavailable(f"HTTP {status}.")


def whole(text: str) -> int:
    """A size in bytes as servers write it; 0 where that is no number, or none that a file can have."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else 0


def refuse_unsized(size: int | str | None) -> None:
    """Raises StorageUnavailable for a file of unknown length: as an empty one it would be sold, and never arrive."""
    if not SIZE.fullmatch("" if size is None else str(size)):
        raise StorageUnavailable("It does not say how large the file is.")


def instant(text: str) -> datetime | None:
    """A date as HTTP writes it; None where that is none, or none that a calendar has."""
    try:
        return parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None


def short(text: str) -> str:
    """What others said, as one line that can be shown."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:LONGEST_DETAIL]


@contextmanager
def _told(host: str) -> Iterator[None]:
    try:
        yield
    except httpcore.TimeoutException as error:
        raise StorageUnavailable(f"{host} does not answer in time.", Trouble.TIMED_OUT) from error
    except httpcore.NetworkError as error:
        raise StorageUnavailable(short(f"{host}: {error}"), Trouble.UNREACHABLE) from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise StorageUnavailable(short(f"{host}: {error}")) from error


def _trusted() -> ssl.SSLContext:
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
