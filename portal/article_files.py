"""The files of one article, one at a time: linked, put in order, named, taken away, replaced by a new version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.articles import Article, ArticleFile
from db.files import File
from portal import articles
from portal.activity import By, entry
from portal.articles import Seen
from portal.refusals import Conflict, NotFound


async def add(article: Article, seen: Seen, session: AsyncSession, by: By) -> File:
    """Links it behind the others; linking again keeps the first day. One that is linked already stays where it is."""
    file = await articles.known(seen, session, by)
    link = await session.get(ArticleFile, (article.id, file.id))
    if link is not None and link.unlinked_at is None:
        return file
    if link is None:
        link = ArticleFile(article_id=article.id, file_id=file.id, linked_at=by.at)
        session.add(link)
    link.position = len(await in_order(article, session))
    link.unlinked_at, article.removed_at = None, None
    session.add(entry(by, "file_linked", details={"sku": article.sku, "path": file.path}))
    await session.flush()
    return file


async def take_away(article: Article, file_id: int, session: AsyncSession, by: By) -> None:
    """The row stays, so that linking again keeps the first day. Raises NotFound."""
    link = await one(article, file_id, session)
    link.unlinked_at = by.at
    file = await session.get_one(File, file_id)
    session.add(entry(by, "file_unlinked", details={"sku": article.sku, "path": file.path}))


async def move(article: Article, file_id: int, step: int, session: AsyncSession) -> None:
    """One place up (-1) or down (1); a step that leads nowhere changes nothing. Raises NotFound."""
    links = await in_order(article, session)
    moved = await one(article, file_id, session)
    others = [link for link in links if link.file_id != file_id]
    place = [link.file_id for link in links].index(file_id)
    others.insert(min(max(place + step, 0), len(others)), moved)
    for position, link in enumerate(others):
        link.position = position


async def name(article: Article, file_id: int, title: str, session: AsyncSession, by: By) -> None:
    """What customers read instead of the file's name; empty for the name. Raises NotFound."""
    link = await one(article, file_id, session)
    old, link.title = link.title, title
    if old != title:
        details: dict[str, object] = {"sku": article.sku, "old": {"title": old}, "new": {"title": title}}
        session.add(entry(by, "article_saved", details=details))


async def replace(file_id: int, seen: Seen, session: AsyncSession, by: By) -> File:
    """Puts other bytes in the place of a file: links, downloads and allowances stay, and old buyers get the new ones.

    Raises NotFound; Conflict where the other one is known as a file of its own, so that two would be one.
    """
    file = await session.get(File, file_id)
    if file is None:
        raise NotFound
    storage_id, path = seen.place
    other = await session.scalar(select(File.id).where(File.storage_id == storage_id, File.path == path))
    if other is not None and other != file.id:
        raise Conflict(f"{path} is known as a file of its own.")
    session.add(entry(by, "file_replaced", details={"file": file.id, "old_path": file.path, "path": path}))
    file.storage_id, file.path, file.name, file.inspection = storage_id, path, PurePosixPath(path).name, None
    await articles.renew(file, seen.entry, session, by)
    return file


async def one(article: Article, file_id: int, session: AsyncSession) -> ArticleFile:
    """Raises NotFound for what is not linked with it now."""
    link = await session.get(ArticleFile, (article.id, file_id))
    if link is None or link.unlinked_at is not None:
        raise NotFound
    return link


async def in_order(article: Article, session: AsyncSession) -> Sequence[ArticleFile]:
    linked = select(ArticleFile).where(ArticleFile.article_id == article.id, ArticleFile.unlinked_at.is_(None))
    return list(await session.scalars(linked.order_by(ArticleFile.position, ArticleFile.file_id)))


async def places(article: Article, session: AsyncSession) -> Sequence[tuple[int, str]]:
    """Storage and path of each file that it has now."""
    linked = select(File.storage_id, File.path).join(ArticleFile, ArticleFile.file_id == File.id)
    rows = await session.execute(linked.where(ArticleFile.article_id == article.id, ArticleFile.unlinked_at.is_(None)))
    return [(storage_id, path) for storage_id, path in rows if storage_id is not None]


async def articles_of(file_ids: Sequence[int], session: AsyncSession) -> dict[int, list[Article]]:
    """File → the articles it is linked with now, by SKU."""
    rows = await session.execute(
        select(ArticleFile.file_id, Article)
        .join(Article, Article.id == ArticleFile.article_id)
        .where(ArticleFile.file_id.in_(file_ids), ArticleFile.unlinked_at.is_(None))
        .order_by(func.lower(Article.sku))
    )
    found: dict[int, list[Article]] = {file_id: [] for file_id in file_ids}
    for file_id, article in rows:
        found[file_id].append(article)
    return found
