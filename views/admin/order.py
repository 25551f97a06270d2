"""What every tab of an order shows: which order it is, how it stands, and the way to the other tabs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from db.orders import State
from portal.dossiers import Dossier
from portal.windows import local_day
from views.admin.order_words import Badge, badge
from views.format import Money, Reference
from views.sentences import Sentence, Value, plain, said

ORDERS = "/admin/orders"
TABS = {
    "overview": said("Overview"),
    "numbers-layouts": said("Numbers & layouts"),
    "payments": said("Payments"),
    "downloads": said("Downloads"),
    "messages": said("Messages"),
    "activity": said("History"),
}


@dataclass(frozen=True)
class Tab:
    url: str
    words: Sentence
    is_current: bool


@dataclass(frozen=True)
class Fact:
    """One line of a list of facts; `value` is None for what is not known."""

    label: Sentence
    value: Sentence | None

    @staticmethod
    def of(label: Sentence, value: Value | None) -> Fact:
        """A text that is empty is not known."""
        if value is None or value == "":
            return Fact(label, None)
        return Fact(label, value if isinstance(value, Sentence) else plain(value))


@dataclass(frozen=True, kw_only=True)
class OrderHead:
    """`as_customer` is where the merchant sees the customer's page; empty where no link opens the order any more."""

    url: str
    number: Reference
    who: str
    origin: str
    day: date
    total: Money
    badge: Badge
    tabs: tuple[Tab, ...]
    as_customer: str

    @staticmethod
    def of(dossier: Dossier, now: datetime, tab: str) -> OrderHead:
        order = dossier.order
        url = f"{ORDERS}/{order.id}"
        return OrderHead(
            url=url,
            number=Reference(order.number),
            who=dossier.user_name or dossier.buyer_email,
            origin=dossier.platform or dossier.shop_name or dossier.source,
            day=local_day(order.ordered_at, dossier.zone),
            total=Money(order.total, order.currency),
            badge=badge(order, dossier.zone, now),
            tabs=tuple(Tab(f"{url}/{name}", words, name == tab) for name, words in TABS.items()),
            as_customer="" if order.state is State.DELETED else f"{url}/as-customer",
        )
