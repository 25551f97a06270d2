"""Bytes that can be had from any place on, wherever they lie: a folder, the database, a foreign storage."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from hashlib import sha256
from io import FileIO
from pathlib import Path
from time import monotonic
from typing import Protocol, Self

# Who takes half a MiB without making us wait gets ever larger pieces, many times as fast as small ones; beyond 1 MiB
# nothing is gained. All others get small ones, as one piece is in hand for each of a thousand stalled readers. For one
# who does not read, the kernel takes less than half a MiB (266 to 391 KB were seen), see serving.py.
SMALL_PIECE = 16 * 1024
LARGE_PIECE = 1024 * 1024
EAGER_BYTES = 512 * 1024
PROMPT_SECONDS = 0.05


class BytesChangedError(Exception):
    """These are no longer the bytes whose version was announced: not one more of them may be handed out."""


class TooMuchAsked(Exception):
    """Nothing failed here: more was asked for than is handed out. The transfer ends."""


class Eagerness:
    """Whether a reader takes what he is given at once: only such a one is given much at a time."""

    def __init__(self) -> None:
        self._taken = 0
        self._handed = 0.0

    @property
    def is_proven(self) -> bool:
        return self._taken >= EAGER_BYTES

    @property
    def length(self) -> int:
        """How much to give him next, in bytes: a quarter of what he took without making us wait."""
        return min(LARGE_PIECE, self._taken // 4) if self.is_proven else SMALL_PIECE

    def hand(self) -> None:
        """A piece is about to be handed over."""
        self._handed = monotonic()

    def took(self, length: int) -> None:
        """It was taken: the next one is asked for. Who dawdled has to prove more, as one was read ahead for him."""
        self._taken = self._taken + length if monotonic() - self._handed < PROMPT_SECONDS else -LARGE_PIECE


class Bytes(Protocol):
    """One version of some bytes, opened for reading; whoever takes it closes it.

    `size` is in bytes. `version` is opaque and differs whenever any byte differs. `modified` is in UTC.
    """

    @property
    def size(self) -> int: ...
    @property
    def version(self) -> str: ...
    @property
    def modified(self) -> datetime | None: ...

    def read(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Exactly the bytes from `start` up to, not including, `end`, in pieces of at most a few hundred KiB.

        No piece is empty, and none but the next one is read before it is asked for. Raises, rather than ends early,
        when they cannot all be had: BytesChangedError if the version is gone, OSError if the place does not answer.
        """
        ...

    async def close(self) -> None: ...


class LocalBytes:
    """A file of this machine. A rename over it does no harm, as the old file stays open; a change inside is noticed."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self.path = Path(str(file.name))
        self._facts = _facts(file.fileno())
        self._reading: asyncio.Future[bytes] | None = None
        self.size, mtime_ns, inode = self._facts
        self.version = f"{mtime_ns:x}-{self.size:x}-{inode:x}"
        self.modified = datetime.fromtimestamp(mtime_ns // 1_000_000_000, UTC)

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open a regular file. FileNotFoundError where there is none or a link, a folder, a pipe; else OSError."""
        return await asyncio.to_thread(lambda: cls(_open_regular(path)))

    async def read(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        at, eagerness = start, Eagerness()
        reading = self._begun(at, min(SMALL_PIECE, end - at)) if at < end else None
        while reading:
            piece = await asyncio.shield(reading)
            at += len(piece)
            # Whoever is eager finds the next piece read already when he asks for it; for all others one is enough.
            reading = self._begun(at, min(eagerness.length, end - at)) if eagerness.is_proven and at < end else None
            eagerness.hand()
            yield piece
            eagerness.took(len(piece))
            if not reading and at < end:
                reading = self._begun(at, min(eagerness.length, end - at))

    def _begun(self, at: int, length: int) -> asyncio.Future[bytes]:
        self._reading = asyncio.get_running_loop().run_in_executor(None, self._read_at, at, length)
        return self._reading

    def _read_at(self, at: int, length: int) -> bytes:
        piece = os.pread(self._file.fileno(), length, at)
        # Asked after reading, so that no change slips in between.
        self._check()
        if not piece:
            raise BytesChangedError(str(self.path))
        return piece

    def _check(self) -> None:
        if _facts(self._file.fileno()) != self._facts:
            raise BytesChangedError(str(self.path))

    async def close(self) -> None:
        # A cancelled reader leaves its thread behind, and the number of a closed file is soon another file's.
        if self._reading:
            await asyncio.gather(self._reading, return_exceptions=True)
        self._file.close()  # on the loop, which leaves none open when it ends; what was only read waits for no disk


class HeldBytes:
    """A document that is in memory already, such as one from the database."""

    def __init__(self, content: bytes, modified: datetime | None = None) -> None:
        self._content = content
        self.size = len(content)
        self.version = sha256(content).hexdigest()
        self.modified = modified

    async def read(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        for at in range(start, end, SMALL_PIECE):
            yield self._content[at : min(at + SMALL_PIECE, end)]
            await asyncio.sleep(0)  # nothing here waits, yet others shall have their turn

    async def close(self) -> None:
        return None


def _open_regular(path: Path) -> FileIO:
    return FileIO(path, opener=_open_unfollowed)


def _open_unfollowed(path: str, _flags: int) -> int:
    try:  # without O_NONBLOCK, opening a pipe would wait for a writer that never comes
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise FileNotFoundError(errno.ENOENT, "is a link", path) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "is no regular file", path)
    return descriptor


def _facts(descriptor: int) -> tuple[int, int, int]:
    """Size in bytes, time of the last change in nanoseconds, inode."""
    status = os.fstat(descriptor)
    return status.st_size, status.st_mtime_ns, status.st_ino
