"""`python -m bench.campaign crowd 30`: so many minutes of a thousand visitors, fifty downloads, and imports meanwhile.

Memory has to stay flat: a line is laid through what the server held in the second half. Latencies are told, as they
are this machine's.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, quantiles
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx

from bench.campaign.customers import order
from bench.campaign.grounds import Grounds, furnish, laid_out, served
from bench.processes import Server
from demo.paypal_stand_in import standing_in

VISITORS, DOWNLOADS, ORDERS = 1000, 50, 1000
THINKING = 30.0  # seconds between two pages of one visitor, on average
SLOW = 50_000  # bytes a second of each download, as on a phone in a train
FILM = 20_000_000  # bytes
IMPORTED = 200  # orders of one batch
PAUSE = 10.0  # between two batches
NDJSON = {"Content-Type": "application/x-ndjson"}
LOOKED = 5.0
STEEPEST = 12.0  # MB an hour: less than the noise of half an hour would hide more
WARM = 0.5  # the part at the beginning in which caches fill


@dataclass
class Seen:
    """Seconds of each answer by what was asked, faults, and MB held at each moment."""

    times: dict[str, list[float]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    held: list[tuple[float, float]] = field(default_factory=list)


def fine(minutes: int) -> bool:
    with TemporaryDirectory(prefix="tresen-crowd-") as scratch, standing_in() as paypal:
        grounds = laid_out(Path(scratch) / "data", TRESEN_PAYPAL_API_BASE=paypal.ledger.origin)
        with served(grounds) as running:
            furnish(grounds)
            (grounds.data / "files" / "film.bin").write_bytes(b"\x42" * FILM)
            with grounds.shop() as shop:
                shop.patch("/settings/files", json={"limit_per_file": None}).raise_for_status()
            links = _sold(grounds)
            print(f"{len(links)} orders are there", flush=True)
            seen = asyncio.run(_lived(grounds, links, Server(running.pid, grounds.port, 0), minutes * 60))
        if grounds.errors.exists():
            print(grounds.errors.read_text()[-1500:])
    return _told(seen, minutes)


def _sold(grounds: Grounds) -> list[str]:
    """The paths of the visitors' pages."""
    with grounds.shop() as shop:
        content = _batch(range(1, ORDERS + 1))
        shop.post("/orders/batch", content=content, headers=NDJSON).raise_for_status()
        paths: list[str] = []
        following: str | None = None
        while len(paths) < ORDERS:
            asked = {"limit": "100", **({"cursor": following} if following else {})}
            told = shop.get("/orders", params=asked).raise_for_status().json()
            paths += [urlsplit(each["portal_url"]).path for each in told["items"]]
            following = told["next_cursor"]
        return paths


def _batch(numbers: range) -> str:
    return "\n".join(
        json.dumps({"source": "shop", "external_id": str(each), **order(each, paid=True)}) for each in numbers
    )


async def _lived(grounds: Grounds, links: list[str], server: Server, seconds: float) -> Seen:
    seen, until = Seen(), time.monotonic() + seconds
    limits = httpx.Limits(max_connections=400)
    async with httpx.AsyncClient(base_url=grounds.base, timeout=120, limits=limits) as client:
        world = _World(client, grounds, links, seen, until)
        await asyncio.gather(
            *(world.again_and_again(world.visit, THINKING, each) for each in range(VISITORS)),
            *(world.again_and_again(world.download, 1.0, each) for each in range(DOWNLOADS)),
            world.again_and_again(world.take_in, PAUSE, 0),
            _watched(server, seen, until),
        )
    return seen


async def _watched(server: Server, seen: Seen, until: float) -> None:
    began = time.monotonic()
    while time.monotonic() < until:
        seen.held.append((time.monotonic() - began, server.own()))
        await asyncio.sleep(LOOKED)


class _World:
    def __init__(self, client: httpx.AsyncClient, grounds: Grounds, links: list[str], seen: Seen, until: float) -> None:
        self.client, self.grounds, self.links, self.seen, self.until = client, grounds, links, seen, until
        self.number = ORDERS

    async def again_and_again(self, deed: Callable[[random.Random], Awaitable[None]], pause: float, each: int) -> None:
        dice = random.Random(each)
        await asyncio.sleep(dice.uniform(0, pause))
        while time.monotonic() < self.until:
            try:
                await deed(dice)
            except httpx.HTTPError as error:
                self.seen.faults.append(f"{deed.__name__}: {type(error).__name__}")
            await asyncio.sleep(dice.uniform(0.5, 1.5) * pause)

    async def visit(self, dice: random.Random) -> None:
        self._noted("page", await self._timed("page", self.client.get(dice.choice(self.links))), 200)

    async def download(self, dice: random.Random) -> None:
        """The film of an order, as slowly as it is read."""
        link = dice.choice(self.links)
        page = await self.client.get(link)
        if not (files := re.findall('data-file="([0-9]+)"', page.text)):
            self.seen.faults.append(f"a page without its files: {page.status_code}, {len(page.content)} bytes")
            return
        number = files[-1]
        click = await self._timed("click", self.client.post(f"{link}/files/{number}/downloads"))
        self._noted("click", click, 303)
        if click.status_code != 303:
            return
        async with self.client.stream("GET", urlsplit(click.headers["location"]).path) as answer:
            async for piece in answer.aiter_bytes(SLOW):
                if time.monotonic() > self.until:
                    break
                await asyncio.sleep(len(piece) / SLOW)

    async def take_in(self, _dice: random.Random) -> None:
        """A batch of new orders."""
        first, self.number = self.number + 1, self.number + IMPORTED
        sent = self.client.post(
            "/api/v1/orders/batch",
            content=_batch(range(first, first + IMPORTED)),
            headers={"Authorization": f"Bearer {self.grounds.key}", **NDJSON},
        )
        self._noted("batch", await self._timed("batch", sent), 200)

    async def _timed(self, what: str, answer: Awaitable[httpx.Response]) -> httpx.Response:
        began = time.monotonic()
        found = await answer
        self.seen.times.setdefault(what, []).append(time.monotonic() - began)
        return found

    def _noted(self, what: str, answer: httpx.Response, expected: int) -> None:
        if answer.status_code != expected:
            self.seen.faults.append(f"{what}: {answer.status_code} {answer.headers.get('x-request-id')}")


def _told(seen: Seen, minutes: int) -> bool:
    for what, times in seen.times.items():
        cuts = quantiles(times, n=100)
        print(f"{what}: {len(times)} in {minutes} min, p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms")
    warm = [each for each in seen.held if each[0] > minutes * 60 * WARM]
    slope = linear_regression([at for at, _ in warm], [mb for _, mb in warm]).slope * 3600
    held = [mb for _, mb in seen.held]
    print(f"own memory: {held[0]:.0f} MB at first, {held[-1]:.0f} MB at last, {max(held):.0f} MB at most")
    print(f"slope in the second half: {slope:+.1f} MB an hour (at most {STEEPEST})")
    kinds = Counter(fault.split(" ")[1] if " " in fault else fault for fault in seen.faults)
    print(f"{len(seen.faults)} faults: {dict(kinds)}, such as {sorted(set(seen.faults))[:10]}", flush=True)
    return slope <= STEEPEST and not seen.faults
