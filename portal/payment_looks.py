"""When a payment is looked at again: ever more rarely, and for as long as something may still come of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portal import outbox
from portal.outbox import ORDER_ID, NewJob
from portal.payment_attempts import Attempt, Standing

KIND = "payment_look"
MINUTES = (1, 2, 5, 10, 20, 40, 80, 160, 240, 365)  # since its beginning, while the customer may still come
DAYS = (1, 3, 7, 14, 30, 60, 90, 180)  # since its beginning, as money may go back that long
HOURLY, DAILY = timedelta(hours=1), timedelta(days=1)
UNCLEAR_FROM, UNCLEAR_UNTIL = timedelta(hours=1), timedelta(hours=2)


def wait(standing: Standing, age: timedelta) -> timedelta | None:
    """How long until the next look at a payment of that age; None where nothing can come of it any more."""
    match standing:
        case Standing.STARTING | Standing.WAITING:
            return next((timedelta(minutes=each) - age for each in MINUTES if timedelta(minutes=each) > age), HOURLY)
        case Standing.CHECKING:
            soon = next((timedelta(minutes=each) - age for each in MINUTES[:6] if timedelta(minutes=each) > age), None)
            return soon or (HOURLY if age < timedelta(days=3) else DAILY)
        case Standing.PENDING:
            return DAILY
        case Standing.COMPLETED:
            return next((timedelta(days=each) - age for each in DAYS if timedelta(days=each) > age), None)
        case _:
            return None


async def plan(attempt: Attempt, number: int, session: AsyncSession, now: datetime) -> None:
    """The look of that number, in the running transaction; none where there is nothing to wait for."""
    pause = wait(attempt.standing, now - attempt.started_at)
    if pause is not None:
        payload: dict[str, object] = {"attempt_id": attempt.id, "look": number, ORDER_ID: attempt.order_id}
        job = NewJob(kind=KIND, key=f"{KIND}:{attempt.id}:{number}", payload=payload, run_at=now + pause)
        await outbox.enqueue(job, session, now)


def is_unclear(attempt: Attempt, now: datetime) -> bool:
    """Whether the merchant is to know by now that nobody knows."""
    age = now - attempt.started_at
    return attempt.standing is Standing.CHECKING and UNCLEAR_FROM <= age < UNCLEAR_UNTIL
