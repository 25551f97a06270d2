"""The money of an approved payment is taken once: by the customer's return, a webhook or a look, whoever comes first.

Claim, commit; ask the service; record, commit. Whoever dies in between leaves a claim that runs out, and the next one
asks the same question with the same mark.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Order
from db.payment_attempts import AttemptEvent, OpenPayment
from portal import order_facts, payment_attempts, payment_bookings, payment_looks, payment_refunds
from portal.activity import By, entry
from portal.orders import OrderFacts
from portal.paying import STILL_AT_IT, Capture, Missing, NoCapture, ProviderRefused, ProviderTrouble
from portal.payment_attempts import About, Attempt, Standing
from portal.till import Account, OtherAccount, Till

LEASE = timedelta(seconds=60)  # longer than a service is ever waited for
NOBODY_CAME = timedelta(hours=6)  # both of the service's three hours, to come and to say yes, are over
NEVER_LED_ANYWHERE = timedelta(minutes=10)
PATIENCE_SECONDS = 20.0
LOOK_AGAIN_SECONDS = 0.1
ENDS = {
    Missing.DECLINED: AttemptEvent.DECLINED,
    Missing.DUPLICATE: AttemptEvent.DECLINED,
    Missing.MERCHANT: AttemptEvent.FAILED,
    Missing.GONE: AttemptEvent.EXPIRED,
    Missing.VOIDED: AttemptEvent.EXPIRED,
    Missing.OUTDATED: AttemptEvent.REPLACED,
}
TELL_MERCHANT = frozenset({Missing.DUPLICATE, Missing.MERCHANT})
_SETTLING: set[asyncio.Task[None]] = set()  # asyncio itself holds tasks by weak references only
log = logging.getLogger("tresen.payments")


@dataclass(frozen=True)
class Return:
    """How a customer comes back: `reference` is what the service appended, untrusted until it is compared."""

    attempt_id: int
    reference: str
    is_cancelled: bool


async def returned(back: Return, till: Till, by: By) -> None:
    """Settles what was approved, or notes that the customer went back. Trouble is not raised: later looks meet it."""
    async with till.database.reading() as session:
        attempt = await payment_attempts.one(back.attempt_id, session)
    if not attempt.reference or attempt.reference != back.reference:
        return
    if back.is_cancelled:
        await _cancel(attempt, till, by)
        return
    settling = asyncio.create_task(_settled(attempt, till, by))
    _SETTLING.add(settling)
    settling.add_done_callback(_SETTLING.discard)
    await asyncio.wait({settling}, timeout=PATIENCE_SECONDS)  # who has waited long enough breaks nothing off


async def _settled(attempt: Attempt, till: Till, by: By) -> None:
    try:
        if not await settle(attempt.id, till, by):
            await _wait_for_another(attempt, till)
    except (ProviderTrouble, ProviderRefused) as error:
        log.warning("payment %s: %s", attempt.id, error)
    except Exception:  # the customer is led on all the same, and the next look does what is left
        log.exception("payment %s could not be settled", attempt.id)


async def settle(attempt_id: int, till: Till, by: By) -> bool:
    """Takes the money if it may be taken; False while somebody else is at it. Raises ProviderTrouble, -Refused."""
    async with till.database.writing() as session:
        claim = await _claimed(await payment_attempts.one(attempt_id, session), session, by)
        account = await till.account_of(claim.attempt, session) if claim else None
    if claim is None or account is None:
        return await _is_free(attempt_id, till, by)
    try:
        found = await _answered(claim, account)
    except (ProviderTrouble, ProviderRefused):
        await _let_go(claim.attempt, till)
        raise
    async with till.database.writing() as session:
        await record(await payment_attempts.one(attempt_id, session), found, session, By(by.actor, till.clock()))
    return True


async def _answered(claim: _Claim, account: Account) -> Capture | NoCapture:
    """What an earlier question has taken is found; as long as the service may be at one, nothing is a no.

    Raises ProviderTrouble, ProviderRefused.
    """
    attempt, service = claim.attempt, account.service
    if claim.is_outdated:
        found = await service.look(attempt.reference, account.credentials)
    else:
        found = await service.capture(attempt.reference, attempt.mark, account.credentials)
    if isinstance(found, Capture):
        return found
    _doubt(attempt, found, claim.at)
    is_free = found.why in (Missing.APPROVED, Missing.WAITING)
    return NoCapture(Missing.OUTDATED) if claim.is_outdated and is_free else found


def _doubt(attempt: Attempt, found: NoCapture, now: datetime) -> None:
    """Of money that was asked for without an answer. Raises ProviderTrouble where that proves nothing."""
    if attempt.standing is not Standing.CHECKING or found.why is Missing.VOIDED:
        return
    if found.why is Missing.GONE:
        raise ProviderTrouble("The service does not know a payment that was asked for.")
    if attempt.asked_at is not None and now - attempt.asked_at < STILL_AT_IT:
        raise ProviderTrouble("The service may still be at a payment that was asked for.")


async def look(attempt_id: int, till: Till, by: By) -> None:
    """How it stands at the service, and what follows from it here. Raises ProviderTrouble, ProviderRefused."""
    async with till.database.reading() as session:
        attempt = await payment_attempts.one(attempt_id, session)
    found = await _seen(attempt, till, by)
    if isinstance(found, NoCapture) and found.why is Missing.APPROVED:
        await settle(attempt_id, till, by)
        return
    async with till.database.writing() as session:
        now = await payment_attempts.one(attempt_id, session)
        if isinstance(found, NoCapture):
            if await _is_busy(now, session, by):
                return
            _doubt(now, found, by.at)
        await record(now, found, session, By(by.actor, till.clock()))


async def _seen(attempt: Attempt, till: Till, by: By) -> Capture | NoCapture:
    """Who has not come by now does not come any more, whether or not the service can still be asked."""
    age, never_asked = by.at - attempt.started_at, attempt.standing in (Standing.STARTING, Standing.WAITING)
    if not attempt.reference:
        return NoCapture(Missing.GONE if age > NEVER_LED_ANYWHERE else Missing.WAITING)
    try:
        async with till.database.reading() as session:
            account = await till.account_of(attempt, session)
        found = await account.service.look(attempt.reference, account.credentials)
    except ProviderRefused as refused:
        if never_asked and (age > NOBODY_CAME or isinstance(refused, OtherAccount)):
            return NoCapture(Missing.GONE)
        raise
    waits = never_asked and isinstance(found, NoCapture) and found.why is Missing.WAITING
    return NoCapture(Missing.GONE) if waits and age > NOBODY_CAME else found


async def record(attempt: Attempt, found: Capture | NoCapture, session: AsyncSession, by: By) -> None:
    """In the running transaction: everything that follows from the service's answer. Told twice, it is noted once."""
    if isinstance(found, Capture):
        await payment_bookings.book(attempt, found, session, by)
        await payment_refunds.account_for(await payment_attempts.one(attempt.id, session), found, session, by)
        return
    slot = await session.get(OpenPayment, attempt.order_id)
    if slot is None or slot.attempt_id != attempt.id or attempt.standing is Standing.PENDING:
        return
    slot.busy_until = None
    if found.why not in ENDS:
        if attempt.standing is Standing.CHECKING:
            await payment_attempts.note(attempt, AttemptEvent.RELEASED, session, by)
        return
    details: dict[str, object] = {"reason": found.why.value, "detail": found.detail}
    await payment_attempts.note(attempt, ENDS[found.why], session, by, About(details=details))
    await payment_attempts.close(attempt, session)
    told = {**details, "provider": attempt.provider_id, "amount": attempt.amount}
    kind = f"payment_{ENDS[found.why].value}"
    session.add(entry(by, kind, attempt.order_id, told, notice=found.why in TELL_MERCHANT))


def still_fits(attempt: Attempt, order: OrderFacts) -> bool:
    """What the customer said yes to is what is due now; else nothing is taken."""
    return not order.is_dead and (attempt.amount, attempt.currency) == (order.due, order.currency)


@dataclass(frozen=True)
class _Claim:
    """`is_outdated`: the order has changed since we asked for the money, so it is not asked for again."""

    attempt: Attempt
    at: datetime
    is_outdated: bool


async def _claimed(attempt: Attempt, session: AsyncSession, by: By) -> _Claim | None:
    """For one caller only, as long as the order still asks for that very amount."""
    slot = await session.get(OpenPayment, attempt.order_id)
    if slot is None or slot.attempt_id != attempt.id or attempt.standing not in (Standing.WAITING, Standing.CHECKING):
        return None
    if await _is_busy(attempt, session, by):
        return None
    order = await session.get_one(Order, attempt.order_id)
    fits = still_fits(attempt, await order_facts.of_one(order, session))
    if attempt.standing is Standing.WAITING and not fits:
        await record(attempt, NoCapture(Missing.OUTDATED), session, by)
        return None
    if fits:
        await payment_attempts.note(attempt, AttemptEvent.CAPTURING, session, by)
    slot.busy_until = by.at + LEASE
    await payment_looks.bring_forward(attempt, LEASE, session, by.at)
    return _Claim(attempt, by.at, is_outdated=not fits)


async def _let_go(attempt: Attempt, till: Till) -> None:
    """Nobody knows what happened; whoever comes next may ask again at once."""
    async with till.database.writing() as session:
        slot = await session.get(OpenPayment, attempt.order_id)
        if slot is not None and slot.attempt_id == attempt.id:
            slot.busy_until = None


async def _cancel(attempt: Attempt, till: Till, by: By) -> None:
    async with till.database.writing() as session:
        found = await payment_attempts.open_one(attempt.order_id, session)
        if found is None or found[0].id != attempt.id or found[0].standing is not Standing.WAITING:
            return
        await payment_attempts.note(attempt, AttemptEvent.CANCELLED, session, by)
        await payment_attempts.close(attempt, session)
        session.add(entry(by, "payment_cancelled", attempt.order_id, {"provider": attempt.provider_id}))


async def _is_free(attempt_id: int, till: Till, by: By) -> bool:
    async with till.database.reading() as session:
        return not await _is_busy(await payment_attempts.one(attempt_id, session), session, by)


async def _is_busy(attempt: Attempt, session: AsyncSession, by: By) -> bool:
    """Whether somebody is asking for its money at this moment."""
    slot = await session.get(OpenPayment, attempt.order_id)
    is_ours = slot is not None and slot.attempt_id == attempt.id
    return is_ours and slot is not None and slot.busy_until is not None and slot.busy_until > by.at


async def _wait_for_another(attempt: Attempt, till: Till) -> None:
    """So that a second tab shows what the first one brings about."""
    while True:
        if await _is_free(attempt.id, till, By("", till.clock())):
            return
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
