"""Uvicorn as Tresen runs it."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import uvicorn

App = Callable[..., Awaitable[None]]


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
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            gc.collect()
            gc.freeze()  # a hundred megabytes of modules and routes that stay: no collection looks at them again

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            ending()
            await super().shutdown(sockets)

    server = Server(
        uvicorn.Config(
            app,
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
