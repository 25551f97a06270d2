"""What the outbox is asked to do about our address at a payment service: to register it, or to take it back."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from db.payment_providers import PaymentProvider
from db.webhooks import Webhook
from portal import outbox
from portal.activity import By
from portal.outbox import NewJob

REGISTRATION, WITHDRAWAL = "webhook_registration", "webhook_withdrawal"


async def ask_to_register(provider_id: int, session: AsyncSession, by: By) -> None:
    key = f"{REGISTRATION}:{provider_id}:{by.at.isoformat()}"
    await outbox.enqueue(NewJob(kind=REGISTRATION, key=key, payload={"provider_id": provider_id}), session, by.at)


async def take_away(row: PaymentProvider, sealed_secret: str, session: AsyncSession, by: By) -> None:
    """From now on nothing is taken at that address, and the service is asked to call it no more.

    The app that it was registered for may be gone from the row by the time somebody asks: the job bears it, with the
    secret as it was sealed.
    """
    webhook = await session.get(Webhook, row.id)
    if webhook is None:
        return
    payload: dict[str, object] = {
        "name": row.name,
        "reference": webhook.reference,
        "client_id": webhook.client_id or row.client_id,
        "client_secret": sealed_secret,
        "sandbox": webhook.sandbox,
    }
    await session.delete(webhook)
    await session.flush()
    key = f"{WITHDRAWAL}:{webhook.reference}:{by.at.isoformat()}"
    await outbox.enqueue(NewJob(kind=WITHDRAWAL, key=key, payload=payload), session, by.at)
