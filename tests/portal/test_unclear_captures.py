"""A refusal is no proof that nothing was taken: what PayPal's order says decides, and as long as nobody knows, nobody
pays a second time."""

from __future__ import annotations

import pytest

from db.orders import State
from demo.paypal_stand_in import Fault
from demo.paypal_stand_in.checkout import capture
from demo.paypal_stand_in.faults import AFTERWARDS
from portal.payment_attempts import Standing
from portal.refusals import Refusal, Refused
from tests.factories import a_line, an_imported_order

PAID = [("payment", "completed", 2000)]


@pytest.fixture
async def approved(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    return order, url


@pytest.mark.parametrize("first", [[], [Fault.LOST]], ids=["at once", "after a lost answer"])
@pytest.mark.parametrize("fault", AFTERWARDS)
async def test_a_capture_wins_over_a_refusal(cashier, approved, fault, first):
    order, url = approved
    cashier.paypal.faults.waiting["capture"] = [*first, fault, fault]

    await cashier.come_back(url)

    assert await cashier.money(order) == PAID
    assert (await cashier.attempt(order)).standing is Standing.COMPLETED


@pytest.mark.parametrize("first", [[], [Fault.LOST]], ids=["at once", "after a lost answer"])
@pytest.mark.parametrize("fault", AFTERWARDS)
async def test_a_refusal_that_cannot_be_looked_into_lets_nobody_pay_twice(cashier, approved, fault, first):
    order, url = approved
    cashier.paypal.faults.waiting["capture"] = [*first, fault, fault]
    cashier.paypal.faults.switch("look", Fault.UNAVAILABLE, times=9)

    await cashier.come_back(url)
    assert (await cashier.attempt(order)).standing is Standing.CHECKING
    with pytest.raises(Refused) as refused:
        await cashier.begin(order)
    assert refused.value.refusal is Refusal.PAYMENT_PENDING

    cashier.paypal.faults.switch("look", Fault.UNAVAILABLE, times=0)
    await cashier.later(minutes=5)
    assert await cashier.money(order) == PAID


@pytest.mark.parametrize("issue", ["PREVIOUS_REQUEST_IN_PROGRESS", "ORDER_COMPLETION_IN_PROGRESS"])
async def test_what_is_in_progress_is_no_no(cashier, approved, issue):
    order, url = approved
    cashier.paypal.ledger.capture_as = issue

    await cashier.come_back(url)
    assert (await cashier.attempt(order)).standing is Standing.CHECKING

    cashier.paypal.ledger.capture_as = "COMPLETED"
    await cashier.later(minutes=5)
    assert await cashier.money(order) == PAID


async def test_a_plain_business_refusal_is_a_no_even_after_trouble(cashier, approved):
    order, url = approved
    cashier.paypal.ledger.capture_as = "INSTRUMENT_DECLINED"
    cashier.paypal.faults.switch("capture", Fault.GARBAGE)

    await cashier.come_back(url)

    assert (await cashier.attempt(order)).standing is Standing.DECLINED


async def test_any_other_refusal_after_trouble_is_asked_for_once_more(cashier, approved):
    order, url = approved
    cashier.paypal.ledger.capture_as = "SOMETHING_NEW"
    cashier.paypal.faults.switch("capture", Fault.GARBAGE)

    await cashier.come_back(url)
    assert (await cashier.attempt(order)).standing is Standing.CHECKING

    await cashier.later(minutes=45)
    assert (await cashier.attempt(order)).standing is Standing.DECLINED


async def test_an_order_that_paypal_let_expire_before_it_was_asked_for_frees_the_customer(cashier, approved):
    order, url = approved
    told = cashier.told(url)
    del cashier.paypal.ledger.orders[told.id]
    attempt = await cashier.attempt(order)

    await cashier.come_back(url, told=told)

    assert (await cashier.attempt(order)).standing is Standing.EXPIRED
    assert attempt.id == (await cashier.attempt(order)).id


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNAUTHORIZED_AFTER, Fault.UNKNOWN_AFTER])
async def test_an_order_that_paypal_does_not_know_any_more_ends_nothing_that_was_asked_for(cashier, approved, fault):
    order, url = approved
    cashier.paypal.faults.switch("capture", fault, times=9)
    cashier.paypal.faults.switch("look", Fault.UNAVAILABLE, times=9)
    await cashier.come_back(url)
    for operation in ("capture", "look"):
        cashier.paypal.faults.switch(operation, fault, times=0)
    hidden = cashier.paypal.ledger.orders.pop(cashier.told(url).id)
    cashier.paypal.ledger.answers.clear()

    await cashier.later(days=4)
    assert (await cashier.attempt(order)).standing is Standing.CHECKING

    cashier.paypal.ledger.orders[hidden.id] = hidden
    await cashier.later(days=1)
    assert await cashier.money(order) == PAID


async def test_an_answer_without_a_capture_is_looked_into(cashier, approved):
    order, url = approved
    cashier.paypal.faults.switch("capture", Fault.MINIMAL)

    await cashier.come_back(url)

    assert await cashier.money(order) == PAID


@pytest.mark.parametrize("status", ["COMPLETED", "PENDING_APPROVAL", "SOMETHING_NEW", ""])
async def test_an_order_that_somebody_has_touched_waits_for_no_customer(cashier, approved, status):
    """Whatever became of its money, nobody pays a second time before it is known."""
    order, url = approved
    cashier.paypal.faults.switch("capture", Fault.MINIMAL)
    cashier.paypal.faults.switch("look", Fault.MINIMAL, times=2)
    told = cashier.told(url)

    await cashier.come_back(url)
    assert (await cashier.attempt(order)).standing is Standing.CHECKING
    told.status = status
    await cashier.later(minutes=1)
    assert (await cashier.attempt(order)).standing is Standing.CHECKING

    told.status = "COMPLETED"
    await cashier.later(minutes=5)
    assert await cashier.money(order) == PAID


# --- PayPal takes its time


CHANGES = [an_imported_order(lines=[a_line(line_gross=2500)]), an_imported_order(state=State.CANCELLED)]


@pytest.mark.parametrize("change", CHANGES)
async def test_an_order_that_changed_stays_open_for_as_long_as_paypal_may_be_at_the_old_amount(
    cashier, approved, change
):
    order, url = approved
    cashier.paypal.faults.switch("capture", Fault.RESET, times=3)
    await cashier.come_back(url)
    await cashier.take(change)
    await cashier.later(minutes=5)
    assert (await cashier.attempt(order)).standing is Standing.CHECKING

    capture(cashier.told(url), cashier.paypal.ledger)
    await cashier.later(minutes=5)

    assert await cashier.money(order) == PAID


async def test_what_waits_for_the_customer_again_stays_open_for_as_long_as_paypal_may_be_at_it(cashier, approved):
    order, url = approved
    cashier.paypal.faults.switch("capture", Fault.RESET, times=3)
    await cashier.come_back(url)
    cashier.told(url).status = "PAYER_ACTION_REQUIRED"

    await cashier.later(minutes=5)
    assert (await cashier.attempt(order)).standing is Standing.CHECKING
    await cashier.later(minutes=45)
    assert (await cashier.attempt(order)).standing is Standing.WAITING


@pytest.mark.parametrize("after", [{"minutes": 50}, {"hours": 20}, {"hours": 70}])
async def test_a_capture_that_comes_after_the_end_is_booked_all_the_same(cashier, approved, after):
    order, url = approved
    cashier.paypal.ledger.capture_as = "INSTRUMENT_DECLINED"
    await cashier.come_back(url)
    assert (await cashier.attempt(order)).standing is Standing.DECLINED
    await cashier.later(**after)

    cashier.paypal.ledger.capture_as = "COMPLETED"
    capture(cashier.told(url), cashier.paypal.ledger)
    await cashier.later(days=2)

    assert await cashier.money(order) == PAID
    assert (await cashier.attempt(order)).standing is Standing.COMPLETED


async def test_money_of_two_payments_at_once_is_told(cashier, approved):
    order, url = approved
    cashier.paypal.ledger.capture_as = "INSTRUMENT_DECLINED"
    await cashier.come_back(url)
    cashier.paypal.ledger.capture_as = "COMPLETED"
    await cashier.pay(order)

    capture(cashier.told(url), cashier.paypal.ledger)
    await cashier.later(days=2)

    assert await cashier.money(order) == PAID * 2
    assert await cashier.notices(order) == ["payment_not_due"]
