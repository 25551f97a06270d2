"""Statements reach SQLite by one journey to its thread, and tell the same as ever."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from db.engine import Database
from db.migrate import migrate
from db.settings import GeneralSettings
from db.sources import Source


@pytest.fixture
async def database(tmp_path):
    path = tmp_path / "shop.sqlite3"
    migrate(path, tmp_path / "backups")
    opened = Database(path)
    yield opened
    await opened.close()


def made(name):
    return {"name": name, "created_at": datetime(2026, 10, 25, 12, tzinfo=UTC)}


@asynccontextmanager
async def journeys(session):
    """How often the connection's thread was asked for something meanwhile."""
    raw = await (await session.connection()).get_raw_connection()
    driver = raw.driver_connection
    asked, real = [], driver._tx.put_nowait

    class Counted:
        def put_nowait(self, what):
            asked.append(what)
            real(what)

    queue, driver._tx = driver._tx, Counted()
    try:
        yield asked
    finally:
        driver._tx = queue


async def test_a_statement_is_one_journey_however_many_rows_it_has(database):
    async with database.reading() as session:
        await session.execute(select(GeneralSettings))
        async with journeys(session) as asked:
            rows = (await session.execute(text("VALUES (1, 'a'), (2, 'b'), (3, 'c')"))).all()

    assert [tuple(row) for row in rows] == [(1, "a"), (2, "b"), (3, "c")]
    assert len(asked) == 1


async def test_names_of_columns_counts_and_ids_are_told_as_ever(database):
    async with database.writing() as session:
        named = (await session.execute(text("SELECT 1 AS one, 2 AS two"))).mappings().one()
        first = await session.execute(insert(Source).values(made("shop")))
        await session.execute(insert(Source), [made("a"), made("b")])
        changed = await session.execute(update(Source).values(name=Source.name + "!"))
        returned = (await session.scalars(insert(Source).values(made("c")).returning(Source.id))).one()

    assert dict(named) == {"one": 1, "two": 2}
    assert first.inserted_primary_key is not None
    assert changed.rowcount == 3
    assert returned == first.inserted_primary_key[0] + 3


async def test_errors_are_sqlalchemy_s_own(database):
    async with database.reading() as session:
        with pytest.raises(OperationalError, match="no such table"):
            await session.execute(text("SELECT * FROM nowhere"))
    async with database.reading() as session:
        with pytest.raises(OperationalError, match="readonly"):
            await session.execute(text("DELETE FROM source"))
    with pytest.raises(IntegrityError):
        async with database.writing() as session:
            session.add_all([Source(**made("twice")), Source(**made("twice"))])


async def test_what_is_read_within_a_block_is_of_one_moment(database):
    async with database.reading() as session:
        before = (await session.scalars(select(Source.name))).all()
        async with database.writing() as other:
            other.add(Source(**made("new")))
        after = (await session.scalars(select(Source.name))).all()

    assert before == after
