"""Payments that sources and scripts tell of: booked once, taken over where they went on, and never taken back by
whoever merely does not know of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Trigger
from db.orders import Order
from db.payments import Payment, PaymentKind, PaymentOrigin, PaymentStatus
from portal import first_paid, left_alone, old_news, order_rows
from portal.activity import By, entry
from portal.imported import SUM_ALONE, ImportedPayment
from portal.left_alone import Occasion
from portal.refusals import Conflict, Fault, Invalid

# Where a payment may go from where it is: late news of an earlier step takes nothing back.
FURTHER = {
    PaymentStatus.PENDING: {PaymentStatus.AUTHORIZED, PaymentStatus.COMPLETED, PaymentStatus.FAILED},
    PaymentStatus.AUTHORIZED: {PaymentStatus.COMPLETED, PaymentStatus.FAILED},
    PaymentStatus.FAILED: {PaymentStatus.COMPLETED},
    PaymentStatus.COMPLETED: {PaymentStatus.REVERSED},
    PaymentStatus.REVERSED: set[PaymentStatus](),
}
UNDECIDED = frozenset({PaymentStatus.PENDING, PaymentStatus.AUTHORIZED})


async def add(order: Order, payment: ImportedPayment, session: AsyncSession, by: By) -> bool:
    """Books one payment; False if it is known. A further status of a known one is taken over.

    What was told here stays, even if an import told it first and lists it no more. Raises Invalid, Conflict.
    """
    if payment.currency != order.currency:
        raise Invalid(Fault("#/currency", "other-currency", f"The order is in {order.currency}."))
    known = (await _stored(order, session)).get(_key(payment))
    if known is None:
        session.add(_row(order, payment, PaymentOrigin.API, by))
    elif known.amount != payment.amount:
        raise Conflict(f"{payment.transaction_id} is stored with another amount.")
    else:
        known.origin = PaymentOrigin.API if known.origin is PaymentOrigin.IMPORT else known.origin
        if payment.status not in FURTHER[known.status]:
            return False
        known.status = payment.status
    order.changed_at = by.at
    await _tell(order, payment, session, by)
    await first_paid.tell(order, session, by)
    return known is None


async def merge(order: Order, payments: Iterable[ImportedPayment], session: AsyncSession, by: By) -> None:
    """What the portal, the API or the merchant booked is never removed by an import that does not know of it."""
    stored = await _stored(order, session)
    known_before = _received(order, stored.values())
    ours = _came_in_here(order, stored.values())
    for payment in filter(None, (_beyond(ours, each, order) for each in payments)):
        known = stored.pop(_key(payment), None)
        if is_reversal(payment) and (known is None or known.status is not PaymentStatus.REVERSED):
            await tell_reversal(order, payment, session, by)
        if known is None:
            session.add(_row(order, payment, PaymentOrigin.IMPORT, by))
        elif known.origin is PaymentOrigin.IMPORT:
            known.amount, known.status, known.at = payment.amount, payment.status, payment.at
        elif _is_news(known, payment):
            known.status = payment.status
    for gone in stored.values():
        if gone.origin is PaymentOrigin.IMPORT:
            await session.delete(gone)
    await _tell_news(order, known_before, session, by)


async def _tell_news(order: Order, known_before: int, session: AsyncSession, by: By) -> None:
    """More money than was known before has arrived, unless its source had called the order paid without it.

    Sums are compared and not rows: a source may call the same money by another name tomorrow.
    """
    await session.flush()
    rows = (await _stored(order, session)).values()
    more = _received(order, rows) - known_before
    last = max((row.at for row in rows if _is_received(order, row)), default=None)
    if more > 0 and last and (order.first_seen_paid_at is None or last > order.first_seen_paid_at):
        details: dict[str, object] = {"amount": more, "currency": order.currency, "status": PaymentStatus.COMPLETED}
        await _tell_received(order, last, details, session, by)


def _received(order: Order, rows: Iterable[Payment]) -> int:
    return sum(row.amount for row in rows if _is_received(order, row))


def _is_received(order: Order, row: Payment) -> bool:
    completed = (PaymentKind.PAYMENT, PaymentStatus.COMPLETED, order.currency)
    return (row.kind, row.status, row.currency) == completed


def _came_in_here(order: Order, stored: Iterable[Payment]) -> int:
    """Minor units that are known from somebody else than the source."""
    return _received(order, (row for row in stored if row.origin is not PaymentOrigin.IMPORT))


def _beyond(ours: int, payment: ImportedPayment, order: Order) -> ImportedPayment | None:
    """A source that was told of our money counts it in its sum: where both are too much, it is the same money."""
    if payment.transaction_id != SUM_ALONE or ours + payment.amount <= order.total_gross:
        return payment
    rest = payment.amount - ours
    return replace(payment, amount=rest) if rest > 0 else None


def is_reversal(payment: ImportedPayment) -> bool:
    """Whether money that had come in was taken back: not so with a refund, which the merchant gave."""
    return payment.kind is PaymentKind.PAYMENT and payment.status is PaymentStatus.REVERSED


async def tell_reversal(order: Order, payment: ImportedPayment, session: AsyncSession, by: By) -> None:
    """The merchant must know: the goods may be with a customer who has the money back."""
    told = entry(by, "payment_reversed", order.id, _told(payment), notice=True)
    session.add(told)
    is_old = await old_news.was_old(payment.at, order, session)
    occasion = Occasion(trigger=Trigger.PAYMENT_REVERSED, order=order, is_old=is_old, note=told)
    await left_alone.fire(occasion, session, by)


async def _tell_received(
    order: Order, at: datetime, details: dict[str, object], session: AsyncSession, by: By
) -> None:
    told = entry(by, "payment_received", order.id, details)
    session.add(told)
    if details["status"] == PaymentStatus.COMPLETED:
        is_old = await old_news.was_old(at, order, session)
        occasion = Occasion(trigger=Trigger.PAYMENT_RECEIVED, order=order, is_old=is_old, note=told)
        await left_alone.fire(occasion, session, by)


async def _tell(order: Order, payment: ImportedPayment, session: AsyncSession, by: By) -> None:
    details = _told(payment) | {"status": payment.status.value}
    if is_reversal(payment):
        await tell_reversal(order, payment, session, by)
    elif payment.kind is PaymentKind.PAYMENT:
        await _tell_received(order, payment.at, details, session, by)
    else:
        session.add(entry(by, f"{payment.kind.value}_received", order.id, details))


def _row(order: Order, payment: ImportedPayment, origin: PaymentOrigin, by: By) -> Payment:
    values = {name: getattr(payment, name) for name in order_rows.PAYMENT_FIELDS}
    return Payment(order_id=order.id, origin=origin, recorded_at=by.at, **values)


def _is_news(known: Payment, payment: ImportedPayment) -> bool:
    """Of what was told here: the import only lags behind where it knows less, and a reversal is always the later."""
    return is_reversal(payment) or (known.status in UNDECIDED and payment.status not in UNDECIDED)


def _told(payment: ImportedPayment) -> dict[str, object]:
    return {"provider": payment.provider, "amount": payment.amount, "currency": payment.currency}


async def _stored(order: Order, session: AsyncSession) -> dict[tuple[str, str, str], Payment]:
    rows = await session.scalars(select(Payment).where(Payment.order_id == order.id))
    return {(row.provider, row.transaction_id, row.kind): row for row in rows}


def _key(payment: ImportedPayment) -> tuple[str, str, str]:
    return payment.provider, payment.transaction_id, payment.kind
