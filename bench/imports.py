"""Orders coming in: how many a second by the batch API, whether customers notice, and how soon a webhook is answered.

`python -m bench.imports` measures this alone.
"""

from __future__ import annotations

import asyncio
import http.client
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import msgspec

import assembly
from bench.processes import Server, free_port, tresen
from bench.results import Goal
from config import from_environment, with_data_directory
from db.orders import State
from db.sources import SourceKind
from demo.woocommerce_stand_in.hooks import signature
from portal import keys, order_imports, sources
from portal.activity import By
from portal.imported import ImportedLine, ImportedOrder
from portal.links import Link
from portal.sources import NewSource

ORDERS, A_BATCH = 10_000, 1_000
VISITS_A_SECOND = 20
DELIVERIES, WARMING_UP = 200, 20
SECRET = "bench-wh-0123456789"


@dataclass(frozen=True)
class Counter:
    """A shop with one order, whose page customers open; `key` opens its API."""

    page: str
    key: str


def measured(place: Path) -> list[Goal]:
    data, port = place / "importing", free_port()
    shop = asyncio.run(_made(data))
    with tresen(data, port) as server:
        alone = _p99_while(shop, server, lambda: time.sleep(3))[1]
        rate, busy = _p99_while(shop, server, lambda: _import(shop, server))
        p50, p99 = _webhooks(server)
    return [
        Goal("page p99, nothing coming in", alone, "ms"),
        Goal(f"import of {ORDERS:,} orders by the batch API, page opened meanwhile", ORDERS / rate, "/s", 1000),
        Goal("page p99 meanwhile", busy, "ms", 100, at_least=False),
        Goal("webhook acknowledged, p50", p50, "ms"),
        Goal("webhook acknowledged, p99", p99, "ms", 50, at_least=False),
    ]


async def _made(data: Path) -> Counter:
    config = with_data_directory(from_environment({"TRESEN_DATA": str(data)}))
    by = By("bench", datetime.now(UTC))
    options = {"base_url": "http://127.0.0.1:1", "webhook_secret": SECRET}
    async with assembly.opened(config) as house:
        async with house.database.writing() as session:
            key = await keys.add("bench", session, by)
            new = NewSource(name="laden", kind=SourceKind.WOOCOMMERCE, options=options)
            await sources.add(new, house.connectors, session, by)
            order, _ = await order_imports.put(order_imports.Key("bench", "page"), _order(0, by), session, by)
        return Counter(f"/o/{house.links.token(Link(order.id, order.link_version))}", key)


def _order(number: int, by: By) -> ImportedOrder:
    return ImportedOrder(
        number=f"B-{number}",
        state=State.PAID,
        ordered_at=by.at,
        currency="EUR",
        lines=[ImportedLine(id="1", title="Schnittmuster Bente (PDF)", sku="BENTE", line_gross=2490, tax_rate="19")],
        total_gross=2490,
    )


def _p99_while(shop: Counter, server: Server, deed) -> tuple[float, float]:
    """How long the deed took in seconds, and the 99th percentile of the page's answers meanwhile in ms."""
    with _visited(shop, server) as times:
        began = time.perf_counter()
        deed()
        took = time.perf_counter() - began
    return took, _percentile(times, 99)


@contextmanager
def _visited(shop: Counter, server: Server) -> Iterator[list[float]]:
    """A customer opens the page again and again, at a steady pace, over one connection."""
    times: list[float] = []
    over = threading.Event()

    def visit() -> None:
        line = http.client.HTTPConnection("127.0.0.1", server.port)
        while not over.wait(1 / VISITS_A_SECOND):
            began = time.perf_counter()
            line.request("GET", shop.page)
            answer = line.getresponse()
            answer.read()
            times.append((time.perf_counter() - began) * 1000)
            if answer.status != 200:
                raise RuntimeError(f"{shop.page} answered {answer.status}.")
        line.close()

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        yield times
    finally:
        over.set()
        visitor.join()


def _import(shop: Counter, server: Server) -> None:
    by = By("bench", datetime.now(UTC))
    headers = {"Authorization": f"Bearer {shop.key}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", headers=headers, timeout=120) as client:
        for start in range(0, ORDERS, A_BATCH):
            answer = client.post("/api/v1/orders/batch", content=b"\n".join(_lines(start, by)))
            results = answer.json()["results"]
            if {each.get("result") for each in results} != {"created"}:
                raise RuntimeError(f"A batch answered {answer.status_code}: {results[0]}.")


def _lines(start: int, by: By) -> Iterator[bytes]:
    for number in range(start + 1, start + A_BATCH + 1):
        told = msgspec.to_builtins(_order(number, by)) | {"source": "bench", "external_id": str(number)}
        yield msgspec.json.encode(told)


def _webhooks(server: Server) -> tuple[float, float]:
    """Median and 99th percentile in ms, one after the other, as the shop's own queue sends them.

    The first few, for which modules are loaded and statements compiled, are not counted.
    """
    times = []
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as client:
        for number in range(WARMING_UP + DELIVERIES):
            body = _delivery(number)
            headers = {
                "Content-Type": "application/json",
                "X-WC-Webhook-Topic": "order.created",
                "X-WC-Webhook-Delivery-ID": f"bench-{number}",
                "X-WC-Webhook-Signature": signature(body, SECRET),
            }
            began = time.perf_counter()
            answer = client.post("/hooks/woocommerce/laden", content=body, headers=headers)
            times.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 200:
                raise RuntimeError(f"A webhook was answered with {answer.status_code}.")
    counted = times[WARMING_UP:]
    return _percentile(counted, 50), _percentile(counted, 99)


def _delivery(number: int) -> bytes:
    item = {"id": 1, "name": "Schnitt", "product_id": 7, "quantity": 1, "total": "20.92", "total_tax": "3.98"}
    return msgspec.json.encode(
        {
            "id": 90_000 + number,
            "status": "processing",
            "currency": "EUR",
            "total": "24.90",
            "date_created_gmt": "2026-11-30T09:00:00",
            "date_paid_gmt": "2026-11-30T09:01:00",
            "date_modified_gmt": "2026-11-30T09:01:00",
            "line_items": [item],
        }
    )


def _percentile(times: list[float], percent: int) -> float:
    return sorted(times)[len(times) * percent // 100]


if __name__ == "__main__":
    with TemporaryDirectory(prefix="tresen-bench-") as scratch:
        for goal in measured(Path(scratch)):
            print(f"{goal.name}: {goal.value:.1f} {goal.unit} {goal.wanted} {goal.verdict}".rstrip(), file=sys.stdout)
