"""Whether an open amount may be paid."""

from __future__ import annotations

import pytest
from hypothesis import given

from db.orders import OrderKind, PaymentMethod, State
from db.payments import PaymentStatus
from db.settings import PaidRule
from portal.payments import refusal
from portal.refusals import Refusal
from tests.factories import ORDERED, an_order, received, refunded
from tests.portal.any_order import ORDERS

PAYABLE = {"ordered", "confirmed", "packed", "in_fulfilment", "shipped"}
REASONS = {
    "offered": Refusal.NOT_ORDERED,
    "unknown": Refusal.NOT_ORDERED,
    "paid": Refusal.NOTHING_DUE,
    "completed": Refusal.NOTHING_DUE,
    "complaint": Refusal.NOTHING_DUE,
    "returned": Refusal.CANCELLED,
    "cancelled": Refusal.CANCELLED,
    "deleted": Refusal.DELETED,
}


def test_every_state_is_either_payable_or_has_a_reason():
    assert PAYABLE | REASONS.keys() == set(State)
    assert PAYABLE.isdisjoint(REASONS)


@pytest.mark.parametrize("state", list(State))
def test_what_is_due_may_be_paid_in_the_states_of_a_living_order(state):
    order = an_order(state=state, payment_method=PaymentMethod.INVOICE)

    assert refusal(order, providers=1) is REASONS.get(state)
    assert refusal(an_order(state=state, paid_rule=PaidRule.STRICT), providers=1) is REASONS.get(state)


@pytest.mark.parametrize("state", ["packed", "in_fulfilment", "shipped", "completed"])
def test_nothing_is_due_of_what_the_pipeline_counts_as_paid(state):
    assert refusal(an_order(state=State(state)), providers=1) is Refusal.NOTHING_DUE


SITUATIONS = {
    "unpaid": ({}, None),
    "partly paid": ({"payments": (received(500),)}, None),
    "after a failed payment": ({"payments": (received(2000, PaymentStatus.FAILED),)}, None),
    "pending": ({"payments": (received(2000, PaymentStatus.PENDING),)}, Refusal.PAYMENT_PENDING),
    "authorised": ({"payments": (received(2000, PaymentStatus.AUTHORIZED),)}, Refusal.PAYMENT_PENDING),
    "paid": ({"paid_at": ORDERED}, Refusal.NOTHING_DUE),
    "over-paid": ({"payments": (received(2500),)}, Refusal.NOTHING_DUE),
    "free": ({"total": 0}, Refusal.NOTHING_DUE),
    "credited in full": ({"credit_notes": 2000}, Refusal.NOTHING_DUE),
    "credited in part": ({"credit_notes": 500}, None),
    "partly refunded": ({"payments": (received(2000), refunded(500))}, Refusal.NOTHING_DUE),
    "refunded": ({"payments": (received(2000), refunded(2000))}, Refusal.REFUNDED),
    "reversed": ({"payments": (received(2000, PaymentStatus.REVERSED),)}, Refusal.REFUNDED),
    "a credit": ({"kind": OrderKind.CREDIT, "total": -2000}, Refusal.NOT_ORDERED),
    "archived": ({"archived_at": ORDERED}, Refusal.ARCHIVED),
    "archived and paid": ({"archived_at": ORDERED, "paid_at": ORDERED}, Refusal.NOTHING_DUE),
    "archived and pending": (
        {"archived_at": ORDERED, "payments": (received(2000, PaymentStatus.PENDING),)},
        Refusal.PAYMENT_PENDING,
    ),
    "cancelled while a payment is pending": (
        {"state": State.CANCELLED, "payments": (received(2000, PaymentStatus.PENDING),)},
        Refusal.CANCELLED,
    ),
}


@pytest.mark.parametrize(("facts", "why"), SITUATIONS.values(), ids=SITUATIONS.keys())
def test_money_decides_whether_there_is_something_to_pay(facts, why):
    assert refusal(an_order(**facts), providers=1) is why


def test_while_nobody_knows_whether_money_was_taken_none_is_asked_for():
    assert refusal(an_order(), providers=1, is_checking=True) is Refusal.PAYMENT_PENDING
    assert refusal(an_order(state=State.CANCELLED), providers=1, is_checking=True) is Refusal.CANCELLED


def test_without_a_provider_nobody_can_pay():
    assert refusal(an_order(), providers=0) is Refusal.NO_PROVIDER


def test_who_owes_nothing_is_not_told_about_providers():
    assert refusal(an_order(paid=True), providers=0) is Refusal.NOTHING_DUE


@given(ORDERS)
def test_whatever_may_be_paid_is_due_and_alive(order):
    if refusal(order, providers=1) is None:
        assert order.due > 0
        assert not order.is_paid
        assert not order.is_dead
        assert order.kind is OrderKind.ORDER
        assert order.archived_at is None
        assert order.payment_state in {"unpaid", "partially_paid"}
