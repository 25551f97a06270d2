"""When something was supplied: what is known of it, and never an invented day."""

from __future__ import annotations

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
    """How an order reaches its buyer: what of it comes as a file, what by post, and when that left."""

    has_files: bool
    has_goods: bool
    shipped_at: datetime | None
    delivered_at: datetime | None


def supply(order: OrderFacts, way: Way, zone: ZoneInfo) -> Supply | None:
    """None where it was supplied on a day that nobody told.

    Files are supplied on the day of payment, for then they are to be had; goods on the day they were shipped. Before
    that the money came first: an invoice then tells when, if that is known (§ 14 (4) no. 6 UStG).
    """
    filed = local_day(order.became_paid_at, zone) if way.has_files and order.became_paid_at else None
    left = way.shipped_at or way.delivered_at
    sent = local_day(left, zone) if way.has_goods and left else None
    if way.has_goods and sent is None:
        is_untold = order.state in SUPPLIED and paid_on(order, zone) is None
        return None if is_untold else Supply(is_advance=True)
    days = sorted(day for day in (filed, sent) if day)
    if not days:
        return Supply(is_advance=True)
    return Supply(on=days[0], until=days[-1] if days[-1] != days[0] else None)


def paid_on(order: OrderFacts, zone: ZoneInfo) -> date | None:
    """The day of payment, where one was told: the day we first saw it paid is not a day of payment."""
    told = order.paid_at is not None or order.paid_sum >= order.total > 0
    return local_day(order.became_paid_at, zone) if told and order.became_paid_at else None
