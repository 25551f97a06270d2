"""After the merchant's days, what was seen in passing is shortened to what is still needed, and no right changes."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from db.engine import Database
from db.migrate import migrate
from portal import retention, settings
from portal.retention_clocks import Clock, kept_from
from tests.factories import BERLIN, berlin

NOW = berlin(2026, 12, 1)  # with 30 days, 1 November is kept and 31 October is not
OLD, LATER, KEPT = "2026-10-10 10:00:00.000000", "2026-10-31 22:59:59.000000", "2026-10-31 23:00:00.000000"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("fresh")
    migrate(place / "tresen.sqlite3", place)
    return place / "tresen.sqlite3"


@pytest.fixture
async def database(tmp_path: Path, fresh: Path) -> AsyncIterator[Database]:
    shutil.copyfile(fresh, tmp_path / "tresen.sqlite3")
    found = Database(tmp_path / "tresen.sqlite3")
    async with found.writing() as session:
        await settings.lay_out(session)
    yield found
    await found.close()


def rows(database: Database, question: str, values: Sequence[tuple[object, ...]] = ()) -> list[tuple]:
    """Asks, or fills in: a connection that minds no foreign keys, since only these tables matter here."""
    with closing(sqlite3.connect(database.path)) as connection:
        found = connection.executemany(question, values) if values else connection.execute(question)
        answer = found.fetchall()
        connection.commit()
    return answer


def opened(database: Database, *values: tuple[int, str]) -> None:
    rows(database, "INSERT INTO link_observation (order_id, at, ip_prefix) VALUES (?, ?, '192.0.2.0/24')", values)


def sent(database: Database, *values: tuple[int, str, bool, str]) -> None:
    insert = (
        "INSERT INTO download_observation"
        " (download_id, at, sent, pieces, covered, finished, failure, handed_off, ip_prefix)"
        " VALUES (?, ?, 30, '[[0, 10], [20, 30]]', 20, ?, ?, 1, '192.0.2.0/24')"
    )
    rows(database, insert, values)


async def test_of_old_openings_the_last_of_each_order_stays_without_its_address(database):
    opened(database, (1, OLD), (1, LATER), (2, OLD), (3, OLD), (3, KEPT))

    counts = await retention.run(database, NOW)

    left = rows(database, "SELECT order_id, at, ip_prefix FROM link_observation ORDER BY id")
    assert left == [(1, LATER, ""), (2, OLD, ""), (3, KEPT, "192.0.2.0/24")]
    assert counts[Clock.VISITS] == 4  # two went, two lost their address


async def test_what_became_of_a_download_stays_as_the_merchant_reads_it(database):
    """Its sums, whether it was finished, handed off, failed: one of them lost would give it back or take it."""
    sent(database, (1, OLD, True, "StorageUnavailable"), (2, OLD, False, ""), (3, KEPT, False, ""))

    await retention.run(database, NOW)

    wanted = "SELECT download_id, sent, pieces, covered, finished, failure, handed_off, ip_prefix"
    assert rows(database, f"{wanted} FROM download_observation ORDER BY id") == [
        (1, 30, "[]", 20, 1, "StorageUnavailable", 1, ""),
        (2, 30, "[]", 20, 0, "", 1, ""),
        (3, 30, "[[0, 10], [20, 30]]", 20, 0, "", 1, "192.0.2.0/24"),
    ]


async def test_a_spent_download_stays_spent_and_forgets_from_where(database):
    insert = (
        "INSERT INTO download (order_id, file_id, attempt, name, file_version, size, stamp, started_at, ip_prefix)"
        " VALUES (1, 1, '', 'bente.pdf', '1', 10, '', ?, '192.0.2.0/24')"
    )
    rows(database, insert, [(OLD,), (KEPT,)])

    await retention.run(database, NOW)

    assert rows(database, "SELECT started_at, ip_prefix FROM download") == [(OLD, ""), (KEPT, "192.0.2.0/24")]


async def test_more_than_one_transaction_holds_is_done_piece_by_piece(database, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 7)
    opened(database, *((number % 5, OLD) for number in range(100)))

    assert (await retention.run(database, NOW))[Clock.VISITS] == 100
    assert rows(database, "SELECT count(*) FROM link_observation") == [(5,)]


async def test_a_second_run_finds_nothing_to_do(database):
    opened(database, (1, OLD), (1, LATER))
    await retention.run(database, NOW)

    assert not any((await retention.run(database, NOW)).values())


@pytest.mark.parametrize(
    ("now", "first_kept"),
    [
        (berlin(2026, 10, 26, 0, 30), datetime(2026, 10, 24, 22, tzinfo=UTC)),  # the day before has 25 hours
        (berlin(2027, 3, 29, 0, 30), datetime(2027, 3, 27, 23, tzinfo=UTC)),  # and this one had 23
        (berlin(2026, 12, 1, 23, 59), datetime(2026, 11, 29, 23, tzinfo=UTC)),
    ],
)
def test_days_are_those_of_the_merchants_clock(now, first_kept):
    assert kept_from(now, 1, BERLIN) == first_kept


def test_the_same_moment_is_another_day_in_another_zone():
    assert kept_from(NOW, 30, ZoneInfo("Pacific/Auckland")) == datetime(2026, 11, 1, 11, tzinfo=UTC)
