"""The address that WooCommerce calls: what it answers, and how soon."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from db.sources import SourceKind
from demo.woocommerce_stand_in.hooks import signature
from portal import sources
from portal.activity import By
from portal.sources import NewSource
from portal.webhook_inbox import LARGEST
from tests.integrations.test_woocommerce_exchanges import an_order
from tests.routes.customer.conftest import Running, running

SECRET = "wh-Garn-und-Nadel"
ADDRESS = "/hooks/woocommerce/laden"
BODY = msgspec.json.encode(an_order(7))


@pytest.fixture
async def tresen(tmp_path):
    async with running(tmp_path / "data") as found:
        options = {"base_url": "http://127.0.0.1:1", "webhook_secret": SECRET}
        new = NewSource(name="laden", kind=SourceKind.WOOCOMMERCE, options=options)
        async with found.house.database.writing() as session:
            await sources.add(new, found.house.connectors, session, By("test", datetime.now(UTC)))
        yield found


def signed(body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    return {
        "X-WC-Webhook-Signature": signature(body, secret),
        "X-WC-Webhook-Topic": "order.created",
        "X-WC-Webhook-Delivery-ID": "d-1",
        "Content-Type": "application/json",
    }


async def test_a_signed_delivery_is_answered(tresen: Running):
    answer = await tresen.client.post(ADDRESS, content=BODY, headers=signed())

    assert (answer.status_code, answer.content) == (200, b"")


async def test_the_try_that_comes_with_a_new_webhook_is_answered_with_200(tresen: Running):
    answer = await tresen.client.post(ADDRESS, data={"webhook_id": "3"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        (ADDRESS, {}, 401),
        (ADDRESS, signed(secret="another"), 401),
        ("/hooks/woocommerce/another", signed(), 404),
        ("/hooks/woocommerce/a%00b", signed(), 404),
    ],
)
async def test_strangers_are_refused(tresen: Running, address: str, headers: dict[str, str], status: int):
    assert (await tresen.client.post(address, content=BODY, headers=headers)).status_code == status


async def test_a_body_that_no_order_has_is_refused(tresen: Running):
    body = b" " * (LARGEST + 1)

    assert (await tresen.client.post(ADDRESS, content=body, headers=signed(body))).status_code == 413


async def test_whoever_guesses_the_secret_has_to_wait(tresen: Running):
    statuses = [
        (await tresen.client.post(ADDRESS, content=BODY, headers=signed(secret=str(guess)))).status_code
        for guess in range(61)
    ]

    assert (statuses[0], statuses[-1]) == (401, 429)
    assert (await tresen.client.post(ADDRESS, content=BODY, headers=signed())).status_code == 200


async def test_looking_at_the_address_does_nothing(tresen: Running):
    assert (await tresen.client.get(ADDRESS)).status_code == 405
