"""The four predicates on orders as shops really send them, by the strict rule."""

from __future__ import annotations

import pytest

from db.settings import PaidRule
from portal import downloads, invoices, payments
from tests.factories import NOON, an_entitlement, an_invoice, an_order, invoice_rules
from tests.portal.order_samples import SAMPLES, Sample


def order_of(sample: Sample):
    return an_order(paid_rule=PaidRule.STRICT, **sample.facts)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.tale)
def test_a_real_order_amounts_to_what_it_should(sample):
    order = order_of(sample)

    assert (order.state, order.payment_state) == (sample.order_state, sample.payment_state)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.tale)
def test_a_real_order_has_its_invoice(sample):
    order, rules = order_of(sample), invoice_rules()
    issued = sample.invoiced and invoices.refusal(order, an_invoice(), rules, NOON) is None

    assert (issued or invoices.creation_refusal(order, int(sample.invoiced), rules) is None) is sample.invoice_ok


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.tale)
def test_a_real_order_has_its_files(sample):
    assert (downloads.refusal(an_entitlement(order=order_of(sample)), NOON) is None) is sample.files_ok


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.tale)
def test_a_real_order_asks_for_what_is_open(sample):
    order = order_of(sample)
    payable = payments.refusal(order, providers=1) is None

    assert payable is sample.payable
    assert (order.due if payable else 0) == sample.open_minor
