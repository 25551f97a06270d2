"""A ZIP archive that leaves while it is written: no more of it is held than the member or the piece at hand."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from zipfile import ZIP64_LIMIT, ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

PACKED_ALREADY = (".pdf", ".zip", ".png", ".jpg")
EARLIEST = 1980  # a ZIP archive knows no day before
# Sizes in bytes of what stands around the contents (APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.9, 4.3.12, 4.3.14 to 16).
LOCAL_HEADER, LOCAL_LARGE = 30, 20
DESCRIPTOR, DESCRIPTOR_LARGE = 16, 24
ENTRY = 46
END, END_LARGE = 22, 56 + 20


@dataclass(frozen=True)
class Stored:
    """A member that is taken up as it is; `size` in bytes."""

    name: str
    size: int

    @property
    def is_large(self) -> bool:
        return self.size * 1.05 > ZIP64_LIMIT  # as zipfile asks it, which leaves room for bytes that pack badly


@dataclass(frozen=True)
class Layout:
    """Where the bytes of each member begin, and how long the whole archive is."""

    starts: tuple[int, ...]
    size: int


def layout(members: Sequence[Stored]) -> Layout:
    """Of an archive of these members and no others, before a byte of it is written."""
    at = directory = 0
    starts = []
    for member in members:
        name = len(member.name.encode())
        directory += ENTRY + name + _extra(member, at)
        at += LOCAL_HEADER + name + (LOCAL_LARGE if member.is_large else 0)
        starts.append(at)
        at += member.size + (DESCRIPTOR_LARGE if member.is_large else DESCRIPTOR)
    is_large = len(members) > 0xFFFF or max(at, directory) > ZIP64_LIMIT
    return Layout(tuple(starts), at + directory + END + (END_LARGE if is_large else 0))


def _extra(member: Stored, header_at: int) -> int:
    """What the directory says besides of sizes and places that need more than four bytes."""
    numbers = (2 if member.size > ZIP64_LIMIT else 0) + (1 if header_at > ZIP64_LIMIT else 0)
    return 4 + 8 * numbers if numbers else 0


class _Outlet(io.RawIOBase):
    """Takes what the archive writes, and cannot go back: then the archive never tries to."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes, /) -> int:  # type: ignore[override]  # the archive writes nothing but bytes
        self._written += piece
        return len(piece)

    def taken(self) -> bytes:
        taken, self._written = bytes(self._written), bytearray()
        return taken


class StreamedZip:
    """The same members in the same order give the same bytes."""

    def __init__(self) -> None:
        self._outlet = _Outlet()
        self._archive = ZipFile(self._outlet, "w")

    def member(self, name: str, content: bytes, day: date) -> bytes:
        """The bytes of the archive that this member adds; `name` with `/` between its folders."""
        info = _info(name, day)
        info.compress_type = ZIP_STORED if name.endswith(PACKED_ALREADY) else ZIP_DEFLATED
        self._archive.writestr(info, content)
        return self._outlet.taken()

    async def stored(self, member: Stored, pieces: AsyncIterator[bytes], day: date) -> AsyncGenerator[bytes, None]:
        """The same of a member that comes in pieces and is taken up as it is."""
        info = _info(member.name, day)
        info.file_size = member.size
        with self._archive.open(info, "w") as entry:
            async for piece in pieces:
                entry.write(piece)
                yield self._outlet.taken()
        yield self._outlet.taken()

    def end(self) -> bytes:
        """The directory, without which nobody takes the archive for whole."""
        self._archive.close()
        return self._outlet.taken()


def _info(name: str, day: date) -> ZipInfo:
    info = ZipInfo(name, (max(day.year, EARLIEST), day.month, day.day, 0, 0, 0))
    info.external_attr = 0o644 << 16
    return info
