"""Downloads: a thousand slow ones at once, a large file from here and from S3, a stamped copy that is there."""

from __future__ import annotations

import asyncio
import http.client
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from urllib.parse import quote, urlsplit

import assembly
from bench.processes import Server, fetched, free_port, highest_rss, pressed, served, tresen
from bench.results import Goal
from bench.shop import LARGE, LARGE_BYTES, Shop
from db.orders import Order, State
from db.settings import FileSettings
from db.storages import StorageKind
from demo import cast
from portal import articles, order_imports, settings, storages
from portal.activity import By
from portal.articles import ArticleBody, FileLink
from portal.house import House
from portal.imported import ImportedLine, ImportedOrder
from portal.links import Link
from portal.settings import FilesChange
from portal.storages import NewStorage

SLOW_CLIENTS = 1_000
PIECE, PAUSE = 4_096, 0.25  # each slow client takes so many bytes, and rests so many seconds
SECONDS = 10.0
ROUNDS = 5
FIRST_BYTES = 50
BUCKET = "bench"


@dataclass(frozen=True)
class Sold:
    """The portal page of an order, and the id of its one file."""

    page: str
    file: int


def measured(shop: Shop) -> list[Goal]:
    _allow_many_files()
    with s3() as stand_in:
        sold = asyncio.run(_sold(shop, stand_in))
        with tresen(shop.config.data, free_port()) as server:
            goals = [_first_byte(server, sold["stamped"])]
            goals += _throughput(server, shop, sold, stand_in)
        with tresen(shop.config.data, free_port()) as server:
            return [*goals, *_slow(server, sold["local"])]


def _allow_many_files() -> None:
    """A socket for every client, and here and in the server a file besides."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8_192, hard), hard))


@contextmanager
def s3() -> Iterator[int]:
    """The port of an S3 stand-in that holds the large file."""
    port = free_port()
    words = [sys.executable, "-c", "from moto.server import main; main()", "-p", str(port)]
    with served(words, port, "/"):
        yield port


async def _sold(shop: Shop, stand_in: int) -> dict[str, Sold]:
    import boto3

    origin = f"http://127.0.0.1:{stand_in}"
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("s3", endpoint_url=origin, region_name="us-east-1", **keys)
    client.create_bucket(Bucket=BUCKET)
    client.upload_file(str(shop.config.files / LARGE), BUCKET, LARGE)
    by = By("bench", datetime.now(UTC))
    async with assembly.opened(shop.config) as house:
        async with house.database.writing() as session:
            options = {"endpoint": origin, "bucket": BUCKET, "access_key_id": "a", "secret_access_key": "b"}
            await storages.add(NewStorage(name="S3", kind=StorageKind.S3, options=options), house.storages, session, by)
            rules = FilesChange(limit_per_file=None, window_days=None, waiver_required=False)
            await settings.change(FileSettings, rules, session, by)
        wanted = {"local": (cast.STORAGE, LARGE), "s3": ("S3", LARGE), "stamped": (cast.STORAGE, cast.SHEET)}
        sold = {}
        for name, (where, path) in wanted.items():
            order, file_id = await _order(f"BENCH-{name}", FileLink(storage=where, path=path), house, by)
            sold[name] = Sold(shop.path(Link(order.id, order.link_version)), file_id)
        return sold


async def _order(sku: str, link: FileLink, house: House, by: By) -> tuple[Order, int]:
    seen = await articles.look([link], house.database.reading, house.storages)
    await articles.put(sku, ArticleBody(files=[link]), seen, house.database.writing, by)
    line = ImportedLine(id="1", title=sku, sku=sku, line_gross=100, tax_rate="19")
    wanted = ImportedOrder(
        number=sku, state=State.PAID, ordered_at=by.at, paid_at=by.at, currency="EUR", lines=[line], total_gross=100
    )
    async with house.database.writing() as session:
        order, _ = await order_imports.put(order_imports.Key("bench", sku), wanted, session, by)
    async with house.database.reading() as session:
        article = await articles.one(sku, session)
        (linked,) = (await articles.files_of([article], session))[article.id]
    return order, linked.file.id


def _address(server: Server, sold: Sold) -> str:
    """Spends one download; the path that it leads to."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    line.request("POST", f"{sold.page}/files/{sold.file}/downloads")
    answer = line.getresponse()
    location = answer.headers["Location"]
    line.close()
    if answer.status != 303:
        raise RuntimeError(f"A download was answered {answer.status}.")
    return str(urlsplit(location).path)


def _first_byte(server: Server, sold: Sold) -> Goal:
    address = _address(server, sold)
    times = []
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for _ in range(FIRST_BYTES):
        began = time.perf_counter()
        line.request("GET", address, headers={"Range": "bytes=0-4095"})
        answer = line.getresponse()
        answer.read(1)
        times.append(time.perf_counter() - began)
        answer.read()
    line.close()
    return Goal("first byte of a stamped copy that is there", 1000 * median(times), "ms", 20, at_least=False)


def _throughput(server: Server, shop: Shop, sold: dict[str, Sold], stand_in: int) -> list[Goal]:
    """In turns, so that both have the same share of the machine."""
    own: dict[str, list[float]] = {"local": [], "s3": []}
    direct: dict[str, list[float]] = {"local": [], "s3": []}
    port = free_port()
    words = [
        sys.executable,
        "-m",
        "http.server",
        "-p",
        "HTTP/1.1",
        "-b",
        "127.0.0.1",
        "-d",
        str(shop.config.files),
        str(port),
    ]
    with served(words, port, "/") as plain:
        peers = {"local": (plain, f"/{LARGE}"), "s3": (Server(0, stand_in, 0), f"/{BUCKET}/{LARGE}")}
        for _ in range(ROUNDS):
            for name, (peer, path) in peers.items():
                own[name].append(fetched(server, _address(server, sold[name]), LARGE_BYTES))
                direct[name].append(fetched(peer, quote(path), LARGE_BYTES))
    told = {"local": "Python's http.server", "s3": "the S3 stand-in itself"}
    goals = []
    for name, peer_name in told.items():
        ratio = 100 * median(mine / other for mine, other in zip(own[name], direct[name], strict=True))
        goals += [
            Goal(f"200 MB, {name}", median(own[name]), "MB/s"),
            Goal(f"200 MB, {peer_name}", median(direct[name]), "MB/s"),
            Goal(f"200 MB, {name}, of {peer_name}", ratio, "%", 80),
        ]
    return goals


def _slow(server: Server, sold: Sold) -> list[Goal]:
    addresses = [_address(server, sold) for _ in range(SLOW_CLIENTS)]
    task = [sys.executable, "-m", "bench.slow_clients", str(server.port), str(PIECE), str(PAUSE)]
    with highest_rss(server) as highest, subprocess.Popen(task, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as slow:
        assert slow.stdin and slow.stdout
        slow.stdin.write("\n".join(addresses).encode() + b"\n")
        slow.stdin.close()
        begun, seconds = slow.stdout.readline().split()
        portal = pressed(server, [sold.page], seconds=SECONDS)
        slow.terminate()
        with suppress(subprocess.TimeoutExpired):
            slow.wait(10)
    return [
        Goal("slow downloads at once", int(begun), "", SLOW_CLIENTS),
        Goal("begun within", float(seconds), "s"),
        Goal("memory meanwhile", highest[0], "MB", 150, at_least=False),
        Goal("portal page meanwhile, p99", portal["p99"], "ms", 100, at_least=False),
    ]
