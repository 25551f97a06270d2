"""Orders come in by CSV, however their file is written; what may mean two things is refused with its line."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from db.orders import BuyerKind, LineKind, PaymentMethod, State
from integrations import order_csv
from integrations.order_csv import Code, CsvMapping, Layout, Read, Shop, Unreadable, cells
from integrations.order_csv.cells import Misread
from portal.imported import ImportedOrder

BERLIN = ZoneInfo("Europe/Berlin")
SHOP = Shop(zone=BERLIN, name="Nähwerk")
GERMAN = "bestell_id;bestelldatum;waehrung;titel;menge;positionssumme_brutto;steuersatz"
ENGLISH = "order_id,order_date,currency,title,quantity,line_gross,tax_rate"


def read(text: str | bytes, mapping: CsvMapping | None = None, shop: Shop = SHOP) -> list[Read]:
    file = io.BytesIO(text.encode() if isinstance(text, str) else text)
    sheet = order_csv.sniffed(file)
    mapping = mapping or order_csv.recognised(sheet.header)
    assert mapping is not None
    return list(order_csv.orders(file, sheet, mapping, shop))


def taken(text: str | bytes, mapping: CsvMapping | None = None, shop: Shop = SHOP) -> ImportedOrder:
    (found,) = read(text, mapping, shop)
    assert found.order is not None, found.findings
    return found.order


def own(**cells: str) -> str:
    """One order of one line in the own format, with German headers."""
    row = {
        "bestell_id": "7",
        "bestelldatum": "20.10.2026",
        "waehrung": "EUR",
        "titel": "Kleid Ida",
        "positionssumme_brutto": "24,90",
        "steuersatz": "19",
    } | cells
    return f"{';'.join(row)}\n{';'.join(row.values())}\n"


def codes(found: Read) -> list[tuple[int, str, Code]]:
    return [(finding.line, finding.column, finding.code) for finding in found.findings]


# --- How a file is written


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_umlauts_arrive_whatever_the_encoding(encoding):
    assert taken(own(titel="Größe für Möpse – 5 €").encode(encoding)).lines[0].title == "Größe für Möpse – 5 €"


def test_cp1252_is_found_out_even_where_the_first_umlaut_comes_late():
    rows = "".join(f"{number};20.10.2026;EUR;{'Kleid' * 9_000};1;1,00;19\n" for number in range(30))

    found = read((f"{GERMAN}\n{rows}" + "Z;20.10.2026;EUR;Größe;1;1,00;19\n").encode("cp1252"))

    assert found[-1].order is not None
    assert found[-1].order.lines[0].title == "Größe"


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found_by_the_header(delimiter):
    text = own(positionssumme_brutto="24.90").replace(";", delimiter)

    assert taken(text).total_gross == 2490


def test_the_line_by_which_excel_names_the_delimiter_is_no_header():
    assert taken("sep=;\n" + own()).total_gross == 2490


def test_german_and_english_headers_say_the_same():
    german = f"{GERMAN}\n7;20.10.2026;EUR;Kleid;1;24,90;19\n"
    english = f"{ENGLISH}\n7,2026-10-20,EUR,Kleid,1,24.90,19\n"

    assert taken(german) == taken(english)


def test_headers_may_stand_in_any_order_and_in_any_capitals():
    text = "Steuersatz;Positionssumme Brutto;Titel;Währung;Bestelldatum;BESTELL-ID\n7;5;A;EUR;1.2.2026;9\n"

    assert taken(text).lines[0].tax_rate == "7.00"


def test_a_quoted_cell_may_hold_delimiters_quotes_and_lines_and_the_next_row_keeps_its_number():
    text = f'{GERMAN}\n7;20.10.2026;EUR;"Kleid; ""Ida""\nrot";1;1,00;19\n8;20.10.2026;EUR;A;1;x;19\n'

    first, second = read(text)

    assert first.order is not None
    assert first.order.lines[0].title == 'Kleid; "Ida"\nrot'
    assert codes(second)[0] == (4, "positionssumme_brutto", Code.NOT_A_NUMBER)


def test_a_quote_that_nobody_closes_ends_the_reading_and_swallows_no_order_silently():
    text = f'{GERMAN}\n6;20.10.2026;EUR;A;1;1,00;19\n7;20.10.2026;EUR;"Kleid;1;1,00;19\n8;20.10.2026;EUR;B;1;1,00;19\n'
    file = io.BytesIO(text.encode())
    sheet = order_csv.sniffed(file)
    found: list[Read] = []

    with pytest.raises(Unreadable) as refused:
        found.extend(order_csv.orders(file, sheet, order_csv.applied(order_csv.PRESETS[2], sheet.header), SHOP))

    assert (refused.value.finding.line, refused.value.finding.code) == (3, Code.QUOTE_NOT_CLOSED)
    assert [(each.external_id, each.order) for each in found] == [("6", None)]  # it may go on in what cannot be read


def test_text_behind_a_closing_quote_is_told_as_that():
    text = f'{GERMAN}\n6;20.10.2026;EUR;"Foo" bar;1;1,00;19\n'
    file = io.BytesIO(text.encode())
    sheet = order_csv.sniffed(file)

    with pytest.raises(Unreadable) as refused:
        list(order_csv.orders(file, sheet, order_csv.applied(order_csv.PRESETS[2], sheet.header), SHOP))

    assert (refused.value.finding.line, refused.value.finding.code) == (2, Code.QUOTE_IN_CELL)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", Code.EMPTY),
        (b"\n\n  \n", Code.EMPTY),
        (b"just one column\n1\n", Code.NO_HEADER),
        (b"a" * 300_000, Code.LINE_TOO_LONG),
        (b"PK\x03\x04\x14\0\x06\0[Content_Types].xml", Code.SPREADSHEET),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Code.SPREADSHEET),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Code.NOT_TEXT),
        (";".join(f"c{n}" for n in range(10_000)).encode() + b"\n1;2\n", Code.TOO_MANY_COLUMNS),
    ],
)
def test_a_file_that_is_no_table_is_refused(content, code):
    with pytest.raises(Unreadable) as refused:
        order_csv.sniffed(io.BytesIO(content))

    assert refused.value.finding.code is code


def test_a_header_that_nobody_knows_is_left_to_the_merchant():
    assert order_csv.recognised(["Auftrag", "Ware", "Preis"]) is None


def test_a_large_file_is_read_as_far_as_the_orders_that_were_asked_for():
    rows = "".join(f"{number};20.10.2026;EUR;Kleid;1;1,00;19\n" for number in range(20_000))
    file = io.BytesIO(f"{GERMAN}\n{rows}".encode())
    sheet = order_csv.sniffed(file)
    mapping = order_csv.recognised(sheet.header)
    assert mapping is not None

    first = next(order_csv.orders(file, sheet, mapping, SHOP))

    assert first.order is not None
    assert file.tell() < len(file.getvalue()) / 10


def test_the_file_stays_open_for_whoever_opened_it():
    file = io.BytesIO(own().encode())

    order_csv.sniffed(file)

    assert not file.closed


# --- Numbers, days, words


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("24,90", "24.90"),
        ("24.90", "24.90"),
        ("24", "24"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("1 234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("24,90 €", "24.90"),
        ("EUR 24,90", "24.90"),
        ("-5,00", "-5.00"),
        ("5,00-", "-5.00"),
        ("0,125", "0.125"),
        ("19 %", "19"),
        (",5", "0.5"),
    ],
)
def test_a_number_is_what_people_mean_by_it(cell, value):
    assert cells.number(cell) == Decimal(value)


@pytest.mark.parametrize("cell", ["1.234", "1,234", "12.345", "999,000"])
def test_a_number_that_may_be_a_thousand_or_one_is_refused(cell):
    with pytest.raises(Misread) as refused:
        cells.number(cell)

    assert refused.value.code is Code.AMBIGUOUS_NUMBER


def test_with_a_told_decimal_sign_nothing_is_ambiguous():
    assert (cells.number("1.234", ","), cells.number("1.234", ".")) == (Decimal(1234), Decimal("1.234"))


@pytest.mark.parametrize(
    "cell", ["", "abc", "1.2.3", "12,34.5,6", "1,23.456,7", "--5", "=1+1", ".", "1e5", "١٢", "9" * 13]
)
def test_what_is_no_number_is_refused(cell):
    with pytest.raises(Misread):
        cells.number(cell)


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("20.10.2026", datetime(2026, 10, 19, 22, tzinfo=UTC)),
        ("5.6.26 14:30", datetime(2026, 6, 5, 12, 30, tzinfo=UTC)),
        ("20.10.2026 14:30:15 Uhr", datetime(2026, 10, 20, 12, 30, 15, tzinfo=UTC)),
        ("2026-10-20", datetime(2026, 10, 19, 22, tzinfo=UTC)),
        ("2026-10-20 09:15:00 +0200", datetime(2026, 10, 20, 7, 15, tzinfo=UTC)),
        ("2026-10-20T09:15:00Z", datetime(2026, 10, 20, 9, 15, tzinfo=UTC)),
        ("2026-10-20 09:15:00 UTC", datetime(2026, 10, 20, 9, 15, tzinfo=UTC)),
        ("10/20/2026", datetime(2026, 10, 19, 22, tzinfo=UTC)),
        ("20/10/2026", datetime(2026, 10, 19, 22, tzinfo=UTC)),
    ],
)
def test_a_day_is_what_people_mean_by_it(cell, at):
    assert cells.moment(cell, BERLIN) == at


def test_a_date_with_slashes_that_fits_both_ways_is_refused_unless_told():
    with pytest.raises(Misread) as refused:
        cells.moment("03/04/2026", BERLIN)

    assert refused.value.code is Code.AMBIGUOUS_DATE
    assert cells.moment("03/04/2026", UTC, "mdy") == datetime(2026, 3, 4, tzinfo=UTC)
    assert cells.moment("03/04/2026", UTC, "dmy") == datetime(2026, 4, 3, tzinfo=UTC)


@pytest.mark.parametrize("cell", ["31.02.2026", "gestern", "2026-13-01", "1.1.0000", "9999-12-31T23:59:59-10:00"])
def test_what_is_no_day_is_refused(cell):
    with pytest.raises(Misread) as refused:
        cells.moment(cell, BERLIN)

    assert refused.value.code is Code.NOT_A_DATE


@pytest.mark.parametrize(("cell", "code"), [("de", "DE"), ("Deutschland", "DE"), ("austria", "AT")])
def test_a_country_has_two_letters_in_the_end(cell, code):
    assert cells.country(cell) == code


def test_the_apostrophe_that_guards_against_formulas_is_no_part_of_the_text():
    assert [cells.text(cell) for cell in ("'75008", "'=SUM(A1)", "'s Kleid")] == ["75008", "=SUM(A1)", "'s Kleid"]


def test_a_formula_is_a_text_like_any_other():
    assert taken(own(titel='=HYPERLINK("x")'.replace('"', '""').join('""'))).lines[0].title == '=HYPERLINK("x")'


# --- The own format


def test_an_order_has_as_many_lines_as_rows_and_speaks_of_itself_on_the_first():
    text = (
        "bestell_id;bestellnummer;status;bestelldatum;zahldatum;waehrung;kaeufer_name;email;ust_id;position;art;sku;titel;"
        "menge;einzelpreis_brutto;steuersatz;digital;versand_brutto;rabatt_brutto;gesamt_brutto;zahlart;transaktion;"
        "bezahlt_betrag;widerruf_verzicht;tags\n"
        "7;A-7;versendet;20.10.2026;21.10.2026;EUR;Erika Mustermann;erika@example.org;;1;;PDF-IDA;Schnitt Ida;2;12,45;"
        "19;ja;4,90;5,00;29,80;PayPal;8AB123;29,80;ja;neu,Herbst\n"
        ";;;;;;;;;2;Artikel;GARN;Garn;1,5;3,33;19;nein;;;;;;;;\n"
    )

    order = taken(text)

    assert [(each.id, each.kind, each.line_gross, each.digital) for each in order.lines] == [
        ("1", LineKind.ITEM, 2490, True),
        ("2", LineKind.ITEM, 500, False),
        ("shipping", LineKind.SHIPPING, 490, None),
        ("discount", LineKind.DISCOUNT, -500, None),
    ]
    assert (order.number, order.state, order.total_gross) == ("A-7", State.SHIPPED, 2980)
    assert (order.payment_method, order.tags) == (PaymentMethod.PAYPAL, ["neu", "Herbst"])
    assert order.payments[0].provider == "paypal"
    assert order.waiver is not None
    assert order.waiver.accepted


def test_rows_that_repeat_the_order_belong_to_it_too():
    text = f"{GERMAN}\n7;20.10.2026;EUR;A;1;1,00;19\n7;20.10.2026;EUR;B;1;2,00;7\n8;20.10.2026;EUR;C;1;3,00;19\n"

    assert [(each.external_id, each.first_line, each.last_line) for each in read(text)] == [("7", 2, 3), ("8", 4, 4)]


def test_a_later_row_that_says_otherwise_is_found():
    text = f"{GERMAN}\n7;20.10.2026;EUR;A;1;1,00;19\n7;21.10.2026;EUR;B;1;2,00;7\n"

    (found,) = read(text)

    assert found.order is None
    assert codes(found) == [(3, "bestelldatum", Code.DIFFERS_FROM_FIRST_ROW)]


def test_an_order_whose_rows_do_not_stand_together_is_kept_out_as_a_whole():
    text = f"{GERMAN}\n7;20.10.2026;EUR;A;1;1,00;19\n8;20.10.2026;EUR;B;1;1,00;19\n7;20.10.2026;EUR;C;1;1,00;19\n"

    found = read(text)

    assert [(each.external_id, each.order is None) for each in found] == [("7", True), ("8", False), ("7", True)]
    assert codes(found[2]) == [(4, "bestell_id", Code.ORDER_SCATTERED)]


@pytest.mark.parametrize(
    ("told", "column", "code"),
    [
        ({"bestelldatum": ""}, "bestelldatum", Code.MISSING),
        ({"bestelldatum": "gestern"}, "bestelldatum", Code.NOT_A_DATE),
        ({"bestell_id": ""}, "bestell_id", Code.MISSING),
        ({"bestell_id": "7" * 201}, "bestell_id", Code.NOT_UNDERSTOOD),
        ({"waehrung": "Euro"}, "waehrung", Code.UNKNOWN_CURRENCY),
        ({"waehrung": ""}, "waehrung", Code.MISSING),
        ({"positionssumme_brutto": "1.234"}, "positionssumme_brutto", Code.AMBIGUOUS_NUMBER),
        ({"positionssumme_brutto": "0,125"}, "positionssumme_brutto", Code.TOO_MANY_DECIMALS),
        ({"steuersatz": ""}, "steuersatz", Code.MISSING),
        ({"steuersatz": "0,19"}, "steuersatz", Code.RATE_IS_A_FRACTION),
        ({"steuersatz": "190"}, "steuersatz", Code.NOT_A_NUMBER),
        ({"status": "irgendwo"}, "status", Code.UNKNOWN_WORD),
        ({"digital": "vielleicht"}, "digital", Code.UNKNOWN_WORD),
        ({"sprache": "?"}, "sprache", Code.UNKNOWN_WORD),
    ],
)
def test_each_wrong_cell_is_named_by_line_column_and_code(told, column, code):
    (found,) = read(own(**told))

    assert found.order is None
    assert (2, column, code) in codes(found)


def test_all_that_is_wrong_is_told_at_once():
    (found,) = read(own(bestelldatum="x", steuersatz="y", waehrung="z"))

    assert {column for _, column, _ in codes(found)} == {"bestelldatum", "steuersatz", "waehrung"}


def test_one_broken_byte_spoils_its_own_cell_and_no_other():
    rows = "7;20.10.2026;EUR;Größe;1;1,00;19\n8;20.10.2026;EUR;Mützen;1;1,00;19\n9;20.10.2026;EUR;?;1;1,00;19\n"

    first, second, third = read(f"{GERMAN}\n{rows}".encode().replace(b"?", b"\xfc"))

    assert first.order and second.order
    assert [each.order.lines[0].title for each in (first, second) if each.order] == ["Größe", "Mützen"]
    assert (third.order, codes(third)) == (None, [(4, "titel", Code.UNDECODABLE)])


def test_a_byte_that_is_no_character_is_found_in_its_cell():
    (found,) = read(own(titel="Gr??e").encode().replace(b"??", b"\x81\xff"))

    assert (2, "titel", Code.UNDECODABLE) in codes(found)


def test_more_cells_than_the_header_has_are_found():
    (found,) = read(own().rstrip() + ";mehr\n")

    assert codes(found) == [(2, "", Code.TOO_MANY_CELLS)]


def test_a_sum_that_does_not_fit_is_told_and_the_order_is_taken_with_its_flag():
    (found,) = read(own(gesamt_brutto="99,00"))

    assert found.order is not None
    assert [code for _, _, code in codes(found)] == [Code.SUM_MISMATCH]


def test_more_lines_than_an_order_may_have_are_told_once():
    rows = "".join(f"7;20.10.2026;EUR;A{number};1;1,00;19\n" for number in range(600))

    (found,) = read(f"{GERMAN}\n{rows}")

    assert found.order is None
    assert codes(found) == [(502, "", Code.TOO_MANY_LINES)]


def test_a_vat_id_makes_a_business():
    assert taken(own(ust_id="DE123456788")).buyer.kind is BuyerKind.BUSINESS


def test_the_merchant_can_look_up_every_code():
    described = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")

    assert [code for code in Code if f"`{code.value}`" not in described] == []


# --- Mappings that a merchant makes


def test_a_mapping_by_hand_reads_any_table_and_can_be_stored():
    mapping = CsvMapping(
        name="Kasse",
        columns={"order_id": "Beleg", "order_date": "Tag", "title": "Ware", "line_gross": "Betrag"},
        constants={"currency": "EUR", "tax_rate": "7", "platform": "Kasse"},
        decimal_sign=",",
    )
    stored = msgspec.json.decode(msgspec.json.encode(mapping), type=CsvMapping)

    order = taken("Tag;Beleg;Betrag;Ware\n1.12.2026;B1;1.234;Ballen\n", stored)

    assert (stored, order.total_gross, order.platform) == (mapping, 123_400, "Kasse")
    assert order.lines[0].tax_rate == "7.00"


def test_a_mapping_whose_column_is_gone_says_which():
    mapping = CsvMapping(name="Kasse", columns={"order_id": "Beleg", "title": "Ware"})

    with pytest.raises(Unreadable) as refused:
        read("Beleg;Artikel\n1;x\n", mapping)

    assert (refused.value.finding.code, refused.value.finding.value) == (Code.COLUMN_MISSING, "Ware")


# --- Shopify


SHOPIFY_ROW = {
    "Name": "#DE1043",
    "Email": "erika@example.org",
    "Financial Status": "paid",
    "Paid at": "2026-10-20 09:16:00 +0200",
    "Fulfillment Status": "unfulfilled",
    "Currency": "EUR",
    "Subtotal": "24.90",
    "Shipping": "0.00",
    "Taxes": "3.98",
    "Total": "24.90",
    "Discount Amount": "0.00",
    "Created at": "2026-10-20 09:15:00 +0200",
    "Lineitem quantity": "1",
    "Lineitem name": "Schnitt Ida",
    "Lineitem price": "24.90",
    "Lineitem sku": "PDF-IDA",
    "Lineitem requires shipping": "false",
    "Lineitem taxable": "true",
    "Lineitem discount": "0.00",
    "Billing Name": "Erika Mustermann",
    "Billing Street": "Heidestraße 17",
    "Billing Address1": "Heidestraße 17",
    "Billing Zip": "'51147",
    "Billing City": "Köln",
    "Billing Country": "DE",
    "Cancelled at": "",
    "Payment Method": "PayPal Express Checkout",
    "Payment Reference": "c123.1",
    "Refunded Amount": "0.00",
    "Outstanding Balance": "0.00",
    "Id": "5123456789012",
    "Tax 1 Name": "DE MwSt 19%",
    "Tax 1 Value": "3.98",
}


def table(*rows: dict[str, str], names: Sequence[str] = tuple(SHOPIFY_ROW)) -> str:
    lines = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows)]
    return "\n".join(lines) + "\n"


def shopify(**told: str) -> str:
    return table(SHOPIFY_ROW | {name.replace("_", " "): value for name, value in told.items()})


def test_shopifys_export_is_known_by_its_header():
    (found,) = read(shopify())

    assert found.order is not None
    assert (found.external_id, found.order.number, found.order.state) == ("5123456789012", "#DE1043", State.PAID)
    assert (found.order.lines[0].tax_rate, found.order.lines[0].digital) == ("19.00", True)
    assert found.order.billing is not None
    assert found.order.billing.zip == "51147"
    assert found.findings == ()


def test_further_rows_of_a_name_are_further_lines():
    first = SHOPIFY_ROW | {"Subtotal": "29.90", "Total": "29.90"}
    more = {"Name": "#DE1043", "Lineitem quantity": "2", "Lineitem name": "Garn", "Lineitem price": "2.50"}

    order = taken(table(first, more))

    assert [each.line_gross for each in order.lines] == [2490, 500]


def test_tax_on_top_is_found_by_the_sums():
    order = taken(shopify(Subtotal="20.00", Lineitem_price="20.00", Taxes="3.80", Total="23.80"))

    assert (order.lines[0].line_gross, order.total_gross, order.prices_include_tax) == (2380, 2380, False)


def test_a_discount_of_the_order_is_a_line():
    order = taken(shopify(Subtotal="19.90", Discount_Amount="5.00", Total="19.90"))

    assert [(each.kind, each.line_gross) for each in order.lines] == [(LineKind.ITEM, 2490), (LineKind.DISCOUNT, -500)]


def test_discounts_of_lines_are_not_taken_twice():
    order = taken(shopify(Subtotal="19.90", Discount_Amount="5.00", Lineitem_discount="5.00", Total="19.90"))

    assert sum(each.line_gross for each in order.lines) == 1990


def test_of_two_taxes_nobody_knows_which_line_bears_which():
    names = (*SHOPIFY_ROW, "Tax 2 Name")

    assert taken(table(SHOPIFY_ROW | {"Tax 2 Name": "DE MwSt 7%"}, names=names)).lines[0].tax_rate == "0.00"


@pytest.mark.parametrize(
    ("told", "state", "amounts"),
    [
        ({"Financial_Status": "pending"}, State.ORDERED, []),
        ({"Financial_Status": "authorized"}, State.CONFIRMED, [("authorized", 2490)]),
        ({"Financial_Status": "partially_paid", "Outstanding_Balance": "20.00"}, State.ORDERED, [("completed", 490)]),
        ({"Fulfillment_Status": "fulfilled"}, State.SHIPPED, [("completed", 2490)]),
        ({"Financial_Status": "voided"}, State.CANCELLED, [("failed", 2490)]),
        ({"Cancelled_at": "2026-10-21 09:15:00 +0200"}, State.CANCELLED, [("completed", 2490)]),
        (
            {"Financial_Status": "refunded", "Refunded_Amount": "24.90"},
            State.RETURNED,
            [("completed", 2490), ("completed", 2490)],
        ),
    ],
)
def test_what_shopify_says_of_the_money(told, state, amounts):
    order = taken(shopify(**told))

    assert (order.state, [(each.status, each.amount) for each in order.payments]) == (state, amounts)


def test_an_id_that_a_spreadsheet_rounded_is_none():
    assert read(shopify(Id="5.12346E+12"))[0].external_id == "#DE1043"


# --- WooCommerce


WOO = {
    "order_id": "4711",
    "order_number": "A-4711",
    "order_date": "2026-10-25 02:30:00",
    "paid_date": "2026-10-26 10:00:00",
    "status": "completed",
    "shipping_total": "4.12",
    "shipping_tax_total": "0.78",
    "order_total": "16.80",
    "order_currency": "EUR",
    "payment_method": "paypal",
    "transaction_id": "8AB123",
    "customer_email": "erika@example.org",
    "billing_first_name": "Erika",
    "billing_last_name": "Mustermann",
    "billing_country": "DE",
}
PACKED = "name:Kleid Ida|sku:KLEID|quantity:1|total:10.00|total_tax:1.90"


def woo(**told: str) -> str:
    row = WOO | told
    return table(row, names=tuple(row))


@pytest.mark.parametrize(
    "items",
    [
        {"line_items": PACKED},
        {"line_item_1": PACKED, "line_item_2": ""},
        {
            "item_name": "Kleid Ida",
            "item_sku": "KLEID",
            "item_quantity": "1",
            "item_total": "10",
            "item_total_tax": "1.90",
        },
    ],
)
def test_woocommerces_exports_pack_their_items_in_several_ways(items):
    order = taken(woo(**items))

    assert [(each.kind, each.line_gross, each.tax_rate) for each in order.lines] == [
        (LineKind.ITEM, 1190, "19.00"),
        (LineKind.SHIPPING, 490, "19.00"),
    ]
    assert (order.lines[0].title, order.lines[0].sku) == ("Kleid Ida", "KLEID")


def test_items_one_a_row_belong_to_one_order():
    names = (*WOO, "item_name", "item_total")
    rows = (WOO | {"item_name": "A", "item_total": "5"}, WOO | {"item_name": "B", "item_total": "7"})

    assert [each.title for each in taken(table(*rows, names=names)).lines[:2]] == ["A", "B"]


def test_an_export_is_weighed_by_the_same_rules_as_the_api():
    unpaid = taken(woo(status="processing", payment_method="cod", paid_date="", line_items=PACKED))
    paid = taken(woo(line_items=PACKED))

    assert (unpaid.state, unpaid.payments) == (State.CONFIRMED, [])
    assert (paid.state, paid.payments[0].provider) == (State.COMPLETED, "paypal")
    assert paid.paid_at == datetime(2026, 10, 26, 9, tzinfo=UTC)


def test_american_dates_need_to_be_told():
    (found,) = read(woo(order_date="10/11/2026", line_items=PACKED))
    mapping = order_csv.applied(order_csv.PRESETS[1], (*WOO, "line_items"))
    assert codes(found)[0] == (2, "order_date", Code.AMBIGUOUS_DATE)

    order = taken(woo(order_date="10/11/2026", line_items=PACKED), replace(mapping, dates="mdy"))

    assert order.ordered_at == datetime(2026, 10, 10, 22, tzinfo=UTC)


def test_a_draft_is_no_order_in_a_file_either():
    (found,) = read(woo(status="draft", line_items=PACKED))

    assert (found.order, codes(found)) == (None, [(2, "status", Code.DRAFT)])


def test_the_presets_are_known_apart():
    names = {preset.name: preset.layout for preset in order_csv.PRESETS}

    assert names == {"Shopify": Layout.SHOPIFY, "WooCommerce": Layout.WOOCOMMERCE, "Tresen": Layout.OWN}


# --- What is not to be trusted
# Whatever looks like no text at its beginning is refused as a whole.
LONG = "\n".join([GERMAN, *(f"a{n};20.10.2026;EUR;Kleid;1;1,00;19" for n in range(200)), ""])


def test_a_cell_with_a_nul_byte_is_told_and_not_stored():
    *_, found = read(f"{LONG}7;20.10.2026;EUR;Kleid\0;1;1,00;19\n")

    assert (found.order, codes(found)) == (None, [(202, "titel", Code.UNDECODABLE)])


def test_an_order_s_id_has_no_characters_that_nobody_sees():
    *_, found = read(f"{LONG}7\0\0;20.10.2026;EUR;Kleid;1;1,00;19\n")

    assert (found.order, codes(found)) == (None, [(202, "bestell_id", Code.UNDECODABLE)])


def test_a_row_that_stands_there_twice_is_told_and_the_order_is_taken_with_both():
    row = "7;20.10.2026;EUR;Kleid;1;1,00;19"

    [found] = read(f"{GERMAN}\n{row}\n{row}\n")

    assert codes(found) == [(3, "", Code.ROW_REPEATED)]
    assert found.order is not None
    assert found.order.total_gross == 200


def test_rows_of_one_order_all_over_a_long_file_are_found_without_holding_it():
    rows = [f"{n};20.10.2026;EUR;Kleid;1;1,00;19" for n in (*range(3000), 17)]

    found = read("\n".join([GERMAN, *rows]))

    kept_out = [each.external_id for each in found if each.order is None]
    assert kept_out == ["17", "17"]
    assert len(found) == 3001


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_lines_may_end_as_any_system_ends_them_even_several_in_one_file(ends):
    text = f"{GERMAN}\n7;20.10.2026;EUR;A;1;1,00;19{ends}8;20.10.2026;EUR;B;1;x;19\r\n"

    first, second = read(text)

    assert first.order is not None
    assert codes(second) == [(3, "positionssumme_brutto", Code.NOT_A_NUMBER)]


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_template_is_recognised_and_its_example_is_an_order(language):
    file = io.BytesIO(order_csv.template(language))
    sheet = order_csv.sniffed(file)

    assert set(order_csv.begun(Layout.OWN, sheet.header).columns) == set(order_csv.fields())
    assert order_csv.recognised(sheet.header) == order_csv.begun(Layout.OWN, sheet.header)
    [found] = order_csv.orders(file, sheet, order_csv.begun(Layout.OWN, sheet.header), SHOP)
    assert found.order is not None
    assert (found.findings, found.order.total_gross) == ((), 2490)
