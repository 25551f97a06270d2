"""The merchant's list of articles: those that were made by hand or by API, and every SKU that was ever ordered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.articles import Article, ArticleFile
from db.files import File
from db.orders import Line, LineKind
from db.settings import FileSettings
from pdfkit.outcome import Caution
from portal import releases, settings

PAGE = 50


@dataclass(frozen=True, kw_only=True)
class ListedArticle:
    """One SKU. `id` is None for what was ordered and has no article yet; `title` is then that of its newest line."""

    sku: str
    id: int | None
    title: str
    files: int = 0
    missing: int = 0
    unstampable: int = 0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """`query` is any part of SKU or title, `after` the SKU behind which the page begins.

    `only_without`: nothing but SKUs that no file is linked with.
    """

    query: str = ""
    only_without: bool = False
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class FoundArticles:
    """`next_sku` is where the next page begins; empty at the end."""

    rows: tuple[ListedArticle, ...]
    next_sku: str


async def page(wanted: Wanted, session: AsyncSession) -> FoundArticles:
    """By SKU. What it costs grows with the number of SKUs, not with that of orders."""
    skus = list(await session.scalars(_chosen(wanted)))
    rows = await _rows(skus[:PAGE], session)
    return FoundArticles(rows=tuple(rows), next_sku=skus[PAGE - 1] if len(skus) > PAGE else "")


def _chosen(wanted: Wanted) -> Select[str]:
    """SKUs one after another, each found by the index behind the last one, however often it was ordered."""
    first = select(_next(wanted.after).label("sku")).cte("known", recursive=True)
    known = first.union_all(select(_next(first.c.sku)).where(first.c.sku.is_not(None)))
    chosen = select(known.c.sku).where(known.c.sku.is_not(None))
    if wanted.query:
        chosen = chosen.where(_holds(known.c.sku, wanted.query))
    if wanted.only_without:
        chosen = chosen.where(~_has_file(known.c.sku))
    return chosen.limit(PAGE + 1)


def _next(sku: ColumnElement[str] | str) -> ColumnElement[str]:
    """The first SKU behind that one among articles and lines; NULL behind the last."""
    article = select(func.min(Article.sku)).where(Article.sku > sku, Article.removed_at.is_(None))
    line = select(func.min(Line.sku)).where(Line.sku > sku, Line.kind == LineKind.ITEM)
    made, ordered = article.scalar_subquery(), line.scalar_subquery()
    # Of two, of which either may be NULL: min(a, b) of SQLite is NULL as soon as one is.
    return func.min(func.coalesce(made, ordered), func.coalesce(ordered, made))


def _holds(sku: ColumnElement[str], query: str) -> ColumnElement[bool]:
    article = exists().where(Article.sku == sku, Article.title.icontains(query, autoescape=True))
    line = exists().where(Line.sku == sku, Line.title.icontains(query, autoescape=True))
    return or_(sku.icontains(query, autoescape=True), article, line)


def _has_file(sku: ColumnElement[str]) -> ColumnElement[bool]:
    begins = and_(Article.prefix >= "", func.substr(sku, 1, func.length(Article.prefix)) == Article.prefix)
    linked = select(ArticleFile.file_id).join(Article, Article.id == ArticleFile.article_id)
    live = ArticleFile.unlinked_at.is_(None)
    return or_(exists(linked.where(Article.sku == sku, live)), exists(linked.where(begins, live)))


async def _rows(skus: Sequence[str], session: AsyncSession) -> list[ListedArticle]:
    articles = await session.scalars(select(Article).where(Article.sku.in_(skus), Article.removed_at.is_(None)))
    made = {article.sku: article for article in articles}
    titles = await _titles([sku for sku in skus if sku not in made or not made[sku].title], session)
    files = await _files([article.id for article in made.values()], session)
    asked = releases.asked_for(await settings.of(FileSettings, session))
    ordered = [ListedArticle(sku=sku, id=None, title=titles.get(sku, "")) for sku in skus]
    return [_row(made.get(each.sku), each, files, asked) for each in ordered]


def _row(
    article: Article | None, ordered: ListedArticle, files: dict[int, list[File]], asked: frozenset[Caution]
) -> ListedArticle:
    """As it was `ordered`, with what is known of it if it was made as an article."""
    if article is None:
        return ordered
    own = files[article.id]
    return replace(
        ordered,
        id=article.id,
        title=article.title or ordered.title,
        files=len(own),
        missing=sum(file.missing_since is not None for file in own),
        unstampable=sum(not releases.is_stampable(file, asked) for file in own),
    )


async def _titles(skus: Sequence[str], session: AsyncSession) -> dict[str, str]:
    """As it was called when it was ordered last."""
    newest = select(func.max(Line.id)).where(Line.sku.in_(skus), Line.kind == LineKind.ITEM).group_by(Line.sku)
    rows = await session.execute(select(Line.sku, Line.title).where(Line.id.in_(newest)))
    return {sku: title for sku, title in rows}


async def _files(article_ids: Sequence[int], session: AsyncSession) -> dict[int, list[File]]:
    rows = await session.execute(
        select(ArticleFile.article_id, File)
        .join(File, File.id == ArticleFile.file_id)
        .where(ArticleFile.article_id.in_(article_ids), ArticleFile.unlinked_at.is_(None))
    )
    found: dict[int, list[File]] = defaultdict(list)
    for article_id, file in rows:
        found[article_id].append(file)
    return found
