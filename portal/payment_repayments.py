"""Money that the merchant has sent back by hand, such as by bank transfer: it counts like any other refund."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Order, OrderKind, State
from db.payments import Payment, PaymentKind, PaymentOrigin
from portal import order_facts, payment_receipts
from portal.activity import By, entry
from portal.orders import OrderFacts
from portal.payment_receipts import PROVIDER
from portal.refusals import Conflict, Fault, Invalid, NotFound
from portal.windows import local_day


@dataclass(frozen=True, kw_only=True)
class NewRepayment:
    """`amount` in minor units, `on` the day it was sent; `seen` as for a receipt: a second click books nothing."""

    amount: int
    on: date
    reference: str
    seen: int


def most(order: OrderFacts) -> int:
    """What came in and has not gone back, in minor units."""
    return max(0, order.paid_sum - order.refunded_sum)


async def book(new: NewRepayment, order: Order, zone: ZoneInfo, session: AsyncSession, by: By) -> Payment:
    """Raises Invalid, Conflict, NotFound for an order that was removed."""
    if order.state is State.DELETED or order.kind is not OrderKind.ORDER:
        raise NotFound
    if faults := payment_receipts.day_and_reference_faults(new.on, new.reference, local_day(by.at, zone)):
        raise Invalid(*faults)
    if not 0 < new.amount <= most(await order_facts.of_one(order, session)):
        raise Invalid(Fault("#/amount", "out-of-range", "At most what came in and has not gone back yet."))
    known = await payment_receipts.count(order.id, session)
    if known != new.seen:
        raise Conflict("Another payment was booked meanwhile.")
    reference = new.reference.strip() or f"repayment-{known + 1}"
    if await payment_receipts.is_known(order.id, reference, PaymentKind.REFUND, session):
        raise Invalid(Fault("#/reference", "repeated", "A refund with this reference is booked already."))
    row = Payment(
        order_id=order.id,
        provider=PROVIDER,
        transaction_id=reference,
        kind=PaymentKind.REFUND,
        amount=new.amount,
        currency=order.currency,
        at=min(datetime.combine(new.on, time(12), zone), by.at),
        origin=PaymentOrigin.MANUAL,
        recorded_at=by.at,
    )
    session.add(row)
    order.changed_at = by.at
    told: dict[str, object] = {"provider": PROVIDER, "amount": new.amount, "currency": order.currency}
    session.add(entry(by, "refund_received", order.id, told))
    await session.flush()
    return row
