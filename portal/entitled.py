"""Which files an order entitles to: a fixed number of statements, however many lines, files and downloads there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Float, and_, bindparam, cast, exists, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.articles import Article, ArticleFile
from db.downloads import Allowance, Download, DownloadObservation
from db.files import File
from db.orders import Line, LineKind
from db.settings import FileSettings
from portal import releases, waivers
from portal.entitlements import BoughtLine, Entitlement, FileFacts, FileRules
from portal.imported import decimal
from portal.orders import OrderFacts
from portal.settings import AllSettings
from portal.waivers import OrderWaivers

MEANT = union_all(  # each by its index
    select(Article.id).where(Article.sku.in_(bindparam("skus", expanding=True))),
    select(Article.id).where(Article.prefix >= ""),
)
LINKED = (
    select(Article, File, ArticleFile)
    .join(ArticleFile, ArticleFile.article_id == Article.id)
    .join(File, File.id == ArticleFile.file_id)
    .where(ArticleFile.article_id.in_(MEANT))
    .order_by(func.length(func.coalesce(Article.prefix, Article.sku)).desc(), ArticleFile.position)
)


@dataclass(frozen=True)
class FileLink:
    """A file as it is linked with a SKU; `linked_at` is the first time that it was."""

    file: File
    title: str
    linked_at: datetime


Linked = tuple[Line, FileLink]


async def of(
    facts: OrderFacts, lines: Sequence[Line], waived: OrderWaivers, settings: AllSettings, session: AsyncSession
) -> list[Entitlement]:
    """One entitlement for each linked file, in the order of the lines."""
    grouped = by_file(lines, await links({line.sku for line in lines if line.sku}, session))
    if not grouped:
        return []
    spent = await _spent(facts.id, session)
    allowances = await _allowances(facts.id, session)
    rules = _rules(settings)
    found = []
    for file_id, places in grouped.items():
        count, last = spent.get(file_id, (0, None))
        found.append(
            Entitlement(
                order=facts,
                file=_file(places, settings.files),
                rules=rules,
                lines=tuple(bought(line) for line, _ in places),
                skus=frozenset(line.sku for line, _ in places),
                allowance=allowances.get(file_id, 0),
                spent=count,
                last_spent_at=last,
                waiver=waived.of_file(_lines_to_waive(places), settings.zone),
            )
        )
    return found


def is_given_back() -> ColumnElement[bool]:
    """A download that we failed to deliver, and of which a hundredth at least has never left.

    Who lacks less than that has the file.
    """
    seen = aliased(DownloadObservation)  # the statement around may speak of them as well
    lacks_a_hundredth = seen.covered * 100 <= Download.size * 99
    return exists().where(seen.download_id == Download.id, seen.failure != "", ~seen.finished, lacks_a_hundredth)


def brings_files() -> ColumnElement[bool]:
    """Of a line, as `by_file` asks it; quantities are decimal texts, near enough as floats to be told from nothing."""
    return and_(Line.kind == LineKind.ITEM, Line.sku != "", cast(Line.quantity, Float) > 0)


def by_file(lines: Sequence[Line], links: Mapping[str, Sequence[FileLink]]) -> Mapping[int, list[Linked]]:
    """Only what was sold brings files: a discount or the shipping may bear the article's number as well, and a line of
    none or less than none takes something back."""
    grouped: dict[int, list[Linked]] = defaultdict(list)
    for line in lines:
        if line.kind is LineKind.ITEM and decimal(line.quantity) > 0:
            for link in links.get(line.sku, ()):
                grouped[link.file.id].append((line, link))
    return grouped


async def links(skus: set[str], session: AsyncSession) -> Mapping[str, Sequence[FileLink]]:
    """SKU → the files that are linked with it now: its own first, then those of all that begin like it, each once."""
    if not skus:
        return {}
    rows = await session.execute(LINKED, {"skus": sorted(skus)})
    found = sorted(((article, file, link) for article, file, link in rows), key=lambda each: each[0].prefix is not None)
    return {sku: linked for sku in skus if (linked := _of_sku(sku, found))}


def _of_sku(sku: str, found: Sequence[tuple[Article, File, ArticleFile]]) -> list[FileLink]:
    """Whoever had a file by another way before, even one that is gone, keeps the first day."""
    fitting = [(file, link) for article, file, link in found if _fits(sku, article)]
    first: dict[int, datetime] = {}
    for file, link in fitting:
        first[file.id] = min(link.linked_at, first.get(file.id, link.linked_at))
    linked: dict[int, FileLink] = {}
    for file, link in fitting:
        if link.unlinked_at is None:
            linked.setdefault(file.id, FileLink(file, link.title, first[file.id]))
    return list(linked.values())


def _fits(sku: str, article: Article) -> bool:
    return sku == article.sku or (article.prefix is not None and sku.startswith(article.prefix))


async def _spent(order_id: int, session: AsyncSession) -> Mapping[int, tuple[int, datetime | None]]:
    """File → how many downloads count as spent, and when the last one was started."""
    rows = await session.execute(
        select(Download.file_id, func.count(), func.max(Download.started_at))
        .where(Download.order_id == order_id, ~is_given_back())
        .group_by(Download.file_id)
    )
    return {file_id: (count, last) for file_id, count, last in rows}


async def _allowances(order_id: int, session: AsyncSession) -> Mapping[int, int]:
    rows = await session.execute(
        select(Allowance.file_id, func.sum(Allowance.downloads))
        .where(Allowance.order_id == order_id)
        .group_by(Allowance.file_id)
    )
    return {file_id: total for file_id, total in rows}


def _rules(settings: AllSettings) -> FileRules:
    return FileRules(
        enabled=settings.files.download_enabled,
        limit_per_file=settings.files.limit_per_file,
        limit_times_quantity=settings.files.limit_times_quantity,
        window_days=settings.files.window_days,
        zone=settings.zone,
    )


def _file(places: Sequence[Linked], settings: FileSettings) -> FileFacts:
    _, link = places[0]
    file = link.file
    is_stampable = releases.is_stampable(file, releases.asked_for(settings))
    return FileFacts(
        id=file.id,
        name=file.name,
        title=link.title or file.name,
        size=file.size,
        linked_at=min(link.linked_at for _, link in places),
        missing=file.missing_since is not None,
        unstampable=bool(settings.watermark_text.strip()) and not is_stampable,
    )


def bought(line: Line) -> BoughtLine:
    return BoughtLine(quantity=decimal(line.quantity), refunded_quantity=decimal(line.refunded_quantity))


def _lines_to_waive(places: Sequence[Linked]) -> list[str]:
    return [line.external_id for line, _ in places if waivers.concerns(line, has_file=True)]
