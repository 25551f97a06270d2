"""A ZIP archive that leaves while it is written: no more of it is held than the member at hand."""

from __future__ import annotations

import io
from datetime import date
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

PACKED_ALREADY = (".pdf", ".zip", ".png", ".jpg")
EARLIEST = 1980  # a ZIP archive knows no day before


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
        info = ZipInfo(name, (max(day.year, EARLIEST), day.month, day.day, 0, 0, 0))
        info.compress_type = ZIP_STORED if name.endswith(PACKED_ALREADY) else ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        self._archive.writestr(info, content)
        return self._outlet.taken()

    def end(self) -> bytes:
        """The directory, without which nobody takes the archive for whole."""
        self._archive.close()
        return self._outlet.taken()
