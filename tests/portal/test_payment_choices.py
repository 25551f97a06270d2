"""What a customer can pay with: nothing is offered that cannot lead to a payment."""

from __future__ import annotations

import pytest

from db.orders import PaymentMethod, State
from db.payment_providers import PaymentProvider, PayMethod, ProviderKind
from db.settings import SellerSettings
from portal.payment_choices import choices
from tests.factories import NOON, an_order


def plus(*methods: PayMethod) -> PaymentProvider:
    """PayPal Plus with these ways to pay."""
    row = PaymentProvider(name="Plus", kind=ProviderKind.PAYPAL_PLUS, created_at=NOON, credentials_at=NOON)
    row.id, row.client_id, row.client_secret = 1, "id", "sealed"
    row.methods = [method.value for method in methods or PayMethod]
    return row


def offered(row: PaymentProvider, total: int, currency: str) -> list[PayMethod | None]:
    order = an_order(total=total, currency=currency, state=State.ORDERED, payment_method=PaymentMethod.PREPAYMENT)
    return [choice.method for choice in choices([row], order, SellerSettings())]


@pytest.mark.parametrize(
    ("total", "currency", "later"),
    [
        (98_99, "EUR", False),
        (99_00, "EUR", True),
        (10_000_00, "EUR", True),
        (10_000_01, "EUR", False),
        (200_00, "CHF", False),
        (200_00, "USD", False),
    ],
)
def test_paying_later_is_offered_in_euros_and_in_paypal_s_range(total, currency, later):
    assert (PayMethod.PAYLATER in offered(plus(), total, currency)) is later


@pytest.mark.parametrize(("currency", "sepa"), [("EUR", True), ("CHF", False), ("PLN", False)])
def test_a_direct_debit_is_offered_in_euros_only(currency, sepa):
    assert (PayMethod.SEPA in offered(plus(), 20_00, currency)) is sepa


def test_the_merchant_s_order_stays_and_what_cannot_work_is_left_out():
    row = plus(PayMethod.CARD, PayMethod.PAYLATER, PayMethod.SEPA, PayMethod.PAYPAL)

    assert offered(row, 20_00, "CHF") == [PayMethod.CARD, PayMethod.PAYPAL]


def test_a_provider_of_which_nothing_works_is_not_offered():
    assert offered(plus(PayMethod.SEPA, PayMethod.PAYLATER), 20_00, "CHF") == []


@pytest.mark.parametrize(("total", "currency"), [(20_00, "AED"), (20_50, "HUF"), (0, "EUR")])
def test_what_paypal_cannot_be_asked_for_is_not_offered(total, currency):
    assert offered(plus(), total, currency) == []
