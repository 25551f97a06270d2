"""How many orders can get a file: paid, alive, not refunded, and within the window. Limits of each are not counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Float, and_, cast, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.articles import Article, ArticleFile
from db.order_search import OrderSearch
from db.orders import Line, LineKind, Order
from db.settings import FileSettings, GeneralSettings, PaidRule
from portal import settings
from portal.order_list import is_live, is_paid, its_order
from portal.windows import local_day, start_of

MOST_COUNTED = 10_000
LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True)
class Terms:
    """What decides for every file. Whoever paid since `since` is within the window; None is without limit."""

    paid_rule: PaidRule
    since: datetime | None


async def counts(
    file_ids: Sequence[int], session: AsyncSession, now: datetime, fixed_zone: ZoneInfo | None
) -> Mapping[int, int]:
    """File → how many orders, up to one more than MOST_COUNTED. One statement for each file, by the index of SKUs."""
    terms = await _terms(session, now, fixed_zone)
    linked: dict[int, list[tuple[Article, ArticleFile]]] = {file_id: [] for file_id in file_ids}
    rows = await session.execute(
        select(Article, ArticleFile)
        .join(ArticleFile, ArticleFile.article_id == Article.id)
        .where(ArticleFile.file_id.in_(file_ids), ArticleFile.unlinked_at.is_(None))
    )
    for article, link in rows:
        linked[link.file_id].append((article, link))
    return {file_id: await _count(articles, terms, session) for file_id, articles in linked.items()}


async def _terms(session: AsyncSession, now: datetime, fixed_zone: ZoneInfo | None) -> Terms:
    general = await settings.of(GeneralSettings, session)
    zone = settings.zone_of(general, fixed_zone)
    days = (await settings.of(FileSettings, session)).window_days
    since = None if days is None else start_of(local_day(now, zone) - timedelta(days=days), zone)
    return Terms(general.paid_rule, since)


async def _count(articles: Sequence[tuple[Article, ArticleFile]], terms: Terms, session: AsyncSession) -> int:
    if not articles:
        return 0
    linked_at = min(link.linked_at for _, link in articles)
    entitled = (
        select(Line.order_id)
        .join(OrderSearch, OrderSearch.order_id == Line.order_id)
        .where(Line.kind == LineKind.ITEM, or_(false(), *(_fits(article) for article, _ in articles)))
        .where(is_live(), is_paid(terms.paid_rule), _is_kept())
        .distinct()
        .limit(MOST_COUNTED + 1)
    )
    if terms.since is not None and linked_at < terms.since:
        entitled = entitled.where(its_order(func.coalesce(Order.paid_at, Order.first_seen_paid_at) >= terms.since))
    return (await session.scalars(select(func.count()).select_from(entitled.subquery()))).one()


def _fits(article: Article) -> ColumnElement[bool]:
    if article.prefix is None:
        return Line.sku == article.sku
    return and_(Line.sku != "", Line.sku >= article.prefix, Line.sku < article.prefix + LAST_CHARACTER)


def _is_kept() -> ColumnElement[bool]:
    """Not refunded as a whole; quantities are decimal texts, near enough as floats to be compared."""
    bought, back = cast(Line.quantity, Float), cast(Line.refunded_quantity, Float)
    return or_(back <= 0, back < bought)
