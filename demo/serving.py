"""An application on a free port of this machine, for as long as it is needed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from litestar.types import ASGIApp

STARTS_WITHIN = 10.0


@contextmanager
def serving(application: ASGIApp) -> Iterator[str]:
    """Serves on a free port of this machine as long as it is needed; its origin.

    In a thread with an event loop of its own: a server whose process is asked to end asks nobody else.
    """
    import uvicorn

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready.set()

    ready = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Announcing(
            uvicorn.Config(
                application,
                access_log=False,
                log_config=None,
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        if not ready.wait(STARTS_WITHIN):
            raise RuntimeError("The stand-in did not start.")
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(STARTS_WITHIN)
