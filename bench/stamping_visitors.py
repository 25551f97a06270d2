"""`python -m bench.stamping_visitors`: how long a visitor waits for a page while ten customers have a big file stamped.

A real server, real clicks and real pages over HTTP; every customer has an order of their own, so no copy is there yet.
"""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import assembly
from bench.books import MANY, made
from bench.processes import Server, free_port, tresen
from bench.results import Goal
from config import Config, from_environment, with_data_directory
from db.orders import State
from db.settings import FileSettings
from db.storages import StorageKind
from portal import articles, order_imports, settings, storages
from portal.activity import By
from portal.articles import ArticleBody, FileLink
from portal.house import House
from portal.imported import ImportedLine, ImportedOrder
from portal.links import Link
from portal.settings import FilesChange
from portal.storages import NewStorage

CUSTOMERS = 10
PAUSE = 0.01  # seconds between a visitor's pages
PATIENCE = 120.0
BOOK = "book.pdf"


def main() -> None:
    with TemporaryDirectory(prefix="tresen-bench-") as scratch:
        for goal in measured(made(MANY, Path(scratch)), Path(scratch) / "shop"):
            print(f"{goal.name}: {goal.value:.3g} {goal.unit} {goal.wanted} {goal.verdict}", flush=True)


def measured(book: Path, data: Path) -> list[Goal]:
    config = with_data_directory(from_environment({"TRESEN_DATA": str(data), "TRESEN_LOG_LEVEL": "error"}))
    config.files.mkdir(exist_ok=True)
    (config.files / BOOK).hardlink_to(book)
    pages, file_id = asyncio.run(_sold(config))
    with tresen(data, free_port()) as server:
        _visited(server, pages[-1], _Clock(2.0))  # what is loaded when it is first needed
        calm = _visited(server, pages[-1], _Clock(2.0))
        with ThreadPoolExecutor(CUSTOMERS) as pool:
            began = time.perf_counter()
            clicks = [pool.submit(_clicked, server, page, file_id) for page in pages[:CUSTOMERS]]
            busy = _visited(server, pages[-1], _All(clicks))
            took = time.perf_counter() - began
            peak = max(_megabytes(pid) for pid in _children(server.pid))
        if {click.result() for click in clicks} != {303}:
            raise RuntimeError("A click was refused.")
    return [
        Goal("ten of 1500 pages at once, until the last can be had", took, "s"),
        Goal("a page meanwhile, p99", busy, "ms", 50, at_least=False),
        Goal("a page before, p99", calm, "ms"),
        Goal("ten of 1500 pages at once: memory of one child, libraries included", peak, "MB"),
    ]


class _Clock:
    """So many seconds."""

    def __init__(self, seconds: float) -> None:
        self._until = time.perf_counter() + seconds

    def is_over(self) -> bool:
        return time.perf_counter() >= self._until


class _All:
    """Until all clicks are answered."""

    def __init__(self, clicks: Sequence[Future[int]]) -> None:
        self._clicks = clicks

    def is_over(self) -> bool:
        return all(click.done() for click in self._clicks)


def _visited(server: Server, page: str, time_of: _Clock | _All) -> float:
    """Milliseconds at the 99th percentile, of one page after the other."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    times = []
    while not time_of.is_over():
        began = time.perf_counter()
        line.request("GET", page)
        answer = line.getresponse()
        answer.read()
        times.append(1000 * (time.perf_counter() - began))
        if answer.status != 200:
            raise RuntimeError(f"The page was answered {answer.status}.")
        threading.Event().wait(PAUSE)
    line.close()
    return quantiles(times, n=100)[98]


def _clicked(server: Server, page: str, file_id: int) -> int:
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    line.request("POST", f"{page}/files/{file_id}/downloads")
    status = line.getresponse().status
    line.close()
    return status


async def _sold(config: Config) -> tuple[list[str], int]:
    """The pages of one order more than there are customers, and the id of the file that all of them bought."""
    by = By("bench", datetime.now(UTC))
    async with assembly.opened(config) as house:
        async with house.database.writing() as session:
            folder = NewStorage(name="files", kind=StorageKind.LOCAL, options={"root": str(config.files)})
            await storages.add(folder, house.storages, session, by)
            await settings.change(FileSettings, FilesChange(watermark_text="Kauf {OrderNumber}"), session, by)
        link = FileLink(storage="files", path=BOOK)
        seen = await articles.look([link], house.database.reading, house.storages)
        await articles.put("BOOK", ArticleBody(files=[link]), seen, house.database.writing, by)
        async with house.database.reading() as session:
            article = await articles.one("BOOK", session)
            (linked,) = (await articles.files_of([article], session))[article.id]
        await house.file_checks.one(linked.file.id, by)
        return [await _page(house, number, by) for number in range(CUSTOMERS + 1)], linked.file.id


async def _page(house: House, number: int, by: By) -> str:
    line = ImportedLine(id="1", title="Book", sku="BOOK", line_gross=100, tax_rate="19")
    wanted = ImportedOrder(
        number=str(number), state=State.PAID, ordered_at=by.at, paid_at=by.at, currency="EUR", lines=[line],
        total_gross=100,
    )  # fmt: skip
    async with house.database.writing() as session:
        order, _ = await order_imports.put(order_imports.Key("bench", str(number)), wanted, session, by)
    return f"/o/{house.links.token(Link(order.id, order.link_version))}"


def _children(pid: int) -> list[str]:
    return [child for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]


def _megabytes(pid: str) -> float:
    (line,) = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmHWM")]
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main()
