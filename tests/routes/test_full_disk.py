"""A disk that is full: told as what it is, with nothing half stored, and over as soon as there is room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from portal import keys
from portal.activity import By
from tests.routes.customer.conftest import Running, running, sell

ORDER = {
    "number": "1",
    "state": "paid",
    "ordered_at": "2026-11-01T09:30:00Z",
    "currency": "EUR",
    "lines": [  # more than the pages that are free can take
        {"id": str(each), "title": f"Bente {each}" * 10, "line_gross": 1, "tax_rate": "19"} for each in range(400)
    ],
    "total_gross": 400,
}


@pytest.fixture
async def tresen(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path / "data") as found:
        yield found


async def bound(tresen: Running, pages: str) -> None:
    """How large the database may become: SQLite refuses more in the words that it has for a full disk."""
    async with tresen.house.database.writing() as session:
        await session.execute(text(f"PRAGMA max_page_count = {pages}"))


async def size(tresen: Running) -> str:
    async with tresen.house.database.reading() as session:
        return str((await session.execute(text("PRAGMA page_count"))).scalar_one())


async def test_an_order_that_finds_no_room_is_told_so_and_taken_once_there_is(tresen: Running):
    async with tresen.house.database.writing() as session:
        key = await keys.add("shop", session, By("test", datetime.now(UTC)))
    headers = {"Authorization": f"Bearer {key}"}
    await bound(tresen, await size(tresen))

    full = await tresen.client.put("/api/v1/orders/shop/1", json=ORDER, headers=headers)
    missing = await tresen.client.get("/api/v1/orders/shop/1", headers=headers)
    await bound(tresen, "1000000")
    taken = await tresen.client.put("/api/v1/orders/shop/1", json=ORDER, headers=headers)

    assert (full.status_code, missing.status_code, taken.status_code) == (507, 404, 201)
    assert full.json()["type"].endswith("/insufficient-storage")
    assert "disk" in full.json()["detail"]


async def test_pages_are_shown_while_nothing_can_be_written(tresen: Running):
    sale = await sell(tresen, "1")
    await bound(tresen, await size(tresen))

    assert (await tresen.client.get(sale.link)).status_code == 200
