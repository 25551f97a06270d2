"""Money that goes back in doubt: nothing is free to be asked for again before PayPal's order was looked at."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from db.payment_providers import PaymentProvider
from demo.paypal_stand_in import Fault
from demo.paypal_stand_in.checkout import refund
from demo.paypal_stand_in.faults import AFTERWARDS
from portal import payment_refunds
from portal.activity import By
from portal.payment_refunds import NewRefund, Refunds, left
from portal.refund_questions import open_questions
from portal.refusals import Conflict

FOR_EVER = 10_000


@pytest.fixture
def give_back(cashier):
    async def ask(order, amount, seen=None) -> str:
        attempt = await cashier.attempt(order)
        new = NewRefund(attempt_id=attempt.id, amount=amount, seen=left(attempt) if seen is None else seen)
        return await payment_refunds.ask(new, cashier.till, By("merchant:1", cashier.now))

    return ask


@pytest.fixture
async def paid(cashier):
    order = await cashier.sell()
    url = await cashier.pay(order)
    return order, cashier.told(url)


async def ask_until_given_up(cashier) -> None:
    for _ in range(10):
        await cashier.work_off("payment_refund", Refunds(cashier.till))
        cashier.now += timedelta(hours=24)


async def refunds(cashier, order) -> list[int]:
    return [amount for kind, status, amount in await cashier.money(order) if (kind, status) == ("refund", "completed")]


@pytest.mark.parametrize("first", [[], [Fault.LOST]], ids=["at once", "after a lost answer"])
@pytest.mark.parametrize("fault", AFTERWARDS)
async def test_a_refusal_frees_nothing_that_went_back_all_the_same(cashier, paid, give_back, fault, first):
    order, told = paid
    cashier.paypal.faults.waiting["refund"] = [*first, fault, fault]

    await give_back(order, 500)
    assert left(await cashier.attempt(order)) == 1500
    with pytest.raises(Conflict):
        await give_back(order, 500, seen=2000)

    cashier.paypal.faults.waiting["refund"] = []
    cashier.now += timedelta(minutes=5)
    await cashier.work_off("payment_refund", Refunds(cashier.till))
    assert await refunds(cashier, order) == [500]
    assert len(told.refunds) == 1
    assert open_questions(await cashier.attempt(order)) == {}


async def test_a_refusal_that_cannot_be_looked_into_leaves_the_question_open(cashier, paid, give_back):
    order, told = paid
    cashier.paypal.faults.switch("refund", Fault.REFUSED_AFTER, times=2)
    cashier.paypal.faults.switch("look", Fault.UNAVAILABLE, times=9)
    await give_back(order, 500)
    assert left(await cashier.attempt(order)) == 1500

    cashier.paypal.faults.switch("look", Fault.UNAVAILABLE, times=0)
    cashier.now += timedelta(minutes=5)
    await cashier.work_off("payment_refund", Refunds(cashier.till))

    assert await refunds(cashier, order) == [500]
    assert len(told.refunds) == 1


async def test_credentials_that_are_gone_leave_the_question_open(cashier, paid, give_back):
    order, told = paid
    cashier.paypal.faults.switch("refund", Fault.LOST, times=9)
    await give_back(order, 500)
    async with cashier.database.writing() as session:
        sealed = (await session.get_one(PaymentProvider, cashier.provider.id)).client_secret
        await session.execute(update(PaymentProvider).values(active=False, client_secret=""))
    cashier.paypal.faults.switch("refund", Fault.LOST, times=0)

    await ask_until_given_up(cashier)
    await cashier.later(days=3)
    assert left(await cashier.attempt(order)) == 1500

    async with cashier.database.writing() as session:
        await session.execute(update(PaymentProvider).values(client_secret=sealed))
    await cashier.later(days=2)
    assert await refunds(cashier, order) == [500]
    assert open_questions(await cashier.attempt(order)) == {}
    assert len(told.refunds) == 1


async def test_what_was_given_up_stays_taken_until_a_look_has_shown_that_nothing_went_back(cashier, paid, give_back):
    order, _ = paid
    cashier.paypal.faults.switch("refund", Fault.ERROR, times=FOR_EVER)
    cashier.paypal.faults.switch("look", Fault.ERROR, times=FOR_EVER)
    await give_back(order, 500)
    await ask_until_given_up(cashier)
    await cashier.later(days=2)
    assert left(await cashier.attempt(order)) == 1500

    cashier.paypal.faults.switch("look", Fault.ERROR, times=0)
    await cashier.later(days=2)

    assert left(await cashier.attempt(order)) == 2000
    assert "payment_refund_missing" in await cashier.notices(order)


async def test_what_was_given_up_and_went_back_all_the_same_is_booked_as_the_refund_that_was_asked_for(
    cashier, paid, give_back
):
    order, told = paid
    cashier.paypal.faults.switch("refund", Fault.LOST, times=FOR_EVER)
    await give_back(order, 500)
    await ask_until_given_up(cashier)
    await cashier.later(days=2)

    assert await refunds(cashier, order) == [500]
    assert left(await cashier.attempt(order)) == 1500
    assert open_questions(await cashier.attempt(order)) == {}
    assert "refund_received" not in await cashier.notices(order)
    assert len(told.refunds) == 1


async def test_the_same_amount_refunded_at_paypal_itself_is_not_refunded_again(cashier, paid, give_back):
    order, told = paid
    refund(told, Decimal("20.00"), cashier.paypal.ledger, cashier.paypal.hooks)

    await give_back(order, 2000)

    assert await refunds(cashier, order) == [2000]
    assert left(await cashier.attempt(order)) == 0


async def test_a_question_that_a_look_has_answered_is_not_put_again(cashier, paid, give_back):
    order, _ = paid
    cashier.paypal.faults.switch("refund", Fault.LOST, times=9)
    await give_back(order, 500)
    await cashier.later(days=1)
    cashier.paypal.faults.switch("refund", Fault.LOST, times=0)
    asked = len(cashier.paypal.ledger.asked("refund"))

    await cashier.work_off("payment_refund", Refunds(cashier.till))

    assert len(cashier.paypal.ledger.asked("refund")) == asked
    assert await refunds(cashier, order) == [500]
