"""Clicks that ask PayPal at the same time: a late answer revives nothing, and a failure ends nobody else's way."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from db.outbox import Job
from demo.paypal_stand_in import Fault
from portal.payment_attempts import Standing
from portal.refusals import Refusal, Refused

PAID = [("payment", "completed", 2000)]


@pytest.fixture
def slow(cashier):
    cashier.paypal.faults.slow_seconds = 0.3
    return cashier


async def asked(cashier, times: int) -> None:
    """Until so many clicks are on their way to PayPal, and the first fault is taken."""
    while len(cashier.paypal.faults.waiting["create"]) > times:
        await asyncio.sleep(0.01)


async def test_an_answer_that_comes_after_another_choice_leads_back_and_revives_nothing(slow):
    plus = await slow.open_account(name="Plus", kind="paypal_plus")
    order = await slow.sell()
    slow.paypal.faults.switch("create", Fault.SLOW)
    first = asyncio.create_task(slow.begin(order, provider=str(slow.provider.id)))
    await asked(slow, 0)

    url = await slow.begin(order, provider=str(plus.id), method="card")
    with pytest.raises(Refused) as refused:
        await first

    assert refused.value.refusal is Refusal.PAYMENT_REPLACED
    assert [each.standing for each in await slow.attempts(order)] == [Standing.WAITING, Standing.REPLACED]
    slow.approve(url)
    await slow.come_back(url)
    assert await slow.money(order) == PAID


async def test_a_click_that_fails_while_another_one_asks_ends_nothing(slow):
    order = await slow.sell()
    slow.paypal.faults.waiting["create"] = [Fault.SLOW, Fault.CONFLICT_AFTER]
    first = asyncio.create_task(slow.begin(order))
    await asked(slow, 1)

    with pytest.raises(Refused):
        await slow.begin(order)
    url = await first

    slow.approve(url)
    await slow.come_back(url)
    assert await slow.money(order) == PAID
    assert len(await slow.attempts(order)) == 1


async def test_the_last_click_that_fails_frees_the_order(slow):
    order = await slow.sell()
    slow.paypal.faults.waiting["create"] = [Fault.SLOW, Fault.CONFLICT_AFTER]
    slow.paypal.ledger.apps = {}
    slow.paypal.ledger.tokens.clear()

    outcomes = await asyncio.gather(slow.begin(order), slow.begin(order), return_exceptions=True)

    assert [type(each) for each in outcomes] == [Refused, Refused]
    assert (await slow.attempt(order)).standing is Standing.FAILED


async def test_a_click_of_a_process_that_died_is_not_waited_for(slow):
    order = await slow.sell()
    slow.paypal.faults.switch("create", Fault.SLOW)
    first = asyncio.create_task(slow.begin(order))
    await asked(slow, 0)
    first.cancel()
    slow.now += timedelta(minutes=2)
    slow.paypal.faults.switch("create", Fault.ERROR, times=9)

    with pytest.raises(Refused):
        await slow.begin(order)

    assert (await slow.attempt(order)).standing is Standing.FAILED


async def test_what_gave_way_before_it_was_answered_is_not_looked_at_for_ever(slow):
    plus = await slow.open_account(name="Plus", kind="paypal_plus")
    order = await slow.sell()
    slow.paypal.faults.switch("create", Fault.SLOW)
    first = asyncio.create_task(slow.begin(order, provider=str(slow.provider.id)))
    await asked(slow, 0)
    await slow.begin(order, provider=str(plus.id), method="card")
    with pytest.raises(Refused):
        await first

    await slow.later(days=2)

    async with slow.database.reading() as session:
        waiting = await session.scalars(select(Job.key).where(Job.kind == "payment_look", Job.done_at.is_(None)))
        assert list(waiting) == []


# --- The number that PayPal is told


def numbers(cashier) -> list[str]:
    return [str(each.unit["invoice_id"]) for each in cashier.paypal.ledger.orders.values()]


async def test_a_number_that_paypal_refuses_as_paid_before_is_no_dead_end(cashier):
    """Another shop on the same account may have used it."""
    order = await cashier.sell()
    cashier.paypal.ledger.capture_as = "DUPLICATE_INVOICE_ID"
    await cashier.pay(order)
    assert "payment_declined" in await cashier.notices(order)

    cashier.paypal.ledger.capture_as = "COMPLETED"
    await cashier.pay(order)

    first, second = numbers(cashier)
    assert first == "12345678"
    assert second.startswith("12345678-")
    assert await cashier.money(order) == PAID


async def test_two_orders_of_one_number_are_two_to_paypal(cashier):
    for external_id in ("1", "2"):
        await cashier.begin(await cashier.sell(external_id))

    assert len(set(numbers(cashier))) == 2


async def test_a_number_of_any_length_keeps_its_suffix(cashier):
    for external_id in ("1", "2"):
        await cashier.begin(await cashier.sell(external_id, number="9" * 200))

    assert len(set(numbers(cashier))) == 2
    assert all(len(each) <= 127 for each in numbers(cashier))
