"""Uvicorn as Tresen runs it."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import resource
import signal
import socket
import termios
from collections.abc import Awaitable, Callable
from contextlib import suppress

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

import handover
from handover import Ending

App = Callable[..., Awaitable[None]]
STALL_SECONDS = 120.0
# The kernel keeps no more for a connection than it can send soon. Else it takes megabytes for one who reads nothing,
# and who is slow shows late.
UNSENT_BYTES = 256 * 1024
HAND_OVER = signal.SIGUSR2
DRAINING_SECONDS = 12 * 3600  # for who takes the last bytes from a process that another one has relieved
ACCEPTED_SECONDS = 0.2  # for the request on a connection that came just before nobody was accepted any more
# That wait here before whoever writes has to, until nothing waits any more: a head, and never two pieces of a file.
UNTAKEN_BYTES = 4 * 1024


class Server(uvicorn.Server):
    """Ends as `ending` is told; at SIGUSR2 as soon as another process is ready to accept from `listener`."""

    relief: asyncio.Task[None] | None = None
    is_relieved = False

    def __init__(self, config: uvicorn.Config, listener: socket.socket, ending: Ending) -> None:
        super().__init__(config)
        self.listener = listener
        self.ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # a hundred megabytes of modules and routes that stay: no collection looks at them again
        asyncio.get_running_loop().add_signal_handler(HAND_OVER, self.look_for_relief)
        handover.told_systemd("READY=1")

    def look_for_relief(self) -> None:
        """Once at a time, and not by who is ending already."""
        if not self.should_exit and (self.relief is None or self.relief.done()):
            self.relief = asyncio.create_task(self.be_relieved())

    async def be_relieved(self) -> None:
        """Serves on where no other process gets ready."""
        successor = await handover.successor(self.listener, handover.command_again())
        if successor is None:
            return
        self.is_relieved = self.should_exit = True
        self.config.timeout_graceful_shutdown = DRAINING_SECONDS
        await self.ending.worked_off.wait()
        successor.takes_over()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for each in self.servers:
            each.close()
        self.ending.begun.set()
        if self.is_relieved:
            await asyncio.sleep(ACCEPTED_SECONDS)
        elif self.relief is not None:
            self.relief.cancel()  # whoever stops this process wants none in its place
        await super().shutdown(sockets)
        if self.relief is not None:
            await asyncio.gather(self.relief, return_exceptions=True)


async def serve(
    app: App, listener: socket.socket, announce: Callable[[], None], ending: Ending, grace_seconds: int
) -> bool:
    """Serves until SIGTERM or SIGINT; then `ending` begins, and running requests have `grace_seconds`.

    At SIGUSR2 a new process takes over, and what runs here runs to its end. Whether it could start at all.
    """
    allow_many_connections()

    server = Server(
        uvicorn.Config(
            app,
            http=Impatient,
            ws="none",
            lifespan="on",
            access_log=False,  # its lines would hold the tokens of portal links
            server_header=False,
            log_config=None,
            proxy_headers=False,  # the application looks at them itself
            timeout_graceful_shutdown=grace_seconds,
        ),
        listener,
        ending,
    )
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)  # uvicorn raises again what it caught, after it has ended in good order
    signal.signal(HAND_OVER, signal.SIG_IGN)  # until there is something to hand over
    announce()
    await server.serve(sockets=[listener])
    return server.started


def allow_many_connections() -> None:
    """A download holds a connection and a file, and many systems begin with 1,024 of both together."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # some systems name a bound that they do not grant
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Impatient(HttpToolsProtocol):
    """Ends a connection on which nothing at all was taken for so long, though something waits there.

    Slow is no reason: a byte that the other side has confirmed begins the time anew. Without it, whoever asks and never
    reads would hold a socket, an open file and the pieces in hand until this process ends.
    """

    stall_seconds = STALL_SECONDS
    waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=UNTAKEN_BYTES, low=0)
        with suppress(OSError):  # whose sockets are no TCP ones, or who knows no bound, keeps the kernel's own
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._rest()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.get_write_buffer_size():  # the end of an answer can wait as well
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._rest()
        self.waiting = self.loop.call_later(self.stall_seconds, self._look, self._untaken())

    def _rest(self) -> None:
        if self.waiting:
            self.waiting.cancel()

    def _look(self, before: int) -> None:
        untaken = self._untaken()
        if untaken == before:  # meanwhile nobody wrote: whoever writes is waiting, too
            self.transport.abort()
        elif untaken:
            self._wait()

    def _untaken(self) -> int:
        """Bytes here and in the kernel that were not confirmed yet."""
        size = self.transport.get_write_buffer_size()
        with suppress(OSError):  # not every system tells of its own
            told = fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
            size += int.from_bytes(told, "little", signed=True)
        return size
