"""What stands on an invoice, as it was sold: every one of them is a document that its own check lets pass."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.orders import Address, AddressRole, BuyerKind, LineKind, Order, PaymentMethod, State, TaxCategory, VatMode
from db.orders import Line as OrderLine
from db.settings import SellerSettings, TaxRegime
from pdfkit import consistency
from pdfkit.paper import Paper, Reference, Supply
from portal import credit_notes, invoice_texts, snapshots, supplies
from portal.credit_notes import NewCreditNote, ReturnedLine
from portal.invoice_lines import NotIssued
from portal.orders import OrderFacts
from portal.refusals import Invalid, Refusal
from portal.snapshots import Bought, Issuer, Snapshot
from portal.supplies import Way
from tests.factories import BERLIN, NOON, ORDERED, an_order, berlin, received

ISSUED_ON = date(2026, 12, 1)
SMALL = {"tax_regime": TaxRegime.SMALL_BUSINESS, "vat_id": "", "tax_number": "1/2"}
GERMANY = {"line1": "Heidestraße 17", "zip": "51147", "city": "Köln", "country": "DE"}


def a_line(gross: int = 2000, rate: int = 1900, **fields: Any) -> OrderLine:
    known: dict[str, Any] = {"external_id": "1", "title": "Schnittmuster", "position": 0, "order_id": 1}
    return OrderLine(line_gross=gross, tax_rate=rate, **known | fields)


def snapshot(
    *lines: OrderLine,
    seller: dict[str, Any] | None = None,
    way: Way | None = None,
    facts: OrderFacts | None = None,
    addresses: tuple[Address, ...] | None = None,
    **fields: Any,
) -> Snapshot:
    """Of a paid order of these lines; each line gets an id of its own."""
    for place, line in enumerate(lines):
        line.external_id = str(place + 1)
    total = sum(line.line_gross for line in lines)
    known: dict[str, Any] = {
        "source_id": 1,
        "external_id": "1",
        "number": "B1",
        "state": State.PAID,
        "ordered_at": ORDERED,
        "paid_at": ORDERED,
        "currency": "EUR",
        "buyer_name": "Max Mustermann",
        "total_gross": total,
        "content_sha256": "",
        "created_at": NOON,
        "changed_at": NOON,
    }
    told = (Address(order_id=1, role=AddressRole.BILLING, name="Max Mustermann", **GERMANY),)
    bought = Bought(
        row=Order(**known | fields),
        facts=facts or an_order(paid=True, total=total, state=State.PAID),
        lines=lines,
        addresses=told if addresses is None else addresses,
        correction=None,
        way=way or Way(has_files=True, has_goods=False, sent_on=None),
    )
    return snapshots.of_order(bought, an_issuer(**seller or {})).numbered("RE-1", ISSUED_ON)


def an_issuer(**seller: Any) -> Issuer:
    known: dict[str, Any] = {"name": "Nähwerk", "street": "Nadelgasse 3", "zip": "50667", "city": "Köln"}
    return Issuer(
        settings=SellerSettings(**{"vat_id": "DE123456789", **known, **seller}),
        texts=invoice_texts.defaults(),
        accent="#0b5e6e",
        logo=b"",
        zone=BERLIN,
    )


def abroad(country: str) -> tuple[Address, ...]:
    address = {"line1": "Rue 1", "zip": "1010", "city": "Ort", "country": country}
    return (Address(order_id=1, role=AddressRole.BILLING, name="Anna Anders", **address),)


def taxes(paper: Paper) -> list[tuple[str, int, int, int]]:
    return [(group.category.value, group.rate, group.basis, group.tax) for group in paper.taxes]


SALES: dict[str, tuple[list[OrderLine], dict[str, Any], list[tuple[str, int, int, int]]]] = {
    "19 and 7 per cent with shipping": (
        [a_line(1190), a_line(1070, 700), a_line(490, kind=LineKind.SHIPPING)],
        {},
        [("S", 1900, 1412, 268), ("S", 700, 1000, 70)],
    ),
    "shipping without a rate": (
        [a_line(3000), a_line(1000, 700), a_line(400, 0, kind=LineKind.SHIPPING)],
        {},
        [("S", 1900, 2773, 527), ("S", 700, 1028, 72)],
    ),
    "free shipping without a rate": (
        [a_line(1190), a_line(0, 0, kind=LineKind.SHIPPING)],
        {},
        [("S", 1900, 1000, 190)],
    ),
    "a gift without a rate": ([a_line(1190), a_line(0, 0)], {}, [("S", 1900, 1000, 190)]),
    "a voucher over everything": (
        [a_line(1190), a_line(-1190, 0, kind=LineKind.VOUCHER)],
        {},
        [("S", 1900, 0, 0)],
    ),
    "a discount with its own rate": (
        [a_line(2380), a_line(-1190, kind=LineKind.DISCOUNT)],
        {},
        [("S", 1900, 1000, 190)],
    ),
    "a discounted line": (
        [a_line(1900, unit_gross=1000, quantity="2", discount_gross=100)],
        {},
        [("S", 1900, 1597, 303)],
    ),
    "prices without tax": ([a_line(1190, quantity="10")], {"prices_include_tax": False}, [("S", 1900, 1000, 190)]),
    "by the metre": ([a_line(1999, quantity="2.35", unit="m")], {}, [("S", 1900, 1680, 319)]),
    "a rate of zero": ([a_line(1000, 0, tax_category=TaxCategory.ZERO)], {}, [("Z", 0, 1000, 0)]),
    "small business by the seller": (
        [a_line(2000)],
        {"seller": SMALL},
        [("E", 0, 2000, 0)],
    ),
    "small business by both": (
        [a_line(2000, 0)],
        {"vat_mode": VatMode.SMALL_BUSINESS, "seller": SMALL},
        [("E", 0, 2000, 0)],
    ),
    "margin scheme": ([a_line(2000)], {"vat_mode": VatMode.MARGIN}, [("E", 0, 2000, 0)]),
    "reverse charge": (
        [a_line(2000, 0)],
        {
            "vat_mode": VatMode.REVERSE_CHARGE,
            "buyer_vat_id": "at u12345678",
            "buyer_kind": BuyerKind.BUSINESS,
            "addresses": abroad("AT"),
        },
        [("AE", 0, 2000, 0)],
    ),
    "within the EU": (
        [a_line(2000, 0)],
        {"vat_mode": VatMode.INTRA_EU, "buyer_vat_id": "ATU12345678", "addresses": abroad("AT")},
        [("K", 0, 2000, 0)],
    ),
    "export": ([a_line(2000, 0)], {"vat_mode": VatMode.EXPORT, "addresses": abroad("CH")}, [("G", 0, 2000, 0)]),
    "to a consumer in Austria": ([a_line(1200, 2000)], {"addresses": abroad("AT")}, [("S", 2000, 1000, 200)]),
    "free of charge": ([a_line(0)], {}, [("S", 1900, 0, 0)]),
    "a returned bottle": ([a_line(2000), a_line(-119, quantity="1")], {}, [("S", 1900, 1581, 300)]),
    "nothing but shipping": ([a_line(490, kind=LineKind.SHIPPING)], {}, [("S", 1900, 412, 78)]),
}


@pytest.mark.parametrize(("lines", "fields", "table"), SALES.values(), ids=SALES.keys())
def test_whatever_is_sold_becomes_a_document_that_adds_up(lines, fields, table):
    made = snapshot(*lines, **fields)

    assert taxes(made.paper) == table
    assert made.paper.totals.gross == sum(line.line_gross for line in lines)
    consistency.check(made.paper)
    assert snapshots.restored(made.stored()) == made


def test_documents_without_tax_say_why_in_the_language_of_the_order():
    german = snapshot(a_line(2000, 0), seller=SMALL).paper.taxes[0]
    english = snapshot(a_line(2000, 0), vat_mode=VatMode.MARGIN, locale="en-GB").paper.taxes[0]

    assert german.reason == "Für diese Leistung gilt die Steuerbefreiung für Kleinunternehmer."
    assert (english.reason, english.reason_code) == ("Margin scheme – Second-hand goods", "VATEX-EU-F")


def test_goods_that_leave_the_country_say_where_to():
    export = snapshot(a_line(2000, 0), vat_mode=VatMode.EXPORT, addresses=abroad("CH")).paper

    assert export.ship_to is not None
    assert export.ship_to.country == "CH"


def test_a_small_amount_needs_no_address_and_a_larger_one_does():
    assert snapshot(a_line(25_000), addresses=()).paper.buyer.address.name == "Max Mustermann"

    with pytest.raises(NotIssued) as refused:
        snapshot(a_line(25_001), addresses=())

    assert (refused.value.refusal, refused.value.detail) == (Refusal.ADDRESS_INCOMPLETE, "line1 zip city")


def test_texts_lose_what_nobody_sees_and_nothing_else():
    paper = snapshot(a_line(title="Mu\x00ster\n\u202eBente\u200b  e\u0301")).paper

    assert paper.lines[0].title == "Mu ster Bente é"


def test_characters_that_cannot_be_drawn_are_told_with_their_field():
    with pytest.raises(NotIssued) as refused:
        snapshot(a_line(), a_line(title="Garn 🧵 東"), buyer_customer_number="🎉")

    assert refused.value.refusal is Refusal.CHARACTER_UNPRINTABLE
    assert refused.value.detail.split("\n") == ["buyer/customer_number 🎉", "lines/1/title 東🧵"]


# --- When it was supplied

PAID = an_order(paid=True, state=State.PAID)
ON_ACCOUNT = an_order(state=State.SHIPPED, payment_method=PaymentMethod.INVOICE)
ON_PAYMENT = date(2026, 11, 1)
SENT = berlin(2026, 11, 4)


def a_way(*, files: bool = False, goods: bool = False, shipped_at=None, delivered_at=None) -> Way:
    sent = supplies.sent_on((shipped_at, delivered_at), NOON, BERLIN)
    return Way(has_files=files, has_goods=goods, sent_on=sent)


SUPPLIES = {
    "files": (PAID, a_way(files=True), Supply(on=ON_PAYMENT)),
    "goods that were shipped": (PAID, a_way(goods=True, shipped_at=SENT), Supply(on=date(2026, 11, 4))),
    "goods that are known to have arrived": (PAID, a_way(goods=True, delivered_at=SENT), Supply(on=date(2026, 11, 4))),
    "goods still to be shipped": (PAID, a_way(goods=True), Supply(is_advance=True)),
    "both, shipped": (
        PAID,
        a_way(files=True, goods=True, shipped_at=SENT),
        Supply(on=ON_PAYMENT, until=date(2026, 11, 4)),
    ),
    "both, not shipped": (PAID, a_way(files=True, goods=True), Supply(is_advance=True)),
    "files, not paid, sent": (ON_ACCOUNT, a_way(files=True, shipped_at=SENT), Supply(on=date(2026, 11, 4))),
    "files that cost nothing": (
        an_order(total=0, state=State.COMPLETED, first_seen_paid_at=NOON),
        a_way(files=True),
        Supply(on=date(2026, 11, 1)),
    ),
    "goods on account, shipped and not paid": (
        ON_ACCOUNT,
        a_way(goods=True, shipped_at=SENT),
        Supply(on=date(2026, 11, 4)),
    ),
    "paid goods that are announced for next week": (
        PAID,
        a_way(goods=True, shipped_at=berlin(2026, 12, 8)),
        Supply(is_advance=True),
    ),
}


@pytest.mark.parametrize(("facts", "way", "supply"), SUPPLIES.values(), ids=SUPPLIES.keys())
def test_the_day_of_supply_is_one_that_is_known(facts, way, supply):
    assert snapshot(a_line(), facts=facts, way=way).paper.supply == supply


UNKNOWN = {
    "completed, paid weeks later": (
        an_order(state=State.COMPLETED, payment_method=PaymentMethod.INVOICE, paid_at=berlin(2026, 11, 27)),
        a_way(goods=True),
    ),
    "shipped on a day that nobody told, and paid": (an_order(state=State.SHIPPED, paid_at=SENT), a_way(goods=True)),
    "packed, paid on a day that nobody told": (
        an_order(state=State.PACKED, first_seen_paid_at=NOON),
        a_way(goods=True),
    ),
    "paid on a day that nobody told": (an_order(state=State.PAID, first_seen_paid_at=NOON), a_way(goods=True)),
    "not paid and not shipped": (an_order(state=State.CONFIRMED), a_way(goods=True)),
    "files of long ago, first seen paid today": (
        an_order(state=State.COMPLETED, ordered_at=berlin(2024, 3, 1), first_seen_paid_at=NOON),
        a_way(files=True),
    ),
    "shipped on a day that is still to come": (
        an_order(state=State.SHIPPED, paid_at=SENT),
        a_way(goods=True, shipped_at=berlin(2026, 12, 8)),
    ),
    "both, neither of them told": (
        an_order(state=State.SHIPPED, first_seen_paid_at=NOON),
        a_way(files=True, goods=True),
    ),
}


@pytest.mark.parametrize(("facts", "way"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_day_of_supply_is_never_invented(facts, way):
    with pytest.raises(NotIssued) as refused:
        snapshot(a_line(), facts=facts, way=way)

    assert refused.value.refusal is Refusal.SUPPLY_DATE_UNKNOWN


def test_money_that_came_is_told_with_its_day():
    facts = an_order(payments=(received(2000, at=berlin(2026, 11, 7)),), payment_method=PaymentMethod.PAYPAL)

    (receipt,) = snapshot(a_line(), facts=facts, way=a_way(goods=True)).paper.receipts

    assert (receipt.on, receipt.amount, receipt.means) == (date(2026, 11, 7), 2000, "paypal")


def test_the_day_we_first_saw_it_paid_is_no_day_of_payment():
    facts = an_order(state=State.SHIPPED, first_seen_paid_at=NOON)

    assert snapshot(a_line(), facts=facts, way=a_way(goods=True, shipped_at=SENT)).paper.receipts == ()


# --- Any order at all, and any way of taking it back

AMOUNTS = st.integers(min_value=0, max_value=200_000)
RATES = st.sampled_from([1900, 700, 2000, 550])
ITEMS = st.builds(
    lambda gross, rate, quantity, discount: {
        "gross": gross,
        "rate": rate,
        "quantity": quantity,
        "discount_gross": discount,
    },
    AMOUNTS,
    RATES,
    st.sampled_from(["1", "3", "7", "0.5", "2.35", "12"]),
    st.integers(min_value=0, max_value=500),
)
OTHERS = st.builds(
    lambda gross, rate, kind: {"gross": gross, "rate": rate, "kind": kind},
    st.integers(min_value=-3_000, max_value=3_000),
    RATES | st.just(0),
    st.sampled_from([LineKind.SHIPPING, LineKind.VOUCHER, LineKind.DISCOUNT, LineKind.FEE]),
)
CARTS = st.tuples(st.lists(ITEMS, min_size=1, max_size=6), st.lists(OTHERS, max_size=3)).map(
    lambda cart: [*cart[0], *cart[1]]
)


@given(CARTS)
@settings(max_examples=200, deadline=None)
def test_any_cart_becomes_a_document_with_the_paid_total(cart):
    made = snapshot(*(a_line(**line) for line in cart), addresses=abroad("AT"))

    assert made.paper.totals.gross == sum(line["gross"] for line in cart)
    consistency.check(made.paper)


@given(CARTS, st.lists(st.tuples(st.integers(0, 8), st.sampled_from(["1", "0.5", "2"])), max_size=6))
@settings(max_examples=200, deadline=None)
def test_whatever_is_taken_back_piece_by_piece_ends_at_nothing(cart, pieces):
    invoice = snapshot(*(a_line(**line) for line in cart), addresses=abroad("AT"))
    refers_to = Reference("RE-1", ISSUED_ON)
    notes: list[Snapshot] = []
    for place, quantity in pieces:
        wanted = NewCreditNote(lines=[ReturnedLine(line=str(place + 1), quantity=quantity)], reason="zurück")
        try:
            taken = credit_notes.taken_back(invoice, notes, wanted, refers_to)
        except Invalid:
            continue
        notes.append(taken.snapshot.numbered("ST-1", ISSUED_ON))
        if taken.is_complete:
            break
    else:
        rest = credit_notes.taken_back(invoice, notes, NewCreditNote(reason="alles"), refers_to)
        assert rest.is_complete
        notes.append(rest.snapshot.numbered("ST-2", ISSUED_ON))

    for field in ("gross", "basis", "tax"):
        assert sum(getattr(note.paper.totals, field) for note in notes) == getattr(invoice.paper.totals, field)
    for note in notes:
        consistency.check(note.paper)


@given(CARTS)
@settings(max_examples=100, deadline=None)
def test_a_cancellation_mirrors_its_invoice_cent_for_cent(cart):
    invoice = snapshot(*(a_line(**line) for line in cart), addresses=abroad("AT"))
    refers_to = Reference("RE-1", ISSUED_ON)

    back = credit_notes.taken_back(invoice, [], NewCreditNote(reason="falsch"), refers_to).snapshot.paper

    assert (back.lines, back.adjustments, back.taxes) == (
        invoice.paper.lines,
        invoice.paper.adjustments,
        invoice.paper.taxes,
    )
    assert Decimal(back.totals.gross) == invoice.paper.totals.gross


def test_shipping_of_two_rates_that_is_all_that_is_left_goes_back_as_two_lines():
    lines = [a_line(3000), a_line(1000, 700), a_line(400, 0, kind=LineKind.SHIPPING)]
    invoice = snapshot(*lines)
    refers_to = Reference("RE-1", ISSUED_ON)
    goods = NewCreditNote(lines=[ReturnedLine(line=line, quantity="1") for line in "12"], reason="zurück")
    first = credit_notes.taken_back(invoice, [], goods, refers_to)

    rest = credit_notes.taken_back(invoice, [first.snapshot], NewCreditNote(reason="auch das"), refers_to)

    paper = rest.snapshot.numbered("ST-1", ISSUED_ON).paper
    assert [(line.rate, line.total_gross) for line in paper.lines] == [(1900, 300), (700, 100)]
    consistency.check(paper)


def test_a_business_is_named_with_its_vat_id():
    buyer = snapshot(a_line(), buyer_kind=BuyerKind.BUSINESS, buyer_vat_id="DE 136695976").paper.buyer

    assert buyer.vat_id == "DE136695976"


def test_the_company_of_a_business_stands_on_its_invoice_beside_the_name_of_the_address():
    business: dict[str, Any] = {"buyer_company": "Muster GmbH", "buyer_kind": BuyerKind.BUSINESS}
    address = snapshot(a_line(), **business).paper.buyer.address
    consumer = snapshot(a_line(), buyer_company="Muster GmbH").paper.buyer.address

    assert (address.company, address.name) == ("Muster GmbH", "Max Mustermann")
    assert consumer.company == ""


# --- Tax that cannot be true

ANNA = {"buyer_kind": BuyerKind.BUSINESS, "buyer_vat_id": "ATU12345678"}
UNTRUE: dict[str, tuple[OrderLine, dict[str, Any], Refusal]] = {
    "within the EU, to the seller's own country": (
        a_line(2000, 0),
        {"vat_mode": VatMode.INTRA_EU, **ANNA},
        Refusal.EXEMPTION_UNFOUNDED,
    ),
    "within the EU, to Switzerland": (
        a_line(2000, 0),
        {"vat_mode": VatMode.INTRA_EU, **ANNA, "addresses": abroad("CH")},
        Refusal.EXEMPTION_UNFOUNDED,
    ),
    "within the EU, with a VAT id of the seller's country": (
        a_line(2000, 0),
        {"vat_mode": VatMode.INTRA_EU, "buyer_vat_id": "DE136695976", "addresses": abroad("AT")},
        Refusal.VAT_ID_MISSING,
    ),
    "within the EU, with a VAT id of Great Britain": (
        a_line(2000, 0),
        {"vat_mode": VatMode.INTRA_EU, "buyer_vat_id": "GB123456789", "addresses": abroad("AT")},
        Refusal.VAT_ID_MISSING,
    ),
    "within the EU, with a VAT id that cannot be": (
        a_line(2000, 0),
        {"vat_mode": VatMode.INTRA_EU, "buyer_vat_id": "ATU1", "addresses": abroad("AT")},
        Refusal.VAT_ID_MISSING,
    ),
    "export within the country": (a_line(2000, 0), {"vat_mode": VatMode.EXPORT}, Refusal.EXEMPTION_UNFOUNDED),
    "export to Austria": (
        a_line(2000, 0),
        {"vat_mode": VatMode.EXPORT, "addresses": abroad("AT")},
        Refusal.EXEMPTION_UNFOUNDED,
    ),
    "reverse charge for a consumer": (
        a_line(2000, 0),
        {"vat_mode": VatMode.REVERSE_CHARGE, "buyer_vat_id": "ATU12345678", "addresses": abroad("AT")},
        Refusal.EXEMPTION_UNFOUNDED,
    ),
    "small business by the shop alone": (
        a_line(2000, 0),
        {"vat_mode": VatMode.SMALL_BUSINESS},
        Refusal.TAX_RATE_UNKNOWN,
    ),
    "a rate of long ago": (a_line(2000, 1600), {}, Refusal.TAX_RATE_UNKNOWN),
    "a mistyped rate": (a_line(2000, 1800), {}, Refusal.TAX_RATE_UNKNOWN),
}


@pytest.mark.parametrize(("line", "fields", "why"), UNTRUE.values(), ids=UNTRUE.keys())
def test_tax_that_cannot_be_true_is_not_invoiced(line, fields, why):
    with pytest.raises(NotIssued) as refused:
        snapshot(line, **fields)

    assert refused.value.refusal is why


def test_the_lowered_rates_of_2020_hold_for_what_was_supplied_then():
    then = an_order(state=State.PAID, paid_at=berlin(2020, 8, 3))
    after = an_order(state=State.PAID, paid_at=berlin(2021, 1, 1))

    assert taxes(snapshot(a_line(1160, 1600), facts=then).paper) == [("S", 1600, 1000, 160)]
    with pytest.raises(NotIssued):
        snapshot(a_line(1160, 1600), facts=after)


@pytest.mark.parametrize(("country", "zip_"), [("ES", "35001"), ("DE", "78266"), ("IT", "23041"), ("NO", "0150")])
def test_some_parts_of_the_unions_countries_are_outside_of_it(country, zip_):
    place = {"line1": "Calle 1", "zip": zip_, "city": "Ort", "country": country}
    beyond = (Address(order_id=1, role=AddressRole.BILLING, name="Anna Anders", **place),)

    assert taxes(snapshot(a_line(2000, 0), vat_mode=VatMode.EXPORT, addresses=beyond).paper) == [("G", 0, 2000, 0)]
