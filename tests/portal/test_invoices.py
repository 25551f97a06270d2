"""When an issued invoice is handed out, and when one may be created."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given

from db.invoices import InvoiceKind, Issuer
from db.orders import OrderKind, PaymentMethod, State
from db.payments import PaymentStatus
from db.settings import PaidRule
from portal.invoices import creation_refusal, may_create, may_issue_by_hand, refusal, refusal_by_hand, until
from portal.refusals import Refusal
from tests.factories import (
    NOON,
    ORDERED,
    an_invoice,
    an_order,
    berlin,
    invoice_rules,
    received,
    refunded,
)
from tests.portal.any_order import ORDERS


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("paid", [True, False])
def test_an_issued_invoice_is_offered_in_every_state_but_two(state, paid):
    never = {"offered": Refusal.NOT_ORDERED, "deleted": Refusal.DELETED}

    assert refusal(an_order(state=state, paid=paid), an_invoice(), invoice_rules(), NOON) is never.get(state)


@pytest.mark.parametrize(
    "facts",
    [
        {"payments": (received(2000), refunded(2000))},
        {"payments": (received(2000, PaymentStatus.REVERSED),)},
        {"kind": OrderKind.CREDIT, "total": -2000},
        {"archived_at": ORDERED},
        {"amounts_consistent": False},
    ],
    ids=["refunded", "reversed", "a credit", "archived", "wrong sums"],
)
def test_what_was_issued_stays_available_whatever_became_of_the_money(facts):
    assert refusal(an_order(**facts), an_invoice(), invoice_rules(), NOON) is None
    assert refusal(an_order(**facts), an_invoice(kind=InvoiceKind.CREDIT_NOTE), invoice_rules(), NOON) is None


def test_the_merchant_can_switch_invoices_off():
    assert refusal(an_order(), an_invoice(), invoice_rules(enabled=False), NOON) is Refusal.DISABLED


def test_a_deleted_order_does_not_even_say_that_invoices_are_off():
    order = an_order(state=State.DELETED)

    assert refusal(order, an_invoice(), invoice_rules(enabled=False), NOON) is Refusal.DELETED


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (berlin(2026, 12, 1, 0, 0), None),
        (berlin(2026, 12, 8, 23, 59), None),
        (berlin(2026, 12, 9, 0, 0), Refusal.EXPIRED),
    ],
)
def test_seven_days_after_the_first_of_december_end_on_the_eighth_at_midnight(now, why):
    rules, invoice = invoice_rules(window_days=7), an_invoice(issued_on=date(2026, 12, 1))

    assert refusal(an_order(), invoice, rules, now) is why
    assert until(invoice, rules) == date(2026, 12, 8)


def test_without_a_window_an_invoice_is_there_for_good():
    assert refusal(an_order(), an_invoice(issued_on=date(1999, 1, 1)), invoice_rules(), NOON) is None


CREATION = {
    "paid": ({"paid": True}, None),
    "not paid": ({}, Refusal.NOT_PAID),
    "partly paid": ({"payments": (received(1999),)}, Refusal.NOT_PAID),
    "pending": ({"payments": (received(2000, PaymentStatus.PENDING),)}, Refusal.NOT_PAID),
    "authorised": ({"payments": (received(2000, PaymentStatus.AUTHORIZED),)}, Refusal.NOT_PAID),
    "over-paid": ({"payments": (received(2500),)}, None),
    "free": ({"total": 0}, None),
    "partly refunded": ({"payments": (received(2000), refunded(1))}, None),
    "refunded": ({"payments": (received(2000), refunded(2000))}, Refusal.REFUNDED),
    "reversed": ({"payments": (received(2000, PaymentStatus.REVERSED),)}, Refusal.REFUNDED),
    "a credit": ({"paid": True, "kind": OrderKind.CREDIT, "total": -2000}, Refusal.NOT_ORDERED),
    "archived": ({"paid": True, "archived_at": ORDERED}, Refusal.ARCHIVED),
    "wrong sums": ({"paid": True, "amounts_consistent": False}, Refusal.AMOUNTS_INCONSISTENT),
    "issued at the source": ({"paid": True, "source_invoice": True}, Refusal.INVOICE_ELSEWHERE),
    "issued at the source, not paid": ({"source_invoice": True}, Refusal.INVOICE_ELSEWHERE),
    "shipped": ({"state": State.SHIPPED}, None),
    "shipped, by strict rule": ({"state": State.SHIPPED, "paid_rule": PaidRule.STRICT}, Refusal.NOT_PAID),
    "shipped on open account": (
        {"state": State.SHIPPED, "payment_method": PaymentMethod.INVOICE},
        Refusal.NOT_PAID,
    ),
}


@pytest.mark.parametrize(("facts", "why"), CREATION.values(), ids=CREATION.keys())
def test_an_invoice_is_created_for_paid_living_orders_that_have_none(facts, why):
    assert creation_refusal(an_order(**facts), 0, invoice_rules()) is why


@pytest.mark.parametrize("state", list(State))
def test_a_paid_order_gets_an_invoice_in_every_state_in_which_it_lives(state):
    reasons = {
        "offered": Refusal.NOT_ORDERED,
        "unknown": Refusal.NOT_ORDERED,
        "cancelled": Refusal.CANCELLED,
        "returned": Refusal.CANCELLED,
        "deleted": Refusal.DELETED,
    }

    assert creation_refusal(an_order(state=state, paid=True), 0, invoice_rules()) is reasons.get(state)


def test_a_second_invoice_is_never_created():
    assert creation_refusal(an_order(paid=True), 1, invoice_rules()) is Refusal.INVOICE_ELSEWHERE


def test_nothing_is_created_where_the_merchant_does_not_want_it():
    assert creation_refusal(an_order(paid=True), 0, invoice_rules(enabled=False)) is Refusal.DISABLED
    assert creation_refusal(an_order(paid=True), 0, invoice_rules(auto_create=False)) is Refusal.NO_INVOICE


def test_nothing_is_created_before_the_seller_is_complete():
    rules = invoice_rules(seller_complete=False)

    assert creation_refusal(an_order(paid=True), 0, rules) is Refusal.SELLER_INCOMPLETE


BY_HAND = {
    "not paid": {},
    "shipped on open account": {"state": State.SHIPPED, "payment_method": PaymentMethod.INVOICE},
    "partly paid": {"payments": (received(1999),)},
    "archived": {"archived_at": ORDERED},
}


@pytest.mark.parametrize("facts", BY_HAND.values(), ids=BY_HAND.keys())
def test_the_merchant_issues_one_whatever_is_paid_and_whatever_customers_may_do(facts):
    rules = invoice_rules(enabled=False, auto_create=False)

    assert refusal_by_hand(an_order(**facts), [], rules) is None


NOT_BY_HAND = {
    "cancelled": ({"state": State.CANCELLED}, Refusal.CANCELLED),
    "refunded": ({"payments": (received(2000), refunded(2000))}, Refusal.REFUNDED),
    "an offer": ({"state": State.OFFERED}, Refusal.NOT_ORDERED),
    "a credit": ({"kind": OrderKind.CREDIT, "total": -2000}, Refusal.NOT_ORDERED),
    "issued at the source": ({"source_invoice": True}, Refusal.INVOICE_ELSEWHERE),
    "wrong sums": ({"amounts_consistent": False}, Refusal.AMOUNTS_INCONSISTENT),
}


@pytest.mark.parametrize(("facts", "why"), NOT_BY_HAND.values(), ids=NOT_BY_HAND.keys())
def test_not_even_the_merchant_issues_what_would_be_wrong(facts, why):
    assert refusal_by_hand(an_order(**facts), [], invoice_rules()) is why


def test_not_even_the_merchant_issues_without_a_name_or_beside_another_invoice():
    order, elsewhere = an_order(), an_invoice(issuer=Issuer.ELSEWHERE)

    assert refusal_by_hand(order, [], invoice_rules(seller_complete=False)) is Refusal.SELLER_INCOMPLETE
    assert refusal_by_hand(order, [elsewhere], invoice_rules()) is Refusal.INVOICE_ELSEWHERE
    assert refusal_by_hand(order, [an_invoice(issuer=Issuer.TRESEN)], invoice_rules()) is Refusal.ALREADY_INVOICED
    assert may_issue_by_hand(order, [an_invoice(issuer=Issuer.TRESEN, is_cancelled=True)], invoice_rules())


def test_a_customer_makes_no_invoice_where_there_ever_was_one():
    gone = an_invoice(issuer=Issuer.TRESEN, is_cancelled=True)

    assert may_create(an_order(paid=True), [], invoice_rules())
    assert not may_create(an_order(paid=True), [gone], invoice_rules())


@given(ORDERS)
def test_whatever_gets_an_invoice_is_paid_alive_and_adds_up(order):
    if creation_refusal(order, 0, invoice_rules()) is None:
        assert order.is_paid
        assert not order.is_dead
        assert order.amounts_consistent
        assert not order.source_invoice
        assert order.kind is OrderKind.ORDER
        assert order.archived_at is None
