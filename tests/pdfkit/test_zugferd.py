"""E-invoices, judged by the official schema and rules, and read field by field."""

from __future__ import annotations

from contextlib import closing
from datetime import date

import msgspec
import pypdfium2
import pytest
from lxml import etree

from pdfkit import consistency, zugferd
from pdfkit.documents import issue
from pdfkit.paper import PDF_NAME, Kind, Means, Receipt, Supply, TaxCategory
from pdfkit.xrechnung import lacks
from pdfkit.zugferd import Profile
from tests import einvoice_rules
from tests.einvoice_rules import Finding
from tests.pdfkit.documents import BUSINESS, CONSUMER, ISSUED, SELLER, SHIPPING, Extra, Sold, a_paper, of, taken_back
from tests.pdfkit.scenarios import SMALL_SELLER, everyone

SCENARIOS = everyone()
# The one place where an XRechnung differs: Factur-X allows no profile but its own.
PROFILE = ("FX-SCH-A-000556", "ID")


def read(paper, path, profile=Profile.EN16931):
    """The texts at a path without prefixes, `a/b`."""
    root = etree.fromstring(zugferd.written(paper, profile))
    return [each.text for each in root.findall(".//" + "/".join(f"{{*}}{step}" for step in path.split("/")))]


def serious(findings: list[Finding], *allowed: tuple[str, str]) -> list[Finding]:
    return [finding for finding in findings if (finding.rule, finding.about) not in allowed]


@pytest.mark.parametrize("name", SCENARIOS)
def test_schema_and_rules_have_nothing_to_say_against(name):
    paper = consistency.normal(SCENARIOS[name])
    consistency.check(paper)

    assert serious(einvoice_rules.broken(zugferd.written(paper))) == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_xrechnung_has_the_same_body_under_another_head(name):
    paper = SCENARIOS[name]
    one, other = (etree.fromstring(zugferd.written(paper, profile)) for profile in Profile)

    assert [etree.tostring(each) for each in list(one)[1:]] == [etree.tostring(each) for each in list(other)[1:]]
    assert serious(einvoice_rules.broken(etree.tostring(other)), PROFILE) == []


def test_a_wrong_sum_does_not_escape_the_rules():
    forged = zugferd.written(a_paper()).replace(b"<ram:GrandTotalAmount>24.90", b"<ram:GrandTotalAmount>24.80")

    assert "BR-CO-15" in {finding.rule for finding in einvoice_rules.broken(forged)}


def test_the_total_is_what_the_customer_paid_to_the_cent():
    paper = a_paper(Sold(gross=2490), Sold(gross=1990, rate=700), extras=(SHIPPING,))

    assert read(paper, "GrandTotalAmount") == ["49.70"]
    assert read(paper, "TotalPrepaidAmount") == ["49.70"]
    assert read(paper, "DuePayableAmount") == ["0.00"]


def test_whoever_has_no_vat_id_is_known_by_the_tax_number():
    paper = a_paper(of(TaxCategory.EXEMPT), seller=SMALL_SELLER)

    assert read(paper, "SellerTradeParty/ID") == ["214/5801/1234"]
    assert read(paper, "SellerTradeParty/SpecifiedTaxRegistration/ID") == ["214/5801/1234"]


def test_a_price_before_a_discount_is_never_told_as_it_would_be_one_without_tax():
    paper = a_paper(Sold(gross=4482, quantity="2", discount=498))

    assert read(paper, "GrossPriceProductTradePrice") == []
    assert read(paper, "SpecifiedLineTradeSettlement/SpecifiedTradeAllowanceCharge/ActualAmount") == ["4.18"]


def test_a_voucher_is_an_allowance_in_every_tax_group_it_touches():
    paper = a_paper(Sold(), Sold(gross=1990, rate=700), extras=(Extra("allowance", 500, "Gutschein", "95"),))

    settled = "ApplicableHeaderTradeSettlement/SpecifiedTradeAllowanceCharge"
    assert read(paper, f"{settled}/CategoryTradeTax/RateApplicablePercent") == ["19.00", "7.00"]
    assert read(paper, f"{settled}/ReasonCode") == ["95", "95"]


def test_a_cancellation_states_positive_amounts_and_a_correction_negative_ones():
    invoice = a_paper(Sold(gross=2490, quantity="3"))

    cancellation, correction = taken_back(invoice), taken_back(invoice, Kind.CORRECTION)

    assert read(cancellation, "ExchangedDocument/TypeCode") == ["381"]
    assert read(cancellation, "GrandTotalAmount") == ["24.90"]
    assert read(correction, "ExchangedDocument/TypeCode") == ["384"]
    assert read(correction, "GrandTotalAmount") == ["-24.90"]
    assert read(correction, "BilledQuantity") == ["-3"]
    assert not read(correction, "NetPriceProductTradePrice/ChargeAmount")[0].startswith("-")


def test_what_takes_an_invoice_back_names_it_with_its_day():
    paper = taken_back(a_paper())

    assert read(paper, "InvoiceReferencedDocument/IssuerAssignedID") == ["RE-2026-00017"]
    assert read(paper, "InvoiceReferencedDocument/FormattedIssueDateTime/DateTimeString") == ["20261025"]


@pytest.mark.parametrize(
    ("means", "code"), [(Means.PAYPAL, "68"), (Means.CARD, "68"), (Means.BANK_TRANSFER, "58"), (Means.CASH, "10")]
)
def test_the_means_of_the_last_payment_has_its_code(means, code):
    paper = a_paper(receipts=(Receipt(on=ISSUED, amount=2490, means=means),))

    assert read(paper, "SpecifiedTradeSettlementPaymentMeans/TypeCode") == [code]


def test_what_is_due_is_to_be_transferred_to_the_account():
    paper = a_paper(paid=1000)

    assert read(paper, "SpecifiedTradeSettlementPaymentMeans/TypeCode") == ["58"]
    assert read(paper, "IBANID") == [SELLER.iban]
    assert read(paper, "DueDateDateTime/DateTimeString") == ["20261108"]


def test_a_delivery_has_a_day_unless_it_is_still_to_come():
    assert read(a_paper(supply=Supply(on=date(2026, 10, 20))), "OccurrenceDateTime/DateTimeString") == ["20261020"]
    assert read(a_paper(supply=Supply()), "OccurrenceDateTime/DateTimeString") == ["20261025"]
    assert read(a_paper(supply=Supply(is_advance=True)), "OccurrenceDateTime/DateTimeString") == []


def test_a_delivery_without_a_day_says_where_to():
    paper = a_paper(supply=Supply(is_advance=True))

    assert read(paper, "ShipToTradeParty/Name") == [paper.buyer.address.name]
    assert read(a_paper(supply=Supply(on=date(2026, 10, 20))), "ShipToTradeParty/Name") == []


@pytest.mark.parametrize("name", ["paid in advance", "paid twice", "by card, in English"])
def test_the_xml_says_of_the_money_what_the_paper_says(name, tmp_path):
    told = read(SCENARIOS[name], "IncludedNote/Content")
    issue(SCENARIOS[name], tmp_path)
    with closing(pypdfium2.PdfDocument(tmp_path / PDF_NAME)) as document:
        text = " ".join(document[0].get_textpage().get_text_bounded().split())

    assert [" ".join(sentence.split()) in text for sentence in told] == [True] * len(told)
    assert len(told) == {"paid in advance": 2, "paid twice": 2}.get(name, 1)


def test_an_advance_payment_is_told_with_its_day_before_the_notes():
    paper = a_paper(supply=Supply(is_advance=True), notes=("Danke.",))

    assert read(paper, "IncludedNote/Content") == [
        "Bezahlt am 25.10.2026 mit PayPal: 24,90\xa0€.",
        "Die Zahlung ist vor der Lieferung eingegangen.",
        "Danke.",
    ]


def test_a_period_is_told_as_one():
    paper = a_paper(supply=Supply(on=date(2026, 10, 1), until=date(2026, 10, 31)))

    assert read(paper, "BillingSpecifiedPeriod/StartDateTime/DateTimeString") == ["20261001"]
    assert read(paper, "BillingSpecifiedPeriod/EndDateTime/DateTimeString") == ["20261031"]


def test_free_shipping_belongs_to_no_tax_group():
    free = Extra("charge", 0, "Versand", "FC", rate=1900)
    paper = a_paper(Sold(rate=1900), extras=(free,))

    assert read(paper, "ApplicableHeaderTradeSettlement/SpecifiedTradeAllowanceCharge/Reason") == []


@pytest.mark.parametrize(
    ("word", "code"), [("", "H87"), ("Stk", "H87"), ("kg", "KGM"), ("m", "MTR"), ("Stunden", "HUR"), ("Nase", "C62")]
)
def test_units_are_told_by_code_and_pieces_never_as_sticks_of_cigarettes(word, code):
    (element,) = etree.fromstring(zugferd.written(a_paper(Sold(unit=word)))).findall(".//{*}BilledQuantity")

    assert element.get("unitCode") == code


def test_a_company_comes_before_the_person_in_it():
    paper = a_paper(buyer=BUSINESS)

    assert read(paper, "BuyerTradeParty/Name") == [BUSINESS.address.company]
    assert read(paper, "BuyerTradeParty/DefinedTradeContact/PersonName") == [BUSINESS.address.name]
    assert read(paper, "BuyerReference") == [BUSINESS.reference]


def test_whoever_gives_no_reference_reads_the_order_number():
    assert read(a_paper(buyer=CONSUMER, order_number="4711"), "BuyerReference") == ["4711"]


def test_an_xrechnung_says_which_fields_it_is_waiting_for():
    seller = msgspec.structs.replace(SELLER, phone="", contact_name="")
    buyer = msgspec.structs.replace(CONSUMER, email="erika@@example")

    assert lacks(a_paper(buyer=BUSINESS)) == ()
    assert lacks(a_paper(seller=seller, buyer=buyer, order_number="")) == (
        "seller/contact_name",
        "seller/phone",
        "buyer/email",
        "buyer/reference",
    )


def test_what_xrechnung_has_no_place_for_is_none():
    assert lacks(a_paper(of(TaxCategory.OUTSIDE_SCOPE))) == ("taxes",)
    assert lacks(a_paper(terms="Sofort. #SKONTO#TAGE=7#")) == ("terms",)


def test_the_same_paper_gives_the_same_bytes():
    assert zugferd.written(a_paper()) == zugferd.written(a_paper())
