"""When something was supplied: what is known of it, and never an invented day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from db.orders import State
from pdfkit.paper import Supply
from portal.orders import OrderFacts
from portal.windows import local_day

SUPPLIED = frozenset({State.SHIPPED, State.COMPLETED, State.COMPLAINT})


@dataclass(frozen=True, kw_only=True)
class Way:
    """How an order reaches its buyer: what of it comes as a file, what by post, and the day on which that left."""

    has_files: bool
    has_goods: bool
    sent_on: date | None


def sent_on(told: Sequence[datetime | None], now: datetime, zone: ZoneInfo) -> date | None:
    """The first of the instants that lies not after today: what is announced has not left yet."""
    days = [local_day(each, zone) for each in told if each]
    return next((day for day in days if day <= local_day(now, zone)), None)


def supply(order: OrderFacts, way: Way, zone: ZoneInfo) -> Supply | None:
    """None where nobody told the day; none is ever invented.

    Files are supplied on the day of payment, for then they are to be had, and goods on the day they were shipped. Money
    that came before goods were shipped makes an advance payment, whose day the invoice tells (§ 14 (4) no. 6 UStG).
    """
    if way.has_goods and way.sent_on is None:
        is_advance = order.state not in SUPPLIED and paid_on(order, zone) is not None
        return Supply(is_advance=True) if is_advance else None
    filed = _filed_on(order, way, zone) if way.has_files else way.sent_on
    if filed is None:
        return None
    days = sorted({filed, way.sent_on or filed} if way.has_goods else {filed})
    return Supply(on=days[0], until=days[-1] if days[-1] != days[0] else None)


def _filed_on(order: OrderFacts, way: Way, zone: ZoneInfo) -> date | None:
    """What costs nothing is to be had with the order; what was not paid at once is known by the day it was sent."""
    if order.total == 0:
        return local_day(order.paid_at or order.ordered_at, zone)
    return paid_on(order, zone) or way.sent_on


def paid_on(order: OrderFacts, zone: ZoneInfo) -> date | None:
    """The day of payment, where one was told: the day we first saw it paid is not a day of payment."""
    told = order.paid_at is not None or order.paid_sum >= order.total > 0
    return local_day(order.became_paid_at, zone) if told and order.became_paid_at else None
