"""Bank transfers: the account as customers read it, and as their banking app does."""

from __future__ import annotations

import pytest

from db.settings import SellerSettings
from portal.bank_transfers import giro_code, transfer
from tests.factories import an_order

ACCOUNT = ("DE02120300000000202051", "BYLADEM1001")


def test_a_giro_code_says_line_by_line_what_the_guideline_asks_for():
    code = giro_code("Nähwerk, Inh. Jana Voss", ACCOUNT, an_order(total=123456), "RE-2026-0422")

    assert code.split("\n") == [
        "BCD",
        "002",
        "1",
        "SCT",
        "BYLADEM1001",
        "Nähwerk, Inh. Jana Voss",
        "DE02120300000000202051",
        "EUR1234.56",
        "",
        "",
        "RE-2026-0422",
    ]


def test_a_transfer_asks_for_what_is_due_in_a_form_that_banks_read():
    seller = SellerSettings(name="Nähwerk", iban="de02 1203 0000 0000 2020 51", bic="byladem1001", bank_name="DKB")

    shown = transfer(an_order(total=2490), seller, "NW-1")

    assert (shown.iban, shown.bic, shown.amount, shown.reference) == (*ACCOUNT, 2490, "NW-1")


@pytest.mark.parametrize("facts", [{"currency": "CHF"}, {"total": 0}, {"total": 10**12}])
def test_what_no_code_can_say_has_none(facts):
    assert giro_code("Nähwerk", ACCOUNT, an_order(**facts), "1") == ""


def test_nobody_s_name_or_number_brings_lines_of_its_own():
    code = giro_code("A\nEUR999999.00", ACCOUNT, an_order(), "1\nEUR1.00")

    assert code.count("\n") == 10


def test_a_code_that_would_be_too_large_to_scan_is_left_out():
    assert giro_code("ü" * 70, ACCOUNT, an_order(), "ü" * 140) == ""
