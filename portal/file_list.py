"""All linked files: missing ones first, then those that cannot be stamped, then by name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.articles import ArticleFile
from db.files import File
from db.storages import Storage

PAGE = 50


@dataclass(frozen=True)
class ListedFile:
    """A file and the name of its storage."""

    file: File
    storage: str


@dataclass(frozen=True)
class FoundFiles:
    rows: tuple[ListedFile, ...]
    has_more: bool


async def page(number: int, session: AsyncSession) -> FoundFiles:
    """`number` counts from 0."""
    linked = select(ArticleFile.file_id).where(ArticleFile.unlinked_at.is_(None))
    trouble = case(
        (File.missing_since.is_not(None), 0), (File.inspection["stampable"].as_boolean().is_(False), 1), else_=2
    )
    rows = await session.execute(
        select(File, Storage.name)
        .join(Storage, Storage.id == File.storage_id)
        .where(File.id.in_(linked))
        .order_by(trouble, func.lower(File.name), File.id)
        .offset(number * PAGE)
        .limit(PAGE + 1)
    )
    found = [ListedFile(file, storage) for file, storage in rows]
    return FoundFiles(tuple(found[:PAGE]), len(found) > PAGE)
