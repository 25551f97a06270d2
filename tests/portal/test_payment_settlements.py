"""A payment from the click to the booking, whatever PayPal, the network and the browser do in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from db.orders import State
from demo.paypal_stand_in import Fault
from portal import payment_settlements
from portal.orders import PaymentState
from portal.payment_attempts import Standing
from portal.refusals import Refusal, Refused
from tests.factories import a_line, an_imported_order, an_imported_payment

PAID = [("payment", "completed", 2000)]


async def test_an_approved_payment_is_captured_and_the_order_is_paid(cashier):
    order = await cashier.sell()

    await cashier.pay(order)

    assert await cashier.money(order) == PAID
    assert (await cashier.facts(order)).payment_state is PaymentState.PAID
    assert (await cashier.attempt(order)).standing is Standing.COMPLETED


async def test_beginning_asks_paypal_once_besides_the_token_that_is_kept(cashier):
    await cashier.begin(await cashier.sell("1"))
    before = len(cashier.paypal.ledger.exchanges)

    await cashier.begin(await cashier.sell("2"))

    assert [each.operation for each in list(cashier.paypal.ledger.exchanges)[before:]] == ["create"]


async def test_paid_and_received_are_told_once_to_whoever_listens(cashier):
    order = await cashier.sell()

    url = await cashier.pay(order)
    await cashier.come_back(url)

    history = await cashier.history(order)
    assert history.count("payment_received") == 1
    assert history.count("order_paid") == 1


# --- Again, and from two sides at once


async def test_five_reloads_of_the_return_page_book_once(cashier):
    order = await cashier.sell()
    url = await cashier.pay(order)

    for _ in range(5):
        await cashier.come_back(url)

    assert await cashier.money(order) == PAID
    assert len(cashier.paypal.ledger.asked("capture")) == 1


async def test_two_tabs_and_a_look_at_the_same_moment_capture_once(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    attempt = await cashier.attempt(order)
    cashier.paypal.faults.slow_seconds = 0.2
    cashier.paypal.faults.switch("capture", Fault.SLOW)

    look = payment_settlements.look(attempt.id, cashier.till, cashier.by_tresen())
    await asyncio.gather(cashier.come_back(url), cashier.come_back(url), look)

    assert await cashier.money(order) == PAID
    assert len(cashier.paypal.ledger.asked("capture")) == 1


async def test_who_waits_in_the_second_tab_sees_it_paid(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    cashier.paypal.faults.slow_seconds = 0.2
    cashier.paypal.faults.switch("capture", Fault.SLOW)
    first = asyncio.create_task(cashier.come_back(url))
    while (await cashier.attempt(order)).standing is not Standing.CHECKING:
        await asyncio.sleep(0.01)

    await cashier.come_back(url)

    assert (await cashier.facts(order)).is_paid
    await first


async def test_a_double_click_begins_one_payment(cashier):
    order = await cashier.sell()

    first, second = await asyncio.gather(cashier.begin(order), cashier.begin(order))

    assert first == second
    assert len(await cashier.attempts(order)) == 1
    assert len(cashier.paypal.ledger.orders) == 1


async def test_who_goes_back_and_clicks_again_goes_on_with_the_same_payment(cashier):
    order = await cashier.sell()
    first = await cashier.begin(order)

    assert await cashier.begin(order) == first
    assert len(cashier.paypal.ledger.asked("create")) == 1


async def test_an_address_that_has_grown_old_gives_way_to_a_new_one(cashier):
    order = await cashier.sell()
    first = await cashier.begin(order)
    cashier.now += timedelta(hours=3)

    assert await cashier.begin(order) != first
    assert [each.standing for each in await cashier.attempts(order)] == [Standing.WAITING, Standing.REPLACED]


async def test_an_attempt_that_was_replaced_takes_no_money_any_more(cashier):
    order = await cashier.sell()
    first = await cashier.begin(order)
    cashier.now += timedelta(hours=3)
    second = await cashier.begin(order)
    cashier.approve(first)
    cashier.approve(second)

    await cashier.come_back(first)
    assert await cashier.money(order) == []

    await cashier.come_back(second)
    assert await cashier.money(order) == PAID


# --- What customers do


async def test_who_cancels_may_pay_again_at_once(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)

    await cashier.come_back(url, cancelled=True)

    assert (await cashier.attempt(order)).standing is Standing.CANCELLED
    await cashier.pay(order)
    assert await cashier.money(order) == PAID


async def test_coming_back_without_having_approved_takes_nothing_and_closes_nothing(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)

    await cashier.come_back(url)
    assert (await cashier.attempt(order)).standing is Standing.WAITING

    cashier.approve(url)
    await cashier.come_back(url)
    assert await cashier.money(order) == PAID


@pytest.mark.parametrize("token", ["", "somebody-elses", "5O190127TN364715T"])
@pytest.mark.parametrize("cancelled", [True, False])
async def test_a_return_with_another_token_than_paypal_s_changes_nothing(cashier, token, cancelled):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)

    await cashier.come_back(url, cancelled=cancelled, token=token)

    assert (await cashier.attempt(order)).standing is Standing.WAITING
    assert cashier.paypal.ledger.asked("capture") == []


async def test_a_tab_that_was_closed_too_early_is_settled_by_the_next_look(cashier):
    order = await cashier.sell()
    cashier.approve(await cashier.begin(order))

    await cashier.later(minutes=2)

    assert await cashier.money(order) == PAID


async def test_who_never_comes_back_leaves_an_attempt_that_expires(cashier):
    order = await cashier.sell()
    await cashier.begin(order)

    await cashier.later(hours=8)

    assert (await cashier.attempt(order)).standing is Standing.EXPIRED
    looks = len(cashier.paypal.ledger.asked("look"))
    await cashier.later(days=30)
    assert len(cashier.paypal.ledger.asked("look")) == looks


# --- What the order does meanwhile


async def test_an_order_that_changed_meanwhile_is_not_captured_with_the_old_amount(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    await cashier.take(an_imported_order(lines=[a_line(line_gross=2500)]))

    await cashier.come_back(url)

    assert await cashier.money(order) == []
    assert (await cashier.attempt(order)).standing is Standing.REPLACED
    assert cashier.paypal.ledger.asked("capture") == []


async def test_a_cancelled_order_takes_no_money(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    await cashier.take(an_imported_order(state=State.CANCELLED))

    await cashier.come_back(url)

    assert await cashier.money(order) == []


async def test_a_provider_that_was_switched_off_meanwhile_still_ends_what_was_begun(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    async with cashier.database.writing() as session:
        await session.execute(update(type(cashier.provider)).values(active=False))

    await cashier.come_back(url)

    assert await cashier.money(order) == PAID


async def test_what_is_left_of_a_partly_paid_order_can_be_paid(cashier):
    order = await cashier.sell(payments=[an_imported_payment(500)])

    url = await cashier.pay(order)

    assert cashier.told(url).unit["amount"] == {"currency_code": "EUR", "value": "15.00"}
    assert (await cashier.facts(order)).payment_state is PaymentState.PAID


async def test_the_second_payment_of_an_order_has_a_number_of_its_own(cashier):
    order = await cashier.sell()
    await cashier.pay(order)
    await cashier.take(an_imported_order(lines=[a_line(line_gross=2500)]))

    url = await cashier.begin(order)

    assert cashier.told(url).unit["invoice_id"].startswith("12345678-")
    assert cashier.told(url).unit["amount"] == {"currency_code": "EUR", "value": "5.00"}


# --- What PayPal says


async def test_a_pending_capture_blocks_a_second_payment_until_it_is_decided(cashier):
    order = await cashier.sell()
    cashier.paypal.ledger.capture_as = "PENDING"
    url = await cashier.pay(order)
    assert (await cashier.facts(order)).payment_state is PaymentState.PENDING
    with pytest.raises(Refused) as refused:
        await cashier.begin(order)
    assert refused.value.refusal is Refusal.PAYMENT_PENDING

    cashier.told(url).capture["status"] = "COMPLETED"
    await cashier.later(days=1)

    assert await cashier.money(order) == PAID
    assert (await cashier.history(order)).count("order_paid") == 1


async def test_a_pending_capture_that_is_denied_frees_the_order(cashier):
    order = await cashier.sell()
    cashier.paypal.ledger.capture_as = "PENDING"
    url = await cashier.pay(order)

    cashier.told(url).capture["status"] = "DECLINED"
    await cashier.later(days=1)

    assert (await cashier.attempt(order)).standing is Standing.DECLINED
    cashier.paypal.ledger.capture_as = "COMPLETED"
    await cashier.pay(order)
    assert (await cashier.facts(order)).is_paid


@pytest.mark.parametrize("answer", ["DECLINED", "INSTRUMENT_DECLINED", "TRANSACTION_REFUSED", "SOMETHING_NEW"])
async def test_after_a_no_another_try_is_free(cashier, answer):
    order = await cashier.sell()
    cashier.paypal.ledger.capture_as = answer
    await cashier.pay(order)
    assert (await cashier.attempt(order)).standing is Standing.DECLINED
    assert (await cashier.facts(order)).payment_state is PaymentState.UNPAID

    cashier.paypal.ledger.capture_as = "COMPLETED"
    await cashier.pay(order)

    assert (await cashier.facts(order)).is_paid


@pytest.mark.parametrize(
    ("issue", "standing"),
    [("DUPLICATE_INVOICE_ID", Standing.DECLINED), ("PAYEE_ACCOUNT_RESTRICTED", Standing.FAILED)],
)
async def test_what_only_the_merchant_can_mend_is_a_notice(cashier, issue, standing):
    order = await cashier.sell()
    cashier.paypal.ledger.capture_as = issue

    await cashier.pay(order)

    assert (await cashier.attempt(order)).standing is standing
    assert await cashier.notices(order) == [f"payment_{standing.value}"]


async def test_another_amount_than_was_asked_for_is_booked_as_it_came_and_told(cashier):
    order = await cashier.sell()
    cashier.paypal.ledger.captured_value = "19.00"

    await cashier.pay(order)

    assert await cashier.money(order) == [("payment", "completed", 1900)]
    assert await cashier.notices(order) == ["payment_differs"]
    assert (await cashier.facts(order)).due == 100


async def test_a_capture_that_the_shop_told_of_first_is_no_second_payment(cashier):
    order = await cashier.sell()
    cashier.paypal.ledger.capture_as = "PENDING"
    url = await cashier.pay(order)
    capture = cashier.told(url).capture
    told = an_imported_payment(2000, transaction_id=capture["id"])
    await cashier.take(an_imported_order(payments=[told]))

    capture["status"] = "COMPLETED"
    await cashier.later(days=1)

    assert await cashier.money(order) == PAID


# --- Money that is not due any more


async def test_money_that_came_in_otherwise_meanwhile_makes_a_capture_too_much_and_is_told(cashier):
    order = await cashier.sell()
    cashier.paypal.ledger.capture_as = "PENDING"
    url = await cashier.pay(order)
    await cashier.take(an_imported_order(payments=[an_imported_payment(2000, transaction_id="by-transfer")]))

    cashier.told(url).capture["status"] = "COMPLETED"
    await cashier.later(days=1)

    assert (await cashier.facts(order)).payment_state is PaymentState.OVERPAID
    assert await cashier.notices(order) == ["payment_not_due"]


async def test_money_for_an_order_that_was_cancelled_meanwhile_is_booked_and_told(cashier):
    order = await cashier.sell()
    cashier.paypal.ledger.capture_as = "PENDING"
    url = await cashier.pay(order)
    await cashier.take(an_imported_order(state=State.CANCELLED))

    cashier.told(url).capture["status"] = "COMPLETED"
    await cashier.later(days=1)

    assert await cashier.money(order) == PAID
    assert await cashier.notices(order) == ["payment_not_due"]


# --- Trouble


TROUBLE = [Fault.ERROR, Fault.UNAVAILABLE, Fault.GATEWAY, Fault.GARBAGE, Fault.RESET, Fault.TIME_OUT, Fault.LOST]


@pytest.mark.parametrize("fault", TROUBLE)
@pytest.mark.parametrize("operation", ["token", "create"])
async def test_one_fault_while_beginning_is_not_even_noticed(cashier, operation, fault):
    order = await cashier.sell()
    cashier.paypal.faults.switch(operation, fault)

    url = await cashier.begin(order)

    assert cashier.told(url).unit["amount"] == {"currency_code": "EUR", "value": "20.00"}
    assert len(cashier.paypal.ledger.orders) == 1


@pytest.mark.parametrize("fault", TROUBLE)
@pytest.mark.parametrize("operation", ["token", "create"])
async def test_lasting_trouble_while_beginning_is_a_refusal_and_the_next_try_is_free(cashier, operation, fault):
    order = await cashier.sell()
    cashier.paypal.faults.switch(operation, fault, times=9)

    with pytest.raises(Refused) as refused:
        await cashier.begin(order)
    assert refused.value.refusal is Refusal.PROVIDER_UNAVAILABLE

    cashier.paypal.faults.switch(operation, fault, times=0)
    await cashier.pay(order)
    assert await cashier.money(order) == PAID


@pytest.mark.parametrize("fault", TROUBLE)
async def test_one_fault_while_capturing_is_not_even_noticed(cashier, fault):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    cashier.paypal.faults.switch("capture", fault)

    await cashier.come_back(url)

    assert await cashier.money(order) == PAID


@pytest.mark.parametrize("fault", TROUBLE)
async def test_lasting_trouble_while_capturing_blocks_a_second_payment_until_it_is_known(cashier, fault):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    cashier.paypal.faults.switch("capture", fault, times=9)

    await cashier.come_back(url)
    assert (await cashier.attempt(order)).standing is Standing.CHECKING
    with pytest.raises(Refused) as refused:
        await cashier.begin(order)
    assert refused.value.refusal is Refusal.PAYMENT_PENDING

    cashier.paypal.faults.switch("capture", fault, times=0)
    await cashier.later(minutes=5)
    assert await cashier.money(order) == PAID
    assert len({each.headers["paypal-request-id"] for each in cashier.paypal.ledger.asked("capture")}) == 1


@pytest.mark.parametrize("fault", TROUBLE)
async def test_a_look_that_fails_is_followed_by_another(cashier, fault):
    order = await cashier.sell()
    cashier.approve(await cashier.begin(order))
    cashier.paypal.faults.switch("look", fault, times=9)
    await cashier.later(minutes=1)
    assert await cashier.money(order) == []

    cashier.paypal.faults.switch("look", fault, times=0)
    await cashier.later(minutes=20)

    assert await cashier.money(order) == PAID


async def test_what_paypal_asks_to_wait_is_waited(cashier):
    order = await cashier.sell()
    cashier.paypal.faults.switch("create", Fault.BUSY)
    began = asyncio.get_running_loop().time()

    await cashier.begin(order)

    assert asyncio.get_running_loop().time() - began >= 0.9


async def test_who_would_have_to_wait_too_long_is_told_so_at_once(cashier):
    order = await cashier.sell()
    cashier.paypal.faults.retry_after = 600
    cashier.paypal.faults.switch("create", Fault.BUSY)

    with pytest.raises(Refused):
        await cashier.begin(order)


async def test_a_token_that_is_refused_is_renewed_once(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    cashier.paypal.ledger.tokens.clear()

    await cashier.come_back(url)

    assert await cashier.money(order) == PAID
    assert len(cashier.paypal.ledger.asked("token")) == 2


async def test_wrong_credentials_are_the_merchant_s_to_mend(cashier):
    cashier.paypal.ledger.apps = {}
    order = await cashier.sell()

    with pytest.raises(Refused) as refused:
        await cashier.begin(order)

    assert refused.value.refusal is Refusal.PROVIDER_UNAVAILABLE
    assert await cashier.notices(order) == ["payment_start_failed"]


async def test_a_process_that_died_between_capture_and_booking_is_made_good_by_the_next_look(cashier):
    """The claim of the dead one runs out; the same question is answered with the same capture."""
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    attempt = await cashier.attempt(order)
    async with cashier.database.writing() as session:
        claim = await payment_settlements._claimed(attempt, session, cashier.customer)
    assert claim is not None
    account = await _account(cashier, attempt)
    await account.service.capture(attempt.reference, attempt.mark, account.credentials)

    await cashier.later(minutes=3)

    assert await cashier.money(order) == PAID
    assert (await cashier.attempt(order)).standing is Standing.COMPLETED


async def _account(cashier, attempt):
    async with cashier.database.reading() as session:
        return await cashier.till.account(attempt.provider_id, session)


async def test_a_look_whose_answer_is_old_lets_go_of_nothing_while_the_money_is_being_asked_for(cashier):
    order = await cashier.sell()
    await cashier.begin(order)
    attempt = await cashier.attempt(order)
    async with cashier.database.writing() as session:
        await payment_settlements._claimed(attempt, session, cashier.customer)

    await payment_settlements.look(attempt.id, cashier.till, cashier.by_tresen())

    assert (await cashier.attempt(order)).standing is Standing.CHECKING


async def test_a_provider_whose_credentials_are_gone_leaves_nothing_open_for_ever(cashier):
    order = await cashier.sell()
    await cashier.begin(order)
    async with cashier.database.writing() as session:
        await session.execute(update(type(cashier.provider)).values(active=False, client_secret=""))

    await cashier.later(hours=8)

    assert (await cashier.attempt(order)).standing is Standing.EXPIRED


async def test_an_order_that_changed_while_nobody_knew_is_looked_at_not_captured_again(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    cashier.paypal.faults.switch("capture", Fault.UNAVAILABLE, times=9)
    await cashier.come_back(url)
    cashier.paypal.faults.switch("capture", Fault.UNAVAILABLE, times=0)
    await cashier.take(an_imported_order(lines=[a_line(line_gross=2500)]))

    await cashier.later(minutes=20)

    assert await cashier.money(order) == []
    assert (await cashier.attempt(order)).standing is Standing.REPLACED


async def test_money_that_nobody_can_account_for_is_a_notice_after_an_hour(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    for operation in ("capture", "look"):
        cashier.paypal.faults.switch(operation, Fault.UNAVAILABLE, times=500)
    await cashier.come_back(url)

    await cashier.later(hours=4)

    assert await cashier.notices(order) == ["payment_unclear"]


async def test_whoever_comes_back_late_is_told_of_as_soon(cashier):
    """The hour counts from when the money was asked for, not from the click."""
    order = await cashier.sell()
    url = await cashier.begin(order)
    await cashier.later(hours=2, minutes=10)
    cashier.approve(url)
    for operation in ("capture", "look"):
        cashier.paypal.faults.switch(operation, Fault.UNAVAILABLE, times=5000)
    await cashier.come_back(url)

    await cashier.later(minutes=59)
    assert await cashier.notices(order) == []
    await cashier.later(minutes=2)
    assert await cashier.notices(order) == ["payment_unclear"]

    await cashier.later(days=3)
    assert await cashier.notices(order) == ["payment_unclear"]


async def test_money_that_was_asked_for_is_looked_at_within_a_minute_however_late_it_is(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)
    await cashier.later(hours=2, minutes=50)
    cashier.approve(url)
    cashier.paypal.faults.switch("capture", Fault.LOST, times=3)
    await cashier.come_back(url)
    assert (await cashier.attempt(order)).standing is Standing.CHECKING

    await cashier.later(minutes=1)

    assert await cashier.money(order) == PAID


# --- What is refused before anybody is asked


async def test_what_is_not_due_begins_nothing(cashier):
    order = await cashier.sell()
    await cashier.pay(order)

    with pytest.raises(Refused) as refused:
        await cashier.begin(order)

    assert refused.value.refusal is Refusal.NOTHING_DUE


@pytest.mark.parametrize("choice", [{"provider": "99"}, {"provider": "x"}, {"method": "sepa"}])
async def test_a_choice_that_nobody_offers_begins_nothing(cashier, choice):
    order = await cashier.sell()

    with pytest.raises(Refused) as refused:
        await cashier.begin(order, **choice)

    assert refused.value.refusal is Refusal.NO_PROVIDER
    assert cashier.paypal.ledger.asked("create") == []


async def test_an_amount_that_paypal_cannot_take_is_not_offered_there(cashier):
    order = await cashier.sell(currency="RON")

    with pytest.raises(Refused) as refused:
        await cashier.begin(order)

    assert refused.value.refusal is Refusal.NO_PROVIDER


async def test_paypal_never_sees_the_portal_link(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)

    context = cashier.told(url).context
    assert context["return_url"].startswith("https://portal.example.org/payments/")
    assert "/o/" not in str(cashier.told(url).wanted)


async def test_an_address_that_is_not_paypal_s_is_never_followed(cashier):
    order = await cashier.sell()
    origin, cashier.paypal.ledger.origin = cashier.paypal.ledger.origin, "https://paypal.com.evil.example"

    with pytest.raises(Refused):
        await cashier.begin(order)
    cashier.paypal.ledger.origin = origin


@pytest.mark.parametrize(
    ("method", "landing", "funding"),
    [
        ("paypal", "LOGIN", None),
        ("paylater", "NO_PREFERENCE", "paylater"),
        ("sepa", "GUEST_CHECKOUT", "sepa"),
        ("card", "GUEST_CHECKOUT", "card"),
    ],
)
async def test_each_method_of_paypal_plus_lands_where_it_belongs(cashier, method, landing, funding):
    plus = await cashier.open_account(name="Plus", kind="paypal_plus")
    order = await cashier.sell(lines=[a_line(line_gross=20000)], total_gross=20000)

    url = await cashier.begin(order, provider=str(plus.id), method=method)

    assert cashier.told(url).context["landing_page"] == landing
    assert (f"fundingSource={funding}" in url) is (funding is not None)
    assert (await cashier.attempt(order)).method == method
