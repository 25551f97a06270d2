"""A customer comes back from the service with one payment of perhaps several: what still becomes of that very one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Order
from db.payment_attempts import AttemptEvent, OpenPayment
from portal import order_facts, payment_attempts, payment_looks, payment_settlements, payments
from portal.activity import By
from portal.payment_attempts import Attempt, Standing
from portal.payment_settlements import Return
from portal.till import Till

GAVE_WAY = frozenset({Standing.REPLACED, Standing.CANCELLED, Standing.EXPIRED})
FURTHER_LOOKS = 1000  # far beyond the number of any look that was planned before


@dataclass(frozen=True)
class Arrival:
    """How the payment stands now. `gave_way`: the customer said yes to one that a later one had replaced."""

    attempt: Attempt
    gave_way: bool


async def arrive(back: Return, till: Till, by: By) -> Arrival:
    """Settles what was approved, or notes that the customer went back. Raises NotFound."""
    async with till.database.reading() as session:
        was_broken_off = (await payment_attempts.one(back.attempt_id, session)).standing is Standing.CANCELLED
    if was_broken_off and not back.is_cancelled:
        async with till.database.writing() as session:
            await _take_up(back, session, by)
    await payment_settlements.returned(back, till, by)
    async with till.database.reading() as session:
        attempt = await payment_attempts.one(back.attempt_id, session)
        latest = await payment_attempts.latest(attempt.order_id, session)
    said_yes = bool(attempt.reference) and attempt.reference == back.reference and not back.is_cancelled
    is_latest = latest is not None and latest.id == attempt.id
    return Arrival(attempt, gave_way=said_yes and attempt.standing in GAVE_WAY and not is_latest)


async def _take_up(back: Return, session: AsyncSession, by: By) -> None:
    """Who broke off, went back and said yes after all pays that very payment, if nothing else took its place."""
    attempt = await payment_attempts.one(back.attempt_id, session)
    if attempt.standing is not Standing.CANCELLED or attempt.reference != back.reference:
        return
    latest = await payment_attempts.latest(attempt.order_id, session)
    if latest is None or latest.id != attempt.id or await payment_attempts.open_one(attempt.order_id, session):
        return
    order = await order_facts.of_one(await session.get_one(Order, attempt.order_id), session)
    if payments.refusal(order, providers=1) or not payment_settlements.still_fits(attempt, order):
        return
    session.add(OpenPayment(order_id=attempt.order_id, attempt_id=attempt.id))
    await payment_attempts.note(attempt, AttemptEvent.RELEASED, session, by)
    now = await payment_attempts.one(attempt.id, session)
    await payment_looks.plan(now, FURTHER_LOOKS * len(now.events), session, by.at)
