"""How many orders can get a file: paid, alive, not refunded, and within the window. Limits of each are not counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Float, and_, cast, false, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.articles import Article, ArticleFile
from db.files import File
from db.order_search import OrderSearch
from db.orders import Line, Order
from db.settings import FileSettings, GeneralSettings, PaidRule
from portal import settings
from portal.entitled import brings_files
from portal.order_list import is_live, is_paid, its_order
from portal.windows import local_day, start_of

MOST_COUNTED = 10_000
LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True)
class Terms:
    """What decides for every file. Whoever paid since `since` is within the window; None is without limit."""

    paid_rule: PaidRule
    since: datetime | None
    stamps: bool


async def counts(
    file_ids: Sequence[int], session: AsyncSession, now: datetime, fixed_zone: ZoneInfo | None
) -> Mapping[int, int]:
    """File → how many orders, up to one more than MOST_COUNTED. One statement for each file, by the index of SKUs.

    Nobody can get a file that is missing, or that cannot be stamped where it has to be.
    """
    terms = await _terms(session, now, fixed_zone)
    linked: dict[int, list[tuple[Article, ArticleFile]]] = {file_id: [] for file_id in file_ids}
    rows = await session.execute(
        select(Article, ArticleFile)
        .join(ArticleFile, ArticleFile.article_id == Article.id)
        .join(File, File.id == ArticleFile.file_id)
        .where(File.id.in_(file_ids), _can_be_had(stamped=terms.stamps))
    )
    for article, link in rows:
        linked[link.file_id].append((article, link))
    return {file_id: await _count(articles, terms, session) for file_id, articles in linked.items()}


def _can_be_had(*, stamped: bool) -> ColumnElement[bool]:
    there = File.missing_since.is_(None)
    return and_(there, File.inspection["stampable"].as_boolean().is_not(False)) if stamped else there


async def _terms(session: AsyncSession, now: datetime, fixed_zone: ZoneInfo | None) -> Terms:
    general = await settings.of(GeneralSettings, session)
    files = await settings.of(FileSettings, session)
    zone = settings.zone_of(general, fixed_zone)
    days = files.window_days
    since = None if days is None else start_of(local_day(now, zone) - timedelta(days=days), zone)
    return Terms(general.paid_rule, since, bool(files.watermark_text.strip()))


async def _count(articles: Sequence[tuple[Article, ArticleFile]], terms: Terms, session: AsyncSession) -> int:
    """`articles`: those that the file is linked with, and those that it was linked with before."""
    now = [article for article, link in articles if link.unlinked_at is None]
    if not now:
        return 0
    entitled = (
        select(Line.order_id)
        .join(OrderSearch, OrderSearch.order_id == Line.order_id)
        .where(brings_files(), _is_kept(), _fits_one_of(now))
        .where(is_live(), is_paid(terms.paid_rule))
        .distinct()
        .limit(MOST_COUNTED + 1)
    )
    old = [article for article, link in articles if terms.since is not None and link.linked_at < terms.since]
    if terms.since is not None and old:  # who had it in time by an article that is gone since keeps the first day
        paid_since = its_order(func.coalesce(Order.paid_at, Order.first_seen_paid_at) >= terms.since)
        entitled = entitled.where(or_(paid_since, not_(_fits_one_of(old))))
    return (await session.scalars(select(func.count()).select_from(entitled.subquery()))).one()


def _fits_one_of(articles: Sequence[Article]) -> ColumnElement[bool]:
    return or_(false(), *map(_fits, articles))


def _fits(article: Article) -> ColumnElement[bool]:
    if article.prefix is None:
        return Line.sku == article.sku
    return and_(Line.sku >= article.prefix, Line.sku < article.prefix + LAST_CHARACTER)


def _is_kept() -> ColumnElement[bool]:
    """Not refunded as a whole; as floats, as for `brings_files`."""
    return cast(Line.refunded_quantity, Float) < cast(Line.quantity, Float)
