"""Maps a folder of strangers' orders and asks the rules what they amount to, by the strict rule of payment.

Run by `make corpus CORPUS=DIR`. The folder holds a manifest.csv with the columns `system`, `file`, `currency`,
`lines_add_up` and what an outside oracle says of each order: `exp_order_state`, `exp_payment_state`, `exp_total_minor`,
`exp_paid_minor`, `exp_refunded_minor`, `exp_invoice_ok`, `exp_files_ok`, `exp_payable`, `exp_open_minor`. Systems that
have no mapping are left out.
"""

import csv
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from db.settings import PaidRule
from integrations import billbee, woocommerce
from integrations.tolerant import parsed
from portal import downloads, imported, invoices, payments
from portal.imported import ImportedOrder
from portal.orders import OrderFacts, PaymentFact
from tests.factories import NOON, an_entitlement, an_invoice, invoice_rules

CORPUS = Path(os.environ["CORPUS"])
BERLIN = ZoneInfo("Europe/Berlin")


def from_woocommerce(body: bytes) -> ImportedOrder:
    return woocommerce.to_order(woocommerce.read(body), woocommerce.Shop(name="Nähwerk"))


def from_billbee(body: bytes) -> ImportedOrder:
    told = billbee.page(body).orders[0] if b'"ErrorCode"' in body else parsed(body)
    return billbee.to_order(billbee.order(told), billbee.Account(zone=BERLIN))


MAPPINGS = {"woocommerce": from_woocommerce, "billbee": from_billbee}


def samples() -> list[dict[str, str]]:
    with (CORPUS / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["system"] in MAPPINGS]


def order_of(sample: dict[str, str]) -> ImportedOrder:
    return MAPPINGS[sample["system"]]((CORPUS / sample["file"]).read_bytes())


def facts(order: ImportedOrder) -> OrderFacts:
    same = "number kind state ordered_at paid_at due_at archived_at currency payment_method".split()
    return OrderFacts(
        id=1,
        total=order.total_gross,
        payments=tuple(PaymentFact(kind=p.kind, status=p.status, amount=p.amount, at=p.at) for p in order.payments),
        amounts_consistent=imported.amounts_consistent(order),
        source_invoice=order.invoice is not None,
        paid_rule=PaidRule.STRICT,
        **{name: getattr(order, name) for name in same},
    )


every_sample = pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample["file"])


@every_sample
def test_a_strangers_order_amounts_to_what_it_should(sample):
    order = facts(order_of(sample))

    assert (order.state, order.payment_state) == (sample["exp_order_state"], sample["exp_payment_state"])
    assert (order.currency, order.total) == (sample["currency"], int(sample["exp_total_minor"]))
    assert order.paid_sum == int(sample["exp_paid_minor"])
    assert order.refunded_sum == int(sample["exp_refunded_minor"])


@every_sample
def test_its_lines_add_up_or_it_is_flagged(sample):
    order = order_of(sample)

    assert imported.amounts_consistent(order) is (sample["lines_add_up"] == "True")
    assert [fault for fault in imported.faults(order) if fault.code != "sum-mismatch"] == []


@every_sample
def test_it_is_what_the_api_would_take(sample):
    order = order_of(sample)

    assert msgspec.json.decode(msgspec.json.encode(order), type=ImportedOrder) == order


@every_sample
def test_its_invoice_is_handed_out_and_created_only_where_it_may_be(sample):
    order, rules = facts(order_of(sample)), invoice_rules()
    verdict, _, restriction = sample["exp_invoice_ok"].partition(" ")

    assert (invoices.refusal(order, an_invoice(), rules, NOON) is None) is (verdict == "yes")
    is_creatable = invoices.creation_refusal(order, 0, rules) is None
    is_ready = order.is_paid and order.amounts_consistent and not order.source_invoice and not order.is_dead
    assert is_creatable is (verdict == "yes" and not restriction and is_ready)


@every_sample
def test_its_files_are_to_be_had_or_not(sample):
    entitlement = an_entitlement(order=facts(order_of(sample)))

    assert (downloads.refusal(entitlement, NOON) is None) is (sample["exp_files_ok"] == "yes")


@every_sample
def test_it_asks_for_what_is_open(sample):
    order = facts(order_of(sample))
    payable = payments.refusal(order, providers=1) is None

    assert payable is (sample["exp_payable"] == "yes")
    assert (order.due if payable else 0) == int(sample["exp_open_minor"])
