"""Slow clients: one connection for each path read from standard input, each taking a little and resting, until ended.

Says how many have got their first bytes once all have, or a minute is over, and after how many seconds. Run by
`bench.downloads`.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import suppress
from time import monotonic

LIMIT_SECONDS = 60.0


async def main() -> None:
    port, piece, pause = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    paths = sys.stdin.read().split()
    ready = asyncio.Semaphore(0)
    began, begun = monotonic(), 0
    tasks = [asyncio.create_task(slow(port, path, piece, pause, ready)) for path in paths]
    with suppress(TimeoutError):
        async with asyncio.timeout(LIMIT_SECONDS):
            while begun < len(tasks):
                await ready.acquire()
                begun += 1
    print(begun, monotonic() - began, flush=True)
    await asyncio.gather(*tasks)


async def slow(port: int, path: str, piece: int, pause: float, ready: asyncio.Semaphore) -> None:
    """With the smallest buffer the kernel allows, so that it is slow for the server, too."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    line.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(line, ("127.0.0.1", port))
    await loop.sock_sendall(line, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    if (await loop.sock_recv(line, piece)).startswith(b"HTTP/1.1 200"):
        ready.release()
    while await loop.sock_recv(line, piece):  # noqa: ASYNC110 (a rest between two mouthfuls: nothing is polled)
        await asyncio.sleep(pause)


if __name__ == "__main__":
    asyncio.run(main())
