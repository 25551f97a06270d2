"""Everything a shop is, in one archive that proves itself: written while the shop is open, read back before it counts.

The database goes in as one consistent moment, every other file of the data directory as
it lies there. What can be made again (the cache, the copies taken before migrations) is
left out.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO

from db.migrate import current
from portal.backup_archive import MANIFEST, TOP, BackupFailed, Damaged, Manifest, Member, unpack, workplace

LEFT_OUT = frozenset({"cache", "backups"})
COMPRESSION = 3  # what is sold is compressed already; the rest is small


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What is saved: the data directory, its database, and whether the secret keys lie in it."""

    data: Path
    database: Path
    keys_inside: bool
    version: str


async def save(shop: Shop, target: Path, at: datetime) -> Manifest:
    """Writes the archive (mode 0600), which gets its name only after it was read back. Raises BackupFailed."""
    return await asyncio.to_thread(_save, shop, target.resolve(), at)


def _save(shop: Shop, target: Path, at: datetime) -> Manifest:
    data = shop.data.resolve()
    if target.is_relative_to(data) and not target.is_relative_to(data / "backups"):
        raise BackupFailed(f"A backup must not lie in what it saves; choose a place outside {shop.data}.")
    is_something_else = target.exists() and not target.is_file()  # such as /dev/null, which root would replace
    if is_something_else or not target.parent.is_dir():
        raise BackupFailed(f"{target} cannot be written; name a file in a folder that exists.")
    if not shop.database.is_file():
        raise BackupFailed(f"There is no shop in {shop.data} that could be saved.")
    try:
        with workplace(target.parent, target.name) as place:
            manifest = _write(shop, place, at)
            if unpack(place / "archive", None) != manifest:
                raise Damaged("it holds something else than was written.")
            (place / "archive").replace(target)
            _sync(target.parent)
    except Damaged as error:
        raise BackupFailed(f"No backup was written: the archive could not be read back, {error}") from error
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"No backup was written: {error}.") from error
    return manifest


def _write(shop: Shop, place: Path, at: datetime) -> Manifest:
    """`archive` in that folder, safe on the disk."""
    snapshot = _snapshot(shop.database, place / "snapshot")
    descriptor = os.open(place / "archive", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as raw:
        with (
            gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=COMPRESSION, filename="") as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            manifest = Manifest(
                version=shop.version,
                schema=current(snapshot) or "",
                at=at.isoformat(),
                keys="inside" if shop.keys_inside else "environment",
                members=tuple(_add(tar, path, name) for name, path in _files(shop, snapshot)),
            )
            text = json.dumps(asdict(manifest), indent=1).encode()
            tar.addfile(_header(MANIFEST, len(text), at.timestamp()), BytesIO(text))
        raw.flush()
        os.fsync(raw.fileno())
    return manifest


def _snapshot(database: Path, copy: Path) -> Path:
    """One consistent moment; writers go on meanwhile. Raises BackupFailed if SQLite finds it broken."""
    copy.touch(mode=0o600)
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=30)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    if not is_sound(copy):
        raise BackupFailed("SQLite finds the database damaged; keep it, and restore an earlier backup elsewhere.")
    return copy


def is_sound(database: Path) -> bool:
    """Whether SQLite finds every page and index of it in order."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchone()
    return bool(found == ("ok",))


def _files(shop: Shop, snapshot: Path) -> Iterator[tuple[str, Path]]:
    """Name and place of all that is saved. The database comes first: what its rows speak of is on the disk by then."""
    yield shop.database.name, snapshot
    own = {shop.database.name + end for end in ("", "-wal", "-shm", "-journal")}
    seen: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(shop.data, followlinks=True, onerror=_not_skipped):
        here = Path(folder)
        left_out = LEFT_OUT if here == shop.data else ()
        folders[:] = sorted(name for name in folders if name not in left_out and _is_new(here / name, seen))
        for name in sorted(names):
            path = here / name
            if path.is_file() and not (here == shop.data and name in own):
                yield path.relative_to(shop.data).as_posix(), path


def _not_skipped(error: OSError) -> None:
    """A folder that cannot be read is no reason to save less."""
    raise error


def _is_new(folder: Path, seen: set[tuple[int, int]]) -> bool:
    """Links to folders are followed, but no folder twice."""
    status = folder.stat()
    key = (status.st_dev, status.st_ino)
    fresh = key not in seen
    seen.add(key)
    return fresh


def _add(tar: tarfile.TarFile, path: Path, name: str) -> Member:
    """Copies one file into the archive, hashing what is really copied."""
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        read = _Hashed(file)
        try:
            tar.addfile(_header(f"{TOP}/{name}", before.st_size, before.st_mtime), read)
        except OSError as error:
            if error.errno is None:  # tarfile's own: the file has become shorter
                raise BackupFailed(f"{path} became shorter while it was saved; run the backup again.") from error
            raise
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BackupFailed(f"{path} was changed while it was saved; run the backup again.")
    return Member(name=name, size=before.st_size, sha256=read.sum.hexdigest(), mtime_ns=before.st_mtime_ns)


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sum = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        block = self._file.read(size)
        self.sum.update(block)
        return block


def _header(name: str, size: int, modified: float) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mtime, header.mode = size, int(modified), 0o600
    return header


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
