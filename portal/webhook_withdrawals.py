"""Our address at a payment service is taken back, when a provider goes, is switched off or gets another app."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.outbox import Job
from db.payment_providers import ProviderKind
from db.webhooks import Webhook
from portal.activity import By
from portal.jobs import Record
from portal.outbox import Claimed, NotDone
from portal.paying import ProviderRefused, ProviderTrouble
from portal.payment_providers import SECRET, Credentials
from portal.till import Till
from portal.vault import Unreadable

LIMIT = timedelta(seconds=60)
log = logging.getLogger("tresen.webhooks")


class Withdrawals:
    """How the job is done. What the service refuses stays there, and its calls meet a 404 here."""

    limit = LIMIT

    def __init__(self, till: Till) -> None:
        self._till = till

    async def do(self, job: Claimed) -> Record:
        """Raises NotDone while the service says nothing."""
        reference = str(job.payload["reference"])
        service = self._till.services.get(ProviderKind.PAYPAL)
        if service is None or await self._is_in_use(reference):
            return _nothing
        try:
            await service.withdraw(reference, self._credentials(job))
        except ProviderTrouble as error:
            raise NotDone(str(error)) from error
        except (ProviderRefused, Unreadable) as error:
            log.warning("webhook %s could not be taken back: %s", reference, error)
        return _nothing

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """The notice says it all."""

    async def _is_in_use(self, reference: str) -> bool:
        """Whoever switched the provider on again got the same address back."""
        async with self._till.database.reading() as session:
            return await session.scalar(select(Webhook.provider_id).where(Webhook.reference == reference)) is not None

    def _credentials(self, job: Claimed) -> Credentials:
        """Raises Unreadable."""
        return Credentials(
            client_id=str(job.payload["client_id"]),
            client_secret=self._till.vault.opened(SECRET, str(job.payload["client_secret"])),
            sandbox=bool(job.payload["sandbox"]),
        )


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """There is nothing to add."""
