"""Papers that must not become documents, each with the reason why."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pdfkit import consistency, zugferd
from pdfkit.codes import COUNTRIES, CURRENCIES
from pdfkit.paper import Address, Paper, PaperCause, PaperRefused, Supply, TaxCategory
from tests import einvoice_rules
from tests.pdfkit.documents import (
    AUSTRIAN,
    BUSINESS,
    CONSUMER,
    ERIKA,
    SELLER,
    SHIPPING,
    VOUCHER,
    Sold,
    a_paper,
    of,
    taken_back,
)
from tests.pdfkit.scenarios import SMALL_SELLER

replace = msgspec.structs.replace


def refused(paper: Paper) -> tuple[PaperCause, str]:
    with pytest.raises(PaperRefused) as caught:
        consistency.check(consistency.normal(paper))
    return caught.value.cause, caught.value.detail


def with_totals(**wrong) -> Paper:
    paper = a_paper()
    return replace(paper, totals=replace(paper.totals, **wrong))


def with_line(**wrong) -> Paper:
    paper = a_paper()
    return replace(paper, lines=(replace(paper.lines[0], **wrong),))


def with_tax(**wrong) -> Paper:
    paper = a_paper()
    return replace(paper, taxes=(replace(paper.taxes[0], **wrong),))


@pytest.mark.parametrize(
    ("paper", "field"),
    [
        (a_paper(number=""), "number"),
        (a_paper(seller=replace(SELLER, street="", zip="")), "seller/street seller/zip"),
        (a_paper(seller=replace(SELLER, vat_id="", tax_number="")), "seller/tax_number"),
        (a_paper(seller=replace(SELLER, vat_id="123456789")), "seller/vat_id"),
        (a_paper(buyer=replace(BUSINESS, vat_id="QQ12345")), "buyer/vat_id"),
        (a_paper(buyer=replace(CONSUMER, address=Address(country="DE"))), "buyer/address/name"),
        (a_paper(paid=0, due_on=None), "due_on"),
        (taken_back(a_paper(), refers_to=None), "refers_to"),
        (with_line(title=""), "lines/0/title"),
        (with_line(quantity="0.000"), "lines/0/quantity"),
    ],
)
def test_what_is_missing_is_named(paper, field):
    assert refused(paper) == (PaperCause.INCOMPLETE, field)


def test_a_country_that_nobody_knows_is_refused():
    nowhere = replace(CONSUMER, address=replace(ERIKA, country="QQ"))

    assert refused(a_paper(buyer=nowhere)) == (PaperCause.UNKNOWN_COUNTRY, "QQ")


@pytest.mark.parametrize("currency", ["XXX", "XAU", "KWD"])
def test_a_currency_that_no_amount_can_be_told_in_is_refused(currency):
    assert refused(a_paper(currency=currency)) == (PaperCause.UNKNOWN_CURRENCY, currency)


@pytest.mark.parametrize(
    ("paper", "rule"),
    [
        (a_paper(of(TaxCategory.REVERSE_CHARGE), buyer=CONSUMER), "BR-AE-02"),
        (a_paper(of(TaxCategory.REVERSE_CHARGE), buyer=AUSTRIAN, seller=SMALL_SELLER), "BR-AE-02"),
        (a_paper(of(TaxCategory.INTRA_EU), buyer=AUSTRIAN), "BR-IC-12"),
        (
            a_paper(
                of(TaxCategory.INTRA_EU), buyer=AUSTRIAN, ship_to=AUSTRIAN.address, supply=Supply(is_advance=True)
            ),
            "BR-IC-11",
        ),
        (a_paper(of(TaxCategory.EXPORT), seller=SMALL_SELLER), "BR-G-02"),
        (a_paper(of(TaxCategory.EXEMPT), reasons={}), "BR-E-10"),
        (a_paper(reasons={TaxCategory.STANDARD: ("because", "")}), "BR-S-10"),
        (a_paper(Sold(rate=0)), "BR-S-05"),
        (a_paper(of(TaxCategory.EXPORT, rate=1900)), "BR-G-05"),
        (a_paper(of(TaxCategory.OUTSIDE_SCOPE), Sold()), "BR-O-11"),
        (replace(a_paper(Sold(), Sold(rate=700)), taxes=a_paper().taxes), "BR-CO-18"),
    ],
)
def test_what_a_tax_category_demands_is_held(paper, rule):
    assert refused(paper) == (PaperCause.TAX_INCONSISTENT, rule)


@pytest.mark.parametrize(
    ("paper", "rule"),
    [
        (with_totals(basis=2093, tax=397), "BR-CO-13"),
        (with_totals(gross=2491, due=1), "BR-CO-15"),
        (with_totals(due=1), "BR-CO-16"),
        (with_line(total_gross=2489), "GROSS"),
        (with_line(price_net="20.93"), "R120"),
        (with_line(price_net="-20.92"), "BR-27"),
        (with_tax(tax=400), "BR-CO-14"),
    ],
)
def test_sums_that_do_not_add_up_are_refused(paper, rule):
    cause, detail = refused(replace(paper, due_on=paper.issued_on))

    assert cause is PaperCause.SUMS_INCONSISTENT
    assert rule in detail.split()


@given(
    st.lists(
        st.builds(
            Sold,
            gross=st.integers(1, 5_000_000),
            quantity=st.sampled_from(["1", "2", "3", "7", "12", "0.5", "2.5", "0.125"]),
            rate=st.sampled_from([700, 1900, 2000, 2550]),
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([(), (SHIPPING,), (SHIPPING, VOUCHER)]),
)
def test_gross_first_tax_is_never_refused(sold, extras):
    if sum(each.gross for each in sold) > 10_000:
        consistency.check(a_paper(*sold, extras=extras))


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x85", "\n"])
def test_a_control_character_is_nobodys_name(character):
    with pytest.raises(ValueError, match="control character"):
        consistency.normal(a_paper(Sold(title=f"Schnitt{character}muster")))


def test_a_note_may_have_lines():
    assert consistency.normal(a_paper(notes=("Eins\nzwei",))).notes == ("Eins\nzwei",)


def test_what_has_no_shape_is_left_out_before_anything_is_written():
    paper = consistency.normal(a_paper(Sold(title=" Scho\N{SOFT HYPHEN}n \N{RIGHT-TO-LEFT OVERRIDE}a\u0308hnlich ")))

    assert paper.lines[0].title == "Schon ähnlich"


def test_a_joiner_stays_as_persian_is_spelled_with_it():
    assert consistency.normal(a_paper(Sold(title="می\u200cخواهم"))).lines[0].title == "می\u200cخواهم"


def code_list(number: str) -> set[str]:
    """A code list of the official rules."""
    file = next(Path(einvoice_rules.RULES).glob("*codedb.xml"))
    listed = etree.parse(file).findall(f"cl[@id='{number}']/enumeration")
    return {str(each.get("value")) for each in listed}


def test_countries_are_those_of_the_official_list():
    assert code_list("7") == COUNTRIES


def test_every_currency_is_of_the_official_list():
    assert CURRENCIES - code_list("24") == set()


@pytest.mark.parametrize(
    "paper",
    [
        with_totals(gross=2491, due=1),
        a_paper(of(TaxCategory.INTRA_EU), buyer=AUSTRIAN),
        a_paper(of(TaxCategory.REVERSE_CHARGE), buyer=CONSUMER),
        a_paper(of(TaxCategory.EXEMPT), reasons={}),
        a_paper(of(TaxCategory.EXPORT), seller=SMALL_SELLER),
    ],
)
def test_the_official_rules_find_the_very_fault_that_is_refused_here(paper):
    _, detail = refused(replace(paper, due_on=paper.issued_on))

    found = {finding.rule for finding in einvoice_rules.broken(zugferd.written(paper))}

    assert found & set(detail.split())
