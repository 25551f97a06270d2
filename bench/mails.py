"""`python -m bench.mails`: ten thousand mails of automations; do they leave at the cap, once each, in steady memory?

A served Tresen hands them to a mail server on this machine, which takes all and keeps count.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import assembly
from bench.processes import free_port, tresen
from bench.results import Goal
from config import from_environment, with_data_directory
from db.automations import AutomationSettings
from portal import settings
from portal.activity import TRESEN, By
from portal.messages import AUTOMATIC
from portal.new_messages import NewMessage
from portal.settings import AutomationsChange

MAILS, PER_MINUTE, BATCH = 10_000, 3000, 1000
PATIENCE = 900.0
CACHES = 40  # MB: SQLite fills its page caches, 16 for the writer and as many for each reader in use, and then no more
MINUTE = 60.0


class Sink:
    """Takes every mail; knows when each came and for whom it was."""

    def __init__(self) -> None:
        self.port = 0
        self.came: list[tuple[float, str]] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        with suppress(ConnectionResetError):  # whoever talked to us was killed
            await self.listen(reader, writer)
        writer.close()

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to = ""
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                self.take(to, await reader.readuntil(b"\r\n.\r\n"))
            elif word == b"RCPT":
                found = re.search(rb"<(.*?)>", line)
                to = found[1].decode() if found else ""
            elif word == b"QUIT":
                break
            writer.write(b"250 ok\r\n")
        writer.write(b"221 bye\r\n")

    def take(self, to: str, mail: bytes) -> None:
        """Who looks into mails overrides it."""
        self.came.append((time.monotonic(), to))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0)
        self.port = int(server.sockets[0].getsockname()[1])
        async with server:
            yield

    def most_in_a_minute(self) -> int:
        times = [at for at, _ in self.came]
        first, most = 0, 0
        for place, at in enumerate(times):
            while times[first] <= at - MINUTE:
                first += 1
            most = max(most, place - first + 1)
        return most


@contextmanager
def running(sink: Sink) -> Iterator[None]:
    """In a thread of its own, so that counting does not wait for looking."""
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with sink.open():
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        over.set()
        thread.join()


def measured(place: Path) -> list[Goal]:
    data, sink = place / "mails", Sink()
    with running(sink):
        url = f"smtp://127.0.0.1:{sink.port}?tls=none&from=shop@example.org"
        asyncio.run(_queued(data, url))
        began = time.monotonic()
        with tresen(data, free_port(), TRESEN_SMTP_URL=url) as server:
            held = []
            while len(sink.came) < MAILS and time.monotonic() - began < PATIENCE:
                time.sleep(1)
                if len(sink.came) > MAILS // 20:
                    held.append(server.own())
    took = sink.came[-1][0] - sink.came[0][0]
    doubled = len(sink.came) - len({to for _, to in sink.came})
    longest = MAILS / PER_MINUTE * MINUTE
    return [
        Goal(f"{MAILS:,} mails at a cap of {PER_MINUTE:,} a minute", took, "s", longest, at_least=False),
        Goal("most of them in any minute", sink.most_in_a_minute(), "", PER_MINUTE, at_least=False),
        Goal("mails that never came", MAILS - len({to for _, to in sink.came}), "", 0, at_least=False),
        Goal("mails that came twice", doubled, "", 0, at_least=False),
        Goal("own memory, more at the end than after the first 500", held[-1] - held[0], "MB", CACHES, at_least=False),
    ]


async def _queued(data: Path, url: str) -> None:
    environment = {"TRESEN_DATA": str(data), "TRESEN_LOG_LEVEL": "error", "TRESEN_SMTP_URL": url}
    config = with_data_directory(from_environment(environment))
    by = By(TRESEN, datetime.now(UTC))
    async with assembly.opened(config) as house:
        async with house.database.writing() as session:
            await settings.change(AutomationSettings, AutomationsChange(mails_per_minute=PER_MINUTE), session, by)
        for first in range(0, MAILS, BATCH):
            async with house.database.writing() as session:
                for number in range(first, first + BATCH):
                    await house.messages.enqueue(_mail(number), session, by, lane=AUTOMATIC)


def _mail(number: int) -> NewMessage:
    text = "Ihre Dateien sind bereit: https://portal.example.org/o/token\n" * 20
    return NewMessage(
        kind="template:Link",
        to=f"nr{number}@example.org",
        subject=f"Ihre Dateien zur Bestellung {number}",
        text=text,
        html=f"<p>{text}</p>",
    )


if __name__ == "__main__":
    with TemporaryDirectory(prefix="tresen-bench-") as scratch:
        for goal in measured(Path(scratch)):
            sys.stdout.write(f"{goal.name}: {goal.value:.4g} {goal.unit} {goal.wanted} {goal.verdict}\n")
