"""Uvicorn as Tresen runs it: what leaves of a file goes from the disk to the socket within the kernel.

`http.response.zerocopysend` is an extension of ASGI: https://asgi.readthedocs.io/en/latest/extensions.html#zero-copy-send
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

    App = Callable[..., Awaitable[None]]
    Message = MutableMapping[str, object]

ZERO_COPY = "http.response.zerocopysend"


class ZeroCopy:
    """The application, told that files may be handed over by descriptor."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: App, send: App) -> None:
        cycle = getattr(send, "__self__", None)
        if scope["type"] == "http" and isinstance(cycle, RequestResponseCycle):
            scope["extensions"] = {**cast(dict[str, object], scope.get("extensions") or {}), ZERO_COPY: {}}
            await self._app(scope, receive, Sender(cycle))
        else:
            await self._app(scope, receive, send)


class Sender:
    """`send` for one answer."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    async def __call__(self, message: Message) -> None:
        """`on_copied` of ours hears of every byte of a file that went into the socket, also where not all of them do.

        Raises ConnectionError where nobody is there any more for the bytes of a file, OSError for a bad disk.
        """
        if message["type"] == ZERO_COPY:
            with _own_number(self._cycle.transport) as line:
                await self._flushed(line)
                await self._copied(line, message)
        else:
            await self._cycle.send(cast("ASGISendEvent", message))

    async def _flushed(self, line: int) -> None:
        """What was written before, such as the headers, is on its way before anything overtakes it."""
        await asyncio.sleep(0)
        while self._cycle.transport.get_write_buffer_size() and not self._cycle.disconnected:
            await _writable(line)

    async def _copied(self, line: int, message: Message) -> None:
        """Off the loop, as the disk may be slow. As often as the socket has room again, until all is in it."""
        file, offset, count = (cast(int, message[name]) for name in ("file", "offset", "count"))
        tell = cast("Callable[[int], None]", message["on_copied"])
        while count:
            if self._cycle.disconnected:
                raise ConnectionResetError
            copying = asyncio.get_running_loop().run_in_executor(None, os.sendfile, line, file, offset, count)
            try:
                copied = await asyncio.shield(copying)
            except BlockingIOError:
                await _writable(line)
                continue
            finally:  # whoever is cancelled leaves the thread behind, and a closed number is soon another file's
                await asyncio.gather(copying, return_exceptions=True)
            if not copied:
                raise EOFError("the file ends early")
            offset, count = offset + copied, count - copied
            self._cycle.expected_content_length -= copied
            tell(copied)


@contextmanager
def _own_number(transport: asyncio.Transport) -> Iterator[int]:
    """The connection by a number that is not another's all of a sudden when the server closes its own."""
    number = os.dup(transport.get_extra_info("socket").fileno())
    try:
        yield number
    finally:
        os.close(number)


async def _writable(line: int) -> None:
    loop = asyncio.get_running_loop()
    room: asyncio.Future[None] = loop.create_future()
    loop.add_writer(line, _settle, room)
    try:
        await room
    finally:
        loop.remove_writer(line)


def _settle(room: asyncio.Future[None]) -> None:
    if not room.done():
        room.set_result(None)


@dataclass(frozen=True, kw_only=True)
class Manner:
    """`trusted_proxies` as uvicorn knows them, `grace_seconds` for what runs when the end has come."""

    trusted_proxies: str
    grace_seconds: int


async def serve(
    app: App, listener: socket.socket, manner: Manner, announce: Callable[[], None], ending: Callable[[], None]
) -> bool:
    """Serves until SIGTERM or SIGINT; then `ending` is called, and running requests have their grace.

    Whether it could start at all.
    """

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            ending()
            await super().shutdown(sockets)

    server = Server(
        uvicorn.Config(
            ZeroCopy(app),
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,  # its lines would hold the tokens of portal links
            server_header=False,
            log_config=None,
            proxy_headers=bool(manner.trusted_proxies),
            forwarded_allow_ips=manner.trusted_proxies or None,
            timeout_graceful_shutdown=manner.grace_seconds,
        )
    )
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)  # uvicorn raises again what it caught, after it has ended in good order
    announce()
    await server.serve(sockets=[listener])
    return server.started
