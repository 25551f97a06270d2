"""Our address at a payment service: registered by the merchant, or by itself as soon as a provider is active."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.outbox import Job
from db.payment_providers import PaymentProvider
from db.webhooks import Verification, Webhook
from portal import payment_providers, webhook_jobs
from portal.activity import TRESEN, By, entry
from portal.jobs import Record
from portal.mail_servers import is_loopback
from portal.outbox import Claimed, NotDone
from portal.paying import ProviderRefused, ProviderTrouble
from portal.payment_providers import BY_APP
from portal.refusals import Conflict
from portal.till import Till

LIMIT = timedelta(seconds=60)
NOT_PUBLIC = "PayPal calls public https addresses only; set TRESEN_BASE_URL to the one of this portal."
NOT_BY_APP = "Only PayPal calls back; this provider asks nobody."


def is_reachable(base_url: str, *, from_here: bool) -> bool:
    """Whether a service can call this portal: public and https on its own port, or a service on this very machine."""
    if from_here:
        return True
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    return parts.scheme == "https" and parts.port in (None, 443) and "." in host and not _is_private(host)


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return is_loopback(host) or host.endswith((".local", ".localhost", ".internal", ".test"))


def address(provider_id: int, till: Till) -> str:
    return f"{till.base_url}/hooks/paypal/{provider_id}"


async def of(provider_id: int, session: AsyncSession) -> Webhook | None:
    return await session.get(Webhook, provider_id)


async def register(provider_id: int, verification: Verification, till: Till, by: By) -> Webhook:
    """Asks the service. Raises NotFound, Conflict, ProviderTrouble, ProviderRefused."""
    async with till.database.reading() as session:
        row = await payment_providers.one(provider_id, session)
        if row.kind not in BY_APP:
            raise Conflict(NOT_BY_APP)
        if not is_reachable(till.base_url, from_here=till.hooks_from_here):
            raise Conflict(NOT_PUBLIC)
        account = await till.account(provider_id, session)
        known = await of(provider_id, session)
    url, app = address(provider_id, till), account.credentials
    is_same_app = known is not None and (known.client_id, known.sandbox) == (app.client_id, app.sandbox)
    earlier = known.reference if known and is_same_app else ""
    reference = await account.service.register(url, earlier, app)
    async with till.database.writing() as session:
        await payment_providers.one(provider_id, session)
        webhook = await session.get(Webhook, provider_id)
        if webhook is None:
            webhook = Webhook(provider_id=provider_id, reference=reference, url=url, registered_at=by.at)
            session.add(webhook)
        webhook.reference, webhook.url, webhook.verification = reference, url, verification
        webhook.client_id, webhook.sandbox, webhook.registered_at = app.client_id, app.sandbox, by.at
        told: dict[str, object] = {"provider": provider_id, "name": row.name, "url": url}
        session.add(entry(by, "webhook_registered", details=told))
    return webhook


async def keep_up(till: Till, now: datetime) -> None:
    """At a start: whoever is called at an address that is not ours any more is asked to call this one."""
    if not is_reachable(till.base_url, from_here=till.hooks_from_here):
        return
    async with till.database.reading() as session:
        rows = await session.execute(
            select(Webhook.provider_id, Webhook.url).join(PaymentProvider).where(PaymentProvider.active)
        )
        moved = [provider_id for provider_id, url in rows if url != address(provider_id, till)]
    if not moved:
        return
    async with till.database.writing() as session:
        for provider_id in moved:
            await webhook_jobs.ask_to_register(provider_id, session, By(TRESEN, now))


class Registrations:
    """How the job is done. Where nobody can call us, there is nothing to do: looks find out everything, too."""

    limit = LIMIT

    def __init__(self, till: Till) -> None:
        self._till = till

    async def do(self, job: Claimed) -> Record:
        """Raises NotDone."""
        provider_id = int(str(job.payload["provider_id"]))
        till = self._till
        async with till.database.reading() as session:
            row = await session.scalar(select(PaymentProvider).where(PaymentProvider.id == provider_id))
            known = await of(provider_id, session)
        reachable = is_reachable(till.base_url, from_here=till.hooks_from_here)
        if row is None or not row.active or row.kind not in BY_APP or not reachable:
            return _nothing
        verification = known.verification if known else Verification.POSTBACK
        try:
            await register(provider_id, verification, till, By(TRESEN, till.clock()))
        except ProviderTrouble as error:
            raise NotDone(str(error)) from error
        except ProviderRefused as refused:
            return partial(_note_refusal, row.id, row.name, str(refused))
        return _nothing

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """The notice says it all."""


async def _note_refusal(provider_id: int, name: str, why: str, session: AsyncSession, now: datetime) -> None:
    told: dict[str, object] = {"provider": provider_id, "name": name, "error": why}
    session.add(entry(By(TRESEN, now), "webhook_registration_failed", details=told, notice=True))


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """There is nothing to add."""
