"""From nothing to the newest schema, over backups, never backwards, never half."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from db import migrate as migrations
from db.migrate import MigrationFailed, NewerDatabase, current, migrate, newest
from db.tables import METADATA, NOUNS

A_SOURCE = """
INSERT INTO source (id, name, kind, waiver_needs_text, invoices_elsewhere, active, created_at)
VALUES (1, 'etsy', 'api', 0, 0, 1, '2026-12-01 11:00:00')
"""
UPGRADE = '''
"""A later revision."""
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    op.add_column("source", sa.Column("colour", sa.Text(), nullable=False, server_default="blue"))
    {more}
'''


def rows(database: Path, statement: str) -> list[tuple]:
    with closing(sqlite3.connect(database)) as connection, connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def place(tmp_path):
    return tmp_path / "tresen.sqlite3"


@pytest.fixture
def backups(tmp_path):
    return tmp_path / "backups"


@pytest.fixture
def later_tresen(tmp_path, monkeypatch):
    """A Tresen with one more migration than this one; what it does besides is up to the test."""

    def released(more: str = "pass") -> str:
        folder = tmp_path / "migrations"
        shutil.copytree(migrations.VERSIONS.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
        revision = f"{int(newest()) + 1:04}"
        text = UPGRADE.format(revision=revision, before=newest(), more=more)
        (folder / "versions" / f"{revision}_later.py").write_text(text)
        monkeypatch.setattr(migrations, "VERSIONS", folder / "versions")
        return revision

    return released


def test_nothing_becomes_the_newest_schema_and_there_is_nothing_to_save(place, backups):
    assert current(place) is None
    assert migrate(place, backups) is None

    assert current(place) == newest()
    assert not backups.exists()


def test_the_database_is_for_its_owner_alone(place, backups):
    migrate(place, backups)

    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_migrating_again_changes_nothing(place, backups):
    migrate(place, backups)
    before = place.read_bytes()

    assert migrate(place, backups) is None
    assert place.read_bytes() == before
    assert not backups.exists()


def test_the_migrations_make_exactly_the_tables_of_the_models(place, backups):
    migrate(place, backups)
    engine = create_engine(f"sqlite:///{place}")
    # The full-text index is a virtual table with five of its own beside it: no model, but what order_search says.
    options = {"compare_type": True, "include_name": lambda name, *_: not str(name).startswith("order_search_index")}
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)
    engine.dispose()

    assert differences == []


def test_every_noun_of_the_room_is_known_to_the_schema():
    room = Path(migrations.__file__).parent
    nouns = {path.stem for path in room.glob("*.py") if "__tablename__ = " in path.read_text(encoding="utf-8")}

    assert {noun.__name__.removeprefix("db.") for noun in NOUNS} == nouns


def test_before_an_upgrade_everything_is_copied_and_nothing_is_lost(place, backups, later_tresen):
    migrate(place, backups)
    before = newest()
    rows(place, A_SOURCE)
    revision = later_tresen()

    backup = migrate(place, backups)

    assert backup is not None
    assert (current(backup), current(place)) == (before, revision)
    assert rows(backup, "SELECT name FROM source") == [("etsy",)]
    assert rows(place, "SELECT name, colour FROM source") == [("etsy", "blue")]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert stat.S_IMODE(backups.stat().st_mode) == 0o700


def test_what_is_still_in_the_log_of_a_killed_process_is_in_the_backup_too(place, backups, later_tresen, tmp_path):
    """A copy of the file alone would lose it."""
    migrate(place, backups)
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        connection.execute(A_SOURCE)
        killed = tmp_path / "killed" / "tresen.sqlite3"
        killed.parent.mkdir()
        for end in ("", "-wal"):
            shutil.copyfile(f"{place}{end}", f"{killed}{end}")
    later_tresen()

    backup = migrate(killed, backups)

    assert backup is not None
    assert rows(backup, "SELECT name FROM source") == [("etsy",)]
    assert rows(killed, "SELECT name FROM source") == [("etsy",)]


def test_a_migration_that_fails_leaves_the_database_as_it_was(place, backups, later_tresen):
    migrate(place, backups)
    before = newest()
    later_tresen(more='raise RuntimeError("the disk is full")')

    with pytest.raises(MigrationFailed, match="the disk is full") as failed:
        migrate(place, backups)

    assert failed.value.backup is not None
    assert failed.value.schema == current(failed.value.backup) == before
    assert current(place) == before
    assert "colour" not in {row[1] for row in rows(place, "PRAGMA table_info(source)")}


def test_without_room_for_a_copy_nothing_is_migrated_and_no_half_copy_stays(place, backups, later_tresen):
    migrate(place, backups)
    before = newest()
    later_tresen()
    backups.write_text("a file where the folder should be")

    with pytest.raises(MigrationFailed) as failed:
        migrate(place, backups)

    assert (failed.value.schema, failed.value.backup, current(place)) == (before, None, before)


def test_a_database_of_a_newer_tresen_is_refused_and_stays_as_it_is(place, backups):
    migrate(place, backups)
    rows(place, "UPDATE alembic_version SET version_num = '9999'")
    before = place.read_bytes()

    with pytest.raises(NewerDatabase, match="9999"):
        migrate(place, backups)

    assert place.read_bytes() == before
    assert not backups.exists()


def test_a_file_that_is_no_database_is_refused(place, backups):
    place.write_bytes(b"these are holiday pictures, not orders" * 100)

    with pytest.raises(sqlite3.DatabaseError):
        migrate(place, backups)


@pytest.fixture
def earlier_tresen(tmp_path, monkeypatch):
    """A Tresen that knows no migration after the given one, until it is brought up to date."""

    def at(revision: str) -> None:
        folder = tmp_path / "earlier"
        shutil.copytree(migrations.VERSIONS.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
        for each in (folder / "versions").glob("[0-9]*_*.py"):
            if each.name.split("_")[0] > revision:
                each.unlink()
        monkeypatch.setattr(migrations, "VERSIONS", folder / "versions")

    return at


def test_what_was_noted_of_a_download_becomes_one_row_with_its_sums(place, backups, earlier_tresen, monkeypatch):
    earlier_tresen("0023")
    migrate(place, backups)
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.executemany(
            "INSERT INTO download"
            " (id, order_id, file_id, attempt, name, file_version, size, stamp, started_at, ip_prefix)"
            " VALUES (?, 1, 1, '', 'a.pdf', '1', 10, '', '2026-12-01 11:00:00', '')",
            [(1,), (2,), (3,)],
        )
        connection.executemany(
            "INSERT INTO download_observation"
            " (download_id, at, start, sent, finished, failure, ip_prefix, handed_off)"
            " VALUES (?, '2026-12-01 11:00:00', 0, ?, ?, ?, '', ?)",
            [(1, 4, 0, "", 0), (1, 10, 1, "", 0), (1, 0, 0, "broken", 0), (2, 7, 0, "", 1), (2, 0, 0, "broken", 0)],
        )
    monkeypatch.undo()
    migrate(place, backups)

    wanted = "SELECT download_id, sent, pieces, covered, finished, failure, handed_off FROM download_observation"
    assert rows(place, f"{wanted} ORDER BY download_id") == [
        (1, 14, "[[0,10]]", 10, 1, "broken", 0),
        (2, 7, "[]", 0, 0, "broken", 1),
    ]
