"""How connections are held: many at once, and none for a client who takes nothing any more."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import uvicorn
from uvicorn.server import ServerState

from portal.byte_ranges import SMALL_PIECE, HeldBytes
from routes.ranges import Handover, Part
from serving import Impatient, allow_many_connections

PIECE = bytes(64 * 1024)


@dataclass
class Tap:
    """An application whose answers have `size` bytes; it hears when a client is gone."""

    size: int
    piece: bytes = PIECE
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _scope: object, receive: Callable, send: Callable) -> None:
        headers = [(b"content-length", str(self.size).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for at in range(0, self.size, len(self.piece)):
            piece = self.piece[: self.size - at]
            await send({"type": "http.response.body", "body": piece, "more_body": at + len(piece) < self.size})
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left.set()


@asynccontextmanager
async def asked(tap: Callable, stall_seconds: float) -> AsyncIterator[tuple[socket.socket, ServerState]]:
    """A client with a small window who has asked and read nothing yet."""

    class Hasty(Impatient):
        pass

    Hasty.stall_seconds = stall_seconds
    config = uvicorn.Config(tap, http="httptools", ws="none", lifespan="off", timeout_keep_alive=60)
    config.load()
    state, loop = ServerState(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Hasty(config, state, {}), "127.0.0.1", 0)
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.setblocking(False)
        await loop.sock_connect(line, server.sockets[0].getsockname())
        await loop.sock_sendall(line, b"GET / HTTP/1.1\r\nHost: portal.example.org\r\n\r\n")
        yield line, state
    server.close()
    await asyncio.gather(*state.tasks, return_exceptions=True)


async def test_who_takes_nothing_for_long_is_hung_up_on():
    tap = Tap(50_000_000)

    async with asked(tap, stall_seconds=0.2), asyncio.timeout(30):
        await tap.left.wait()


async def test_who_leaves_the_end_of_an_answer_untaken_is_hung_up_on():
    """The application has done its part by then."""
    tap = Tap(20_000_000, piece=bytes(20_000_000))

    async with asked(tap, stall_seconds=0.2) as (_, state), asyncio.timeout(30):
        await tap.left.wait()
        while state.connections:
            await asyncio.sleep(0.01)


async def test_who_takes_little_is_served_to_the_end():
    tap = Tap(6_000_000)
    loop, taken = asyncio.get_running_loop(), 0

    async with asked(tap, stall_seconds=1.0) as (line, _):
        for _ in range(10):
            taken += len(await loop.sock_recv(line, 4096))
            await asyncio.sleep(0.25)
        while taken < tap.size:
            taken += len(await loop.sock_recv(line, 1_000_000))

    assert taken >= tap.size


class Piece(bytes):
    """Says how many of its kind there are."""

    made = there_are = 0

    def __init__(self, *_: object) -> None:
        Piece.made += 1
        Piece.there_are += 1

    def __del__(self) -> None:
        Piece.there_are -= 1


class Endless(HeldBytes):
    """A file of pieces that can be counted."""

    async def read(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        for _ in range(start, end, SMALL_PIECE):
            yield Piece(SMALL_PIECE)


async def test_who_stalls_costs_one_piece():
    source = Endless(b"")
    source.size = 100_000_000
    answer = Handover(source, Part(200, 0, source.size, bodied=True), None, {"content-length": "100000000"}, [])

    async with asked(answer, stall_seconds=30):
        before = -1
        while Piece.made != before:  # until nothing moves any more
            before = Piece.made
            await asyncio.sleep(0.2)

        assert before > 10
        assert Piece.there_are == 1


def test_a_server_may_have_as_many_connections_as_the_system_grants():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        with suppress(ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        allow_many_connections()

        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
