"""What every portal page asks for is found by an index: no table is read through, however many orders there are."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db.migrate import migrate
from portal import dossiers, order_imports, settings
from portal.activity import By
from tests.factories import NOON, an_imported_order

SMALL = {
    "payment_provider",
    "appearance_settings",
    "invoice_settings",
    "file_settings",
    "general_settings",
    "seller_settings",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    migrate(tmp_path / "tresen.sqlite3", tmp_path)
    return tmp_path / "tresen.sqlite3"


async def test_a_page_reads_no_table_through(path: Path):
    asked: list[tuple[str, tuple[str, ...]]] = []
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        await settings.lay_out(session)
        order, _ = await order_imports.put(
            order_imports.Key("shop", "1"), an_imported_order(), session, By("test", NOON)
        )
    event.listen(
        engine.sync_engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, values, _context, _many: asked.append((statement, values)),
    )
    async with AsyncSession(engine) as session:
        await dossiers.of(order.id, session)
    await engine.dispose()

    assert len(asked) > 3
    assert [scan for statement, values in asked for scan in scans(path, statement, values)] == []


def scans(path: Path, statement: str, values: tuple[str, ...]) -> list[str]:
    """Steps that read a whole table, or a whole source's part of the orders."""
    with closing(sqlite3.connect(path)) as connection:
        plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    bad = [step for step in plan if step.startswith("SCAN") and not set(step.split()) & (SMALL | {"CONSTANT"})]
    return bad + [step for step in plan if step.startswith("SEARCH order") and "(source_id=?)" in step]
