"""Payments whose money is being asked for: as long as there is one, the account that is asked stays."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.payment_attempts import AttemptEvent, OpenPayment, PaymentAttempt, PaymentEvent

ASKED_FOR = frozenset({AttemptEvent.CAPTURING, AttemptEvent.PENDING})


async def is_any_asked_for(provider_id: int, session: AsyncSession) -> bool:
    """Whether the provider's service was asked for money and has not said yet what came of it."""
    told = await session.execute(
        select(PaymentEvent.attempt_id, PaymentEvent.kind)
        .join(PaymentAttempt)
        .join(OpenPayment, OpenPayment.attempt_id == PaymentAttempt.id)
        .where(
            PaymentAttempt.provider_id == provider_id,
            PaymentEvent.kind.in_({*ASKED_FOR, AttemptEvent.RELEASED}),
        )
        .order_by(PaymentEvent.id)
    )
    last = {attempt_id: kind for attempt_id, kind in told}
    return not ASKED_FOR.isdisjoint(last.values())
