"""More is asked at once than the database has connections for: told as what it is, and over when it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from portal import keys
from portal.activity import By
from tests.routes.customer.conftest import Running, running, sell


@pytest.fixture
async def tresen(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path / "data") as found:
        yield found


async def test_who_finds_no_connection_is_asked_to_come_back(tresen: Running, monkeypatch: pytest.MonkeyPatch):
    sale = await sell(tresen, "1")
    async with tresen.house.database.writing() as session:
        key = await keys.add("shop", session, By("test", datetime.now(UTC)))
    headers = {"Authorization": f"Bearer {key}"}
    database = tresen.house.database

    async with AsyncExitStack() as stack:
        pool = database._reader.sync_engine.pool
        assert isinstance(pool, QueuePool)
        monkeypatch.setattr(pool, "_timeout", 0.1)
        for _ in range(pool.size()):
            session = await stack.enter_async_context(database.reading())
            await session.execute(text("SELECT 1"))
        page = await tresen.client.get(sale.link)
        told = await tresen.client.get("/api/v1/orders/shop/1", headers=headers)

    assert (page.status_code, told.status_code) == (503, 503)
    assert (page.headers["retry-after"], told.headers["retry-after"]) == ("5", "5")
    assert told.json()["type"].endswith("/unavailable")
    assert (await tresen.client.get(sale.link)).status_code == 200
