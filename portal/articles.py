"""Articles and the files linked with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.articles import Article, ArticleFile
from db.engine import Reading, Transaction
from db.files import File
from db.storages import Storage as StorageRow
from portal import file_inspections
from portal.activity import By, entry
from portal.byte_ranges import BytesChangedError
from portal.inspections import head_of
from portal.refusals import Fault, Invalid, NotFound
from portal.sealed_options import OptionsRefused
from portal.storages import Entry, FileMissing, Storages, StorageUnavailable

LONGEST_SKU = 500
Path = Annotated[str, Meta(min_length=1, max_length=1000)]
ANY = "*"  # at the end of a SKU


class FileLink(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`storage` is its id or its name; `path` is relative to the storage's root."""

    storage: int | str
    path: Path
    title: Annotated[str, Meta(max_length=500)] = ""


class Renaming(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The title of an article, or of a file as it is linked with one; empty for none of its own."""

    name: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET


class ArticleBody(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    title: Annotated[str, Meta(max_length=500)] = ""
    files: Annotated[list[FileLink], Meta(max_length=200)] = []


@dataclass(frozen=True)
class Seen:
    """A file to be linked, looked at in its storage."""

    storage: StorageRow
    entry: Entry

    @property
    def place(self) -> tuple[int, str]:
        return self.storage.id, self.entry.path


@dataclass(frozen=True)
class LinkedFile:
    link: ArticleFile
    file: File
    storage_row: StorageRow

    @property
    def storage(self) -> str:
        """The name of its storage."""
        return self.storage_row.name


async def look(wanted: Sequence[FileLink], reading: Reading, storages: Storages) -> list[Seen]:
    """Finds every file in its storage, outside any transaction. Raises Invalid for each missing one."""
    async with reading() as session:
        rows = list(await session.scalars(select(StorageRow)))
    known = {key: row for row in rows for key in (row.id, row.name)}
    seen: list[Seen] = []
    faults: list[Fault] = []
    for place, link in enumerate(wanted):
        found = await _look(known.get(link.storage), link, storages)
        if isinstance(found, Seen) and found.place in {each.place for each in seen}:
            found = Fault("path", "repeated", "This file is listed twice.")
        if isinstance(found, Seen):
            seen.append(found)
        else:
            faults.append(replace(found, pointer=f"#/files/{place}/{found.pointer}"))
    if faults:
        raise Invalid(*faults)
    return seen


async def _look(row: StorageRow | None, link: FileLink, storages: Storages) -> Seen | Fault:
    """The file, or what is wrong: then the pointer is the name of the field."""
    if row is None:
        return Fault("storage", "unknown-storage", "There is no such storage.")
    try:
        storage = storages.opened(row)
        # One path for one file, so that `./a.pdf` is not another one than `a.pdf`.
        found = await storage.stat(PurePosixPath(link.path).as_posix())
        content = await storage.open(found.path)
        try:
            await head_of(content)
        finally:
            await content.close()
        return Seen(row, found)
    except FileMissing:
        return Fault("path", "file-missing", "The storage holds no such file.")
    except (StorageUnavailable, OptionsRefused, BytesChangedError) as error:
        return Fault("storage", "storage-unavailable", str(error))


def prefix_of(sku: str) -> str | None:
    """What all SKUs begin with that are meant; None where it is this one alone."""
    return sku.removesuffix(ANY) if sku.endswith(ANY) else None


async def put(sku: str, body: ArticleBody, seen: Sequence[Seen], transaction: Transaction, by: By) -> bool:
    """Writes the article with exactly these links; True if it is new. Linking again keeps the first day."""
    async with transaction() as session:
        article = await session.scalar(select(Article).where(Article.sku == sku))
        is_new = article is None or article.removed_at is not None
        if article is None:
            article = Article(sku=sku, prefix=prefix_of(sku), created_at=by.at)
            session.add(article)
            await session.flush()
        article.title, article.removed_at = body.title, None
        files = [await known(each, session, by) for each in seen]
        await _link(article, [(file.id, link.title) for file, link in zip(files, body.files, strict=True)], session, by)
        session.add(entry(by, "article_saved", details={"sku": sku, "files": [file.path for file in files]}))
        return is_new


async def remove(sku: str, session: AsyncSession, by: By) -> None:
    """Unlinks all files; the article leaves the list. Raises NotFound."""
    article = await one(sku, session)
    await _link(article, [], session, by)
    article.removed_at = by.at
    session.add(entry(by, "article_removed", details={"sku": sku}))


async def opened(sku: str, title: str, session: AsyncSession, by: By) -> Article:
    """The article of that SKU, made where there is none, as it is where there is one."""
    article = await session.scalar(select(Article).where(Article.sku == sku))
    if article is None:
        article = Article(sku=sku, prefix=prefix_of(sku), title=title, created_at=by.at)
        session.add(article)
        await session.flush()
    elif article.removed_at is None:
        return article
    article.removed_at = None
    session.add(entry(by, "article_saved", details={"sku": sku, "files": []}))
    return article


async def call(article: Article, title: str, session: AsyncSession, by: By) -> None:
    """Gives it another title."""
    old, article.title = article.title, title
    if old != title:
        details: dict[str, object] = {"sku": article.sku, "old": {"title": old}, "new": {"title": title}}
        session.add(entry(by, "article_saved", details=details))


async def by_id(article_id: int, session: AsyncSession) -> Article:
    """Raises NotFound."""
    article = await session.get(Article, article_id)
    if article is None or article.removed_at is not None:
        raise NotFound
    return article


async def one(sku: str, session: AsyncSession) -> Article:
    article = await session.scalar(select(Article).where(Article.sku == sku, Article.removed_at.is_(None)))
    if article is None:
        raise NotFound
    return article


async def page(session: AsyncSession, limit: int, after: str) -> list[Article]:
    """Articles by SKU, beginning after the given one."""
    found = select(Article).where(Article.sku > after, Article.removed_at.is_(None)).order_by(Article.sku).limit(limit)
    return list(await session.scalars(found))


async def files_of(articles: Sequence[Article], session: AsyncSession) -> dict[int, list[LinkedFile]]:
    """Article id → its linked files in their order, in one statement."""
    rows = await session.execute(
        select(ArticleFile, File, StorageRow)
        .join(File, File.id == ArticleFile.file_id)
        .join(StorageRow, StorageRow.id == File.storage_id)
        .where(ArticleFile.article_id.in_([article.id for article in articles]), ArticleFile.unlinked_at.is_(None))
        .order_by(ArticleFile.position)
    )
    found: dict[int, list[LinkedFile]] = {article.id: [] for article in articles}
    for link, file, storage in rows:
        found[link.article_id].append(LinkedFile(link, file, storage))
    return found


async def known(seen: Seen, session: AsyncSession, by: By) -> File:
    """The row of that file, brought up to date; made where there is none."""
    file = await session.scalar(select(File).where(File.storage_id == seen.storage.id, File.path == seen.entry.path))
    if file is None:
        name = PurePosixPath(seen.entry.path).name
        file = File(storage_id=seen.storage.id, path=seen.entry.path, name=name)
        session.add(file)
    await renew(file, seen.entry, session, by)
    return file


async def renew(file: File, found: Entry, session: AsyncSession, by: By) -> None:
    """These bytes are the file's from now on; where nobody has looked into them, the worker is asked to."""
    if file.version != found.version:
        file.inspection = None
    file.size, file.version, file.checked_at, file.missing_since = found.size, found.version, by.at, None
    await session.flush()
    if file.inspection is None:
        await file_inspections.ask(file, session, by.at)


async def _link(article: Article, wanted: Sequence[tuple[int, str]], session: AsyncSession, by: By) -> None:
    """`wanted`: file id and title, in their order."""
    rows = await session.scalars(select(ArticleFile).where(ArticleFile.article_id == article.id))
    stored = {link.file_id: link for link in rows}
    for position, (file_id, title) in enumerate(wanted):
        link = stored.pop(file_id, None)
        if link is None:
            link = ArticleFile(article_id=article.id, file_id=file_id, linked_at=by.at)
            session.add(link)
            await session.flush()
        link.title, link.position, link.unlinked_at = title, position, None
    for gone in stored.values():
        gone.unlinked_at = gone.unlinked_at or by.at
