"""When a payment is looked at again: ever more rarely, and for as long as something may still come of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.outbox import Job
from db.payment_attempts import OpenPayment
from portal import outbox, refund_questions
from portal.outbox import ORDER_ID, NewJob
from portal.payment_attempts import Attempt, Standing

KIND = "payment_look"
MINUTES = (1, 2, 5, 10, 20, 40, 80, 160, 240, 365)  # since its beginning, while the customer may still come
DAYS = (1, 3, 7, 14, 30, 60, 90, 180)  # since its beginning, as money may go back that long, and come again
NEVER_ASKED = frozenset({Standing.STARTING, Standing.WAITING})  # no money can come in once it is closed
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
        case Standing.COMPLETED | Standing.REVERSED:
            return next((timedelta(days=each) - age for each in DAYS if timedelta(days=each) > age), None)
        case _:
            return None


async def plan(attempt: Attempt, number: int, session: AsyncSession, now: datetime) -> None:
    """The look of that number, in the running transaction; none where there is nothing to wait for."""
    pause = wait(attempt.standing, now - _since(attempt))
    if attempt.standing in NEVER_ASKED and not await _is_open(attempt, session):
        pause = None
    if refund_questions.is_unsettled(attempt):
        pause = min(pause or DAILY, DAILY)
    if pause is not None:
        await _enqueue(attempt, number, session, now, pause)


def _since(attempt: Attempt) -> datetime:
    """From when on the age counts: what was taken back may be won back long after."""
    last = attempt.decisive
    return last.at if last and attempt.standing is Standing.REVERSED else attempt.started_at


async def _is_open(attempt: Attempt, session: AsyncSession) -> bool:
    slot = await session.get(OpenPayment, attempt.order_id)
    return slot is not None and slot.attempt_id == attempt.id


async def bring_forward(attempt: Attempt, pause: timedelta, session: AsyncSession, now: datetime) -> None:
    """The next look is taken after `pause` at the latest, in the running transaction."""
    looks = select(Job).where(Job.kind == KIND, Job.key.startswith(f"{KIND}:{attempt.id}:"))
    newest = (await session.scalars(looks.order_by(Job.id.desc()).limit(1))).first()
    if newest is None or newest.done_at or newest.dead_at:
        number = int(str(newest.payload["look"])) + 1 if newest else 0
        await _enqueue(attempt, number, session, now, pause)
    elif newest.run_at > now + pause:
        newest.run_at = now + pause


async def _enqueue(attempt: Attempt, number: int, session: AsyncSession, now: datetime, pause: timedelta) -> None:
    payload: dict[str, object] = {"attempt_id": attempt.id, "look": number, ORDER_ID: attempt.order_id}
    job = NewJob(kind=KIND, key=f"{KIND}:{attempt.id}:{number}", payload=payload, run_at=now + pause)
    await outbox.enqueue(job, session, now)


def is_unclear(attempt: Attempt, now: datetime) -> bool:
    """Whether the merchant is to know by now that nobody knows."""
    age = now - attempt.started_at
    return attempt.standing is Standing.CHECKING and UNCLEAR_FROM <= age < UNCLEAR_UNTIL
