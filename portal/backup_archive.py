"""The form of a backup: a tar of plain files under `data/`, and last the manifest that says what they must be.

Whoever reads one trusts nothing in it: no names that lead elsewhere, no links, no
devices, no headers or sums of bytes without an end.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Annotated, Literal

import msgspec
from msgspec import Meta

TOP = "data"
MANIFEST = "manifest.json"
BLOCK = 1024 * 1024
LARGEST_MANIFEST = 256 * BLOCK
LARGEST_HEADER = 64 * 1024
MOST_MEMBERS = 1_000_000

Moment = Annotated[int, Meta(ge=-(2**62), le=2**62)]


class BackupFailed(Exception):
    """Nothing was written or restored; one sentence for the operator."""


class Damaged(Exception):
    """The archive is not what a backup must be; half a sentence says why."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file; `name` is its path below the data directory, `size` in bytes."""

    name: str
    size: int
    sha256: str
    mtime_ns: Moment


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """`keys` says where the secret keys are: without them no link that was sent opens again."""

    version: str
    schema: Annotated[str, Meta(pattern=r"^\d{4}$")]
    at: str
    keys: Literal["inside", "environment"]
    members: tuple[Member, ...]

    @property
    def size(self) -> int:
        return sum(member.size for member in self.members)


@contextmanager
def workplace(folder: Path, name: str) -> Iterator[Path]:
    """A hidden folder of our own, for one at a time; what a killed one left there is cleared away."""
    place = folder / f".{name}.unfinished"
    place.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        inside = place / "now"
        shutil.rmtree(inside, ignore_errors=True)
        inside.mkdir(mode=0o700)
        yield inside
        shutil.rmtree(place)
    except BlockingIOError as error:
        raise BackupFailed(f"Another tresen is at work in {place}; wait for it.") from error
    except BaseException:
        shutil.rmtree(place)
        raise
    finally:
        os.close(descriptor)


def unpack(archive: Path, place: Path | None, room: int | None = None) -> Manifest:
    """Goes through the whole archive and compares it with its manifest; unpacks into the empty `place` if one is given.

    `room` is how many bytes may be unpacked at most. Raises Damaged, and OSError where the place fails.
    """
    try:
        with (
            gzip.GzipFile(archive, "rb") as packed,
            tarfile.open(fileobj=packed, mode="r|", tarinfo=_Header) as tar,
        ):
            manifest, found = _unpacked(tar, place, room)
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError, ValueError, RecursionError) as error:
        raise Damaged("it is cut short, damaged or no backup of Tresen.") from error
    if found != {member.name: (member.size, member.sha256) for member in manifest.members}:
        raise Damaged("its files are not those that its manifest names.")
    if place:
        for member in manifest.members:
            os.utime(place / member.name, ns=(member.mtime_ns, member.mtime_ns))
    return manifest


class _Header(tarfile.TarInfo):
    """A member's header. Those that announce a long name are read whole, so they must not be endless."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        header = super().frombuf(buf, encoding, errors)
        if header.type not in tarfile.REGULAR_TYPES and header.size > LARGEST_HEADER:
            raise Damaged("it holds a header that is too long.")
        return header


def _unpacked(
    tar: tarfile.TarFile, place: Path | None, room: int | None
) -> tuple[Manifest, Mapping[str, tuple[int, str]]]:
    found: dict[str, tuple[int, str]] = {}
    while header := tar.next():
        if header.name == MANIFEST:
            return _manifest(tar, header), found
        name = _checked_name(header)
        if name in found or len(found) >= MOST_MEMBERS:
            raise Damaged("it holds a file twice, or too many.")
        if room is not None:
            room -= header.size
            if room < 0:
                raise Damaged("it is larger than the free space of the disk.")
        found[name] = (header.size, _copied(_content(tar, header), place / name if place else None))
    raise Damaged("it has no manifest.")


def _checked_name(header: tarfile.TarInfo) -> str:
    """The path below the data directory. Raises Damaged for whatever a backup never holds."""
    path = PurePosixPath(header.name)
    plain = header.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not header.sparse
    inside = len(path.parts) > 1 and path.parts[0] == TOP and ".." not in path.parts
    if not plain or not inside or str(path) != header.name or "\0" in header.name:
        raise Damaged("it holds something else than plain files of a data directory.")
    return str(path.relative_to(TOP))


def _content(tar: tarfile.TarFile, header: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(header)
    if content is None:
        raise Damaged("it holds something else than plain files.")
    return content


def _copied(content: IO[bytes], target: Path | None) -> str:
    """The SHA-256 of a member, which is written to `target` if there is one."""
    digest = hashlib.sha256()
    with _created(target) as file:
        while block := content.read(BLOCK):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _created(target: Path | None) -> IO[bytes]:
    if target is None:
        return open(os.devnull, "wb")  # noqa: PTH123
    _make_folders(target.parent)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise Damaged("it holds a file twice.") from error
    return os.fdopen(descriptor, "wb")


def _make_folders(folder: Path) -> None:
    """All of them for the owner alone; `parents=True` would give the upper ones the usual mode."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise Damaged("it holds a folder that is a file as well.") from error


def _manifest(tar: tarfile.TarFile, header: tarfile.TarInfo) -> Manifest:
    if header.type != tarfile.REGTYPE or header.size > LARGEST_MANIFEST:
        raise Damaged("its manifest is too long.")
    return msgspec.convert(json.loads(_content(tar, header).read()), Manifest)
