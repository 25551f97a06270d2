"""Money that moved becomes a fact of its order: once, whoever comes with the news and however often."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Trigger
from db.orders import Order
from db.payment_attempts import AttemptEvent, OpenPayment
from db.payments import Payment, PaymentKind, PaymentOrigin, PaymentStatus
from portal import first_paid, order_facts, payment_attempts, refund_questions, source_reports, triggers
from portal.activity import By, entry
from portal.imported_payments import FURTHER
from portal.paying import Capture, Refund
from portal.payment_attempts import About, Attempt, Standing

PAYPAL = "paypal"  # both kinds of PayPal's are one service, and its ids are unique across them
REFUNDED = AttemptEvent.REFUNDED
EVENTS = {
    PaymentStatus.COMPLETED: AttemptEvent.COMPLETED,
    PaymentStatus.PENDING: AttemptEvent.PENDING,
    PaymentStatus.FAILED: AttemptEvent.DECLINED,
    PaymentStatus.REVERSED: AttemptEvent.REVERSED,
}


async def book(attempt: Attempt, capture: Capture, session: AsyncSession, by: By) -> None:
    """What the service tells of an attempt's money and of what went back of it."""
    if _is_news(attempt, capture):
        await _note_capture(attempt, capture, session, by)
        if capture.status is not PaymentStatus.FAILED or await _known(attempt, capture.id, session):
            await _book_capture(attempt, capture, session, by)
    if capture.status is PaymentStatus.COMPLETED and is_seen(attempt):
        await restore(attempt, capture.id, session, by)
    for refund in capture.refunds:
        await book_refund(attempt, refund, session, by, refund_questions.key_of(refund, attempt))
    if capture.status is PaymentStatus.PENDING:
        await _wait_for(attempt, session)
    else:
        await payment_attempts.close(attempt, session)


def _is_news(attempt: Attempt, capture: Capture) -> bool:
    """A reversal may come again after it was won, and be seen after it was told of."""
    if capture.status is not PaymentStatus.REVERSED:
        return not attempt.knows(EVENTS[capture.status], capture.id)
    return attempt.standing is not Standing.REVERSED or (capture.is_seen and not is_seen(attempt))


def is_seen(attempt: Attempt) -> bool:
    """Whether it stands reversed, and the service itself has shown it so: only then its answers tell of the end."""
    last = attempt.decisive
    return last is not None and last.kind is AttemptEvent.REVERSED and last.details.get("seen") is True


async def restore(attempt: Attempt, capture: str, session: AsyncSession, by: By) -> None:
    """What was taken back has come again."""
    known = await _known(attempt, capture, session)
    if known is None:
        return
    known.status = PaymentStatus.COMPLETED
    order = await session.get_one(Order, attempt.order_id)
    order.changed_at = by.at
    await payment_attempts.note(attempt, AttemptEvent.RESTORED, session, by, About(capture))
    told: dict[str, object] = {"provider": PAYPAL, "amount": known.amount, "currency": known.currency}
    session.add(entry(by, "payment_restored", order.id, told, notice=True))


def gone_back(attempt: Attempt) -> int:
    """In minor units. The same refund may have been told of more than once; one that failed has not gone."""
    told = {event.reference: event for event in attempt.events if event.kind is REFUNDED}
    return sum(e.number("amount") for e in told.values() if e.text("status") != PaymentStatus.FAILED)


async def book_refund(attempt: Attempt, refund: Refund, session: AsyncSession, by: By, key: str = "") -> None:
    """`key` is that of our own question for it, if there was one: then the merchant knows already.

    An event each time that something else is told of it.
    """
    order = await session.get_one(Order, attempt.order_id)
    known = await _known(attempt, refund.id, session, PaymentKind.REFUND)
    if refund.status is PaymentStatus.COMPLETED and not (known and known.status is PaymentStatus.COMPLETED):
        details: dict[str, object] = {"provider": PAYPAL, "amount": refund.amount, "currency": refund.currency}
        is_news = refund.is_reversal or not (key or refund_questions.open_questions(attempt))
        word = "payment_reversed" if refund.is_reversal else "refund_received"
        happening = entry(by, word, order.id, details, notice=is_news)
        session.add(happening)
        if refund.is_reversal:
            await triggers.fire(Trigger.PAYMENT_REVERSED, order.id, session, by, happening)
    failed = refund.status is PaymentStatus.FAILED
    if failed and not (known and known.status is PaymentStatus.FAILED):
        missing: dict[str, object] = {"provider": PAYPAL, "amount": refund.amount, "currency": refund.currency}
        session.add(entry(by, "payment_refund_missing", order.id, missing, notice=True))
    if known is None:
        row = _row(order, refund.id, refund.amount, refund.currency)
        row.kind, row.status, row.at, row.recorded_at = PaymentKind.REFUND, refund.status, refund.at, by.at
        session.add(row)
    elif refund.status in FURTHER[known.status]:
        known.status = refund.status
    last = next((e for e in reversed(attempt.events) if e.kind is REFUNDED and e.reference == refund.id), None)
    told: dict[str, object] = {
        "amount": refund.amount,
        "status": refund.status.value,
        "key": key or (last.text("key") if last else ""),
    }
    if last is None or last.details != told:
        await payment_attempts.note(attempt, REFUNDED, session, by, About(refund.id, told))
    order.changed_at = by.at


async def received(order: Order, row: Payment, session: AsyncSession, by: By) -> None:
    """Completed money, in the running transaction: the fact and the events that others listen to."""
    session.add(row)
    order.changed_at = by.at
    told: dict[str, object] = {"provider": row.provider, "amount": row.amount, "status": row.status.value}
    happening = entry(by, "payment_received", order.id, told)
    session.add(happening)
    await triggers.fire(Trigger.PAYMENT_RECEIVED, order.id, session, by, happening)
    await first_paid.tell(order, session, by)
    await source_reports.payment_came(row, session, by.at)


async def _note_capture(attempt: Attempt, capture: Capture, session: AsyncSession, by: By) -> None:
    details: dict[str, object] = {
        "amount": capture.amount,
        "currency": capture.currency,
        "reason": capture.reason,
        "funding": capture.funding,
        **({"seen": capture.is_seen, "told_at": capture.at.isoformat()} if capture.taken_back else {}),
    }
    kind = EVENTS[capture.status]
    await payment_attempts.note(attempt, kind, session, by, About(capture.id, details))
    if (capture.amount, capture.currency) != (attempt.amount, attempt.currency):
        asked: dict[str, object] = {"asked": attempt.amount, "asked_currency": attempt.currency}
        session.add(entry(by, "payment_differs", attempt.order_id, {**details, **asked}, notice=True))


async def _book_capture(attempt: Attempt, capture: Capture, session: AsyncSession, by: By) -> None:
    order = await session.get_one(Order, attempt.order_id)
    known = await _known(attempt, capture.id, session)
    if known is not None and capture.status not in FURTHER[known.status]:
        return
    if known is None:
        known = _row(order, capture.id, capture.amount, capture.currency)
        known.at, known.recorded_at = capture.at, by.at
    if capture.status is PaymentStatus.COMPLETED:
        await _note_not_due(attempt, capture, order, session, by)
    known.status, known.origin = capture.status, PaymentOrigin.PORTAL
    if capture.status is PaymentStatus.COMPLETED:
        await received(order, known, session, by)
        return
    session.add(known)
    order.changed_at = by.at
    told: dict[str, object] = {
        "provider": PAYPAL,
        "amount": capture.taken_back or capture.amount,
        "currency": capture.currency,
        "reason": capture.reason,
    }
    gone = capture.status is PaymentStatus.REVERSED
    word = {PaymentStatus.REVERSED: "reversed", PaymentStatus.PENDING: "pending"}.get(capture.status, "declined")
    happening = entry(by, f"payment_{word}", order.id, told, notice=gone)
    session.add(happening)
    if gone:
        await triggers.fire(Trigger.PAYMENT_REVERSED, order.id, session, by, happening)


async def _note_not_due(attempt: Attempt, capture: Capture, order: Order, session: AsyncSession, by: By) -> None:
    """Asked before it comes in: what came in otherwise meanwhile, or the end of the order, makes it too much."""
    facts = await order_facts.of_one(order, session)
    if facts.is_dead or attempt.amount > facts.due:
        told: dict[str, object] = {"provider": PAYPAL, "amount": capture.amount, "currency": capture.currency}
        session.add(entry(by, "payment_not_due", order.id, told, notice=True))


async def _wait_for(attempt: Attempt, session: AsyncSession) -> None:
    slot = await session.get(OpenPayment, attempt.order_id)
    if slot is not None and slot.attempt_id == attempt.id:
        slot.busy_until = None


async def _known(
    attempt: Attempt, transaction: str, session: AsyncSession, kind: PaymentKind = PaymentKind.PAYMENT
) -> Payment | None:
    """Perhaps the shop has told of the same transaction already."""
    return await session.scalar(
        select(Payment).where(
            Payment.order_id == attempt.order_id,
            Payment.provider == PAYPAL,
            Payment.transaction_id == transaction,
            Payment.kind == kind,
        )
    )


def _row(order: Order, transaction: str, amount: int, currency: str) -> Payment:
    return Payment(
        order_id=order.id,
        provider=PAYPAL,
        transaction_id=transaction,
        amount=amount,
        currency=currency,
        at=order.changed_at,
        origin=PaymentOrigin.PORTAL,
        recorded_at=order.changed_at,
    )
