"""Opened links are noted in passing; trouble with the database costs notes, never the noting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from db.downloads import LinkObservation
from db.engine import Database
from db.migrate import migrate
from portal import observations, order_imports, settings
from portal.activity import By
from portal.observations import Observations, Opened
from tests.factories import NOON, an_imported_order


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    migrate(tmp_path / "tresen.sqlite3", tmp_path)
    opened = Database(tmp_path / "tresen.sqlite3")
    yield opened
    await opened.close()


async def test_a_disk_that_was_full_for_a_while_does_not_end_the_noting(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(observations, "PAUSE_SECONDS", 0.01)
    async with database.writing() as session:
        await settings.lay_out(session)
        order, _ = await order_imports.put(
            order_imports.Key("shop", "1"), an_imported_order(), session, By("test", NOON)
        )
    is_full = True

    @asynccontextmanager
    async def writing() -> AsyncIterator[AsyncSession]:
        if is_full:
            raise OperationalError("INSERT", {}, OSError("database or disk is full"))
        async with database.writing() as session:
            yield session

    noted = Observations(writing)
    noting = asyncio.create_task(noted.run())
    noted.opened(Opened(order.id, "192.0.2.0/24"), NOON)
    await asyncio.sleep(0.05)
    is_full = False
    noted.opened(Opened(order.id, "198.51.100.0/24"), NOON)
    await asyncio.sleep(0.1)
    noting.cancel()
    await asyncio.gather(noting, return_exceptions=True)

    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(LinkObservation)) == 1
