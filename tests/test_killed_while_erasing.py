"""A server that is killed while it forgets somebody goes on at once, and nothing of the person is left."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from db.engine import Database
from portal import erasures
from portal.activity import By
from tests.test_command import SECONDS, Operator

ORDERS = 400
ADDRESS, NAME = "frieda.zwirnbein@example.org", "Frieda Zwirnbein"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path / "data")


def orders() -> str:
    now = datetime.now(UTC).isoformat()
    line = {"id": "1", "title": "Bente", "line_gross": 100, "tax_rate": "19"}
    common: dict[str, object] = {"state": "paid", "currency": "EUR", "ordered_at": now, "total_gross": 100}
    common |= {"lines": [line], "source": "etsy", "buyer": {"name": NAME, "email": ADDRESS}}
    return "\n".join(json.dumps({**common, "external_id": f"{each}", "number": f"B{each}"}) for each in range(ORDERS))


async def ask(place: Path) -> None:
    database = Database(place)
    async with database.writing() as session:
        await erasures.ask(ADDRESS, session, By("merchant:1", datetime.now(UTC)))
    await database.close()


def counted(data: Path, what: str) -> int:
    with closing(sqlite3.connect(data / "tresen.sqlite3", timeout=SECONDS)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])


def until(seconds: float, is_so) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not is_so():
        time.sleep(0.02)


def files_that_tell(data: Path) -> list[str]:
    words = (ADDRESS.encode(), NAME.lower().encode())
    files = (path for path in data.rglob("*") if path.is_file())
    return [path.name for path in files if any(word in path.read_bytes().lower() for word in words)]


def test_an_erasure_that_is_killed_goes_on_and_leaves_nothing(operator: Operator):
    key = operator.types("key", "add", "shop").stdout.split()[-1]
    with operator.serving() as (_, origin):
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
        httpx.post(f"{origin}/api/v1/orders/batch", content=orders(), headers=headers, timeout=60).raise_for_status()
    assert files_that_tell(operator.data)
    asyncio.run(ask(operator.data / "tresen.sqlite3"))

    with operator.serving() as (process, _):
        until(SECONDS, lambda: counted(operator.data, "erased_order WHERE erased_at IS NOT NULL") > 20)
        process.send_signal(signal.SIGKILL)
        process.wait()
    survived = counted(operator.data, "erased_order WHERE erased_at IS NULL")
    assert 0 < survived < ORDERS

    with operator.serving():
        until(4 * SECONDS, lambda: counted(operator.data, "erasure WHERE ended_at IS NOT NULL"))
        until(SECONDS, lambda: not files_that_tell(operator.data))

    assert counted(operator.data, "erased_order WHERE erased_at IS NULL") == 0
    assert counted(operator.data, "activity WHERE kind = 'order_erased'") == ORDERS
    assert files_that_tell(operator.data) == []
