"""What no return and no webhook told is found out by looking: each payment has its next look in the outbox."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from db.outbox import Job
from db.payment_attempts import AttemptEvent
from portal import payment_attempts, payment_looks, payment_settlements
from portal.activity import TRESEN, By, entry
from portal.jobs import Record
from portal.outbox import Claimed
from portal.paying import ProviderRefused, ProviderTrouble
from portal.till import Till

LIMIT = timedelta(seconds=90)
log = logging.getLogger("tresen.payments")


class Reconciliation:
    """How the job is done. It never fails: trouble is a reason to look again."""

    limit = LIMIT

    def __init__(self, till: Till) -> None:
        self._till = till

    async def do(self, job: Claimed) -> Record:
        attempt_id, number = int(str(job.payload["attempt_id"])), int(str(job.payload["look"]))
        try:
            await payment_settlements.look(attempt_id, self._till, By(TRESEN, self._till.clock()))
        except (ProviderTrouble, ProviderRefused) as error:
            log.warning("payment %s: %s", attempt_id, error)
        return partial(_plan_next, attempt_id, number)

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """Such as a crash of our own: the next look is planned all the same."""
        if job.dead_at:
            await _plan_next(int(str(job.payload["attempt_id"])), int(str(job.payload["look"])), session, by.at)


async def _plan_next(attempt_id: int, number: int, session: AsyncSession, now: datetime) -> None:
    attempt = await payment_attempts.one(attempt_id, session)
    await payment_looks.plan(attempt, number + 1, session, now)
    if payment_looks.is_unclear(attempt, now):
        details: dict[str, object] = {"amount": attempt.amount, "provider": attempt.provider_id}
        by = By(TRESEN, now)
        await payment_attempts.note(attempt, AttemptEvent.UNCLEAR_TOLD, session, by)
        session.add(entry(by, "payment_unclear", attempt.order_id, details, notice=True))
