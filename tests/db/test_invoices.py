"""What the database itself holds of invoices, whoever writes to it."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from db import migrate as migrations
from db.invoices import DocumentFormat
from db.migrate import current, migrate, newest
from portal import seals
from portal.seals import Sealed

INVOICE = "INSERT INTO invoice ({columns}) VALUES ({values})"
OWN = {
    "order_id": 1,
    "number": "RE-1",
    "kind": "invoice",
    "issuer": "tresen",
    "issued_on": "2026-12-01",
    "total_gross": 2000,
    "currency": "EUR",
    "stored_at": "2026-12-01 11:00:00",
    "series": "RE-",
    "year": 0,
    "sequence": 1,
    "generation": 1,
}
FOREIGN = {name: OWN[name] for name in list(OWN)[:8]} | {"issuer": "elsewhere"}
SERIES = "INSERT INTO number_series VALUES ('RE-', 'RE-', 0, 1, 1, '2026-12-01', '2026-12-02')"


def insert(connection: sqlite3.Connection, **row: object) -> None:
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(INVOICE.format(columns=columns, values=marks), tuple(row.values()))


@pytest.fixture
def connection(fresh_database: Path, tmp_path: Path):
    place = tmp_path / "copy.sqlite3"
    shutil.copyfile(fresh_database, place)
    with closing(sqlite3.connect(place)) as connection:
        yield connection


SECOND = {"number": "RE-2", "sequence": 2, "order_id": 2}
NOTE = {"kind": "credit_note", "refers_to": 1, "cancels_id": 1, "generation": None}
TWICE = {
    "the same number": [{"sequence": 2, "order_id": 2}],
    "the same place in the series": [{"number": "RE-2", "order_id": 2}],
    "two invoices of one order": [{"number": "RE-2", "sequence": 2}],
    "taken back twice": [NOTE | {"number": "RE-2", "sequence": 2}, NOTE | {"number": "RE-3", "sequence": 3}],
}


@pytest.mark.parametrize("rows", TWICE.values(), ids=TWICE.keys())
def test_what_must_be_single_is(connection: sqlite3.Connection, rows):
    insert(connection, **OWN)
    for row in rows[:-1]:
        insert(connection, **OWN | row)

    with pytest.raises(sqlite3.IntegrityError, match="frozen"):
        insert(connection, **OWN | rows[-1])


@pytest.mark.parametrize("column", ["series", "year", "sequence", "generation"])
def test_an_own_invoice_says_where_it_belongs(connection: sqlite3.Connection, column: str):
    with pytest.raises(sqlite3.IntegrityError, match="own document"):
        insert(connection, **OWN | {column: None})


def test_a_credit_note_names_its_invoice(connection: sqlite3.Connection):
    with pytest.raises(sqlite3.IntegrityError, match="own document"):
        insert(connection, **OWN | NOTE | {"refers_to": None})


def test_a_foreign_invoice_needs_no_place_and_may_have_any_number(connection: sqlite3.Connection):
    insert(connection, **OWN)
    insert(connection, **FOREIGN)
    insert(connection, **FOREIGN)

    assert connection.execute("SELECT count(*) FROM invoice WHERE number = 'RE-1'").fetchone() == (3,)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE number_series SET next = 1",
        "UPDATE number_series SET next = next + 2",
        "UPDATE number_series SET next = next + 1, first = 9",
        "UPDATE number_series SET next = next + 1, prefix = 'X'",
        "UPDATE number_series SET next = next + 1, newest = '2026-12-01'",
        "DELETE FROM number_series",
    ],
)
def test_a_series_only_grows_by_one(connection: sqlite3.Connection, statement: str):
    connection.execute(SERIES)
    connection.execute("UPDATE number_series SET next = next + 1")

    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)


@pytest.mark.parametrize("table", ["invoice_snapshot", "billing_correction"])
def test_what_documents_are_made_from_stays(connection: sqlite3.Connection, table: str):
    insert(connection, **OWN)
    connection.execute("INSERT INTO invoice_snapshot VALUES (1, '{}', '1')")
    connection.execute("INSERT INTO billing_correction VALUES (1, 1, '', '', '', '', '', '', '', '', '2026-12-01')")
    column = {"invoice_snapshot": "content", "billing_correction": "city"}[table]

    for statement in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(sqlite3.IntegrityError, match="frozen"):
            connection.execute(statement)


FROZEN = (
    "invoice invoice_document invoice_snapshot invoice_seal number_series billing_correction waiver_text waiver"
    " waiver_confirmation waiver_message payment_attempt payment_event transfer_announcement"
).split()


def test_nothing_that_is_frozen_is_forgotten_here(connection: sqlite3.Connection):
    named = "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_no_delete'"

    assert {name for (name,) in connection.execute(named)} == set(FROZEN)


@pytest.mark.parametrize("table", FROZEN)
def test_no_row_makes_way_for_another(connection: sqlite3.Connection, table: str):
    columns = [(name, kind) for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})")]
    fill = {"INTEGER": 1, "BLOB": b"x"}
    row = OWN | {"id": 1} if table == "invoice" else {name: fill.get(kind, "9") for name, kind in columns}
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    if connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,):
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))
    before = connection.execute(f"SELECT * FROM {table}").fetchall()

    with pytest.raises(sqlite3.IntegrityError, match="frozen"):
        connection.execute(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))

    assert connection.execute(f"SELECT * FROM {table}").fetchall() == before


@pytest.mark.parametrize("rows", TWICE.values(), ids=TWICE.keys())
def test_no_invoice_makes_way_for_one_that_is_like_it_in_one_respect(connection: sqlite3.Connection, rows):
    insert(connection, **OWN)
    for row in rows[:-1]:
        insert(connection, **OWN | row)
    last = OWN | rows[-1]
    names, marks = ", ".join(last), ", ".join("?" * len(last))

    with pytest.raises(sqlite3.IntegrityError, match="frozen"):
        connection.execute(f"INSERT OR REPLACE INTO invoice ({names}) VALUES ({marks})", tuple(last.values()))


def migrate_as_before(revision: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = place.parent / "migrations"
    shutil.copytree(migrations.VERSIONS.parent, before, ignore=shutil.ignore_patterns("__pycache__"))
    for script in (before / "versions").glob("*.py"):
        if script.name >= revision:
            script.unlink()
    with monkeypatch.context() as earlier:
        earlier.setattr(migrations, "VERSIONS", before / "versions")
        migrate(place, place.parent / "backups")


def test_invoices_from_before_begin_the_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = tmp_path / "tresen.sqlite3"
    migrate_as_before("0018", place, monkeypatch)
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("INSERT INTO number_series VALUES ('R-2026-', 'R-{year}-', 2026, 1, 3, '2026-01-01')")
        for number in (1, 2):  # the second one by a template that came to the same prefix
            template = {"series": "R-{year}-", "year": 2026} if number == 1 else {"series": "R-2026-", "year": 0}
            same = {"number": f"R-2026-0000{number}", "sequence": number, "order_id": number}
            insert(connection, **OWN | same | template | {"issued_on": f"2026-12-0{number}"})
            connection.execute("INSERT INTO invoice_document VALUES (?, 'pdf', x'25', 'abc')", (number,))
            connection.execute("INSERT INTO invoice_document VALUES (?, 'xml', x'3c', 'def')", (number,))
            connection.execute("INSERT INTO invoice_snapshot VALUES (?, '{}', '1')", (number,))

    migrate(place, tmp_path / "backups")

    with closing(sqlite3.connect(place)) as connection:
        found = connection.execute("SELECT prefix, sequence, seal FROM invoice_seal ORDER BY sequence").fetchall()
        assert connection.execute("SELECT newest FROM number_series").fetchall() == [("2026-12-02",)]
    first = seals.seal("", of_before("R-2026-00001", 1))
    second = seals.seal(first, of_before("R-2026-00002", 2))
    assert found == [("R-2026-", 1, first), ("R-2026-", 2, second)]


def of_before(number: str, day: int) -> Sealed:
    return Sealed(
        number=number,
        issued_on=date(2026, 12, day),
        total_gross=2000,
        currency="EUR",
        documents={DocumentFormat.PDF: "abc", DocumentFormat.XML: "def"},
        snapshot=hashlib.sha256(b"{}").hexdigest(),
    )


def test_invoices_from_elsewhere_survive_the_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place, backups = tmp_path / "tresen.sqlite3", tmp_path / "backups"
    migrate_as_before("0011", place, monkeypatch)
    with closing(sqlite3.connect(place)) as connection, connection:
        insert(connection, **FOREIGN)
        connection.execute("INSERT INTO invoice_document VALUES (1, 'pdf', x'25504446', 'abc')")

    migrate(place, backups)

    assert current(place) == newest()
    with closing(sqlite3.connect(place)) as connection:
        found = "SELECT number, issuer, series, content FROM invoice JOIN invoice_document"
        kept = connection.execute(found).fetchall()
        assert kept == [("RE-1", "elsewhere", None, b"%PDF")]
        with pytest.raises(sqlite3.IntegrityError, match="frozen"):
            connection.execute("DELETE FROM invoice")
