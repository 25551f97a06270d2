"""What the merchant sees while setting the stamp: page 1 of a real file, stamped as for a sample buyer."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.articles import ArticleFile
from db.files import File
from db.settings import FileSettings
from db.storages import Storage as StorageRow
from pdfkit.child import Child
from pdfkit.outcome import Caution, Previewed, StampFailed, Style
from portal.inspections import local_copy
from portal.placeholders import fill_text
from portal.refusals import NotFound
from portal.sealed_options import OptionsRefused
from portal.storages import FileMissing, Storages, StorageUnavailable

SAMPLE = {"UserName": "Max Mustermann", "OrderNumber": "12345678", "OrderDate": "05.06.2014", "Platform": "Etsy"}
MOST_FILES = 50
MOST_KEPT, KEPT_SECONDS = 16, 60
PATIENCE_SECONDS = 3


@dataclass(frozen=True)
class PreviewFile:
    """A linked PDF that can be stamped."""

    id: int
    name: str
    pages: int


async def files(session: AsyncSession) -> list[PreviewFile]:
    """The newest first, and not too many for a drop-down."""
    linked = select(ArticleFile.file_id).where(ArticleFile.unlinked_at.is_(None))
    rows = await session.scalars(
        select(File)
        .where(
            File.id.in_(linked),
            File.missing_since.is_(None),
            File.inspection["kind"].as_string() == "pdf",
            File.inspection["stampable"].as_boolean(),
        )
        .order_by(File.id.desc())
        .limit(MOST_FILES)
    )
    return [PreviewFile(row.id, row.name, _pages(row)) for row in rows]


def of(file: File) -> PreviewFile | None:
    """None for what is not there or bears no stamp."""
    found = file.inspection or {}
    is_shown = found.get("kind") == "pdf" and found.get("stampable") is True and file.missing_since is None
    return PreviewFile(file.id, file.name, _pages(file)) if is_shown else None


@dataclass(frozen=True)
class Original:
    """Where a file lies, and what was last known of its bytes."""

    storage: StorageRow
    path: str
    version: str

    @property
    def key(self) -> tuple[int, str, str]:
        return self.storage.id, self.path, self.version


@dataclass(frozen=True)
class Drawn:
    """A PNG, and what is to be said about the stamp on it."""

    picture: bytes
    cautions: tuple[Caution, ...]


class Previews:
    """Draws in the child process. The last few are kept: the page asks for what to say, the browser for the picture."""

    def __init__(self, child: Child, storages: Storages, scratch: Path) -> None:
        self._child = child
        self._storages = storages
        self._scratch = scratch
        self._kept: OrderedDict[Hashable, tuple[float, Drawn]] = OrderedDict()

    async def draw(self, original: Original | None, text: str, style: Style) -> Drawn:
        """Page 1; without an original, an empty sheet.

        Raises StampFailed, ValueError where nothing visible is left of the text, and what the storage raises.
        """
        filled = fill_text(text, SAMPLE).strip()
        key = (original.key if original else None, filled, style)
        at, kept = self._kept.get(key, (0.0, None))
        if kept and monotonic() - at < KEPT_SECONDS:
            return kept
        with TemporaryDirectory(dir=self._scratch) as folder:
            place = Path(folder) / "preview.png"
            done = await self._drawn(original, place, filled, style)
            drawn = Drawn(await asyncio.to_thread(place.read_bytes), done.warnings)
        self._kept[key] = monotonic(), drawn
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return drawn

    async def cautions(self, original: Original | None, row: FileSettings) -> tuple[Caution, ...]:
        """What is to be said about the stored stamp; nothing where it cannot be drawn in time, nor seen."""
        style = Style(row.watermark_font_size_pt, row.watermark_x_mm, row.watermark_y_mm)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return (await self.draw(original, row.watermark_text, style)).cautions
        except (StampFailed, FileMissing, OptionsRefused, StorageUnavailable, TimeoutError, ValueError):
            return ()

    async def _drawn(self, original: Original | None, place: Path, text: str, style: Style) -> Previewed:
        if original is None:
            return await self._child.preview(None, place, text, style)
        async with local_copy(self._storages.opened(original.storage), original.path, self._scratch) as source:
            return await self._child.preview(source, place, text, style)


async def original(file_id: int, session: AsyncSession) -> Original:
    """Where that file lies. Raises NotFound for one that is not linked, not there, or bears no stamp."""
    linked = select(ArticleFile.file_id).where(ArticleFile.unlinked_at.is_(None))
    row = await session.scalar(select(File).where(File.id == file_id, File.id.in_(linked)))
    if row is None or of(row) is None:
        raise NotFound
    return Original(await session.get_one(StorageRow, row.storage_id), row.path, row.version)


def _pages(row: File) -> int:
    pages = (row.inspection or {}).get("pages")
    return pages if isinstance(pages, int) else 0
