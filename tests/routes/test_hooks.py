"""What others call us with: stored, answered, and no more than that."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import msgspec
import pytest

from db.webhooks import Webhook
from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET
from portal import payment_providers, webhook_inbox
from portal.activity import By
from portal.payment_providers import NewProvider
from portal.webhook_inbox import LARGEST
from tests.routes.customer.conftest import Running, running

SIGNED = {
    "paypal-auth-algo": "SHA256withRSA",
    "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-1",
    "paypal-transmission-id": "69cd13f0",
    "paypal-transmission-sig": "AAAA",
    "paypal-transmission-time": "2026-11-28T10:00:00Z",
}
HEADERS = {**SIGNED, "Content-Type": "application/json", "X-Other": "1"}
BODY = b'{"id": "WH-1",  "event_type": "X"}'


@pytest.fixture
async def tresen(tmp_path):
    async with running(tmp_path / "data") as found:
        app = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        new = msgspec.convert({"name": "PayPal", "kind": "paypal", **app}, NewProvider)
        async with found.house.database.writing() as session:
            by = By("test", datetime.now(UTC))
            row = await payment_providers.add(new, found.house.vault, session, by)
            address = "https://portal.example.org/hooks/paypal/1"
            session.add(Webhook(provider_id=row.id, reference="WH-1", url=address, registered_at=by.at))
            await payment_providers.add(new, found.house.vault, session, by)
        yield found


def stored(tresen: Running) -> list[tuple]:
    with closing(sqlite3.connect(tresen.config.database)) as connection:
        rows = connection.execute("SELECT provider_id, delivery, headers, body FROM webhook_delivery").fetchall()
    return [(provider, delivery, json.loads(headers), body) for provider, delivery, headers, body in rows]


async def test_the_very_bytes_are_stored_with_paypal_s_headers_and_answered_at_once(tresen):
    answer = await tresen.client.post("/hooks/paypal/1", content=BODY, headers=HEADERS)

    assert answer.status_code == 204
    assert stored(tresen) == [(1, "69cd13f0", SIGNED, BODY)]


async def test_the_same_delivery_again_is_answered_and_not_stored(tresen):
    for _ in range(3):
        assert (await tresen.client.post("/hooks/paypal/1", content=BODY, headers=HEADERS)).status_code == 204

    assert len(stored(tresen)) == 1


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 100_000, b"x" * LARGEST], ids=["", "bytes", "deep", "large"])
async def test_what_is_no_event_is_refused_and_not_stored(tresen, body):
    assert (await tresen.client.post("/hooks/paypal/1", content=body, headers=HEADERS)).status_code == 400
    assert stored(tresen) == []


async def test_more_than_256_kib_is_refused(tresen):
    answer = await tresen.client.post("/hooks/paypal/1", content=b"x" * (LARGEST + 1), headers=HEADERS)

    assert answer.status_code == 413
    assert stored(tresen) == []


@pytest.mark.parametrize("provider", ["2", "3", "0", "9" * 30, "x", "-1"])
async def test_a_provider_that_is_unknown_or_has_no_registered_address_is_a_404(tresen, provider):
    assert (await tresen.client.post(f"/hooks/paypal/{provider}", content=BODY, headers=HEADERS)).status_code == 404
    assert stored(tresen) == []


@pytest.mark.parametrize("lacking", SIGNED)
async def test_what_lacks_one_of_the_five_headers_is_no_delivery(tresen, lacking):
    headers = {name: value for name, value in HEADERS.items() if name != lacking}

    assert (await tresen.client.post("/hooks/paypal/1", content=BODY, headers=headers)).status_code == 400
    assert stored(tresen) == []


async def test_whoever_only_forges_waits(tresen, monkeypatch):
    monkeypatch.setattr(webhook_inbox, "FORGERIES_AN_HOUR", 0)

    answer = await tresen.client.post("/hooks/paypal/1", content=BODY, headers=HEADERS)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")


async def test_a_browser_is_shown_nothing(tresen):
    assert (await tresen.client.get("/hooks/paypal/1")).status_code == 405
