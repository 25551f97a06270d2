"""What an order amounts to: payment state, paid, due, dead."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from db.orders import OrderKind, PaymentMethod, State
from db.payments import PaymentStatus
from db.settings import PaidRule
from portal.orders import DEAD_PAYMENTS, PIPELINE, PaymentState, death, not_an_order
from portal.refusals import Refusal
from tests.factories import DAY, NOON, ORDERED, an_order, received, refunded
from tests.portal.any_order import AMOUNTS, ORDERS

PENDING, AUTHORIZED, FAILED, REVERSED = (
    PaymentStatus.PENDING,
    PaymentStatus.AUTHORIZED,
    PaymentStatus.FAILED,
    PaymentStatus.REVERSED,
)

# What is known of an order of 20,00 → payment state, paid, due.
MONEY = {
    "nothing received": ({}, "unpaid", False, 2000),
    "a part received": ({"payments": (received(500),)}, "partially_paid", False, 1500),
    "one cent too little": ({"payments": (received(1999),)}, "partially_paid", False, 1),
    "two parts that make the whole": ({"payments": (received(500), received(1500))}, "paid", True, 0),
    "exactly the total": ({"payments": (received(2000),)}, "paid", True, 0),
    "more than the total": ({"payments": (received(2001),)}, "overpaid", True, 0),
    "marked paid without a payment": ({"paid_at": ORDERED}, "paid", True, 0),
    "marked paid with too little received": ({"paid_at": ORDERED, "payments": (received(1900),)}, "paid", True, 0),
    "state paid without a payment": ({"state": State.PAID}, "paid", True, 0),
    "nothing to pay": ({"total": 0}, "paid", True, 0),
    "a pending payment": ({"payments": (received(2000, PENDING),)}, "pending", False, 2000),
    "an authorised payment": ({"payments": (received(2000, AUTHORIZED),)}, "authorized", False, 2000),
    "a part received, the rest pending": (
        {"payments": (received(500), received(1500, PENDING))},
        "pending",
        False,
        1500,
    ),
    "pending and authorised": (
        {"payments": (received(1, AUTHORIZED), received(1, PENDING))},
        "pending",
        False,
        2000,
    ),
    "a failed payment": ({"payments": (received(2000, FAILED),)}, "unpaid", False, 2000),
    "a failed payment, then a good one": ({"payments": (received(2000, FAILED), received(2000))}, "paid", True, 0),
    "a part refunded": ({"payments": (received(2000), refunded(500))}, "partially_refunded", True, 0),
    "all but a cent refunded": ({"payments": (received(2000), refunded(1999))}, "partially_refunded", True, 0),
    "everything refunded": ({"payments": (received(2000), refunded(2000))}, "refunded", True, 0),
    "refunded in two parts": ({"payments": (received(2000), refunded(500), refunded(1500))}, "refunded", True, 0),
    "a part received and given back": ({"payments": (received(500), refunded(500))}, "refunded", False, 1500),
    "marked paid and refunded in full": ({"paid_at": ORDERED, "payments": (refunded(2000),)}, "refunded", True, 0),
    "marked paid and refunded in part": (
        {"paid_at": ORDERED, "payments": (refunded(1),)},
        "partially_refunded",
        True,
        0,
    ),
    "a refund that failed": ({"payments": (received(2000), refunded(2000, FAILED))}, "paid", True, 0),
    "a refund still pending": ({"payments": (received(2000), refunded(2000, PENDING))}, "paid", True, 0),
    "too much received and that given back": ({"payments": (received(2500), refunded(500))}, "paid", True, 0),
    "too much received, some of it given back": ({"payments": (received(2500), refunded(400))}, "overpaid", True, 0),
    "a chargeback": ({"payments": (received(2000, REVERSED),)}, "reversed", False, 2000),
    "a chargeback of what was marked paid": (
        {"paid_at": ORDERED, "payments": (received(2000, REVERSED),)},
        "reversed",
        True,
        0,
    ),
    "a chargeback, then paid again": ({"payments": (received(2000, REVERSED), received(2000))}, "paid", True, 0),
    "cancelled, its authorisation let go": (
        {"state": State.CANCELLED, "payments": (received(2000, FAILED),)},
        "voided",
        False,
        2000,
    ),
    "a credit note for a part": ({"credit_notes": 500}, "unpaid", False, 1500),
    "a credit note for everything": ({"credit_notes": 2000}, "unpaid", False, 0),
    "credited for more than it was": ({"credit_notes": 3000}, "unpaid", False, 0),
    "a credit": ({"kind": OrderKind.CREDIT, "total": -2000}, "unpaid", False, 0),
}


@pytest.mark.parametrize(("facts", "state", "paid", "due"), MONEY.values(), ids=MONEY.keys())
@pytest.mark.parametrize("rule", list(PaidRule))
def test_money_decides_what_an_order_amounts_to(facts, state, paid, due, rule):
    order = an_order(**facts, paid_rule=rule)

    assert (order.payment_state, order.is_paid, order.due) == (state, paid, due)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("method", [None, *PaymentMethod])
def test_the_pipeline_believes_states_unless_the_order_is_on_open_account(state, method):
    order = an_order(state=state, payment_method=method)
    believed = state in {"packed", "in_fulfilment", "shipped", "completed"}
    on_open_account = method in {"invoice", "cash_on_delivery", "prepayment"}

    assert order.is_paid is (state == "paid" or (believed and not on_open_account))
    assert order.due == (0 if order.is_paid else 2000)
    assert order.payment_state == ("paid" if state == "paid" else "unpaid"), "the pipeline changes paid and due alone"


@pytest.mark.parametrize("state", list(State))
def test_strict_believes_no_state_but_paid(state):
    assert an_order(state=state, paid_rule=PaidRule.STRICT).is_paid is (state is State.PAID)


@pytest.mark.parametrize("method", [PaymentMethod.INVOICE, PaymentMethod.CASH_ON_DELIVERY, PaymentMethod.PREPAYMENT])
@pytest.mark.parametrize("state", sorted(PIPELINE))
def test_an_order_on_open_account_becomes_paid_by_money(method, state):
    assert an_order(state=state, payment_method=method, payments=(received(2000),)).is_paid


DEATHS = {
    "cancelled": ({"state": State.CANCELLED}, Refusal.CANCELLED),
    "cancelled after it was paid": ({"state": State.CANCELLED, "paid_at": ORDERED}, Refusal.CANCELLED),
    "returned": ({"state": State.RETURNED}, Refusal.CANCELLED),
    "deleted": ({"state": State.DELETED}, Refusal.DELETED),
    "deleted after a refund": ({"state": State.DELETED, "payments": (received(9), refunded(9))}, Refusal.DELETED),
    "cancelled after a refund": (
        {"state": State.CANCELLED, "payments": (received(9), refunded(9))},
        Refusal.CANCELLED,
    ),
    "voided": ({"state": State.CANCELLED, "payments": (received(2000, FAILED),)}, Refusal.CANCELLED),
    "refunded": ({"payments": (received(2000), refunded(2000))}, Refusal.REFUNDED),
    "reversed": ({"state": State.SHIPPED, "payments": (received(2000, REVERSED),)}, Refusal.REFUNDED),
    "taken back by an order of its own": ({"state": State.PAID, "told_credits": 2000}, Refusal.CANCELLED),
    "partly taken back": ({"state": State.PAID, "told_credits": 1999}, None),
    "partly refunded": ({"payments": (received(2000), refunded(500))}, None),
    "complained about": ({"state": State.COMPLAINT}, None),
    "offered": ({"state": State.OFFERED}, None),
}


@pytest.mark.parametrize(("facts", "why"), DEATHS.values(), ids=DEATHS.keys())
def test_an_order_dies_of_one_named_cause(facts, why):
    order = an_order(**facts)

    assert death(order) is why
    assert order.is_dead is (why is not None)


@pytest.mark.parametrize("state", list(State))
def test_offers_and_unknown_states_are_no_orders_yet(state):
    expected = Refusal.NOT_ORDERED if state in {"offered", "unknown"} else None

    assert not_an_order(an_order(state=state)) is expected
    assert not_an_order(an_order(state=state, kind=OrderKind.CREDIT)) is Refusal.NOT_ORDERED


def test_the_day_of_payment_is_the_one_the_source_tells():
    order = an_order(paid_at=NOON, payments=(received(2000, at=ORDERED),), first_seen_paid_at=ORDERED)

    assert order.became_paid_at == NOON


def test_without_it_the_payment_that_completed_the_sum_counts_however_they_are_listed():
    late, early, more = received(1500, at=NOON), received(500, at=ORDERED), received(1, at=NOON + DAY)

    assert an_order(payments=(more, late, early)).became_paid_at == NOON


def test_else_the_day_tresen_first_saw_it_paid():
    assert an_order(state=State.SHIPPED, first_seen_paid_at=NOON).became_paid_at == NOON
    assert an_order(total=0, first_seen_paid_at=NOON).became_paid_at == NOON


def test_an_unpaid_order_has_no_day_of_payment_even_if_it_once_was_seen_paid():
    assert an_order(first_seen_paid_at=NOON).became_paid_at is None


@given(ORDERS)
def test_due_is_never_negative_and_nothing_is_due_of_a_paid_order(order):
    assert order.due >= 0
    assert not (order.is_paid and order.due)


@given(ORDERS, AMOUNTS)
def test_no_refund_ever_reopens_what_is_due(order, amount):
    after = replace(order, payments=(*order.payments, refunded(amount)))

    assert after.due == order.due
    assert after.is_paid == order.is_paid


@given(ORDERS, AMOUNTS)
def test_money_that_comes_in_never_makes_more_due(order, amount):
    assert replace(order, payments=(*order.payments, received(amount))).due <= order.due


@given(ORDERS)
def test_strict_counts_nobody_paid_whom_the_pipeline_does_not(order):
    strict, pipeline = (replace(order, paid_rule=rule) for rule in (PaidRule.STRICT, PaidRule.PIPELINE))

    assert strict.is_paid <= pipeline.is_paid
    assert strict.payment_state == pipeline.payment_state


@given(ORDERS)
def test_whoever_has_a_payment_state_of_the_dead_is_dead(order):
    assert order.is_dead or order.payment_state not in DEAD_PAYMENTS


@given(ORDERS)
def test_an_order_paid_in_full_by_facts_has_a_paid_state_or_lost_its_money(order):
    told = order.paid_at is not None or order.state is State.PAID or order.total == 0
    if told or 0 < order.total <= order.paid_sum:
        gone_or_kept = {"paid", "overpaid", "partially_refunded", "refunded", "reversed"}
        assert order.payment_state in {PaymentState(state) for state in gone_or_kept}
