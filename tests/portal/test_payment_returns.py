"""Coming back with one payment of several: each is what it is, and none is taken that gave way."""

from __future__ import annotations

from portal.payment_attempts import Standing
from tests.factories import a_line, an_imported_order

PAID = [("payment", "completed", 2000)]


async def broken_off(cashier) -> tuple:
    order = await cashier.sell()
    url = await cashier.begin(order)
    await cashier.come_back(url, cancelled=True)
    return order, url


async def test_who_broke_off_and_says_yes_after_all_pays_that_very_payment(cashier):
    order, url = await broken_off(cashier)
    assert (await cashier.attempt(order)).standing is Standing.CANCELLED

    cashier.approve(url)
    arrival = await cashier.come_back(url)

    assert (arrival.attempt.standing, arrival.gave_way) == (Standing.COMPLETED, False)
    assert await cashier.money(order) == PAID


async def test_a_payment_that_was_taken_up_again_is_looked_at_like_every_other(cashier):
    order, url = await broken_off(cashier)
    await cashier.later(hours=8)  # the looks at what was broken off have ended
    cashier.approve(url)
    cashier.paypal.ledger.capture_as = "PENDING"
    await cashier.come_back(url)
    cashier.told(url).capture["status"] = "COMPLETED"

    await cashier.later(days=2)

    assert await cashier.money(order) == PAID


async def test_what_was_broken_off_for_a_later_payment_is_not_taken_and_says_so(cashier):
    order, first = await broken_off(cashier)
    await cashier.begin(order)
    cashier.approve(first)

    arrival = await cashier.come_back(first)

    assert (arrival.attempt.standing, arrival.gave_way) == (Standing.CANCELLED, True)
    assert cashier.paypal.ledger.asked("capture") == []


async def test_a_payment_that_gave_way_to_another_way_to_pay_is_not_taken_and_says_so(cashier):
    plus = await cashier.open_account(name="Plus", kind="paypal_plus")
    order = await cashier.sell()
    first = await cashier.begin(order, provider=str(cashier.provider.id))
    second = await cashier.begin(order, provider=str(plus.id), method="card")
    cashier.approve(first)
    assert (await cashier.come_back(first)).gave_way

    cashier.approve(second)
    assert not (await cashier.come_back(second)).gave_way

    assert await cashier.money(order) == PAID
    assert (await cashier.come_back(first)).gave_way  # a reload says the same


async def test_what_was_broken_off_is_not_taken_up_for_another_amount(cashier):
    order, url = await broken_off(cashier)
    await cashier.take(an_imported_order(lines=[a_line(line_gross=3000)], total_gross=3000))
    cashier.approve(url)

    await cashier.come_back(url)

    assert (await cashier.attempt(order)).standing is Standing.CANCELLED
    assert cashier.paypal.ledger.asked("capture") == []


async def test_somebody_else_s_id_takes_nothing_up(cashier):
    order, url = await broken_off(cashier)

    arrival = await cashier.come_back(url, token="0AB12345CD678901E")

    assert (arrival.attempt.standing, arrival.gave_way) == (Standing.CANCELLED, False)
    assert await cashier.money(order) == []
