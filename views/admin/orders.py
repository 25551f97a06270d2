"""The list of orders: search, filters, and what each order amounts to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, TypeAlias
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from db.orders import State
from portal.order_list import MOST_COUNTED, Concern, ListedOrder, OrderFilter
from portal.orders import PaymentState
from portal.windows import local_day
from views.admin.frame import OfficePage
from views.admin.order_words import CONCERNS, PAYMENT_STATES, STATES, Badge, badge
from views.format import Money
from views.sentences import Sentence, counted, plain, said

PATH = "/admin/orders"
Choices: TypeAlias = "Mapping[State, Sentence] | Mapping[PaymentState, Sentence] | Mapping[Concern, Sentence]"


@dataclass(frozen=True)
class Option:
    """One choice of a filter."""

    value: str
    words: Sentence
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The form above the list, as it was sent. `is_empty` where it asks for nothing."""

    query: str
    states: tuple[Option, ...]
    payment_states: tuple[Option, ...]
    sources: tuple[Option, ...]
    concerns: tuple[Option, ...]
    is_empty: bool

    @staticmethod
    def of(wanted: OrderFilter, sources: Iterable[str]) -> Filters:
        return Filters(
            query=wanted.query,
            states=_options(STATES, wanted.state),
            payment_states=_options(PAYMENT_STATES, wanted.payment_state),
            sources=tuple(Option(name, plain(name), name == wanted.source) for name in sources),
            concerns=_options(CONCERNS, wanted.concern),
            is_empty=wanted.is_empty,
        )


def _options(words: Choices, chosen: StrEnum | None) -> tuple[Option, ...]:
    return tuple(Option(value.value, sentence, value is chosen) for value, sentence in words.items())


@dataclass(frozen=True, kw_only=True)
class OrderRow:
    """One order. `origin` is the marketplace, else the shop, else the source it came from."""

    url: str
    number: str
    who: str
    origin: str
    day: date
    holds: tuple[Sentence, ...]
    badge: Badge
    total: Money

    @staticmethod
    def of(row: ListedOrder, zone: ZoneInfo, now: datetime) -> OrderRow:
        facts = row.facts
        return OrderRow(
            url=f"{PATH}/{facts.id}/overview",
            number=facts.number,
            who=row.buyer or row.email,
            origin=row.platform or row.shop_name or row.source,
            day=local_day(facts.ordered_at, zone),
            holds=tuple(_holds(row)),
            badge=badge(facts, zone, now),
            total=Money(facts.total, facts.currency),
        )


def _holds(row: ListedOrder) -> Iterable[Sentence]:
    if row.files:
        yield counted("%(count)s file", "%(count)s files", row.files)
    if row.invoices:
        yield counted("%(count)s invoice", "%(count)s invoices", row.invoices)
    if row.credit_notes:
        yield counted("%(count)s credit note", "%(count)s credit notes", row.credit_notes)


def total_of(orders: int) -> Sentence:
    if orders > MOST_COUNTED:
        return said("More than %(number)s orders", number=MOST_COUNTED)
    return counted("%(count)s order", "%(count)s orders", orders)


def address(wanted: OrderFilter, **turn: int | None) -> str:
    """The address of the list with these filters, without what is empty."""
    asked = {
        "q": wanted.query,
        "state": wanted.state,
        "payment": wanted.payment_state,
        "source": wanted.source,
        "concern": wanted.concern,
        **turn,
    }
    query = urlencode({name: str(value) for name, value in asked.items() if value is not None and value != ""})
    return f"{PATH}?{query}" if query else PATH


@dataclass(frozen=True, kw_only=True)
class OrdersPage(OfficePage):
    """`newer` and `older` are addresses of the neighbouring pages, empty at the ends; `all` is that without filters."""

    template: ClassVar = "admin/orders.html"

    total: Sentence
    has_orders: bool
    filters: Filters
    rows: tuple[OrderRow, ...]
    newer: str
    older: str
    all: str = PATH
