"""Webhook deliveries that nobody could work on: listed with their reason, and tried once more when asked to."""

from __future__ import annotations

from sqlalchemy import select

from db.outbox import Job
from db.sources import Source, SourceKind
from db.webhooks import DeliveryOutcome, WebhookDelivery
from portal.webhook_inbox import OF_SOURCES
from tests.factories import NOON
from tests.routes.api.conftest import Shop

DELIVERIES = "/api/v1/webhook-deliveries"


async def set_aside(shop: Shop) -> int:
    async with shop.house.database.writing() as session:
        source = Source(name="laden", kind=SourceKind.WOOCOMMERCE, created_at=NOON)
        session.add(source)
        await session.flush()
        row = WebhookDelivery(
            source_id=source.id, delivery="1", received_at=NOON, headers={}, body=b"{}", ip_prefix="", error="HTTP 502."
        )
        row.outcome = DeliveryOutcome.GIVEN_UP
        session.add(row)
    return row.id


async def test_what_was_set_aside_is_listed_and_tried_once_more(shop: Shop):
    delivery = await set_aside(shop)

    (told,) = (await shop.call.get(DELIVERIES)).json()["items"]
    answers = [await shop.call.post(f"{DELIVERIES}/{number}/retries") for number in (delivery, delivery, 4711, "x")]

    assert (told["id"], told["sender"], told["error"]) == (delivery, "laden", "HTTP 502.")
    assert [answer.status_code for answer in answers] == [202, 409, 404, 404]
    async with shop.house.database.reading() as session:
        (job,) = await session.scalars(select(Job).where(Job.kind == OF_SOURCES))
        assert job.payload == {"delivery_id": delivery}
