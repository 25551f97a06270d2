"""What was asked for and how soon it was answered, since the start. No address with its token, nobody's name."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
NOWHERE = "none"  # as an address: refused before any was looked for, or there is none like it


@dataclass
class Waits:
    """How often an answer began within each of `SECONDS`, the last one for what took longer; and all of it summed."""

    within: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.within[bisect_left(SECONDS, seconds)] += 1
        self.seconds += seconds


@dataclass
class Traffic:
    """`answers` by method, address as the routes write it, and status; `waits` by address; `running` right now."""

    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    waits: defaultdict[str, Waits] = field(default_factory=lambda: defaultdict(Waits))
    running: int = 0

    def counted(self, inside: ASGIApp) -> ASGIApp:
        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                await inside(scope, receive, send)
                return

            began = time.monotonic()

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    address = scope.get("path_template") or NOWHERE
                    self.answers[scope["method"], address, message["status"]] += 1
                    self.waits[address].add(time.monotonic() - began)
                await send(message)

            self.running += 1
            try:
                await inside(scope, receive, noted)
            finally:
                self.running -= 1

        return counting
