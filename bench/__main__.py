"""`make bench`: measures, prints, and writes bench/RESULTS.md. Takes a few minutes."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bench import back_office, documents, downloads, imports, issuing, mails, order_search, payments, stamping
from bench import shop as shops
from bench.processes import Server, fetched, free_port, highest_rss, nginx, peers, pressed, tresen
from bench.results import Goal, Rate, machine, report
from bench.shop import Shop

RESULTS = Path(__file__).parent / "RESULTS.md"
SIZES = (100, 100_000, 1_000_000)
ROUNDS = 5
SECONDS = 1.5
PASSES, PASS = 10, 100  # first openings are measured in passes, between which every kept page is outdated
DOWNLOADS = 5
STARTS = 5


class Measurements:
    """Collects rounds by name."""

    def __init__(self) -> None:
        self._rounds: dict[str, list[dict]] = defaultdict(list)

    def add(self, name: str, answer: dict) -> None:
        self._rounds[name].append(answer)

    def rates(self) -> list[Rate]:
        return [self._rate(name) for name in self._rounds]

    def __getitem__(self, name: str) -> float:
        return self._rate(name).rate

    def _rate(self, name: str) -> Rate:
        rounds = self._rounds[name]
        p50, p99 = (median(each[which] for each in rounds) for which in ("p50", "p99"))
        return Rate(name, [each["rate"] for each in rounds], p50, p99)


def main() -> None:
    facts = machine()
    began = time.monotonic()
    measured = Measurements()
    missing: list[str] = []
    with TemporaryDirectory(prefix="tresen-bench-") as scratch:
        place = Path(scratch)
        shop = asyncio.run(shops.made(place / "data"))
        grown = [shops.grown(shop, place / f"data-{size}", size) for size in said_each(SIZES)]
        with ExitStack() as stack:
            servers = [stack.enter_context(tresen(each.config.data, free_port())) for each in grown]
            first_openings(grown, servers, measured)
        with tresen(shop.config.data, free_port()) as server:
            goals = small_and_quick(shop, server, place, measured, missing)
            said("the back office …")
            goals += back_office.measured(shop, server, missing)
        goals += growth(measured)
        said("the merchant's search …")
        goals += order_search.measured(place)
        said("invoices …")
        goals += documents.measured(place)
        goals += issuing.measured(place)
        said("orders that come in …")
        goals += imports.measured(place)
        said("stamps …")
        goals += stamping.measured(place)
        said("mails …")
        goals += mails.measured(place)
        said("payments …")
        goals += payments.measured(place)
        said("downloads …")
        goals += downloads.measured(shop)
    text = report([*facts, f"it took {time.monotonic() - began:.0f} s"], goals, measured.rates(), missing)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def said_each(sizes: Sequence[int]) -> Iterator[int]:
    for size in sizes:
        said(f"{size:,} orders …")
        yield size


def said(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def opening(size: int) -> str:
    return f"page, first opened, {size:,} orders"


def first_openings(grown: Sequence[Shop], servers: Sequence[Server], measured: Measurements) -> None:
    """Every page once, of orders from all over the table; the shops take turns. The first pass is not counted."""
    chance = random.Random(4711)
    for number in range(PASSES + 1):
        for size, shop, server in zip(SIZES, grown, servers, strict=True):
            paths = shops.copies(shop, chance.sample(range(size), PASS))
            shops.outdate_pages(shop)
            answer = pressed(server, paths)
            if number:
                measured.add(opening(size), answer)


def small_and_quick(shop: Shop, server: Server, place: Path, measured: Measurements, missing: list[str]) -> list[Goal]:
    goals = memory_and_start(shop, server)
    said("pages beside a template and a hello …")
    with peers(shop.config.data, shop.model.order_id) as other:
        side_by_side(shop, server, other, measured)
    said("a large file …")
    return [*goals, *ratios(measured), *large_file(shop, server, place, missing)]


def memory_and_start(shop: Shop, server: Server) -> list[Goal]:
    shops.outdate_pages(shop)
    for _ in range(10):
        pressed(server, [shop.path(shop.model)] * PASS)
    busy, idle, starts = server.rss(), [], []
    for _ in range(STARTS):
        with tresen(shop.config.data, free_port()) as fresh:
            starts.append(fresh.seconds_to_first_answer)
            time.sleep(0.5)
            idle.append(fresh.rss())
    return [
        Goal("from the command to the first 200", median(starts), "s", 1, at_least=False),
        Goal("memory, idle", max(idle), "MB", 100, at_least=False),
        Goal("memory after the first thousand pages", busy, "MB"),
    ]


def side_by_side(shop: Shop, server: Server, other: Server, measured: Measurements) -> None:
    paths = [shop.path(shop.model)]
    tag = etag_of(server, paths[0])
    for _ in range(ROUNDS):
        measured.add("bare Litestar hello", pressed(other, ["/hello"], seconds=SECONDS))
        measured.add("template, no database", pressed(other, ["/template"], seconds=SECONDS))
        measured.add("page, opened again", pressed(server, paths, seconds=SECONDS))
        measured.add("304", pressed(server, paths, seconds=SECONDS, headers={"If-None-Match": tag}))


def etag_of(server: Server, path: str) -> str:
    request = Request(f"http://127.0.0.1:{server.port}{path}", headers={"Accept-Language": "de"})
    with build_opener().open(request, timeout=10) as answer:
        return str(answer.headers["ETag"])


def ratios(measured: Measurements) -> list[Goal]:
    template, hello = measured["template, no database"], measured["bare Litestar hello"]
    first = measured[opening(SIZES[0])]
    return [
        Goal("page, first opened, of the template alone", 100 * first / template, "%", 40),
        Goal("page, opened again, of the template alone", 100 * measured["page, opened again"] / template, "%", 40),
        Goal("304, of a bare hello", 100 * measured["304"] / hello, "%", 35),
    ]


def growth(measured: Measurements) -> list[Goal]:
    base = measured[opening(SIZES[0])]
    return [
        Goal(
            f"time of a first opening with {size:,} orders, by that with {SIZES[0]}",
            base / measured[opening(size)],
            "×",
            1.2,
            at_least=False,
        )
        for size in SIZES[1:]
    ]


def large_file(shop: Shop, server: Server, place: Path, missing: list[str]) -> list[Goal]:
    own, theirs, added = [], [], []
    with nginx(shop.config.files, place) as peer:
        for _ in range(DOWNLOADS):
            address = new_download(shop, server)
            before = server.rss()
            with highest_rss(server) as highest:
                own.append(fetched(server, address, shops.LARGE_BYTES))
            added.append(highest[0] - before)
            if peer:
                theirs.append(fetched(peer, f"/{shops.LARGE}", shops.LARGE_BYTES))
    goals = [
        Goal("200 MB download", median(own), "MB/s"),
        Goal("memory added by it", max(added), "MB", 16, at_least=False),
    ]
    if not theirs:
        missing.append("nginx is not installed: the download was compared with nothing")
        return goals
    ratio = 100 * median(mine / other for mine, other in zip(own, theirs, strict=True))
    return [*goals, Goal("nginx, the same file", median(theirs), "MB/s"), Goal("download, of nginx", ratio, "%", 80)]


class Unfollowed(HTTPRedirectHandler):
    def http_error_303(self, req, fp, code, msg, headers):
        return fp


def new_download(shop: Shop, server: Server) -> str:
    """Spends one download; the address that it leads to."""
    path = f"{shop.path(shop.large_order)}/files/{shop.large_file_id}/downloads"
    with build_opener(Unfollowed).open(f"http://127.0.0.1:{server.port}{path}", data=b"", timeout=30) as answer:
        return str(answer.headers["Location"])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that every block ends what it started
    main()
