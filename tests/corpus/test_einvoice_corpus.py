"""Judges a folder of strangers' e-invoices, valid and invalid, with the very checkers that our own have to pass.

Run by `make corpus CORPUS=DIR`. The folder holds a manifest.csv with the columns `file`, `expect_en16931` (valid, or
invalid: and the rule) and `own_arithmetic` (ok, or what does not add up).
"""

import csv
import os
from pathlib import Path

import pytest

from pdfkit import recalculation
from tests import einvoice_rules

CORPUS = Path(os.environ["CORPUS"])

# Factur-X checks code lists by rules of its own: BR-CL-25 is the list of electronic address schemes.
BY_FACTUR_X = {"BR-CL-25": "FX-SCH-A-000571"}
# What Factur-X asks beyond EN 16931: its own profile in BT-24, at most one tax number of the buyer, nothing unused.
BEYOND = {"FX-SCH-A-000556", "FX-SCH-A-000166", "FX-SCH-A-000570", ""}


def invoices() -> list[dict[str, str]]:
    with (CORPUS / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("invoice", invoices(), ids=lambda invoice: invoice["file"])
def test_an_e_invoice_is_judged_as_it_is_known_to_be(invoice):
    verdict, _, rule = invoice["expect_en16931"].partition(":")

    found = einvoice_rules.broken((CORPUS / invoice["file"]).read_bytes())

    broken = {finding.rule for finding in found if not finding.is_warning} - BEYOND
    assert broken == (set() if verdict == "valid" else {BY_FACTUR_X.get(rule, rule)})


@pytest.mark.parametrize("invoice", invoices(), ids=lambda invoice: invoice["file"])
def test_its_sums_are_found_right_or_wrong_as_they_are(invoice):
    broken = recalculation.broken((CORPUS / invoice["file"]).read_bytes())

    assert (not broken) is (invoice["own_arithmetic"] == "ok"), broken
