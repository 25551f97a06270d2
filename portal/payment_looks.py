"""When a payment is looked at again: ever more rarely, and for as long as something may still come of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.outbox import Job
from db.payment_attempts import AttemptEvent, OpenPayment
from portal import outbox, refund_questions
from portal.outbox import ORDER_ID, NewJob
from portal.payment_attempts import ENDED, Attempt, Standing

KIND = "payment_look"
MINUTES = (1, 2, 5, 10, 20, 40, 80, 160, 240, 365)  # since its beginning, while the customer may still come
DAYS = (1, 3, 7, 14, 30, 60, 90, 180)  # since its beginning, as money may go back that long, and come again
NEVER_ASKED = frozenset({Standing.STARTING, Standing.WAITING})  # no money can come in once it is closed
HOURS_AFTER = (1, 24, 72)  # since its end, if its money was asked for: who has said no may have taken it all the same
HOURLY, DAILY = timedelta(hours=1), timedelta(days=1)
ASKED_MINUTES = (1, 2, 5, 10, 20, 40, 60)  # since its money was asked for
UNCLEAR_FROM = timedelta(hours=1)


def wait(standing: Standing, age: timedelta) -> timedelta | None:
    """How long until the next look at a payment of that age; None where nothing can come of it any more."""
    match standing:
        case Standing.STARTING | Standing.WAITING:
            return _next(MINUTES, timedelta(minutes=1), age) or HOURLY
        case Standing.CHECKING:
            return _next(ASKED_MINUTES, timedelta(minutes=1), age) or (HOURLY if age < timedelta(days=3) else DAILY)
        case Standing.PENDING:
            return DAILY
        case Standing.COMPLETED | Standing.REVERSED:
            return _next(DAYS, timedelta(days=1), age)
        case _:
            return None


def _next(steps: tuple[int, ...], unit: timedelta, age: timedelta) -> timedelta | None:
    return next((each * unit - age for each in steps if each * unit > age), None)


async def plan(attempt: Attempt, number: int, session: AsyncSession, now: datetime) -> None:
    """The look of that number, in the running transaction; none where there is nothing to wait for."""
    age = now - _since(attempt)
    pause = wait(attempt.standing, age)
    if attempt.standing in ENDED and attempt.asked_at:
        pause = _next(HOURS_AFTER, HOURLY, age)
    if attempt.standing in NEVER_ASKED and not await _is_open(attempt, session):
        pause = None
    if refund_questions.is_unsettled(attempt):
        pause = min(pause or DAILY, DAILY)
    if pause is not None:
        await _enqueue(attempt, number, session, now, pause)


def _since(attempt: Attempt) -> datetime:
    """From when on the age counts: money may be asked for long after the click, and won back long after it was paid."""
    last = attempt.decisive
    if attempt.checking_since:
        return attempt.checking_since
    return last.at if last and attempt.standing in {Standing.REVERSED, *ENDED} else attempt.started_at


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
    """Whether the merchant is to know by now that nobody knows, and does not yet."""
    since = attempt.checking_since
    if since is None or now - since < UNCLEAR_FROM:
        return False
    return not any(event.kind is AttemptEvent.UNCLEAR_TOLD and event.at >= since for event in attempt.events)
