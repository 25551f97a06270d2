"""A server that is killed while it issues leaves neither a gap nor half an invoice, and goes on where it was."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.test_command import SECONDS, Operator

ORDERS = 12
SELLER = {"name": "Nähwerk", "street": "Nadelgasse 3", "zip": "50667", "city": "Köln", "vat_id": "DE123456788"}


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path / "data")


def paid_orders(origin: str, key: str) -> Iterator[str]:
    """The portal addresses of orders that wait for their invoice."""
    with httpx.Client(base_url=origin, headers={"Authorization": f"Bearer {key}"}, timeout=SECONDS) as shop:
        shop.patch("/api/v1/settings/seller", json=SELLER).raise_for_status()
        shop.patch("/api/v1/settings/invoices", json={"auto_create": True}).raise_for_status()
        for number in range(ORDERS):
            order = {
                "number": f"B{number}",
                "state": "paid",
                "ordered_at": "2026-11-01T09:30:00Z",
                "paid_at": "2026-11-01T09:31:00Z",
                "currency": "EUR",
                "buyer": {"name": "Max Mustermann"},
                "lines": [{"id": "1", "title": "Bente", "line_gross": 2490, "tax_rate": "19", "digital": True}],
                "total_gross": 2490,
            }
            answer = shop.put(f"/api/v1/orders/shop/{number}", json=order).raise_for_status()
            yield httpx.URL(answer.json()["portal_url"]).path


def clicks(origin: str, paths: list[str], at_once: ThreadPoolExecutor) -> list[Future[int]]:
    def click(path: str) -> int:
        return httpx.post(f"{origin}{path}/invoices", timeout=SECONDS).status_code

    return [at_once.submit(click, path) for path in paths]


def issued(data: Path) -> list[tuple[int, int, int]]:
    """Of each invoice: its number in the series, its order, and how many documents it has."""
    with closing(sqlite3.connect(data / "tresen.sqlite3", timeout=SECONDS)) as connection:
        return connection.execute(
            "SELECT sequence, order_id, (SELECT count(*) FROM invoice_document WHERE invoice_id = invoice.id)"
            " FROM invoice ORDER BY sequence"
        ).fetchall()


def test_a_server_that_is_killed_while_it_issues_leaves_no_gap_and_goes_on(operator: Operator):
    key = operator.types("key", "add", "shop").stdout.split()[-1]
    with operator.serving() as (process, origin), ThreadPoolExecutor(ORDERS) as at_once:
        paths = list(paid_orders(origin, key))
        answers = clicks(origin, paths, at_once)
        while not issued(operator.data) and process.poll() is None:
            pass
        process.send_signal(signal.SIGKILL)
        broken = [answer for answer in answers if answer.exception()]

    survived = issued(operator.data)
    assert broken, "it was killed while it was issuing"
    assert 1 <= len(survived) < ORDERS
    assert [sequence for sequence, _, _ in survived] == list(range(1, len(survived) + 1))

    with operator.serving() as (_, origin), ThreadPoolExecutor(4) as at_once:
        assert {answer.result() for answer in clicks(origin, paths, at_once)} == {303}

    everything = issued(operator.data)
    assert [sequence for sequence, _, _ in everything] == list(range(1, ORDERS + 1))
    assert len({order for _, order, _ in everything}) == ORDERS
    assert {documents for _, _, documents in everything} <= {2, 3}
    assert everything[: len(survived)] == survived
