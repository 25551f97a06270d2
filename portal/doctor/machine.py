"""What a shop has under its feet: directory, disk, address, database file, clock."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.migrate import current, newest
from portal.doctor.finding import Finding, Phrase, note, ok, phrase, verbatim, wrong

OTHERS = 0o077
SPARE = 200_000_000  # bytes beside a copy of the database
NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)  # Tresen is younger
DRIFT = timedelta(minutes=5)


def data_directory(data: Path, key_file: Path | None) -> Finding:
    about = phrase("data directory")
    if not data.is_dir():
        what = phrase("there is none at %(place)s", place=data)
        return wrong(about, what, phrase("Set TRESEN_DATA to the shop's, or start `tresen serve` once."))
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        what = phrase("%(place)s cannot be written to", place=data)
        return wrong(about, what, phrase("Run Tresen as its owner, or `chown` it."))
    if key_file is not None and not key_file.exists():
        what = phrase("%(place)s is missing", place=key_file)
        return wrong(about, what, phrase("Restore it from a backup, or no link that was sent will open."))
    if key_file is not None and key_file.stat().st_mode & OTHERS:
        what = phrase("others can read the keys in %(place)s", place=key_file)
        return wrong(about, what, phrase("`chmod 600 %(place)s`.", place=key_file))
    if data.stat().st_mode & OTHERS:
        what = phrase("others on this machine can look into %(place)s", place=data)
        return wrong(about, what, phrase("`chmod 700 %(place)s`.", place=data))
    return ok(about, phrase("%(place)s can be written to, and nobody else looks in", place=data))


def disk(data: Path, database: Path, free_bytes: Callable[[Path], int]) -> Finding:
    """An upgrade copies the database before it changes anything."""
    place = next(each for each in (data, *data.parents) if each.exists())
    free, needed = free_bytes(place), SPARE + (database.stat().st_size if database.exists() else 0)
    about = phrase("disk")
    told = phrase(
        "%(free)s MB are free, %(needed)s MB are needed for a copy of the database and some room",
        free=f"{free / 1e6:.0f}",
        needed=f"{needed / 1e6:.0f}",
    )
    return (
        ok(about, told)
        if free >= needed
        else wrong(about, told, phrase("Make room before the next upgrade or backup."))
    )


def base_url(url: str, *, given: bool) -> Finding:
    about = phrase("base URL")
    if not given:
        told = phrase("TRESEN_BASE_URL is not set, so that links lead to %(url)s and automations stay off", url=url)
        return note(about, told, phrase("Set TRESEN_BASE_URL to the address that customers reach."))
    if urlsplit(url).scheme != "https" and not _is_here(urlsplit(url).hostname or ""):
        told = phrase("%(url)s is not encrypted: links and passwords can be read on the way", url=url)
        return note(about, told, phrase("Put a proxy with a certificate in front, and set TRESEN_BASE_URL to https."))
    return ok(about, verbatim(url))


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def schema(database: Path) -> Finding:
    about = phrase("schema")
    try:
        have = current(database)
    except (sqlite3.DatabaseError, OSError) as error:
        told = phrase("%(place)s cannot be read (%(error)s)", place=database, error=error)
        return wrong(about, told, _remedy(error))
    if have is None:
        told = phrase("there is no database at %(place)s", place=database)
        return wrong(about, told, phrase("Start `tresen serve` once, or restore a backup."))
    if have > newest():
        told = phrase(
            "the database is of a newer Tresen (schema %(have)s, this one knows %(newest)s)", have=have, newest=newest()
        )
        return wrong(about, told, phrase("Start that version, or restore an older backup."))
    if have < newest():
        told = phrase("%(have)s, and %(newest)s is needed", have=have, newest=newest())
        return wrong(about, told, phrase("Start `tresen serve`: it migrates, after a backup."))
    return ok(about, verbatim(have))


def _remedy(error: Exception) -> Phrase:
    """A disk that is full or read-only makes a database unreadable that is sound."""
    code = getattr(error, "sqlite_errorcode", 0) or 0
    if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return phrase("Restore the last backup.")
    return phrase("The database may be sound: look for room on the disk, how it is mounted, and who may write there.")


async def integrity(database: Path) -> Finding:
    """SQLite's own look at every page, and at what refers to what."""
    try:
        found = await asyncio.to_thread(_integrity, database)
    except sqlite3.DatabaseError as error:
        told = phrase("%(place)s cannot be read (%(error)s)", place=database, error=error)
        return wrong(phrase("database"), told, _remedy(error))
    if found:
        told = phrase("%(place)s is damaged (%(error)s)", place=database, error=found)
        return wrong(phrase("database"), told, phrase("Restore the last backup."))
    return ok(phrase("database"), phrase("every page is sound"))


def _integrity(database: Path) -> str:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (told,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        astray = connection.execute("PRAGMA foreign_key_check").fetchone()
    if told != "ok":
        return str(told)
    return f"a row of {astray[0]} refers to nothing" if astray else ""


async def clock(session: AsyncSession, now: datetime) -> Finding:
    """Nothing outside is asked: the shop's own history says whether this machine's clock went back."""
    about = phrase("clock")
    remedy = phrase(
        "Let the machine keep its time, for example by systemd-timesyncd; deadlines and invoices follow it."
    )
    newest_entry = await session.scalar(select(func.max(Activity.at)))
    if now < NOT_BEFORE:
        return wrong(about, phrase("it is not %(day)s", day=f"{now:%Y-%m-%d}"), remedy)
    if newest_entry is not None and newest_entry > now + DRIFT:
        told = phrase(
            "it says %(now)s UTC, but the shop's history goes on to %(last)s",
            now=f"{now:%Y-%m-%d %H:%M}",
            last=f"{newest_entry:%Y-%m-%d %H:%M}",
        )
        return wrong(about, told, remedy)
    return ok(about, verbatim(f"{now:%Y-%m-%d %H:%M} UTC"))
