"""The SQLite recipe: no lost update, no writing reader, no time without zone, nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError, IntegrityError, StatementError

from db.activity import Activity
from db.engine import COMPILED, Database
from db.invoices import DocumentFormat, Invoice, InvoiceDocument, Issuer
from db.orders import Order, OrderTag, State
from db.settings import FileSettings
from db.sources import Source
from tests.factories import NOON, ORDERED

ROOT = Path(__file__).parents[2]


def an_activity(at: datetime = NOON) -> Activity:
    return Activity(at=at, actor="tresen", kind="counted")


async def test_what_was_compiled_once_serves_readers_writers_and_other_databases(database, fresh_database, tmp_path):
    shutil.copyfile(fresh_database, tmp_path / "other.sqlite3")
    other = Database(tmp_path / "other.sqlite3")
    kept = []
    for number, opened in enumerate((database.writing, database.reading, other.writing, other.reading)):
        async with opened() as session:
            if number in (0, 2):
                session.add(an_activity())
                await session.flush()
            assert len((await session.scalars(select(Activity).where(Activity.actor == "tresen").limit(7))).all()) == 1
        kept.append(len(COMPILED))
    await other.close()

    assert kept == kept[:1] * 4


async def test_a_closed_database_has_nothing_left_to_say_though_a_statement_was_broken_off(database):
    slow = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT max(i) FROM n")

    async def ask() -> None:
        async with database.reading() as session:
            await session.execute(slow)

    asking = asyncio.create_task(ask())
    while not threads():
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await database.close()

    assert threads() == []


def threads() -> list[threading.Thread]:
    """Those of connections."""
    return [each for each in threading.enumerate() if "_connection_worker_thread" in each.name]


async def test_what_the_database_refuses_is_told_without_the_values(database):
    with pytest.raises(DatabaseError) as refused:
        async with database.writing() as session:
            await session.execute(text("INSERT INTO nowhere (email) VALUES (:email)"), {"email": "erika@example.org"})

    assert "erika" not in str(refused.value)  # it stands in the log


async def test_four_hundred_writers_at_once_lose_nothing(database):
    async def count() -> None:
        async with database.writing() as session:
            row = (await session.scalars(select(FileSettings))).one()
            seen = row.limit_per_file or 0
            await asyncio.sleep(0)  # everybody else may now try to come in between
            row.limit_per_file = seen + 1

    await asyncio.gather(*(count() for _ in range(400)))

    async with database.reading() as session:
        assert await session.scalar(select(FileSettings.limit_per_file)) == 400


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE file_settings SET limit_per_file = 99",
        "DELETE FROM file_settings",
        "INSERT INTO source (name) VALUES ('x')",
        "DROP TABLE source",
    ],
)
async def test_a_reader_cannot_write(database, statement):
    with pytest.raises(DatabaseError, match="readonly"):
        async with database.reading() as session:
            await session.execute(text(statement))


async def test_a_reader_sees_one_moment_however_long_it_looks(database):
    async with database.reading() as session:
        before = await session.scalar(select(FileSettings.limit_per_file))
        async with database.writing() as writer:
            await writer.execute(text("UPDATE file_settings SET limit_per_file = 99"))

        assert await session.scalar(select(FileSettings.limit_per_file)) == before

    async with database.reading() as session:
        assert await session.scalar(select(FileSettings.limit_per_file)) == 99


async def test_a_transaction_that_fails_leaves_nothing(database):
    with pytest.raises(RuntimeError):
        async with database.writing() as session:
            session.add(an_activity())
            await session.flush()
            raise RuntimeError

    async with database.reading() as session:
        assert await session.scalar(select(Activity)) is None


async def test_a_writer_that_was_cancelled_leaves_nothing_and_blocks_nobody(database):
    async def hold() -> None:
        async with database.writing() as session:
            session.add(an_activity())
            await session.flush()
            await asyncio.sleep(60)

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0.1)
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)

    async with asyncio.timeout(5), database.writing() as session:
        assert await session.scalar(select(Activity)) is None


async def test_what_refers_to_nothing_is_refused(database):
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        async with database.writing() as session:
            session.add(OrderTag(order_id=4711, tag="lost"))


async def test_a_time_without_zone_is_refused(database):
    with pytest.raises(StatementError, match="without zone"):
        async with database.writing() as session:
            session.add(an_activity(at=datetime(2026, 12, 1, 12)))  # noqa: DTZ001 (the very mistake)


async def test_every_time_comes_back_in_utc(database):
    at = datetime(2026, 12, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    async with database.writing() as session:
        session.add(an_activity(at=at))

    async with database.reading() as session:
        stored = await session.scalar(select(Activity.at))

    assert stored == at
    assert stored.tzinfo is UTC


async def test_enumerations_are_stored_as_their_words(database):
    async with database.writing() as session:
        session.add(an_order_row(await a_source(session), state=State.IN_FULFILMENT))

    async with database.reading() as session:
        assert await session.scalar(text('SELECT state FROM "order"')) == "in_fulfilment"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoice SET number = 'RE-0'",
        "UPDATE invoice SET total_gross = 1",
        "DELETE FROM invoice",
        "UPDATE invoice_document SET content = x'00'",
        "DELETE FROM invoice_document",
    ],
)
async def test_an_issued_document_can_neither_be_changed_nor_deleted(database, statement):
    async with database.writing() as session:
        order = an_order_row(await a_source(session))
        session.add(order)
        await session.flush()
        invoice = Invoice(
            order_id=order.id,
            number="RE-1",
            issuer=Issuer.TRESEN,
            issued_on=date(2026, 12, 1),
            total_gross=2000,
            currency="EUR",
            stored_at=NOON,
            series="RE-",
            year=0,
            sequence=1,
            generation=1,
        )
        session.add(invoice)
        await session.flush()
        session.add(InvoiceDocument(invoice_id=invoice.id, format=DocumentFormat.PDF, content=b"%PDF", sha256="…"))

    with pytest.raises(IntegrityError, match="frozen"):
        async with database.writing() as session:
            await session.execute(text(statement))


WRITER = """
    import asyncio, sys
    from pathlib import Path
    from tests.factories import NOON
    from db.activity import Activity
    from db.engine import COMPILED, Database

    async def main():
        database = Database(Path(sys.argv[1]))
        for number in range(100_000):
            async with database.writing() as session:
                session.add(Activity(at=NOON, actor="tresen", kind=str(number)))
            print(number, flush=True)

    asyncio.run(main())
"""


async def test_whatever_was_acknowledged_outlives_a_kill(database):
    await database.close()
    program = [sys.executable, "-c", textwrap.dedent(WRITER), str(database.path)]
    acknowledged = 0
    for after in (1, 3, 7, 20, 50):
        with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            said = [child.stdout.readline() for _ in range(after)]
            child.send_signal(signal.SIGKILL)
            said += child.stdout.readlines()
        acknowledged += len([line for line in said if line.endswith("\n")])

    with closing(sqlite3.connect(database.path)) as connection:
        kept = connection.execute("SELECT count(*) FROM activity").fetchone()[0]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert acknowledged >= 81
    assert acknowledged <= kept <= acknowledged + 5, "at most one was committed and not yet said, in each round"


async def a_source(session) -> Source:
    source = Source(name="etsy", created_at=NOON)
    session.add(source)
    await session.flush()
    return source


def an_order_row(source: Source, state: State = State.ORDERED) -> Order:
    return Order(
        source_id=source.id,
        external_id="1",
        number="1",
        state=state,
        ordered_at=ORDERED,
        currency="EUR",
        total_gross=2000,
        content_sha256="",
        created_at=NOON,
        changed_at=NOON,
    )


async def test_the_database_is_safe_against_power_cuts_and_waits_for_its_turn(database):
    async with database.writing() as session:
        told = {
            pragma: await session.scalar(text(f"PRAGMA {pragma}"))
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


async def test_another_process_that_writes_is_waited_for(database: Database):
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        async def count() -> None:
            async with database.writing() as session:
                session.add(an_activity())

        counting = asyncio.create_task(count())
        await asyncio.sleep(0.3)
        assert not counting.done()
        other.execute("COMMIT")
        await asyncio.wait_for(counting, 5)
