"""A ZIP archive of downloads, made while it leaves: every byte is counted for the download it belongs to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import date, datetime

from db.downloads import Download
from portal.byte_ranges import Bytes, HeldBytes
from portal.deliveries import FoundDownload
from portal.meters import Meter, MeteredBytes
from portal.streamed_zip import Stored, StreamedZip, layout

Opener = Callable[[FoundDownload], Awaitable[Bytes]]


@dataclass(frozen=True)
class Note:
    """A text of our own that joins the files, such as what was left out and why."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Contents:
    """What is in an archive, in this order."""

    members: Sequence[Member]
    note: Note | None


@dataclass(frozen=True)
class Member:
    """One file of an opened archive and the name it has in there."""

    name: str
    found: FoundDownload

    @property
    def stored(self) -> Stored:
        return Stored(self.name, self.found.download.size)


class ArchiveBytes:
    """The archive as it is made while it leaves. Fulfils portal.byte_ranges.Bytes.

    `meter` counts the bytes of all files together: to whoever fetches it, the archive is one thing.
    """

    modified: datetime | None = None

    def __init__(self, contents: Contents, meter: Meter, day: date, open_one: Opener) -> None:
        self._members = contents.members
        self._note = note = contents.note
        self.meter = meter
        self._day = day
        self._open = open_one
        self._at_last = AsyncExitStack()
        notes = [Stored(note.name, len(note.content))] if note else []
        self._layout = layout([*(member.stored for member in self._members), *notes])
        self.size = self._layout.size
        self.version = " ".join(str(member.found.download.id) for member in self._members)

    def sent_of_each(self, sent: int) -> list[tuple[Download, int]]:
        """How many bytes of each file are among the first `sent` bytes of the archive."""
        downloaded = (member.found.download for member in self._members)
        return [
            (download, max(0, min(sent - start, download.size)))
            for download, start in zip(downloaded, self._layout.starts, strict=False)
        ]

    def keep(self, kept: AbstractContextManager[object]) -> None:
        """What is to be held until the archive is closed."""
        self._at_last.enter_context(kept)

    async def read(self, _start: int, _end: int) -> AsyncGenerator[bytes, None]:
        """All of it: an archive is not cut. Raises Ended where a file is gone meanwhile, and what reading raises."""
        archive = StreamedZip()
        for member in self._members:
            opened = await self._open(member.found)
            try:
                pieces = MeteredBytes(opened, member.found.meter, self.meter).read(0, member.stored.size)
                async with aclosing(pieces), aclosing(archive.stored(member.stored, pieces, self._day)) as parts:
                    async for part in parts:
                        yield part
            finally:
                await opened.close()
        if self._note:
            note = HeldBytes(self._note.content)
            async with aclosing(
                archive.stored(Stored(self._note.name, note.size), note.read(0, note.size), self._day)
            ) as parts:
                async for part in parts:
                    yield part
        yield archive.end()

    async def close(self) -> None:
        """Each file is closed as soon as it is read; this lets go what was held for all of them."""
        await self._at_last.aclose()
