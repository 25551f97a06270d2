"""A real server on loopback with one file to hand out, storages in all kinds of trouble, and clients of all tempers."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from litestar import Litestar, Request, Response, route

from portal.byte_ranges import Bytes, LocalBytes
from routes.ranges import RangedAnswer, Sent, attachment

MIB = 1024 * 1024
YESTERDAY_NOON = 1_700_000_000  # Tue, 14 Nov 2023 22:13:20 GMT


class Watched:
    """Passes everything on, and remembers how far it was read and whether it was closed."""

    def __init__(self, source: Bytes) -> None:
        self.source = source
        self.size, self.version, self.modified = source.size, source.version, source.modified
        self.read_to = 0
        self.closed = False

    async def read(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        async for piece in self.source.read(start, end):
            self.read_to += len(piece)
            yield piece

    async def close(self) -> None:
        self.closed = True
        await self.source.close()


class Counter:
    """A storage that counts its bytes upwards, and can be told to fail, to hang or to end too early at one of them."""

    version, modified = "1", None

    def __init__(self, size: int, **trouble: int) -> None:
        self.size = size
        self.trouble = trouble
        self.left_alone = asyncio.Event()

    async def read(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        try:
            for at in range(start, end, 1000):
                if at >= self.trouble.get("fails_at", end):
                    raise OSError("the storage is gone")
                if at >= self.trouble.get("hangs_at", end):
                    await asyncio.sleep(60)
                if at >= self.trouble.get("ends_at", end):
                    return
                yield bytes(i % 251 for i in range(at, min(at + 1000, end)))
        finally:
            self.left_alone.set()

    async def close(self) -> None:
        return None


@dataclass
class Shop:
    """One address, `/file`, that hands out whatever `source` is."""

    folder: Path
    source: Bytes | None = None
    name: str = "muster.pdf"
    sent: list[Sent] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    watched: list[Watched] = field(default_factory=list)
    port: int = 0

    @property
    def path(self) -> Path:
        return self.folder / "muster.pdf"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/file"

    def write(self, content: bytes) -> bytes:
        self.path.write_bytes(content)
        os.utime(self.path, (YESTERDAY_NOON, YESTERDAY_NOON))
        return content

    async def get(self, method: str = "GET", **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with a_browser() as client:
            return await client.request(method, self.url, headers=sent)

    async def report(self) -> Sent:
        async with asyncio.timeout(3):
            await self.heard.wait()
        return self.sent[-1]

    async def _hear(self, sent: Sent) -> None:
        await asyncio.sleep(0.01)  # as a database would
        self.sent.append(sent)
        self.heard.set()

    def app(self) -> Litestar:
        @route("/file", http_method=["GET", "HEAD"])
        async def file() -> RangedAnswer:
            self.watched.append(Watched(self.source or await LocalBytes.open(self.path)))
            return RangedAnswer(
                self.watched[-1],
                attachment(self.name),
                media_type="application/pdf",
                headers={"Cache-Control": "private, no-store"},
                on_done=self._hear,
            )

        def sorry(_request: Request[Any, Any, Any], _error: OSError) -> Response[str]:
            return Response("not now", status_code=503, media_type="text/plain")

        return Litestar([file], exception_handlers={OSError: sorry}, openapi_config=None)


@asynccontextmanager
async def serving(shop: Shop) -> AsyncIterator[uvicorn.Server]:
    """Startup alone, without serve(), which takes over the signals and sleeps between its ticks."""
    config = uvicorn.Config(shop.app(), log_level="critical", lifespan="off", timeout_graceful_shutdown=0)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        shop.port = listening.getsockname()[1]
        await server.startup([listening])
        yield server
        server.servers[0].close()


def a_browser() -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=False, trust_env=False)  # loading certificates takes longer than the whole test


@asynccontextmanager
async def a_slow_client(shop: Shop, *headers: str) -> AsyncIterator[asyncio.StreamReader]:
    """Reads the head of the answer, and of the body only what the test asks for."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", shop.port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=16 * 1024)
    writer.write("\r\n".join(["GET /file HTTP/1.1", "Host: localhost", *headers, "", ""]).encode())
    await reader.readuntil(b"\r\n\r\n")
    try:
        yield reader
    finally:
        writer.transport.abort()


async def rest_of(reader: asyncio.StreamReader) -> int:
    length = 0
    try:
        while block := await reader.read(MIB):
            length += len(block)
    except ConnectionResetError:
        pass
    return length
