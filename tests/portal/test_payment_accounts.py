"""A payment belongs to the account that it was begun with: no other one can say what came of it."""

from __future__ import annotations

import pytest

from demo.paypal_stand_in import Fault
from portal import payment_providers, payment_refunds
from portal.activity import By
from portal.payment_attempts import Standing
from portal.payment_providers import ProviderChange
from portal.payment_refunds import NewRefund, Refunds, left
from portal.refusals import Conflict

PAID = [("payment", "completed", 2000)]
OTHERS = [ProviderChange(sandbox=True), ProviderChange(client_id="another-app", client_secret="another-secret")]


async def change(cashier, wanted: ProviderChange) -> None:
    async with cashier.database.writing() as session:
        row = await payment_providers.one(cashier.provider.id, session)
        await payment_providers.change(row, wanted, cashier.till.vault, session, By("merchant:1", cashier.now))


async def approved(cashier):
    order = await cashier.sell()
    url = await cashier.begin(order)
    cashier.approve(url)
    return order, url


@pytest.mark.parametrize("other", OTHERS)
async def test_while_money_is_being_asked_for_the_account_stays(cashier, other):
    order, url = await approved(cashier)
    cashier.paypal.faults.switch("capture", Fault.LOST, times=9)
    await cashier.come_back(url)

    with pytest.raises(Conflict):
        await change(cashier, other)

    cashier.paypal.faults.switch("capture", Fault.LOST, times=0)
    await cashier.later(minutes=5)
    assert await cashier.money(order) == PAID
    await change(cashier, other)


async def test_while_a_payment_is_pending_the_account_stays(cashier):
    cashier.paypal.ledger.capture_as = "PENDING"
    await cashier.pay(await cashier.sell())

    with pytest.raises(Conflict):
        await change(cashier, OTHERS[0])


async def test_a_new_secret_of_the_same_app_may_come_at_any_time(cashier):
    _, url = await approved(cashier)
    cashier.paypal.faults.switch("capture", Fault.LOST, times=9)
    await cashier.come_back(url)

    await change(cashier, ProviderChange(client_secret="a-new-one"))


@pytest.mark.parametrize("other", OTHERS)
async def test_what_was_only_begun_ends_with_the_account(cashier, other):
    order, url = await approved(cashier)
    await change(cashier, other)

    await cashier.come_back(url)
    await cashier.later(minutes=2)

    assert cashier.paypal.ledger.asked("capture") == []
    assert (await cashier.attempt(order)).standing is Standing.EXPIRED


async def test_an_address_of_the_other_account_gives_way_to_a_new_one(cashier):
    order, url = await approved(cashier)
    await change(cashier, OTHERS[0])

    second = await cashier.begin(order)

    assert second != url
    assert [each.sandbox for each in await cashier.attempts(order)] == [True, False]


async def test_a_refund_is_never_asked_for_at_another_account(cashier):
    order = await cashier.sell()
    await cashier.pay(order)
    await change(cashier, OTHERS[0])
    attempt = await cashier.attempt(order)
    new = NewRefund(attempt_id=attempt.id, amount=500, seen=2000)

    await payment_refunds.ask(new, cashier.till, By("merchant:1", cashier.now))
    assert cashier.paypal.ledger.asked("refund") == []
    assert left(await cashier.attempt(order)) == 1500

    await change(cashier, ProviderChange(sandbox=False))
    cashier.now = cashier.now.replace(hour=23)
    await cashier.work_off("payment_refund", Refunds(cashier.till))
    assert (await cashier.money(order))[1:] == [("refund", "completed", 500)]
