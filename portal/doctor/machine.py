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
from portal.doctor.finding import Finding, note, ok, wrong

OTHERS = 0o077
SPARE = 200_000_000  # bytes beside a copy of the database
NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)  # Tresen is younger
DRIFT = timedelta(minutes=5)


def data_directory(data: Path, key_file: Path | None) -> Finding:
    about = "data directory"
    if not data.is_dir():
        return wrong(about, f"there is none at {data}", "Set TRESEN_DATA to the shop's, or start `tresen serve` once.")
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        return wrong(about, f"{data} cannot be written to", "Run Tresen as its owner, or `chown` it.")
    if key_file is not None and not key_file.exists():
        return wrong(about, f"{key_file} is missing", "Restore it from a backup, or no link that was sent will open.")
    if key_file is not None and key_file.stat().st_mode & OTHERS:
        return wrong(about, f"others can read the keys in {key_file}", f"`chmod 600 {key_file}`.")
    if data.stat().st_mode & OTHERS:
        return wrong(about, f"others on this machine can look into {data}", f"`chmod 700 {data}`.")
    return ok(about, f"{data} can be written to, and nobody else looks in")


def disk(data: Path, database: Path, free_bytes: Callable[[Path], int]) -> Finding:
    """An upgrade copies the database before it changes anything."""
    place = next(each for each in (data, *data.parents) if each.exists())
    free, needed = free_bytes(place), SPARE + (database.stat().st_size if database.exists() else 0)
    told = f"{free / 1e6:,.0f} MB are free, {needed / 1e6:,.0f} MB are needed for a copy of the database and some room"
    return ok("disk", told) if free >= needed else wrong("disk", told, "Make room before the next upgrade or backup.")


def base_url(url: str, *, given: bool) -> Finding:
    about = "base URL"
    if not given:
        remedy = "Set TRESEN_BASE_URL to the address that customers reach."
        return note(about, f"TRESEN_BASE_URL is not set, so that links lead to {url} and automations stay off", remedy)
    if urlsplit(url).scheme != "https" and not _is_here(urlsplit(url).hostname or ""):
        told = f"{url} is not encrypted: links and passwords can be read on the way"
        return note(about, told, "Put a proxy with a certificate in front, and set TRESEN_BASE_URL to https.")
    return ok(about, url)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def schema(database: Path) -> Finding:
    about = "schema"
    try:
        have = current(database)
    except (sqlite3.DatabaseError, OSError) as error:
        return wrong(about, f"{database} cannot be read ({error})", "Restore the last backup.")
    if have is None:
        return wrong(about, f"there is no database at {database}", "Start `tresen serve` once, or restore a backup.")
    if have > newest():
        told = f"the database is of a newer Tresen (schema {have}, this one knows {newest()})"
        return wrong(about, told, "Start that version, or restore an older backup.")
    if have < newest():
        return wrong(about, f"{have}, and {newest()} is needed", "Start `tresen serve`: it migrates, after a backup.")
    return ok(about, have)


async def integrity(database: Path) -> Finding:
    """SQLite's own look at every page, and at what refers to what."""
    found = await asyncio.to_thread(_integrity, database)
    if found:
        return wrong("database", f"{database} is damaged ({found})", "Restore the last backup.")
    return ok("database", "every page is sound")


def _integrity(database: Path) -> str:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            (told,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            astray = connection.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.DatabaseError as error:
            return str(error)
    if told != "ok":
        return str(told)
    return f"a row of {astray[0]} refers to nothing" if astray else ""


async def clock(session: AsyncSession, now: datetime) -> Finding:
    """Nothing outside is asked: the shop's own history says whether this machine's clock went back."""
    remedy = "Let the machine keep its time, for example by systemd-timesyncd; deadlines and invoices follow it."
    newest_entry = await session.scalar(select(func.max(Activity.at)))
    if now < NOT_BEFORE:
        return wrong("clock", f"it is not {now:%Y-%m-%d}", remedy)
    if newest_entry is not None and newest_entry > now + DRIFT:
        told = f"it says {now:%Y-%m-%d %H:%M} UTC, but the shop's history goes on to {newest_entry:%Y-%m-%d %H:%M}"
        return wrong("clock", told, remedy)
    return ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")
