"""One order through two sources, such as a shop and the Billbee that it reports to: its buyer gets everything twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.orders import Order, OrderKind, State
from db.sources import Source

LOOKED_AT = 500  # orders, the newest ones: what goes on is seen among them
CLOCKS_DIFFER = timedelta(days=1)

One, Other = aliased(Order), aliased(Order)


async def of_order(order_id: int, session: AsyncSession) -> Sequence[str]:
    """The names of other sources that it has come through, too. One statement."""
    found = (
        select(Source.name)
        .distinct()
        .select_from(One)
        .join(Other, _is_same())
        .join(Source, Source.id == Other.source_id)
        .where(One.id == order_id)
    )
    return list(await session.scalars(found.order_by(Source.name)))


async def among_newest(session: AsyncSession) -> Mapping[str, Sequence[str]]:
    """Source → others that bring the same orders lately; of sources that are switched on. One statement."""
    mine, theirs = aliased(Source), aliased(Source)
    newest = select(Order.id).order_by(Order.id.desc()).limit(LOOKED_AT)
    pairs = (
        select(mine.name, theirs.name)
        .distinct()
        .select_from(One)
        .join(Other, _is_same())
        .join(mine, mine.id == One.source_id)
        .join(theirs, theirs.id == Other.source_id)
        .where(One.id.in_(newest), mine.active, theirs.active)
        .order_by(theirs.name)
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, other in await session.execute(pairs):
        found[name].append(other)
    return found


def _is_same() -> ColumnElement[bool]:
    """Numbers alone are the same in many shops: number, sum, buyer and day."""
    same_mail = and_(One.buyer_email_key == Other.buyer_email_key, One.buyer_email_key != "")
    same_name = and_(One.buyer_name == Other.buyer_name, One.buyer_name != "")
    days = func.abs(func.julianday(One.ordered_at) - func.julianday(Other.ordered_at))
    return and_(
        Other.number == One.number,
        Other.source_id != One.source_id,
        Other.total_gross == One.total_gross,
        Other.currency == One.currency,
        One.kind == OrderKind.ORDER,
        Other.kind == OrderKind.ORDER,
        One.state != State.DELETED,
        Other.state != State.DELETED,
        or_(same_mail, same_name),
        days <= CLOCKS_DIFFER / timedelta(days=1),
    )
