"""Webhooks: stored first, believed only when PayPal says that it sent them, and harmless in any order and number."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from sqlalchemy import func, select

from db.activity import Activity
from db.outbox import Job
from db.webhooks import DeliveryOutcome, Verification, Webhook, WebhookDelivery
from demo.paypal_stand_in import Fault
from demo.paypal_stand_in.checkout import refund
from portal import outbox, payment_providers, retention, webhook_inbox, webhook_jobs, webhook_registrations, webhooks
from portal.activity import By
from portal.orders import PaymentState
from portal.payment_attempts import Standing
from portal.payment_providers import ProviderChange
from portal.refusals import Conflict, NotFound
from portal.webhook_inbox import OF_PROVIDERS, Incoming, NotADelivery, TooMany, TooManyForged
from portal.webhook_withdrawals import Withdrawals
from portal.webhooks import Deliveries

PAID = [("payment", "completed", 2000)]
PAYPALS, ELSEWHERE = "64.4.240.0/24", "203.0.113.0/24"


@pytest.fixture(params=list(Verification))
async def registered(cashier, request):
    """PayPal's id of our address; what it sends is caught, so that tests decide what arrives when."""
    cashier.paypal.ledger.calls_webhooks = False
    row = await webhook_registrations.register(cashier.provider.id, request.param, cashier.till, cashier.customer)
    return row.reference


class Event:
    """One delivery, signed when it is made."""

    def __init__(self, cashier, webhook, name, kind, resource):
        self.body = json.dumps({"event_type": name, "resource_type": kind, "resource": resource}).encode()
        self.headers = cashier.paypal.hooks.signed(webhook, self.body)


def approved(cashier, webhook, told) -> Event:
    resource = {"id": told.id, "purchase_units": told.wanted["purchase_units"]}
    return Event(cashier, webhook, "CHECKOUT.ORDER.APPROVED", "checkout-order", resource)


def captured(cashier, webhook, told, name="COMPLETED") -> Event:
    return Event(cashier, webhook, f"PAYMENT.CAPTURE.{name}", "capture", told.capture)


async def arrive(cashier, event, *, work=True, **changed):
    body, headers = changed.get("body", event.body), {**event.headers, **changed.get("headers", {})}
    incoming = Incoming(
        provider_id=cashier.provider.id, ip_prefix=changed.get("network", PAYPALS), headers=headers, body=body
    )
    await webhooks.accept(incoming, cashier.till, cashier.now)
    if work:
        await cashier.work_off(OF_PROVIDERS, Deliveries(cashier.till))


async def outcomes(cashier) -> list[DeliveryOutcome | None]:
    async with cashier.database.reading() as session:
        return list(await session.scalars(select(WebhookDelivery.outcome).order_by(WebhookDelivery.id)))


async def test_an_approval_whose_tab_was_closed_is_captured(cashier, registered):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)

    await arrive(cashier, approved(cashier, registered, cashier.told(url)))

    assert await cashier.money(order) == PAID
    assert await outcomes(cashier) == [DeliveryOutcome.APPLIED]


async def test_the_same_capture_from_return_webhook_and_look_in_any_order_is_booked_once(cashier, registered):
    order = await cashier.sell()
    url = await cashier.begin(order)
    told = cashier.told(url)
    cashier.approve(url)
    early = approved(cashier, registered, told)

    await cashier.come_back(url)
    for event in (captured(cashier, registered, told), early, captured(cashier, registered, told)):
        await arrive(cashier, event)
        await arrive(cashier, event)
    await cashier.later(days=2)
    await cashier.come_back(url)

    assert await cashier.money(order) == PAID
    assert (await cashier.history(order)).count("order_paid") == 1


async def test_a_delivery_that_is_sent_again_is_stored_once(cashier, registered):
    order = await cashier.sell()
    url = await cashier.pay(order)
    event = captured(cashier, registered, cashier.told(url))

    for _ in range(3):
        await arrive(cashier, event)

    assert await outcomes(cashier) == [DeliveryOutcome.APPLIED]


FORGERIES = {
    "another body": {"body": b'{"event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": {"custom_id": "x"}}'},
    "another signature": {"headers": {"paypal-transmission-sig": "AAAA"}},
    "another time": {"headers": {"paypal-transmission-time": "2020-01-01T00:00:00Z"}},
}
NO_DELIVERIES = {
    "no id": {"headers": {"paypal-transmission-id": ""}},
    "no signature": {"headers": {"paypal-transmission-sig": ""}},
    "no time": {"headers": {"paypal-transmission-time": ""}},
    "no algorithm": {"headers": {"paypal-auth-algo": ""}},
    "no certificate": {"headers": {"paypal-cert-url": ""}},
    "a signature without end": {"headers": {"paypal-transmission-sig": "A" * 5000}},
    "more of PayPal's headers than there are": {"headers": {f"paypal-{each}": "x" * 900 for each in range(20)}},
    "nothing": {"body": b""},
    "bytes": {"body": b"\xff\xfe"},
    "no json": {"body": b"<html>"},
    "no event": {"body": b'{"resource": {}}'},
    "deep": {"body": b'{"event_type": "x", "resource": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"},
    "fields of the question itself": {"body": b'{"event_type": "x"},"webhook_id":"mine"'},
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
async def test_what_paypal_did_not_send_has_no_effect(cashier, registered, forgery):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)

    await arrive(cashier, approved(cashier, registered, cashier.told(url)), **forgery)

    assert await cashier.money(order) == []
    assert await outcomes(cashier) == [DeliveryOutcome.FORGED]


@pytest.mark.parametrize("lacking", NO_DELIVERIES.values(), ids=NO_DELIVERIES.keys())
async def test_what_lacks_something_that_every_delivery_has_is_not_stored(cashier, registered, lacking):
    order = await cashier.sell()
    event = approved(cashier, registered, cashier.told(await cashier.begin(order)))

    with pytest.raises(NotADelivery):
        await arrive(cashier, event, **lacking)

    assert await outcomes(cashier) == []


async def test_nothing_is_kept_of_what_was_worked_on(cashier, registered):
    order = await cashier.sell()
    told = cashier.told(await cashier.pay(order))
    await arrive(cashier, captured(cashier, registered, told))
    await arrive(cashier, captured(cashier, registered, told), headers={"paypal-transmission-sig": "AAAA"})

    async with cashier.database.reading() as session:
        rows = list(await session.scalars(select(WebhookDelivery)))

    assert [(row.outcome, row.headers, row.body) for row in rows] == [
        (DeliveryOutcome.APPLIED, {}, b""),
        (DeliveryOutcome.FORGED, {}, b""),
    ]


async def test_a_certificate_from_anywhere_else_proves_nothing(cashier):
    cashier.paypal.ledger.calls_webhooks = False
    row = await webhook_registrations.register(
        cashier.provider.id, Verification.OFFLINE, cashier.till, cashier.customer
    )
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    event = approved(cashier, row.reference, cashier.told(url))

    for place in ("https://evil.example/cert", "https://api.paypal.com.evil.example/c", "http://api.paypal.com/c", "x"):
        headers = {"paypal-cert-url": place, "paypal-transmission-id": place}
        await arrive(cashier, event, headers=headers)

    assert set(await outcomes(cashier)) == {DeliveryOutcome.FORGED}
    assert await cashier.money(order) == []


async def test_a_genuine_delivery_about_nothing_of_ours_is_noted_and_left_alone(cashier, registered):
    event = Event(cashier, registered, "PAYMENT.CAPTURE.COMPLETED", "capture", {"id": "1", "custom_id": "elsewhere"})

    await arrive(cashier, event)

    assert await outcomes(cashier) == [DeliveryOutcome.UNKNOWN]


async def test_without_a_registered_address_there_is_nothing_to_deliver_to(cashier):
    cashier.paypal.ledger.calls_webhooks = False
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)

    with pytest.raises(NotFound):
        await arrive(cashier, approved(cashier, "anything", cashier.told(url)))

    assert await outcomes(cashier) == []


async def test_a_refund_at_paypal_is_booked_and_told(cashier, registered):
    order = await cashier.sell()
    told = cashier.told(await cashier.pay(order))
    back = refund(told, Decimal("20.00"), cashier.paypal.ledger, cashier.paypal.hooks)

    await arrive(cashier, Event(cashier, registered, "PAYMENT.CAPTURE.REFUNDED", "refund", back))

    assert await cashier.money(order) == [*PAID, ("refund", "completed", 2000)]
    assert await cashier.notices(order) == ["refund_received"]


async def test_a_reversal_locks_the_order_and_is_told(cashier, registered):
    order = await cashier.sell()
    told = cashier.told(await cashier.pay(order))

    await arrive(cashier, captured(cashier, registered, told, "REVERSED"))

    assert await cashier.money(order) == [("payment", "reversed", 2000)]
    assert (await cashier.facts(order)).payment_state is PaymentState.REVERSED
    assert await cashier.notices(order) == ["payment_reversed"]


async def test_a_pending_payment_is_completed_as_soon_as_paypal_says_so(cashier, registered):
    order = await cashier.sell()
    cashier.paypal.ledger.capture_as = "PENDING"
    told = cashier.told(await cashier.pay(order))
    pending = captured(cashier, registered, told, "PENDING")
    told.capture["status"] = "COMPLETED"

    await arrive(cashier, captured(cashier, registered, told))
    await arrive(cashier, pending)  # late, and out of order

    assert await cashier.money(order) == PAID
    assert (await cashier.attempt(order)).standing is Standing.COMPLETED


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.GATEWAY, Fault.GARBAGE, Fault.RESET, Fault.TIME_OUT])
async def test_trouble_while_verifying_is_met_by_asking_again_later(cashier, fault):
    cashier.paypal.ledger.calls_webhooks = False
    row = await webhook_registrations.register(
        cashier.provider.id, Verification.POSTBACK, cashier.till, cashier.customer
    )
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    cashier.paypal.faults.switch("verify", fault, times=9)
    await arrive(cashier, approved(cashier, row.reference, cashier.told(url)))
    assert await outcomes(cashier) == [None]

    cashier.paypal.faults.switch("verify", fault, times=0)
    cashier.now += timedelta(minutes=2)
    await cashier.work_off(OF_PROVIDERS, Deliveries(cashier.till))

    assert await cashier.money(order) == PAID


async def given_up(cashier, registered, times):
    """Deliveries that nobody could ask about, for as long as the outbox asks."""
    cashier.paypal.faults.switch("verify", Fault.ERROR, times=999)
    order = await cashier.sell()
    told = cashier.told(await cashier.pay(order))
    for _ in range(times):
        await arrive(cashier, captured(cashier, registered, told), work=False)
    for _ in range(outbox.MAX_ATTEMPTS):
        await cashier.work_off(OF_PROVIDERS, Deliveries(cashier.till))
        cashier.now += timedelta(days=1)


async def told_of_deliveries(cashier) -> list[dict]:
    async with cashier.database.reading() as session:
        rows = await session.scalars(select(Activity).where(Activity.kind == webhook_inbox.GIVEN_UP, Activity.notice))
        return [row.details for row in rows]


async def test_deliveries_that_were_given_up_wait_no_more_and_are_told_once(cashier, monkeypatch):
    monkeypatch.setattr(webhook_inbox, "MOST_WAITING", 2)
    cashier.paypal.ledger.calls_webhooks = False
    row = await webhook_registrations.register(
        cashier.provider.id, Verification.POSTBACK, cashier.till, cashier.customer
    )
    await given_up(cashier, row.reference, times=2)

    assert await outcomes(cashier) == [DeliveryOutcome.GIVEN_UP] * 2
    [told] = await told_of_deliveries(cashier)
    assert (told["provider"], told["name"]) == (cashier.provider.id, "PayPal")
    await arrive(cashier, rubbish(cashier, row.reference), work=False)  # there is room again
    assert (await outcomes(cashier))[-1] is None


async def test_a_certificate_that_paypal_does_not_have_proves_a_forgery(cashier):
    cashier.paypal.ledger.calls_webhooks = False
    row = await webhook_registrations.register(
        cashier.provider.id, Verification.OFFLINE, cashier.till, cashier.customer
    )
    order = await cashier.sell()
    told = cashier.told(await cashier.pay(order))
    nowhere = {"paypal-cert-url": f"{cashier.paypal.ledger.origin}/v1/notifications/nowhere"}

    await arrive(cashier, captured(cashier, row.reference, told), headers=nowhere)

    assert await outcomes(cashier) == [DeliveryOutcome.FORGED]


async def test_an_unknown_provider_is_refused_and_nothing_is_stored(cashier):
    with pytest.raises(NotFound):
        await webhooks.accept(
            Incoming(provider_id=99, ip_prefix=ELSEWHERE, headers={}, body=b"{}"), cashier.till, cashier.now
        )

    assert await outcomes(cashier) == []


def rubbish(cashier, webhook, size=0) -> Event:
    """Whole, and not PayPal's."""
    event = Event(cashier, webhook, "PAYMENT.CAPTURE.COMPLETED", "capture", {"id": "1", "custom_id": "x" * size})
    event.headers["paypal-transmission-sig"] = "AAAA"
    return event


@pytest.mark.parametrize(
    ("bound", "most", "network"),
    [
        ("MOST_WAITING", 2, "198.51.100.0/24"),
        ("MOST_WAITING_OF_NETWORK", 2, ELSEWHERE),
        ("MOST_BYTES_WAITING", 2500, "198.51.100.0/24"),
    ],
)
async def test_whoever_floods_us_fills_no_disk(cashier, registered, monkeypatch, bound, most, network):
    monkeypatch.setattr(webhook_inbox, bound, most)
    for _ in range(2):
        await arrive(cashier, rubbish(cashier, registered, size=1000), work=False, network=ELSEWHERE)

    with pytest.raises(TooMany):
        await arrive(cashier, rubbish(cashier, registered, size=1000), work=False, network=network)

    assert await outcomes(cashier) == [None, None]


async def test_a_network_that_sends_rubbish_leaves_room_for_paypal(cashier, registered, monkeypatch):
    monkeypatch.setattr(webhook_inbox, "MOST_WAITING_OF_NETWORK", 2)
    order = await cashier.sell()
    told = cashier.told(await cashier.pay(order))
    for _ in range(2):
        await arrive(cashier, rubbish(cashier, registered), work=False, network=ELSEWHERE)

    await arrive(cashier, captured(cashier, registered, told))

    assert (await outcomes(cashier))[-1] is DeliveryOutcome.APPLIED


async def test_a_network_that_forged_too_much_is_turned_away_for_an_hour_and_paypal_is_not(
    cashier, registered, monkeypatch
):
    monkeypatch.setattr(webhook_inbox, "FORGERIES_AN_HOUR", 2)
    order = await cashier.sell()
    told = cashier.told(await cashier.pay(order))
    for _ in range(2):
        await arrive(cashier, rubbish(cashier, registered), network=ELSEWHERE)

    with pytest.raises(TooManyForged):
        await arrive(cashier, rubbish(cashier, registered), network=ELSEWHERE)
    await arrive(cashier, captured(cashier, registered, told))
    cashier.now += timedelta(hours=2)
    await arrive(cashier, rubbish(cashier, registered), network=ELSEWHERE)

    forged, applied = DeliveryOutcome.FORGED, DeliveryOutcome.APPLIED
    assert await outcomes(cashier) == [forged, forged, applied, forged]


async def test_forged_ones_go_after_a_day_and_genuine_ones_after_a_month(cashier, registered):
    order = await cashier.sell()
    url = await cashier.pay(order)
    await arrive(cashier, captured(cashier, registered, cashier.told(url)))
    await arrive(cashier, captured(cashier, registered, cashier.told(url)), headers={"paypal-transmission-sig": "AAAA"})

    await retention.run(cashier.database, cashier.now + timedelta(days=2))
    assert await outcomes(cashier) == [DeliveryOutcome.APPLIED]
    await retention.run(cashier.database, cashier.now + timedelta(days=40))
    assert await outcomes(cashier) == []


# --- Registering


async def test_registering_twice_is_registering_once(cashier):
    first = await webhook_registrations.register(
        cashier.provider.id, Verification.POSTBACK, cashier.till, cashier.customer
    )
    again = await webhook_registrations.register(
        cashier.provider.id, Verification.OFFLINE, cashier.till, cashier.customer
    )

    assert first.reference == again.reference
    assert cashier.paypal.ledger.webhooks == {
        first.reference: f"https://portal.example.org/hooks/paypal/{cashier.provider.id}"
    }


async def test_a_provider_that_becomes_active_is_registered_by_itself(cashier):
    await cashier.work_off("webhook_registration", webhook_registrations.Registrations(cashier.till))

    assert list(cashier.paypal.ledger.webhooks.values()) == [
        f"https://portal.example.org/hooks/paypal/{cashier.provider.id}"
    ]
    async with cashier.database.reading() as session:
        undone = select(func.count()).select_from(Job).where(Job.kind == "webhook_registration", Job.done_at.is_(None))
        assert await session.scalar(undone) == 0


async def register(cashier):
    return await webhook_registrations.register(
        cashier.provider.id, Verification.POSTBACK, cashier.till, cashier.customer
    )


async def change(cashier, **changes):
    async with cashier.database.writing() as session:
        row = await payment_providers.one(cashier.provider.id, session)
        wanted = msgspec.convert(changes, ProviderChange)
        await payment_providers.change(row, wanted, cashier.till.vault, session, By("merchant:1", cashier.now))


async def work_off_all(cashier):
    await cashier.work_off(webhook_jobs.WITHDRAWAL, Withdrawals(cashier.till))
    await cashier.work_off(webhook_jobs.REGISTRATION, webhook_registrations.Registrations(cashier.till))


async def test_events_that_were_lacking_are_added_to_an_address_that_stands_already(cashier):
    row = await register(cashier)
    cashier.paypal.ledger.events[row.reference] = ["PAYMENT.CAPTURE.COMPLETED"]

    await register(cashier)

    assert len(cashier.paypal.ledger.events[row.reference]) == 8
    await register(cashier)
    assert len(cashier.paypal.ledger.asked("change")) == 1  # where nothing differs, nothing is asked for


async def test_a_shop_that_moved_is_called_at_its_new_address_after_the_next_start(cashier):
    row = await register(cashier)
    cashier.now += timedelta(hours=1)
    moved = replace(cashier.till, base_url="https://new.example.org")

    await webhook_registrations.keep_up(moved, cashier.now)
    await cashier.work_off(webhook_jobs.REGISTRATION, webhook_registrations.Registrations(moved))

    address = f"https://new.example.org/hooks/paypal/{cashier.provider.id}"
    assert cashier.paypal.ledger.webhooks == {row.reference: address}
    async with cashier.database.reading() as session:
        assert (await session.get_one(Webhook, cashier.provider.id)).url == address


async def test_a_shop_that_stayed_asks_nothing_at_a_start(cashier):
    await work_off_all(cashier)
    before = len(cashier.paypal.ledger.exchanges)

    await webhook_registrations.keep_up(cashier.till, cashier.now)
    await work_off_all(cashier)

    assert len(cashier.paypal.ledger.exchanges) == before


async def test_a_provider_that_is_switched_off_is_called_no_more_and_on_again_it_is(cashier):
    await register(cashier)

    cashier.now += timedelta(hours=1)
    await change(cashier, active=False)
    async with cashier.database.reading() as session:
        assert await session.get(Webhook, cashier.provider.id) is None
    await work_off_all(cashier)
    assert cashier.paypal.ledger.webhooks == {}

    cashier.now += timedelta(hours=1)
    await change(cashier, active=True)
    await work_off_all(cashier)
    assert len(cashier.paypal.ledger.webhooks) == 1


async def test_with_another_app_the_old_one_s_address_goes_and_a_new_one_comes(cashier):
    old = await register(cashier)
    cashier.paypal.ledger.apps["another-app"] = "another-secret"
    cashier.now += timedelta(hours=1)

    await change(cashier, client_id="another-app", client_secret="another-secret")
    await work_off_all(cashier)

    async with cashier.database.reading() as session:
        now = await session.get_one(Webhook, cashier.provider.id)
    assert (now.client_id, now.reference == old.reference) == ("another-app", False)
    assert list(cashier.paypal.ledger.webhooks) == [now.reference]


async def test_a_provider_that_is_removed_leaves_nothing_at_paypal(cashier):
    await register(cashier)

    async with cashier.database.writing() as session:
        row = await payment_providers.one(cashier.provider.id, session)
        await payment_providers.remove(row, session, By("merchant:1", cashier.now))
    await cashier.work_off(webhook_jobs.WITHDRAWAL, Withdrawals(cashier.till))

    assert cashier.paypal.ledger.webhooks == {}


async def test_an_address_that_came_back_meanwhile_is_not_taken_away(cashier):
    await register(cashier)
    cashier.now += timedelta(hours=1)
    await change(cashier, active=False)
    await change(cashier, active=True)
    await cashier.work_off(webhook_jobs.REGISTRATION, webhook_registrations.Registrations(cashier.till))

    await cashier.work_off(webhook_jobs.WITHDRAWAL, Withdrawals(cashier.till))

    assert len(cashier.paypal.ledger.webhooks) == 1


@pytest.mark.parametrize(
    ("base_url", "reachable"),
    [
        ("https://portal.example.org", True),
        ("http://portal.example.org", False),
        ("https://portal.example.org:8443", False),
        ("https://localhost", False),
        ("https://192.168.1.4", False),
        ("https://shop.local", False),
        ("http://127.0.0.1:8000", False),
    ],
)
def test_paypal_calls_public_addresses_only(base_url, reachable):
    assert webhook_registrations.is_reachable(base_url, from_here=False) is reachable
    assert webhook_registrations.is_reachable(base_url, from_here=True)


async def test_bank_transfers_have_no_webhook(cashier):
    transfer = await cashier.open_account(name="Bank", kind="bank_transfer", client_id="", client_secret=None)

    with pytest.raises(Conflict):
        await webhook_registrations.register(transfer.id, Verification.POSTBACK, cashier.till, cashier.customer)
