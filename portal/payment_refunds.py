"""Money back to the customer, started by the merchant: one question, however often it has to be put."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from db.outbox import Job
from db.payment_attempts import AttemptEvent
from db.payments import PaymentStatus
from portal import jobs, outbox, payment_attempts, payment_bookings, payment_looks, refund_questions
from portal.activity import TRESEN, By, entry
from portal.jobs import Record
from portal.outbox import ORDER_ID, Claimed, NewJob, NotDone
from portal.paying import STILL_AT_IT, Capture, ProviderRefused, ProviderTrouble, Refund, RefundWanted
from portal.payment_attempts import About, Attempt, Standing
from portal.refund_questions import open_questions
from portal.refusals import Conflict, Fault, Invalid
from portal.till import Account, Till

KIND = "payment_refund"
LIMIT = timedelta(seconds=60)  # two questions
LONGEST_NOTE = 255


@dataclass(frozen=True, kw_only=True)
class NewRefund:
    """`amount` in minor units; `note` is for the customer; `seen` is how much was left when the merchant looked."""

    attempt_id: int
    amount: int
    note: str = ""
    seen: int


def left(attempt: Attempt) -> int:
    """What can still go back, in minor units: refunds that are under way count as gone."""
    taken = attempt.capture
    if taken is None or attempt.standing is not Standing.COMPLETED:
        return 0
    return taken.number("amount") - payment_bookings.gone_back(attempt) - sum(open_questions(attempt).values())


async def ask(new: NewRefund, till: Till, by: By) -> str:
    """Notes the question and puts it; then the outbox goes on asking. Its key. Raises Invalid, Conflict, NotFound."""
    key = payment_attempts.new_mark()
    async with till.database.writing() as session:
        attempt = await payment_attempts.one(new.attempt_id, session)
        if left(attempt) != new.seen:
            raise Conflict("This had just been refunded already.")
        if not 0 < new.amount <= left(attempt):
            raise Invalid(Fault("#/amount", "out-of-range", "At most what was paid and not refunded yet can go back."))
        details: dict[str, object] = {"amount": new.amount, "note": new.note[:LONGEST_NOTE], "by": by.actor}
        await payment_attempts.note(attempt, AttemptEvent.REFUND_ASKED, session, by, About(key, details))
        payload: dict[str, object] = {"attempt_id": attempt.id, "key": key, ORDER_ID: attempt.order_id}
        await outbox.enqueue(NewJob(kind=KIND, key=f"{KIND}:{key}", payload=payload), session, by.at)
        told: dict[str, object] = {"amount": new.amount, "currency": attempt.currency}
        session.add(entry(by, "refund_asked", attempt.order_id, told))
    work = Refunds(till)
    async with till.database.writing() as session:
        claimed = await outbox.claim_key(f"{KIND}:{key}", jobs.lease(work), session, till.clock())
    if claimed:
        await jobs.attempt(claimed, work, till.database.writing, till.clock)
    return key


class Refunds:
    """How the job is done."""

    limit = LIMIT

    def __init__(self, till: Till) -> None:
        self._till = till

    async def do(self, job: Claimed) -> Record:
        """Raises NotDone while the service says nothing."""
        attempt_id, key = int(str(job.payload["attempt_id"])), str(job.payload["key"])
        async with self._till.database.reading() as session:
            attempt = await payment_attempts.one(attempt_id, session)
        if key not in open_questions(attempt):
            return _nothing
        try:
            async with self._till.database.reading() as session:
                account = await self._till.account_of(attempt, session)
            return await _answered(attempt, key, account)
        except (ProviderTrouble, ProviderRefused) as error:
            raise NotDone(str(error)) from error

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """Once given up, nothing is free: whether it went through, the next look at the order tells."""
        if job.dead_at:
            attempt_id, key = int(str(job.payload["attempt_id"])), str(job.payload["key"])
            attempt = await payment_attempts.one(attempt_id, session)
            await payment_attempts.note(attempt, AttemptEvent.REFUND_GIVEN_UP, session, by, About(key))
            await payment_looks.bring_forward(attempt, STILL_AT_IT, session, by.at)


async def _answered(attempt: Attempt, key: str, account: Account) -> Record:
    """A no is looked into: an earlier question with this key may have been heard. Raises ProviderTrouble, -Refused."""
    asked, taken = next(event for event in attempt.events if event.reference == key), attempt.capture
    assert taken is not None  # noqa: S101 (nothing else can be asked to go back)
    wanted = RefundWanted(
        capture=taken.reference,
        key=key,
        amount=asked.number("amount"),
        currency=attempt.currency,
        note=asked.text("note"),
    )
    try:
        refund = await account.service.refund(wanted, account.credentials)
    except ProviderRefused as refused:
        if refused.credentials:
            raise
        found = await account.service.look(attempt.reference, account.credentials)
        if not isinstance(found, Capture):
            raise ProviderTrouble(f"{refused}, and the payment cannot be looked at.") from refused
        return partial(_note_refusal, attempt.id, _No(key, str(refused), found.refunds))
    return partial(_note_refund, attempt.id, key, refund)


async def _note_refund(attempt_id: int, key: str, refund: Refund, session: AsyncSession, now: datetime) -> None:
    attempt = await payment_attempts.one(attempt_id, session)
    await payment_bookings.book_refund(attempt, refund, session, By(TRESEN, now), key)
    if refund.status is PaymentStatus.PENDING:
        await payment_looks.bring_forward(attempt, payment_looks.DAILY, session, now)


@dataclass(frozen=True)
class _No:
    """The service's refusal of one question, and the refunds that it shows of that payment."""

    key: str
    why: str
    refunds: tuple[Refund, ...]


async def _note_refusal(attempt_id: int, no: _No, session: AsyncSession, now: datetime) -> None:
    """It is free to be asked for again only if none of the payment's refunds is this one."""
    attempt, by = await payment_attempts.one(attempt_id, session), By(TRESEN, now)
    if refund := refund_questions.answer_to(no.key, no.refunds, attempt):
        await payment_bookings.book_refund(attempt, refund, session, by, no.key)
        return
    told: dict[str, object] = {"error": no.why}
    await payment_attempts.note(attempt, AttemptEvent.REFUND_FAILED, session, by, About(no.key, told))
    session.add(entry(by, "payment_refund_failed", attempt.order_id, told, notice=True))


async def account_for(attempt: Attempt, found: Capture, session: AsyncSession, by: By) -> None:
    """What a look tells of questions that were given up: gone back after all, or free to be asked for again."""
    for key, since in refund_questions.given_up(attempt).items():
        if refund := refund_questions.answer_to(key, found.refunds, attempt):
            await payment_bookings.book_refund(attempt, refund, session, by, key)
        elif by.at - since >= STILL_AT_IT:
            told: dict[str, object] = {"amount": open_questions(attempt)[key], "currency": attempt.currency}
            await payment_attempts.note(attempt, AttemptEvent.REFUND_FAILED, session, by, About(key))
            session.add(entry(by, "payment_refund_missing", attempt.order_id, told, notice=True))


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """A look has answered the question meanwhile."""
