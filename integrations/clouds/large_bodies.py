"""Large bodies, read straight from a connection of their own.

httpcore and h11 copy every byte about five times in pieces of 64 KiB, which took four fifths of the time of a download.
Here h11 reads the head, and a body whose length is told goes from the kernel into one buffer and out of it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import h11

from portal.storages import StorageUnavailable, Trouble

SMALL_BUFFER = 64 * 1024
WIDE_BUFFER = 1024 * 1024


class Inlet(asyncio.BufferedProtocol):
    """What has come and was not taken yet, at most one buffer full: then the other side has to wait.

    `is_wide`: whoever takes is quick, so that the buffer may be a large one.
    """

    def __init__(self) -> None:
        self.is_wide = False
        self._buffer = bytearray(SMALL_BUFFER)
        self._filled = 0
        self._is_over = False
        self._error: Exception | None = None
        self._something = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's fulfils it, and inherits from nothing

    def get_buffer(self, _sizehint: int) -> memoryview:
        return memoryview(self._buffer)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        self._something.set()
        if self._filled == len(self._buffer) and self._transport:
            self._transport.pause_reading()

    def eof_received(self) -> None:
        self._is_over = True
        self._something.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over, self._error = True, exc
        self._something.set()

    def entered(self, transport: asyncio.Transport) -> None:
        """From now on what comes is read from that one, such as after TLS has begun."""
        self._transport = transport

    async def take(self, seconds: float) -> bytes:
        """What there is, as soon as there is something; nothing once all is over. Raises OSError, TimeoutError."""
        if not self._filled and not self._is_over:
            self._something.clear()
            async with asyncio.timeout(seconds):
                await self._something.wait()
        if not self._filled and self._error:
            raise self._error
        taken = bytes(memoryview(self._buffer)[: self._filled])
        was_full = self._filled == len(self._buffer)
        self._filled = 0
        if len(self._buffer) != (length := WIDE_BUFFER if self.is_wide else SMALL_BUFFER):
            self._buffer = bytearray(length)
        if was_full and self._transport and not self._is_over:
            self._transport.resume_reading()
        return taken


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On which one connects. `may_be_asked` looks at the address before the first word; times in seconds."""

    trusted: ssl.SSLContext
    may_be_asked: Callable[[str], bool]
    connect: float
    silence: float


@dataclass(frozen=True)
class Body:
    """The head of an answer, by lower-case name, and its body as it comes."""

    status: int
    headers: dict[str, str]
    pieces: AsyncIterator[bytes]
    line: Inlet


@asynccontextmanager
async def opened(url: str, request: tuple[str, dict[str, str], bytes], terms: Terms) -> AsyncIterator[Body]:
    """`request`: method, headers, content. No redirect is followed. Raises StorageUnavailable, also out of `pieces`."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    inlet = Inlet()
    transport = await _connected(inlet, host, parts.port or (443 if secure else 80), terms)
    try:
        if secure:
            transport = await _secured(transport, inlet, host, terms)
        method, given, content = request
        headers = {"host": parts.netloc, **given}
        if content or method not in ("GET", "HEAD"):
            headers["content-length"] = str(len(content))
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        parser = h11.Connection(h11.CLIENT)
        head = parser.send(h11.Request(method=method, target=target, headers=list(headers.items()))) or b""
        parser.send(h11.Data(content))
        parser.send(h11.EndOfMessage())
        transport.write(head + content)
        answer = await _answered(parser, inlet, host, terms)
        told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        async with aclosing(_pieces(parser, told, inlet, (host, terms))) as pieces:
            yield Body(answer.status_code, told, pieces, inlet)
    finally:
        transport.abort()


async def _connected(inlet: Inlet, host: str, port: int, terms: Terms) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(terms.connect):
            transport, _ = await loop.create_connection(lambda: inlet, host, port)
    except TimeoutError as error:
        raise StorageUnavailable(f"{host} does not answer in time.", Trouble.TIMED_OUT) from error
    except OSError as error:
        raise StorageUnavailable(f"{host}: {error}", Trouble.UNREACHABLE) from error
    address, *_ = transport.get_extra_info("peername")
    if not terms.may_be_asked(address):
        transport.abort()
        detail = f"{host} leads to {address}, which no storage has."
        raise StorageUnavailable(detail, Trouble.UNREACHABLE)
    return transport


async def _secured(transport: asyncio.Transport, inlet: Inlet, host: str, terms: Terms) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    try:
        secured = await loop.start_tls(
            transport, inlet, terms.trusted, server_hostname=host, ssl_handshake_timeout=terms.connect
        )
    except (OSError, ssl.SSLError) as error:
        raise StorageUnavailable(f"{host}: {error}", Trouble.UNREACHABLE) from error
    if secured is None:
        raise StorageUnavailable(f"{host} hung up.", Trouble.UNREACHABLE)
    inlet.entered(secured)
    return secured


async def _answered(parser: h11.Connection, inlet: Inlet, host: str, terms: Terms) -> h11.Response:
    while True:
        event = _event(parser, host)
        if isinstance(event, h11.Response):
            return event
        if event is h11.NEED_DATA:
            parser.receive_data(await _taken(inlet, host, terms))


async def _pieces(
    parser: h11.Connection, told: dict[str, str], inlet: Inlet, there: tuple[str, Terms]
) -> AsyncGenerator[bytes, None]:
    """A body of known length straight from the inlet; any other one through the parser."""
    if "transfer-encoding" in told or not told.get("content-length", "").isdecimal():
        async for piece in _parsed(parser, inlet, there):
            yield piece
        return
    left = int(told["content-length"])
    piece, _ = parser.trailing_data
    while left:
        if piece := (piece or await _taken(inlet, *there))[:left]:
            left -= len(piece)
            yield piece
            piece = b""
        else:
            raise StorageUnavailable(f"{there[0]} hung up in the middle.")


async def _parsed(parser: h11.Connection, inlet: Inlet, there: tuple[str, Terms]) -> AsyncGenerator[bytes, None]:
    while True:
        event = _event(parser, there[0])
        if isinstance(event, h11.Data):
            yield bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return
        else:
            parser.receive_data(await _taken(inlet, *there))


def _event(parser: h11.Connection, host: str) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
    try:
        return parser.next_event()
    except h11.RemoteProtocolError as error:
        raise StorageUnavailable(f"{host}: {error}") from error


async def _taken(inlet: Inlet, host: str, terms: Terms) -> bytes:
    try:
        return await inlet.take(terms.silence)
    except TimeoutError as error:
        raise StorageUnavailable(f"{host} does not answer in time.", Trouble.TIMED_OUT) from error
    except OSError as error:
        raise StorageUnavailable(f"{host}: {error}", Trouble.UNREACHABLE) from error
