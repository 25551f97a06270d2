"""Which files an order entitles to: a fixed number of statements, however many lines, files and downloads there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

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

Linked = tuple[Line, File, ArticleFile]


async def of(
    facts: OrderFacts, lines: Sequence[Line], waived: OrderWaivers, settings: AllSettings, session: AsyncSession
) -> list[Entitlement]:
    """One entitlement for each linked file, in the order of the lines."""
    grouped = _by_file(lines, await links({line.sku for line in lines if line.sku}, session))
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
                lines=tuple(_bought(line) for line, _, _ in places),
                skus=frozenset(line.sku for line, _, _ in places),
                allowance=allowances.get(file_id, 0),
                spent=count,
                last_spent_at=last,
                waiver=waived.of_file(_lines_to_waive(places), settings.zone),
            )
        )
    return found


def is_given_back() -> ColumnElement[bool]:
    """A download that we failed to deliver and that was never finished either."""
    observed = select(DownloadObservation.id).where(DownloadObservation.download_id == Download.id)
    return exists(observed.where(DownloadObservation.failure != "")) & ~exists(
        observed.where(DownloadObservation.finished)
    )


def _by_file(
    lines: Sequence[Line], links: Mapping[str, Sequence[tuple[File, ArticleFile]]]
) -> Mapping[int, list[Linked]]:
    """Only what was sold brings files: a discount or the shipping may bear the article's number as well."""
    grouped: dict[int, list[Linked]] = defaultdict(list)
    for line in lines:
        if line.kind is LineKind.ITEM:
            for file, link in links.get(line.sku, ()):
                grouped[file.id].append((line, file, link))
    return grouped


async def links(skus: set[str], session: AsyncSession) -> Mapping[str, Sequence[tuple[File, ArticleFile]]]:
    """SKU → the files that are linked with it now: its own first, then those of all that begin like it, each once."""
    if not skus:
        return {}
    meant = union_all(  # each by its index
        select(Article.id).where(Article.sku.in_(skus)), select(Article.id).where(Article.prefix >= "")
    )
    rows = await session.execute(
        select(Article, File, ArticleFile)
        .join(ArticleFile, ArticleFile.article_id == Article.id)
        .join(File, File.id == ArticleFile.file_id)
        .where(ArticleFile.article_id.in_(meant), ArticleFile.unlinked_at.is_(None))
        .order_by(func.length(func.coalesce(Article.prefix, Article.sku)).desc(), ArticleFile.position)
    )
    found = [(article, file, link) for article, file, link in rows]
    linked: dict[str, dict[int, tuple[File, ArticleFile]]] = {}
    for sku in skus:
        for article, file, link in sorted(found, key=lambda each: each[0].prefix is not None):
            if sku == article.sku or (article.prefix is not None and sku.startswith(article.prefix)):
                known = linked.setdefault(sku, {}).setdefault(file.id, (file, link))
                if link.linked_at < known[1].linked_at:  # whoever had it by either way keeps the first day
                    linked[sku][file.id] = (file, link)
    return {sku: list(files.values()) for sku, files in linked.items()}


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
    _, file, link = places[0]
    return FileFacts(
        id=file.id,
        name=file.name,
        title=link.title or file.name,
        size=file.size,
        linked_at=min(link.linked_at for _, _, link in places),
        missing=file.missing_since is not None,
        unstampable=bool(settings.watermark_text.strip()) and not releases.is_stampable(file),
    )


def _bought(line: Line) -> BoughtLine:
    return BoughtLine(quantity=decimal(line.quantity), refunded_quantity=decimal(line.refunded_quantity))


def _lines_to_waive(places: Sequence[Linked]) -> list[str]:
    return [line.external_id for line, _, _ in places if waivers.concerns(line, has_file=True)]
