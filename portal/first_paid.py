"""The day Tresen first saw an order paid: stored once, because time windows may count from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Trigger
from db.orders import Order, OrderKind
from db.payments import Payment, PaymentKind
from db.settings import GeneralSettings, PaidRule
from portal import left_alone, old_news, order_facts
from portal.activity import By, entry
from portal.left_alone import Occasion
from portal.orders import OPEN_ACCOUNT, PIPELINE


async def note(order: Order, session: AsyncSession, by: By) -> bool:
    """After every write that may have made the order paid; whether it did. A day once noted stays."""
    if order.first_seen_paid_at is not None:
        return False
    await session.flush()
    rule = (await session.scalars(select(GeneralSettings.paid_rule))).one()
    payments = (await order_facts.payments_of([order], session))[order.id]
    if order_facts.one(order, payments, 0, rule).is_paid:  # credit notes lower what is due, they pay nothing
        order.first_seen_paid_at = by.at
        if order.kind is OrderKind.ORDER:
            is_old = await old_news.came_late(_paid_at(order, payments), order, session, by.at)
            await left_alone.fire(Occasion(trigger=Trigger.ORDER_PAID, order=order, is_old=is_old), session, by)
    return order.first_seen_paid_at is not None


def _paid_at(order: Order, payments: Iterable[Payment]) -> datetime | None:
    """None where nobody says when."""
    return order.paid_at or max((each.at for each in payments if each.kind is PaymentKind.PAYMENT), default=None)


async def tell(order: Order, session: AsyncSession, by: By) -> None:
    """After money came in: noted, and told to whoever waits for paid orders if it is paid by it for the first time."""
    if await note(order, session, by):
        session.add(entry(by, "order_paid", order.id))


async def note_all(rule: PaidRule, session: AsyncSession, by: By) -> None:
    """After a change of `paid_rule`: orders become paid by it at this moment. Payment facts were noted before."""
    if rule is PaidRule.STRICT:
        return
    counts = or_(Order.payment_method.is_(None), Order.payment_method.not_in(OPEN_ACCOUNT))
    await session.execute(
        update(Order)
        .where(Order.first_seen_paid_at.is_(None), Order.state.in_(PIPELINE), counts)
        .values(first_seen_paid_at=by.at)
        .execution_options(synchronize_session=False)
    )
