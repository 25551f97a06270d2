"""A folder of this machine as a storage, only inside the roots that the operator allows."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

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

    def hold(self, path: Path) -> bool:
        """`path` must be resolved already, so that no symbolic link leads out."""
        if path.is_relative_to(self.data.resolve()) and not path.is_relative_to(self.files.resolve()):
            return False
        return any(path.is_relative_to(root.resolve()) for root in self.roots)


class LocalFolder:
    """Fulfils portal.storages.Storage."""

    def __init__(self, options: Mapping[str, str], grounds: Grounds) -> None:
        if unknown := set(options) - {"root"}:
            raise OptionsRefused(min(unknown), "A local storage knows the option root alone.")
        if not options.get("root"):
            raise OptionsRefused("root", "Name the folder that holds the files.")
        self._grounds = grounds
        self._root = self._checked_root(Path(options["root"]))

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

    def _checked_root(self, root: Path) -> Path:
        if not root.is_absolute():
            raise OptionsRefused("root", "Give the folder's absolute path.")
        try:
            resolved = root.resolve()
            is_folder = resolved.is_dir()
        except IMPOSSIBLE as error:
            raise OptionsRefused("root", f"The folder cannot be looked at: {error}.") from error
        if not self._grounds.hold(resolved):
            allowed = ", ".join(str(each) for each in self._grounds.roots)
            raise OptionsRefused("root", f"The folder must lie inside {allowed} (TRESEN_LOCAL_ROOTS).")
        if not is_folder:
            raise OptionsRefused("root", "There is no such folder.")
        return resolved

    def _inside(self, path: str) -> Path:
        """The real place of a path. What is hidden or leads out of the root is as missing as what is not there."""
        is_odd = path.startswith("/") or "\\" in path or not _can_be_written(path)
        if is_odd or any(part.startswith(".") for part in Path(path).parts):
            raise FileMissing(path)
        try:
            place = (self._root / path).resolve()
        except IMPOSSIBLE as error:
            raise FileMissing(path) from error
        if not place.is_relative_to(self._root) or not self._grounds.hold(place):
            raise FileMissing(path)
        return place

    def _entries(self, path: str) -> list[Entry]:
        folder = self._inside(path)
        with _told(path):
            children = sorted(folder.iterdir(), key=lambda child: (child.is_file(), child.name.casefold()))
        return [self._entry(child) for child in children if self._reachable(child)]

    def _reachable(self, child: Path) -> bool:
        try:
            place = self._inside(child.relative_to(self._root).as_posix())
        except FileMissing:
            return False
        return place.is_dir() or place.is_file()

    def _entry(self, child: Path) -> Entry:
        status = child.stat()
        is_folder = child.is_dir()
        version = "" if is_folder else f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"
        relative = child.relative_to(self._root).as_posix()
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
