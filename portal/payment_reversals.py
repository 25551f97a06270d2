"""Money that was taken back from the merchant, in whole or in part, and money that was won back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db.payment_attempts import AttemptEvent
from db.payments import PaymentStatus
from portal import payment_bookings
from portal.activity import By
from portal.paying import Capture, Refund, Told
from portal.payment_attempts import Attempt, Standing


async def hear(attempt: Attempt, told: Told, session: AsyncSession, by: By) -> None:
    """What only a genuine delivery says: the service's answers have no word for a reversal, nor for its end."""
    if told.is_reversal:
        await _take_back(attempt, told, session, by)
    elif told.is_completion and told.at is not None and _ended_before(attempt, told.at):
        await payment_bookings.restore(attempt, told.capture, session, by)


async def _take_back(attempt: Attempt, told: Told, session: AsyncSession, by: By) -> None:
    taken = attempt.capture
    if taken is None or taken.reference != told.capture or attempt.standing is not Standing.COMPLETED:
        return
    rest, currency = taken.number("amount") - payment_bookings.gone_back(attempt), taken.text("currency")
    if told.amount is not None and told.currency == currency and 0 < told.amount < rest:
        part = Refund(
            id=told.id,
            status=PaymentStatus.COMPLETED,
            amount=told.amount,
            currency=currency,
            at=told.at or by.at,
            is_reversal=True,
        )
        if not attempt.knows(AttemptEvent.REFUNDED, part.id):
            await payment_bookings.book_refund(attempt, part, session, by)
        return
    reversal = Capture(
        id=told.capture,
        status=PaymentStatus.REVERSED,
        amount=taken.number("amount"),
        currency=currency,
        at=told.at or by.at,
        taken_back=rest,
        is_seen=False,
    )
    await payment_bookings.book(attempt, reversal, session, by)


def _ended_before(attempt: Attempt, at: datetime) -> bool:
    """Whether a reversal that no look has seen yet was told of before that moment: then it is over."""
    last = attempt.decisive
    if last is None or last.kind is not AttemptEvent.REVERSED or payment_bookings.is_seen(attempt):
        return False
    told_at = last.text("told_at")
    return bool(told_at) and datetime.fromisoformat(told_at) < at
