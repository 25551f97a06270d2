"""Money that whoever paid takes back, in whole or in part, and that the merchant may win back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from db.webhooks import Verification
from demo.paypal_stand_in.checkout import refund
from demo.paypal_stand_in.disputes import give_again, take_back
from portal import webhook_registrations, webhooks
from portal.orders import PaymentState
from portal.payment_attempts import Standing
from portal.payment_refunds import left
from portal.webhook_inbox import OF_PROVIDERS, Incoming
from portal.webhooks import Deliveries

PAID = [("payment", "completed", 2000)]
REVERSED = [("payment", "reversed", 2000)]
EARLY, LATE = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC)


@pytest.fixture
async def paid(cashier):
    order = await cashier.sell()
    url = await cashier.pay(order)
    return order, cashier.told(url)


@pytest.fixture
async def deliver(cashier):
    """PayPal tells of something, at a moment."""
    cashier.paypal.ledger.calls_webhooks = False
    row = await webhook_registrations.register(
        cashier.provider.id, Verification.POSTBACK, cashier.till, cashier.customer
    )

    async def tell(name, kind, resource, at=EARLY) -> None:
        event = {"id": f"WH-{at.day}", "event_type": name, "create_time": at.isoformat(), "resource_type": kind}
        body = json.dumps({**event, "resource": resource}).encode()
        headers = cashier.paypal.hooks.signed(row.reference, body)
        incoming = Incoming(provider_id=cashier.provider.id, ip_prefix="198.51.100.0", headers=headers, body=body)
        await webhooks.accept(incoming, cashier.till, cashier.now)
        await cashier.work_off(OF_PROVIDERS, Deliveries(cashier.till))

    return tell


def part(cashier, told, value="5.00"):
    return take_back(told, cashier.paypal.ledger, cashier.paypal.hooks, Decimal(value))


async def test_a_part_that_was_taken_back_is_booked_as_that_part(cashier, paid, deliver):
    order, told = paid

    await deliver("PAYMENT.CAPTURE.REVERSED", "refund", part(cashier, told))

    assert await cashier.money(order) == [*PAID, ("refund", "completed", 500)]
    assert (await cashier.facts(order)).payment_state is PaymentState.PARTIALLY_REFUNDED
    assert left(await cashier.attempt(order)) == 1500
    assert await cashier.notices(order) == ["payment_reversed"]


async def test_a_part_is_booked_once_however_often_it_is_told(cashier, paid, deliver):
    order, told = paid
    resource = part(cashier, told)

    for _ in range(3):
        await deliver("PAYMENT.CAPTURE.REVERSED", "refund", resource)
    await cashier.later(days=30)

    assert await cashier.money(order) == [*PAID, ("refund", "completed", 500)]
    assert await cashier.notices(order) == ["payment_reversed"]


async def test_the_last_part_makes_the_whole_payment_reversed(cashier, paid, deliver):
    order, told = paid
    await deliver("PAYMENT.CAPTURE.REVERSED", "refund", part(cashier, told, "5.00"))

    await deliver("PAYMENT.CAPTURE.REVERSED", "refund", part(cashier, told, "15.00"))

    assert (await cashier.facts(order)).payment_state is PaymentState.REVERSED
    assert (await cashier.attempt(order)).standing is Standing.REVERSED


@pytest.mark.parametrize("amount", [None, {"value": "x", "currency_code": "EUR"}, {"total": "5.00"}])
async def test_a_reversal_whose_amount_cannot_be_read_is_one_of_everything(cashier, paid, deliver, amount):
    order, told = paid
    resource = part(cashier, told) | {"amount": amount}

    await deliver("PAYMENT.CAPTURE.REVERSED", "refund", resource)

    assert await cashier.money(order) == REVERSED


async def test_what_was_taken_back_after_a_refund_is_found_by_a_look(cashier, paid):
    order, told = paid
    refund(told, Decimal("5.00"), cashier.paypal.ledger, cashier.paypal.hooks)
    take_back(told, cashier.paypal.ledger, cashier.paypal.hooks)

    await cashier.later(days=1)

    assert await cashier.money(order) == [*REVERSED, ("refund", "completed", 500)]
    assert (await cashier.facts(order)).payment_state is PaymentState.REVERSED
    [notice] = [row for row in await cashier.entries(order) if row.kind == "payment_reversed"]
    assert notice.details["amount"] == 1500


async def test_a_payment_that_was_refunded_in_full_was_not_taken_back(cashier, paid):
    order, told = paid
    for value in ("5.00", "15.00"):
        refund(told, Decimal(value), cashier.paypal.ledger, cashier.paypal.hooks)

    await cashier.later(days=1)

    assert (await cashier.facts(order)).payment_state is PaymentState.REFUNDED


async def test_what_was_won_back_counts_again(cashier, paid):
    order, told = paid
    take_back(told, cashier.paypal.ledger, cashier.paypal.hooks)
    await cashier.later(days=1)
    assert await cashier.money(order) == REVERSED

    give_again(told, cashier.paypal.hooks)
    await cashier.later(days=100)

    assert await cashier.money(order) == PAID
    assert (await cashier.facts(order)).payment_state is PaymentState.PAID
    assert await cashier.notices(order) == ["payment_reversed", "payment_restored"]
    assert (await cashier.attempt(order)).standing is Standing.COMPLETED
    assert left(await cashier.attempt(order)) == 2000


async def test_a_second_chargeback_after_a_first_one_was_won_is_booked_too(cashier, paid):
    order, told = paid
    for _ in range(2):
        take_back(told, cashier.paypal.ledger, cashier.paypal.hooks)
        await cashier.later(days=20)
        assert await cashier.money(order) == REVERSED
        give_again(told, cashier.paypal.hooks)
        await cashier.later(days=20)
        assert await cashier.money(order) == PAID


async def test_a_chargeback_late_in_the_half_year_is_looked_at_for_as_long_again(cashier, paid):
    order, told = paid
    await cashier.later(days=100)
    take_back(told, cashier.paypal.ledger, cashier.paypal.hooks)
    await cashier.later(days=100)
    assert await cashier.money(order) == REVERSED

    give_again(told, cashier.paypal.hooks)
    await cashier.later(days=150)

    assert await cashier.money(order) == PAID


async def test_a_look_that_never_saw_the_chargeback_does_not_end_it(cashier, paid, deliver):
    """PayPal's answers may say COMPLETED for as long as the chargeback lasts."""
    order, told = paid
    await deliver("PAYMENT.CAPTURE.REVERSED", "capture", told.capture)

    await cashier.later(days=30)

    assert await cashier.money(order) == REVERSED


@pytest.mark.parametrize(("at", "money"), [(EARLY - timedelta(days=1), REVERSED), (EARLY, REVERSED), (LATE, PAID)])
async def test_only_news_of_a_later_moment_ends_a_chargeback_that_a_delivery_told_of(cashier, paid, deliver, at, money):
    order, told = paid
    await deliver("PAYMENT.CAPTURE.REVERSED", "capture", told.capture)

    await deliver("PAYMENT.CAPTURE.COMPLETED", "capture", told.capture, at)

    assert await cashier.money(order) == money
