"""What the merchant sees while setting the stamp: page 1 of a real file, stamped as for a sample buyer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.articles import ArticleFile
from db.files import File
from db.storages import Storage as StorageRow
from pdfkit.child import Child
from pdfkit.outcome import Style
from portal.inspections import local_copy
from portal.placeholders import fill_text
from portal.refusals import NotFound
from portal.storages import Storages

SAMPLE = {"UserName": "Max Mustermann", "OrderNumber": "12345678", "OrderDate": "05.06.2014", "Platform": "Etsy"}
MOST_FILES = 50


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


@dataclass(frozen=True)
class Previews:
    """Draws in the child process."""

    child: Child
    storages: Storages
    scratch: Path

    async def draw(self, original: tuple[StorageRow, str] | None, text: str, style: Style) -> bytes:
        """A PNG; without an original, of an empty sheet.

        Raises StampFailed, ValueError where nothing visible is left of the text, and what the storage raises.
        """
        filled = fill_text(text, SAMPLE).strip()
        with TemporaryDirectory(dir=self.scratch) as folder:
            picture = Path(folder) / "preview.png"
            if original is None:
                await self.child.preview(None, picture, filled, style)
            else:
                storage, path = original
                async with local_copy(self.storages.opened(storage), path, self.scratch) as source:
                    await self.child.preview(source, picture, filled, style)
            return picture.read_bytes()


async def original(file_id: int, session: AsyncSession) -> tuple[StorageRow, str]:
    """Where that file lies. Raises NotFound for one that is not offered here."""
    if file_id not in {file.id for file in await files(session)}:
        raise NotFound
    row = await session.get_one(File, file_id)
    return await session.get_one(StorageRow, row.storage_id), row.path


def _pages(row: File) -> int:
    pages = (row.inspection or {}).get("pages")
    return pages if isinstance(pages, int) else 0
