"""Money that goes back: asked for here, done at PayPal, or taken back by whoever paid."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from demo.paypal_stand_in import Fault
from demo.paypal_stand_in.checkout import refund
from portal import payment_refunds
from portal.activity import By
from portal.orders import PaymentState
from portal.payment_attempts import Standing
from portal.payment_refunds import NewRefund, Refunds, left
from portal.refund_questions import open_questions
from portal.refusals import Conflict, Invalid

ANNA = "merchant:1"


@pytest.fixture
def give_back(cashier):
    async def ask(order, amount, seen=None, note="") -> str:
        attempt = await cashier.attempt(order)
        new = NewRefund(attempt_id=attempt.id, amount=amount, note=note, seen=left(attempt) if seen is None else seen)
        return await payment_refunds.ask(new, cashier.till, By(ANNA, cashier.now))

    return ask


@pytest.fixture
async def paid(cashier):
    order = await cashier.sell()
    url = await cashier.pay(order)
    return order, cashier.told(url)


async def test_a_refund_in_full_makes_the_order_refunded(cashier, paid, give_back):
    order, _ = paid

    await give_back(order, 2000)

    assert await cashier.money(order) == [("payment", "completed", 2000), ("refund", "completed", 2000)]
    assert (await cashier.facts(order)).payment_state is PaymentState.REFUNDED
    assert await cashier.notices(order) == []


async def test_a_refund_in_part_leaves_the_rest_to_be_refunded(cashier, paid, give_back):
    order, told = paid

    await give_back(order, 500, note="Sorry")

    assert (await cashier.facts(order)).payment_state is PaymentState.PARTIALLY_REFUNDED
    assert left(await cashier.attempt(order)) == 1500
    assert told.refunds[0]["amount"] == {"currency_code": "EUR", "value": "5.00"}


@pytest.mark.parametrize("amount", [0, -1, 2001])
async def test_no_more_goes_back_than_came_in(cashier, paid, give_back, amount):
    order, _ = paid

    with pytest.raises(Invalid):
        await give_back(order, amount)

    assert cashier.paypal.ledger.asked("refund") == []


async def test_a_second_click_gives_nothing_back(cashier, paid, give_back):
    order, _ = paid
    await give_back(order, 500, seen=2000)

    with pytest.raises(Conflict):
        await give_back(order, 500, seen=2000)

    assert len(cashier.paypal.ledger.asked("refund")) == 1


async def test_two_clicks_at_once_give_back_once(cashier, paid, give_back):
    order, _ = paid

    outcomes = await asyncio.gather(
        give_back(order, 1500, seen=2000), give_back(order, 1500, seen=2000), return_exceptions=True
    )

    assert sorted(type(each).__name__ for each in outcomes) == ["Conflict", "str"]
    assert [amount for kind, _, amount in await cashier.money(order) if kind == "refund"] == [1500]


TROUBLE = [
    Fault.ERROR,
    Fault.UNAVAILABLE,
    Fault.BUSY,
    Fault.GATEWAY,
    Fault.GARBAGE,
    Fault.RESET,
    Fault.TIME_OUT,
    Fault.LOST,
]


@pytest.mark.parametrize("fault", TROUBLE)
async def test_trouble_is_met_by_asking_again_with_the_same_key_until_it_is_done_once(cashier, paid, give_back, fault):
    order, _ = paid
    cashier.paypal.faults.retry_after = 60
    cashier.paypal.faults.switch("refund", fault, times=9)
    await give_back(order, 2000)
    assert await cashier.money(order) == [("payment", "completed", 2000)]
    assert left(await cashier.attempt(order)) == 0

    cashier.paypal.faults.switch("refund", fault, times=0)
    cashier.now = cashier.now.replace(hour=23)
    await cashier.work_off("payment_refund", Refunds(cashier.till))

    assert await cashier.money(order) == [("payment", "completed", 2000), ("refund", "completed", 2000)]
    assert len({each.headers["paypal-request-id"] for each in cashier.paypal.ledger.asked("refund")}) == 1


async def test_a_refund_that_a_look_saw_before_its_own_answer_came_is_booked_once(cashier, paid, give_back):
    order, _ = paid
    cashier.paypal.faults.switch("refund", Fault.LOST, times=9)
    await give_back(order, 2000)
    await cashier.later(days=1)
    assert [amount for kind, _, amount in await cashier.money(order) if kind == "refund"] == [2000]

    cashier.paypal.faults.switch("refund", Fault.LOST, times=0)
    await cashier.work_off("payment_refund", Refunds(cashier.till))

    assert [amount for kind, _, amount in await cashier.money(order) if kind == "refund"] == [2000]
    assert open_questions(await cashier.attempt(order)) == {}


async def test_a_refund_that_paypal_refuses_is_told_and_may_be_asked_for_again(cashier, paid, give_back):
    order, told = paid
    refund(told, Decimal("15.00"), cashier.paypal.ledger, cashier.paypal.hooks)

    await give_back(order, 2000)

    assert "payment_refund_failed" in await cashier.notices(order)
    assert left(await cashier.attempt(order)) == 2000


async def test_what_the_merchant_refunds_at_paypal_is_found_by_a_look_and_told(cashier, paid):
    order, told = paid
    refund(told, Decimal("20.00"), cashier.paypal.ledger, cashier.paypal.hooks)

    await cashier.later(days=1)
    await cashier.later(days=30)

    assert await cashier.money(order) == [("payment", "completed", 2000), ("refund", "completed", 2000)]
    assert await cashier.notices(order) == ["refund_received"]
    assert (await cashier.facts(order)).payment_state is PaymentState.REFUNDED


async def test_money_that_was_taken_back_is_found_by_a_look_and_told(cashier, paid):
    order, told = paid
    told.capture["status"] = "REFUNDED"  # without any refund

    await cashier.later(days=1)
    await cashier.later(days=30)

    assert await cashier.money(order) == [("payment", "reversed", 2000)]
    assert await cashier.notices(order) == ["payment_reversed"]
    assert (await cashier.facts(order)).payment_state is PaymentState.REVERSED
    assert (await cashier.attempt(order)).standing is Standing.REVERSED


# --- A refund that is no refund yet, or never becomes one


async def test_a_refund_that_paypal_checks_is_on_its_way_until_it_is_done(cashier, paid, give_back):
    order, told = paid
    cashier.paypal.ledger.refund_as = "PENDING"
    await give_back(order, 500)
    assert await cashier.money(order) == [("payment", "completed", 2000), ("refund", "pending", 500)]
    assert left(await cashier.attempt(order)) == 1500

    told.refunds[0]["status"] = "COMPLETED"
    await cashier.later(days=1)

    assert (await cashier.facts(order)).payment_state is PaymentState.PARTIALLY_REFUNDED
    assert (await cashier.history(order)).count("refund_received") == 1
    assert left(await cashier.attempt(order)) == 1500


@pytest.mark.parametrize("final", ["FAILED", "CANCELLED"])
@pytest.mark.parametrize("age", [0, 50])
async def test_a_refund_that_fails_after_all_is_free_to_be_asked_for_again_and_told(
    cashier, paid, give_back, final, age
):
    order, told = paid
    await cashier.later(days=age)
    cashier.paypal.ledger.refund_as = "PENDING"
    await give_back(order, 500)

    told.refunds[0]["status"] = final
    await cashier.later(days=2)
    await cashier.later(days=2)

    assert (await cashier.money(order))[1:] == [("refund", "failed", 500)]
    assert left(await cashier.attempt(order)) == 2000
    assert await cashier.notices(order) == ["payment_refund_missing"]


async def test_a_refund_that_fails_at_once_is_none(cashier, paid, give_back):
    order, _ = paid
    cashier.paypal.ledger.refund_as = "FAILED"

    await give_back(order, 500)

    assert left(await cashier.attempt(order)) == 2000
    assert await cashier.notices(order) == ["payment_refund_missing"]
    assert (await cashier.facts(order)).payment_state is PaymentState.PAID
