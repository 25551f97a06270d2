"""A folder of this machine as a storage, only inside the roots that the operator allows."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Self

from portal.byte_ranges import Bytes, LocalBytes
from portal.sealed_options import OptionsRefused
from portal.storages import Entry, FileMissing, StorageUnavailable

NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})
# What resolving raises: for links in a circle (RuntimeError until Python 3.12), and for names that no file can have.
IMPOSSIBLE = (OSError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Grounds:
    """Where local storages may lie: inside one of `roots`, and of the data directory only in `files`."""

    roots: Sequence[Path]
    data: Path
    files: Path

    def resolved(self) -> Self:
        """As they lie now. Raises what resolving raises."""
        return replace(
            self, roots=[each.resolve() for each in self.roots], data=self.data.resolve(), files=self.files.resolve()
        )

    def hold(self, path: Path) -> bool:
        """Both must be resolved already, so that no symbolic link leads out."""
        if path.is_relative_to(self.data) and not path.is_relative_to(self.files):
            return False
        return any(path.is_relative_to(root) for root in self.roots)


class LocalFolder:
    """Fulfils portal.storages.Storage.

    Where its root lies is looked at with every path, by the thread that reads: a disk may hesitate, and what was inside
    the allowed roots a moment ago may be a link that leads out of them by now.
    """

    def __init__(self, options: Mapping[str, str], grounds: Grounds) -> None:
        if unknown := set(options) - {"root"}:
            raise OptionsRefused(min(unknown), "A local storage knows the option root alone.")
        if not options.get("root"):
            raise OptionsRefused("root", "Name the folder that holds the files.")
        if not Path(options["root"]).is_absolute():
            raise OptionsRefused("root", "Give the folder's absolute path.")
        self._grounds = grounds
        self._named = Path(options["root"])

    async def entries(self, path: str) -> list[Entry]:
        return await asyncio.to_thread(self._entries, path)

    async def stat(self, path: str) -> Entry:
        source = await self.open(path)
        named = PurePosixPath(path)  # one file has one path, however it was spelt
        try:
            return Entry(
                path=named.as_posix(), name=named.name, is_folder=False, size=source.size, version=source.version
            )
        finally:
            await source.close()

    async def open(self, path: str) -> Bytes:
        place = await asyncio.to_thread(self._inside, path)
        with _told(path):
            return await LocalBytes.open(place)

    def local_path(self, path: str) -> Path:
        return self._inside(path)

    def presigned(self, _path: str, _answer: Mapping[str, str]) -> str | None:
        return None

    def _found(self) -> Place:
        """The root as it lies now. Raises OptionsRefused."""
        try:
            grounds, root = self._grounds.resolved(), self._named.resolve()
            is_folder = root.is_dir()
        except IMPOSSIBLE as error:
            raise OptionsRefused("root", f"The folder cannot be looked at: {error}.") from error
        if not grounds.hold(root):
            allowed = ", ".join(str(each) for each in self._grounds.roots)
            raise OptionsRefused("root", f"The folder must lie inside {allowed} (TRESEN_LOCAL_ROOTS).")
        if not is_folder:
            raise OptionsRefused("root", "There is no such folder.")
        return Place(root, grounds)

    def _inside(self, path: str) -> Path:
        return self._found().of(path)

    def _entries(self, path: str) -> list[Entry]:
        found = self._found()
        folder = found.of(path)
        with _told(path):
            children = sorted(folder.iterdir(), key=lambda child: (child.is_file(), child.name.casefold()))
        return [found.entry(child) for child in children if found.reaches(child)]


@dataclass(frozen=True)
class Place:
    """A root and its grounds, resolved. It looks at the disk: for a thread that may wait."""

    root: Path
    grounds: Grounds

    def of(self, path: str) -> Path:
        """The real place of a path. What is hidden or leads out of the root is as missing as what is not there."""
        is_odd = path.startswith("/") or "\\" in path or not _can_be_written(path)
        if is_odd or any(part.startswith(".") for part in Path(path).parts):
            raise FileMissing(path)
        try:
            place = (self.root / path).resolve()
        except IMPOSSIBLE as error:
            raise FileMissing(path) from error
        if not place.is_relative_to(self.root) or not self.grounds.hold(place):
            raise FileMissing(path)
        return place

    def reaches(self, child: Path) -> bool:
        try:
            place = self.of(child.relative_to(self.root).as_posix())
        except FileMissing:
            return False
        return place.is_dir() or place.is_file()

    def entry(self, child: Path) -> Entry:
        status = child.stat()
        is_folder = child.is_dir()
        version = "" if is_folder else f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"
        relative = child.relative_to(self.root).as_posix()
        size = 0 if is_folder else status.st_size
        return Entry(path=relative, name=child.name, is_folder=is_folder, size=size, version=version)


def _can_be_written(path: str) -> bool:
    """Whether it has a place on a page or in the database: a name of this machine may be any bytes, not only UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def _told(path: str) -> Iterator[None]:
    """A path that cannot be is as missing as one that is not; everything else is the machine's fault."""
    try:
        yield
    except OSError as error:
        if error.errno in NOT_THERE:
            raise FileMissing(path) from error
        raise StorageUnavailable(str(error)) from error
