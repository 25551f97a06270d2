"""A ZIP archive of downloads, made while it leaves: every byte is counted for the download it belongs to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime

from db.downloads import Download
from portal.byte_ranges import HeldBytes
from portal.deliveries import FoundDownload
from portal.meters import MeteredBytes
from portal.streamed_zip import Stored, StreamedZip, layout


@dataclass(frozen=True)
class Note:
    """A text of our own that joins the files, such as what was left out and why."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Member:
    """One file of an opened archive and the name it has in there."""

    name: str
    found: FoundDownload

    @property
    def stored(self) -> Stored:
        return Stored(self.name, self.found.download.size)


class ArchiveBytes:
    """The archive as it is made while it leaves; the same bytes each time. Fulfils portal.byte_ranges.Bytes."""

    modified: datetime | None = None

    def __init__(
        self,
        members: Sequence[Member],
        note: Note | None,
        day: date,
        open_one: Callable[[FoundDownload], Awaitable[MeteredBytes]],
    ) -> None:
        self._members = members
        self._note = note
        self._day = day
        self._open = open_one
        notes = [Stored(note.name, len(note.content))] if note else []
        self._layout = layout([*(member.stored for member in members), *notes])
        self.size = self._layout.size
        self.version = " ".join(str(member.found.download.id) for member in members)

    @property
    def is_capped(self) -> bool:
        """Whether it ended because more was asked for than any honest reader needs."""
        return any(member.found.meter.reached for member in self._members)

    def sent_of_each(self, sent: int) -> list[tuple[Download, int]]:
        """How many bytes of each file are among the first `sent` bytes of the archive."""
        downloaded = (member.found.download for member in self._members)
        return [
            (download, max(0, min(sent - start, download.size)))
            for download, start in zip(downloaded, self._layout.starts, strict=False)
        ]

    async def read(self, _start: int, _end: int) -> AsyncGenerator[bytes, None]:
        """All of it: an archive is not cut. Raises Ended where a file is gone meanwhile, and what reading raises."""
        archive = StreamedZip()
        for member in self._members:
            content = await self._open(member.found)
            try:
                pieces = content.read(0, member.stored.size)
                async with aclosing(pieces), aclosing(archive.stored(member.stored, pieces, self._day)) as parts:
                    async for part in parts:
                        yield part
            finally:
                await content.close()
        if self._note:
            note = HeldBytes(self._note.content)
            async with aclosing(
                archive.stored(Stored(self._note.name, note.size), note.read(0, note.size), self._day)
            ) as parts:
                async for part in parts:
                    yield part
        yield archive.end()

    async def close(self) -> None:
        """Each file is closed as soon as it is read."""
