"""A shop from its backup: unpacked aside, compared with every sum, and only then put in its place."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from db.migrate import current, newest
from portal.activity import COMMAND_LINE
from portal.backup import is_sound
from portal.backup_archive import BackupFailed, Damaged, Manifest, unpack, workplace
from portal.number_gaps import RESTORED

RESERVE = 64 * 1024 * 1024  # the last bytes of a disk are not for us
KNOWS_AUTOMATIONS, KNOWS_RUNS = "0022", "0039"  # schemas
NO_CONTENT = frozenset({"lost+found"})


async def restore(archive: Path, data: Path, database: str) -> Manifest:
    """Fills the empty or missing directory `data`, whose database file is called `database`. Raises BackupFailed."""
    return await asyncio.to_thread(_restore, archive, data.resolve(), database)


def _restore(archive: Path, data: Path, database: str) -> Manifest:
    if not archive.is_file():
        raise BackupFailed(f"There is no backup {archive}.")
    try:
        if _is_used(data):
            raise BackupFailed(f"{data} is not empty; move it away first, nothing is ever overwritten.")
        with _aside(data) as place:
            manifest = unpack(archive, place, shutil.disk_usage(place).free - RESERVE)
            _check(manifest, place / database)
            _note(manifest, place / database)
            os.sync()
            _put(place, data, database)
    except Damaged as error:
        raise BackupFailed(f"{archive} was not restored: {error}") from error
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"{archive} was not restored: {error}.") from error
    return manifest


def _is_used(data: Path) -> bool:
    if not data.exists():
        return False
    return not data.is_dir() or any(not _is_none_of_the_shop(entry) for entry in data.iterdir())


def _is_none_of_the_shop(entry: Path) -> bool:
    return entry.name in NO_CONTENT or entry.name.endswith(".unfinished")


@contextmanager
def _aside(data: Path) -> Iterator[Path]:
    """A folder on the same disk: beside the data directory, or inside where that is a disk of its own."""
    folder = data if os.path.ismount(data) else data.parent
    folder.mkdir(parents=True, exist_ok=True)
    with workplace(folder, f"{data.name}.restore") as place:
        unpacked = place / "data"
        unpacked.mkdir(mode=0o700)
        yield unpacked


def _check(manifest: Manifest, database: Path) -> None:
    if manifest.schema > newest():
        raise Damaged(
            f"it comes from Tresen {manifest.version} with schema {manifest.schema}, which is newer than this one;"
            " restore it with that version."
        )
    if not database.is_file() or current(database) != manifest.schema or not is_sound(database):
        raise Damaged("its database is not sound.")


def _note(manifest: Manifest, database: Path) -> None:
    """The merchant has to know: what was issued after the backup is not here, and its numbers would come again.

    Nor is it known here who was written to since: automations pause, or what a source tells again would be new.
    A scheduled backup that holds itself as running has to end here: done again, it would replace this very archive.
    """
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "INSERT INTO activity (at, actor, kind, details, notice) VALUES (?, ?, ?, ?, 1)",
            (now, COMMAND_LINE, RESTORED, json.dumps({"backup": str(manifest.at)})),
        )
        if manifest.schema >= KNOWS_AUTOMATIONS:
            connection.execute("UPDATE automation_settings SET paused = 1")
        if manifest.schema >= KNOWS_RUNS:
            connection.execute(
                "UPDATE backup_run SET state = 'failed', error = 'restored', ended_at = ? WHERE state = 'running'",
                (now,),
            )


def _put(place: Path, data: Path, database: str) -> None:
    """In one step; on a disk of its own entry by entry, the database last: before it there is no shop."""
    if not os.path.ismount(data):
        place.rename(data)
        return
    for entry in sorted(place.iterdir(), key=lambda entry: entry.name == database):
        entry.rename(data / entry.name)
