"""A mail server beside the browser, which keeps what Tresen sends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.pretend_mail import PostOffice, open_post_office


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """In a thread of its own: the browser is driven without an event loop."""
    ready, over = threading.Event(), threading.Event()
    found: list[PostOffice] = []

    async def serve() -> None:
        async with open_post_office() as office:
            found.append(office)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield found[0]
    finally:
        over.set()
        thread.join()
