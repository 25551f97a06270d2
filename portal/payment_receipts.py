"""Money that the merchant has seen arrive, booked by hand: it counts like any other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Order, OrderKind, State
from db.payments import Payment, PaymentKind, PaymentOrigin, PaymentStatus
from portal import order_facts, payment_bookings
from portal.activity import By, entry
from portal.refusals import Conflict, Fault, Invalid, NotFound
from portal.windows import local_day

PROVIDER = "bank_transfer"
LARGEST = 10**13  # minor units
ABOVE_DUE = "above-due"
EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True, kw_only=True)
class NewReceipt:
    """`amount` in minor units, `on` the day it arrived, `reference` the bank's for it, or empty.

    `seen` is how many payments the merchant saw: a second click books nothing. More than is due is booked only where
    `confirmed` is that very amount.
    """

    amount: int
    on: date
    reference: str
    seen: int
    confirmed: int = 0


async def book(new: NewReceipt, order: Order, zone: ZoneInfo, session: AsyncSession, by: By) -> Payment:
    """Raises Invalid, Conflict, NotFound for an order that was removed."""
    if order.state is State.DELETED or order.kind is not OrderKind.ORDER:
        raise NotFound
    if faults := _faults(new, local_day(by.at, zone)):
        raise Invalid(*faults)
    known = await count(order.id, session)
    if known != new.seen:
        raise Conflict("Another payment was booked meanwhile.")
    due = (await order_facts.of_one(order, session)).due
    if new.amount > due and new.confirmed != new.amount:
        raise Invalid(Fault("#/amount", ABOVE_DUE, "This is more than is open."))
    reference = new.reference.strip() or f"receipt-{known + 1}"
    if await is_known(order.id, reference, PaymentKind.PAYMENT, session):
        raise Invalid(Fault("#/reference", "repeated", "A payment with this reference is booked already."))
    row = Payment(
        order_id=order.id,
        provider=PROVIDER,
        transaction_id=reference,
        amount=new.amount,
        currency=order.currency,
        at=min(datetime.combine(new.on, time(12), zone), by.at),
        origin=PaymentOrigin.MANUAL,
        recorded_at=by.at,
    )
    await payment_bookings.received(order, row, session, by)
    return row


async def take_back(payment_id: int, order: Order, session: AsyncSession, by: By) -> None:
    """What was booked by hand, and by mistake: the row stays and counts no more. Raises NotFound, Conflict."""
    row = await session.get(Payment, payment_id)
    if row is None or row.order_id != order.id or row.origin is not PaymentOrigin.MANUAL:
        raise NotFound
    if row.status is not PaymentStatus.COMPLETED:
        raise Conflict("This was taken back already.")
    row.status = PaymentStatus.FAILED
    order.changed_at = by.at
    told: dict[str, object] = {"kind": row.kind.value, "amount": row.amount, "currency": row.currency}
    session.add(entry(by, "receipt_taken_back", order.id, {**told, "reference": row.transaction_id}))


async def by_hand(order_id: int, session: AsyncSession) -> list[Payment]:
    """What a merchant has booked, whether it counts or was taken back."""
    chosen = select(Payment).where(Payment.order_id == order_id, Payment.origin == PaymentOrigin.MANUAL)
    return list(await session.scalars(chosen))


async def count(order_id: int, session: AsyncSession) -> int:
    """How many payments and refunds the order has."""
    of_order = select(func.count()).select_from(Payment).where(Payment.order_id == order_id)
    return (await session.scalars(of_order)).one()


def _faults(new: NewReceipt, today: date) -> list[Fault]:
    found = []
    if not 0 < new.amount <= LARGEST:
        found.append(Fault("#/amount", "out-of-range", "An amount is more than nothing."))
    return found + day_and_reference_faults(new.on, new.reference, today)


def day_and_reference_faults(on: date, reference: str, today: date) -> list[Fault]:
    found = []
    if not EARLIEST <= on <= today + timedelta(days=1):
        found.append(Fault("#/on", "out-of-range", "Money moves today or has moved before."))
    if len(reference) > 200:
        found.append(Fault("#/reference", "too-long", "A reference has at most 200 characters."))
    return found


async def is_known(order_id: int, reference: str, kind: PaymentKind, session: AsyncSession) -> bool:
    same = select(Payment.id).where(
        Payment.order_id == order_id,
        Payment.provider == PROVIDER,
        Payment.transaction_id == reference,
        Payment.kind == kind,
    )
    return await session.scalar(same) is not None
