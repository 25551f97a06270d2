"""What is made ready for a click and takes long: it goes on when the click has waited long enough."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Generic, TypeVar

from portal.refusals import Refusal, Refused

PATIENCE = 20.0  # seconds; proxies give up after thirty or sixty
T = TypeVar("T")


class Preparations(Generic[T]):
    """One for each name at a time: a second click waits for what the first has begun."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._running: dict[Hashable, asyncio.Task[T]] = {}

    async def of(self, name: Hashable, begin: Callable[[], Coroutine[None, None, T]]) -> T:
        """What `begin` comes to. Raises Refused where it takes too long to wait for; then it goes on without us."""
        task = self._running.get(name)
        if task is None:
            task = self._running[name] = asyncio.create_task(begin())
            task.add_done_callback(lambda _: self._running.pop(name, None))
        await asyncio.wait({task}, timeout=self._patience)
        if not task.done():
            raise Refused(Refusal.BEING_PREPARED)
        return task.result()
