"""Brings the database to the newest schema: after a backup copy, all in one transaction, never backwards."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

VERSIONS = Path(__file__).parent / "migrations" / "versions"


class NewerDatabase(Exception):
    """The database was written by a newer Tresen than this one."""


class MigrationFailed(Exception):
    """The database is what it was. `schema` is its revision, None where there was none yet; `cause` is for a reader.

    `backup` is the copy that was taken before; None where even that could not be made, or there was nothing to save.
    """

    def __init__(self, schema: str | None, backup: Path | None, cause: Exception) -> None:
        super().__init__(schema, backup, cause)
        self.schema = schema
        self.backup = backup
        self.cause = str(cause).partition("\n")[0] or type(cause).__name__


def newest() -> str:
    """The revision that this code expects, such as `0001`."""
    return max(_known())


def current(database: Path) -> str | None:
    """The revision of a database file; None where there is none yet."""
    if not database.exists():
        return None
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if tables else None
    return str(row[0]) if row else None


def migrate(database: Path, backups: Path) -> Path | None:
    """Migrates if needed; the backup that was taken before, if there was anything to save.

    Raises NewerDatabase, MigrationFailed, and sqlite3.DatabaseError for what is no database.
    """
    have = current(database)
    if have == newest():
        return None
    if have is not None and have not in _known():
        raise NewerDatabase(have)
    backup = None
    try:
        backup = _backup(database, backups, have) if have else None
        _upgrade(database)
    except Exception as error:  # whatever a migration may raise: it was one transaction
        raise MigrationFailed(have, backup, error) from error
    return backup


def _known() -> list[str]:
    return sorted(place.name.split("_")[0] for place in VERSIONS.glob("[0-9]*_*.py"))


def _backup(database: Path, backups: Path, revision: str) -> Path:
    backups.mkdir(exist_ok=True, mode=0o700)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    backup = backups / f"{database.stem}-{revision}-{stamp}.sqlite3"
    try:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(backup)) as target:
            source.backup(target)
        backup.chmod(0o600)
    except BaseException:  # half a copy would be taken for one
        backup.unlink(missing_ok=True)
        raise
    return backup


def _upgrade(database: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import Connection, create_engine, event
    from sqlalchemy.pool import ConnectionPoolEntry, NullPool

    engine = create_engine(f"sqlite:///{database}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA busy_timeout=30000")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    database.touch(mode=0o600, exist_ok=True)
    settings = Config()
    settings.set_main_option("script_location", str(VERSIONS.parent))
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
    engine.dispose()
