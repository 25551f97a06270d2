"""The merchant's list of orders: newest first, searched and filtered, in pages that turn both ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, literal_column, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from db import order_search
from db.articles import Article, ArticleFile
from db.downloads import Download, LinkObservation
from db.invoices import Invoice, InvoiceKind
from db.order_search import OrderSearch
from db.orders import Line, Order, OrderKind, State
from db.settings import GeneralSettings, PaidRule
from db.sources import Source
from portal import entitled, order_facts
from portal.entitled import is_given_back
from portal.orders import DEAD, DEAD_PAYMENTS, NOT_ORDERED, OPEN_ACCOUNT, PIPELINE, OrderFacts, PaymentState

PAGE = 50
FEW = 6_000  # finds are collected and sorted
LOOKED_THROUGH = 20_000  # orders at a time, where no index says which ones are meant
MOST_COUNTED = 10_000
SETTLED = (PaymentState.PAID, PaymentState.OVERPAID, PaymentState.PARTIALLY_REFUNDED)
OPEN = (PaymentState.UNPAID, PaymentState.PARTIALLY_PAID)

# The plus keeps SQLite from collecting everything by an index of these, to sort it afterwards:
# it walks along the list instead, which ends as soon as the page is full.
STATE: ColumnElement[str] = literal_column("+order_search.state")
PAYMENT_STATE: ColumnElement[str] = literal_column("+order_search.payment_state")

Chosen: TypeAlias = Select[int, int]


class Concern(StrEnum):
    """What a merchant may want to look after."""

    NOTHING_DOWNLOADED = "nothing-downloaded"
    NEVER_OPENED = "never-opened"
    OVERDUE = "overdue"


@dataclass(frozen=True, kw_only=True)
class OrderFilter:
    """None and empty mean any. Orders that were removed are listed only when asked for by their state."""

    query: str = ""
    state: State | None = None
    payment_state: PaymentState | None = None
    source: str = ""
    concern: Concern | None = None

    @property
    def is_empty(self) -> bool:
        return self == OrderFilter()


@dataclass(frozen=True, kw_only=True)
class Turn:
    """From where in the list a page goes on: towards older orders, or back towards newer ones."""

    after: int | None = None
    before: int | None = None


@dataclass(frozen=True, kw_only=True)
class ListedOrder:
    """One row: `files` are linked with what was bought, whether or not they may be had now."""

    facts: OrderFacts
    buyer: str
    email: str
    source: str
    platform: str
    shop_name: str
    files: int
    invoices: int
    credit_notes: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """`newer` and `older` are where the neighbouring pages begin, None at the ends of the list.

    A page may hold fewer rows than there are, even none, and still have an older one behind it.
    """

    rows: tuple[ListedOrder, ...]
    newer: int | None
    older: int | None


async def page(wanted: OrderFilter, turn: Turn, session: AsyncSession, midnight: datetime) -> Found:
    """`midnight` is the beginning of today on the merchant's clock: what was due before is overdue."""
    paid_rule = (await session.scalars(select(GeneralSettings.paid_rule))).one()
    chosen = _chosen(wanted, paid_rule, midnight)
    words = order_search.words_of(wanted.query)
    found, edge = await _few(chosen, words, turn, session) if words else None, None
    if found is None:
        edge = await _edge(turn, session) if wanted.concern else None
        found = await _along_the_list(chosen.where(order_search.holds(words)) if words else chosen, turn, edge, session)
    rows = await _rows([order_id for _, order_id in found[:PAGE]], paid_rule, session)
    last = found[PAGE - 1][0] if len(found) > PAGE else edge
    if turn.before is None:
        newer = None if turn.after is None else (found[0][0] if found else turn.after - 1)
        return Found(rows=tuple(rows), newer=newer, older=last)
    older = found[0][0] if found else turn.before + 1
    return Found(rows=tuple(reversed(rows)), newer=last, older=older)


async def _few(chosen: Chosen, words: Sequence[str], turn: Turn, session: AsyncSession) -> list[tuple[int, int]] | None:
    """What the index finds, sorted; None where it is so much that walking along the list meets it soon enough."""
    holding = chosen.select_from(order_search.joined()).where(order_search.may_hold(words), order_search.holds(words))
    few = holding.limit(FEW + 1).cte("few")
    turned = _turned(select(few.c.place, few.c.order_id), few.c.place, turn).limit(PAGE + 1).subquery()
    number = select(func.count()).select_from(few).scalar_subquery()
    always = select(literal(1)).subquery()  # the number comes with no row of the page, too
    rows = (
        await session.execute(
            select(number, turned.c.place, turned.c.order_id).select_from(always.outerjoin(turned, true()))
        )
    ).all()
    return None if rows[0][0] > FEW else [(place, order_id) for _, place, order_id in rows if order_id is not None]


async def _along_the_list(chosen: Chosen, turn: Turn, edge: int | None, session: AsyncSession) -> list[tuple[int, int]]:
    """From where the page begins, at most to the edge."""
    chosen = _turned(chosen, OrderSearch.place.expression, turn)
    if edge is not None:
        chosen = chosen.where(OrderSearch.place <= edge if turn.before is not None else OrderSearch.place >= edge)
    return [(row.place, row.order_id) for row in await session.execute(chosen.limit(PAGE + 1))]


def _turned(chosen: Chosen, place: ColumnElement[int], turn: Turn) -> Chosen:
    if turn.before is not None:
        return chosen.where(place > turn.before).order_by(place)
    if turn.after is not None:
        chosen = chosen.where(place < turn.after)
    return chosen.order_by(place.desc())


async def _edge(turn: Turn, session: AsyncSession) -> int | None:
    """How far one page looks: a merchant with a million orders gets the next find with the next click."""
    walk = select(OrderSearch.place).offset(LOOKED_THROUGH).limit(1)
    if turn.before is not None:
        return await session.scalar(walk.where(OrderSearch.place > turn.before).order_by(OrderSearch.place))
    if turn.after is not None:
        walk = walk.where(OrderSearch.place < turn.after)
    return await session.scalar(walk.order_by(OrderSearch.place.desc()))


async def count(session: AsyncSession) -> int:
    """How many orders there are, up to one more than MOST_COUNTED."""
    some = select(OrderSearch.place).where(OrderSearch.state != State.DELETED).limit(MOST_COUNTED + 1)
    return (await session.scalars(select(func.count()).select_from(some.subquery()))).one()


async def sources(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(Source.name).order_by(Source.name)))


def _chosen(wanted: OrderFilter, paid_rule: PaidRule, midnight: datetime) -> Chosen:
    """All filters but the search."""
    chosen = select(OrderSearch.place, OrderSearch.order_id)
    if wanted.state is None:
        chosen = chosen.where(STATE.not_in([State.DELETED.value]))
    else:
        chosen = chosen.where(OrderSearch.state == wanted.state)
    if wanted.payment_state is not None:
        chosen = chosen.where(OrderSearch.payment_state == wanted.payment_state.value)
    if wanted.source:
        named = select(Source.id).where(Source.name == wanted.source).scalar_subquery()
        chosen = chosen.where(OrderSearch.source_id == named)
    match wanted.concern:
        case Concern.NOTHING_DOWNLOADED:
            chosen = chosen.where(is_live(), is_paid(paid_rule), _has_files(), ~_was_downloaded())
        case Concern.NEVER_OPENED:
            chosen = chosen.where(is_live(), ~exists().where(LinkObservation.order_id == OrderSearch.order_id))
        case Concern.OVERDUE:
            chosen = chosen.where(is_live(), _is_open(paid_rule), _was_due_before(midnight))
    return chosen


def is_live() -> ColumnElement[bool]:
    """Of a row of OrderSearch: a real order that is neither dead nor refunded."""
    return and_(
        STATE.not_in([each.value for each in DEAD | NOT_ORDERED]),
        PAYMENT_STATE.not_in([each.value for each in DEAD_PAYMENTS]),
        its_order(Order.kind == OrderKind.ORDER),
    )


def is_paid(paid_rule: PaidRule) -> ColumnElement[bool]:
    """See portal.orders: by payment facts, or by how far the order has come."""
    by_facts = PAYMENT_STATE.in_([each.value for each in SETTLED])
    if paid_rule is PaidRule.STRICT:
        return by_facts
    on_account = Order.payment_method.in_(OPEN_ACCOUNT)
    by_pipeline = and_(
        STATE.in_([each.value for each in PIPELINE]),
        its_order(or_(Order.payment_method.is_(None), ~on_account)),
    )
    return or_(by_facts, by_pipeline)


def _is_open(paid_rule: PaidRule) -> ColumnElement[bool]:
    is_open = PAYMENT_STATE.in_([each.value for each in OPEN])
    return and_(is_open, ~is_paid(paid_rule))


def _was_due_before(midnight: datetime) -> ColumnElement[bool]:
    return its_order(Order.due_at < midnight)


def its_order(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Order.id == OrderSearch.order_id, condition)


def _has_files() -> ColumnElement[bool]:
    """Two looks, each by an index: articles of exactly that SKU, and the few that stand for many."""
    return or_(_has(Line.sku == Article.sku), _has(_begins_like()))


def _has(fits: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(
        select(ArticleFile.file_id)
        .join(Article, Article.id == ArticleFile.article_id)
        .join(Line, fits)
        .where(Line.order_id == OrderSearch.order_id, entitled.brings_files(), ArticleFile.unlinked_at.is_(None))
    )


def _begins_like() -> ColumnElement[bool]:
    return and_(Article.prefix >= "", func.substr(Line.sku, 1, func.length(Article.prefix)) == Article.prefix)


def _was_downloaded() -> ColumnElement[bool]:
    return exists(select(Download.id).where(Download.order_id == OrderSearch.order_id, ~is_given_back()))


async def _rows(ids: Sequence[int], paid_rule: PaidRule, session: AsyncSession) -> list[ListedOrder]:
    """The orders in the order of their ids, with the same number of statements for one as for fifty."""
    found = {
        order.id: (order, source)
        for order, source in await session.execute(select(Order, Source.name).join(Source).where(Order.id.in_(ids)))
    }
    facts = await order_facts.of([order for order, _ in found.values()], paid_rule, session)
    files = await _files(ids, session)
    papers = await _papers(ids, session)
    rows = []
    for order_id in ids:
        order, source = found[order_id]
        rows.append(
            ListedOrder(
                facts=facts[order_id],
                buyer=order.buyer_name or order.buyer_company,
                email=order.buyer_email,
                source=source,
                platform=order.platform,
                shop_name=order.shop_name,
                files=files.get(order_id, 0),
                invoices=papers.get((order_id, InvoiceKind.INVOICE), 0),
                credit_notes=papers.get((order_id, InvoiceKind.CREDIT_NOTE), 0),
            )
        )
    return rows


async def _files(ids: Sequence[int], session: AsyncSession) -> Mapping[int, int]:
    bringing = select(Line.order_id, Line.sku).where(Line.order_id.in_(ids), entitled.brings_files())
    rows = (await session.execute(bringing)).all()
    linked = await entitled.links({sku for _, sku in rows}, session)
    found: dict[int, set[int]] = defaultdict(set)
    for order_id, sku in rows:
        found[order_id] |= {link.file.id for link in linked.get(sku, ())}
    return {order_id: len(files) for order_id, files in found.items()}


async def _papers(ids: Sequence[int], session: AsyncSession) -> Mapping[tuple[int, InvoiceKind], int]:
    rows = await session.execute(
        select(Invoice.order_id, Invoice.kind, func.count())
        .where(Invoice.order_id.in_(ids))
        .group_by(Invoice.order_id, Invoice.kind)
    )
    return {(order_id, kind): number for order_id, kind, number in rows}
