"""The merchant's orders: the list, and the tabs that show one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from litestar import route
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, SkipValidation
from litestar.response import Redirect

from db.orders import Order, State
from portal import dossiers, doubles, exported, notices, order_history, order_list, skipped_runs
from portal.dossiers import Dossier
from portal.exported import ExportedOrder
from portal.order_list import Concern, OrderFilter, Turn
from portal.orders import PaymentState
from portal.refusals import NotFound
from portal.sessions import SignedIn
from portal.windows import local_day, start_of
from routes.given import AnyRequest, House, Merchant, Now
from views import Page, spoken
from views.admin import history_words
from views.admin.frame import Frame
from views.admin.order import ORDERS, OrderHead
from views.admin.order_overview import Overview
from views.admin.order_tabs import (
    Done,
    HistoryTab,
    OverviewTab,
    with_questions,
)
from views.admin.orders import Filters, OrderRow, OrdersPage, address, total_of

Word = TypeVar("Word", bound=StrEnum)
LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class ShownOrder:
    """One order as the merchant asked for it: everything about it, and who asks."""

    order: ExportedOrder
    dossier: Dossier
    merchant: SignedIn
    path: str
    done: str
    language: str

    def frame(self) -> Frame:
        return Frame.of(self.merchant, self.path)

    def head(self, tab: str) -> OrderHead:
        return OrderHead.of(self.dossier, self.merchant.at, tab)

    @property
    def url(self) -> str:
        return f"{ORDERS}/{self.dossier.order.id}"

    def back(self, tab: str, done: str) -> Redirect:
        """To the tab that says what was done."""
        return Redirect(f"{self.url}/{tab}?done={done}", status_code=303)


Asked = NamedDependency[SkipValidation[ShownOrder]]


async def shown(order_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant) -> ShownOrder:
    """Raises NotFound."""
    if not 0 < order_id <= LARGEST:
        raise NotFound
    async with house.database.reading() as session:
        dossier = await dossiers.of(order_id, session, house.zone)
        order = await exported.one(await session.get_one(Order, order_id), house.links, session)
    done = request.query_params.get("done", "")
    return ShownOrder(
        order=order,
        dossier=dossier,
        merchant=merchant,
        path=request.url.path,
        done=done,
        language=spoken(merchant.locale, request).language,
    )


OF_ORDER = {"asked": Provide(shown)}


@route(ORDERS, http_method=["GET", "HEAD"])
async def list_orders(request: AnyRequest, house: House, merchant: Merchant, now: Now) -> Page:
    wanted, turn = filter_of(request.query_params), turn_of(request.query_params)
    zone = house.storefront.zone
    async with house.database.reading() as session:
        found = await order_list.page(wanted, turn, session, start_of(local_day(now, zone), zone))
        orders, sources = await order_list.count(session), await order_list.sources(session)
    page = OrdersPage(
        frame=Frame.of(merchant, ORDERS),
        total=total_of(orders),
        has_orders=bool(sources),
        filters=Filters.of(wanted, sources),
        rows=tuple(OrderRow.of(row, zone, now) for row in found.rows),
        newer=address(wanted, before=found.newer) if found.newer is not None else "",
        older=address(wanted, after=found.older) if found.older is not None else "",
    )
    return Page(page, locale=merchant.locale)


def filter_of(asked: Mapping[str, str]) -> OrderFilter:
    """An address that was typed or grew old shows what it can: what no filter knows is none."""
    return OrderFilter(
        query=asked.get("q", "")[:200].strip(),
        state=word_of(State, asked.get("state", "")),
        payment_state=word_of(PaymentState, asked.get("payment", "")),
        source=asked.get("source", "")[:64],
        concern=word_of(Concern, asked.get("concern", "")),
    )


def turn_of(asked: Mapping[str, str]) -> Turn:
    return Turn(after=_place(asked.get("after", "")), before=_place(asked.get("before", "")))


def word_of(words: type[Word], text: str) -> Word | None:
    return next((word for word in words if word.value == text), None)


def _place(text: str) -> int | None:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 19):
        return None
    return max(-LARGEST, min(LARGEST, int(text)))


@route("/admin/orders/{order_id:int}", http_method=["GET", "HEAD"])
async def show_order(asked: Asked) -> Redirect:
    return Redirect(f"{asked.url}/overview", status_code=303)


@route("/admin/orders/{order_id:int}/overview", http_method=["GET", "HEAD"])
async def show_overview(asked: Asked, house: House, now: Now) -> Page:
    async with house.database.reading() as session:
        others = await doubles.of_order(asked.dossier.order.id, session)
    tab = OverviewTab(
        frame=asked.frame(),
        head=asked.head("overview"),
        done=Done.of(asked.done),
        overview=Overview.of(asked.order, asked.dossier, others, now),
    )
    return Page(tab, locale=asked.merchant.locale)


@route("/admin/orders/{order_id:int}/activity", http_method=["GET", "HEAD"])
async def show_history(asked: Asked, house: House) -> Page:
    async with house.database.reading() as session:
        happenings = await order_history.of_order(asked.dossier.order.id, session)
        merchants = await notices.merchants(session)
        skipped = await skipped_runs.of_order(asked.dossier.order.id, session)
    entries = [history_words.entry(each, asked.dossier.zone, merchants) for each in happenings]
    tab = HistoryTab(
        frame=asked.frame(),
        head=asked.head("activity"),
        done=Done.of(asked.done),
        entries=with_questions(entries, happenings, skipped, asked.url),
    )
    return Page(tab, locale=asked.merchant.locale)
