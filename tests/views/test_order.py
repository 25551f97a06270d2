"""The portal page says how the order stands, what is to be had, and if not, why not."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from db.invoices import InvoiceKind
from db.orders import OrderKind, State, VatMode
from db.payments import PaymentKind, PaymentStatus
from portal import downloads, greetings
from portal.billing_addresses import BillingAddress
from portal.dossiers import Appearance
from portal.entitlements import BoughtLine, FileWaiver
from portal.refusals import Refusal
from tests.views.orders import (
    NOW,
    PAID_AT,
    SELLER,
    a_dossier,
    a_file,
    a_line,
    a_payment,
    an_invoice,
    an_open_order,
    an_order,
)
from tests.views.reading import Element, Shown
from views import flashes, render
from views.customer.order import OrderPage

NOBODY = type(SELLER)(name="", email="", phone="", imprint_url="", privacy_url="", terms_url="")
REFUND = {"kind": PaymentKind.REFUND}


def shown(dossier, *, locale="", flash: Refusal | None = None) -> Shown:
    said = flashes.flash(flash) if flash else None
    return Shown(render(OrderPage.of(dossier, NOW, token="t0k3n", flash=said), "", locale or dossier.locale))


def banner(order, **facts) -> tuple[str, str, str]:
    """State, sentence, next sentence: exactly one banner, or this fails."""
    page = shown(a_dossier(order, **facts))
    after = page.all(class_="banner-next")
    return page.one(class_="banner")["data-state"], page.one(class_="banner-state").text, after[0].text if after else ""


def row(page: Shown, id: int = 11) -> Element:
    return page.one("li", data_file=str(id))


# --- The state banner


@pytest.mark.parametrize(
    ("order", "state", "sentence"),
    [
        (an_open_order(due_in=9), "open", "64,80 € offen, fällig in 9 Tagen"),
        (an_open_order(due_in=1), "open", "64,80 € offen, morgen fällig"),
        (an_open_order(due_in=0), "open", "64,80 € offen, heute fällig"),
        (an_open_order(), "open", "64,80 € offen"),
        (an_open_order(due_in=-1), "overdue", "64,80 € seit gestern überfällig"),
        (an_open_order(due_in=-3), "overdue", "64,80 € seit 3 Tagen überfällig"),
        (an_open_order(payments=(a_payment(2000),)), "partly-paid", "20,00 € bezahlt, 44,80 € offen"),
        (an_open_order(due_in=-3, payments=(a_payment(2000),)), "partly-paid", "20,00 € bezahlt, 44,80 € offen"),
        (
            an_open_order(payments=(a_payment(6480, status=PaymentStatus.PENDING),)),
            "pending",
            "Ihre Zahlung wird geprüft",
        ),
        (
            an_open_order(payments=(a_payment(6480, status=PaymentStatus.AUTHORIZED),)),
            "pending",
            "Ihre Zahlung wird geprüft",
        ),
        (an_order(), "paid", "Bezahlt am 25.10.2026"),
        (an_open_order(payments=(a_payment(6480),)), "paid", "Bezahlt am 25.10.2026"),
        (an_order(total=0, paid_at=None), "paid", "Nichts zu bezahlen"),
        (an_order(state=State.CANCELLED), "cancelled", "Storniert"),
        (an_order(state=State.RETURNED), "cancelled", "Zurückgegeben"),
        (an_order(payments=(a_payment(3200), a_payment(3200, **REFUND))), "refunded", "Erstattet am 25.10.2026"),
        (
            an_open_order(payments=(a_payment(6480, status=PaymentStatus.REVERSED),)),
            "refunded",
            "Zahlung zurückgebucht",
        ),
        (an_open_order(state=State.OFFERED), "open", "Dies ist ein Angebot"),
        (an_open_order(credit_notes=6480), "cancelled", "Nichts mehr zu bezahlen"),
        (
            an_open_order(total=-2000, kind=OrderKind.CREDIT),
            "refunded",
            "Dies gehört zur Erstattung einer anderen Bestellung",
        ),
    ],
)
def test_each_money_situation_has_its_banner(order, state, sentence):
    assert banner(order)[:2] == (state, sentence)


def test_an_order_that_counts_as_paid_without_a_day_of_payment_is_given_none():
    order = an_order(state=State.SHIPPED, paid_at=None, first_seen_paid_at=PAID_AT)

    assert banner(order)[:2] == ("paid", "Bezahlt")


def test_an_open_invoice_is_named_with_its_last_day():
    assert banner(an_open_order(due_in=9), invoices=[an_invoice(number="RE-1")])[2] == (
        "Bitte bezahlen Sie Rechnung RE-1 bis 04.11.2026."
    )


def test_who_pays_while_a_payment_is_being_checked_is_warned():
    order = an_open_order(payments=(a_payment(6480, status=PaymentStatus.PENDING),))

    assert banner(order)[2] == "Bitte nicht noch einmal bezahlen."


def test_a_refund_in_part_is_told_beside_the_payment():
    order = an_order(payments=(a_payment(3200), a_payment(1200, **REFUND)))

    assert banner(order) == ("paid", "Bezahlt am 25.10.2026", "12,00 € davon wurden am 25.10.2026 erstattet.")


def test_who_paid_too_much_is_told():
    order = an_order(payments=(a_payment(3700),))

    assert banner(order)[2] == "5,00 € mehr als der Gesamtbetrag sind eingegangen."


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, ""),
        ({"invoices": [an_invoice()]}, "Ihre Rechnung liegt bereit."),
        ({"files": [a_file()]}, "Ihre Datei liegt bereit."),
        ({"files": [a_file(), a_file(id=12)]}, "Ihre Dateien liegen bereit."),
        ({"files": [a_file()], "invoices": [an_invoice()]}, "Ihre Datei und Ihre Rechnung liegen bereit."),
        (
            {"files": [a_file(missing=True), a_file(id=12, missing=True)]},
            "Gerade ist keine der 2 Dateien abrufbar. Unten steht, warum und was Sie tun können.",
        ),
    ],
)
def test_a_paid_order_says_what_lies_ready(facts, sentence):
    assert banner(an_order(), **facts)[2] == sentence


def test_the_banner_leads_to_the_downloads_where_there_are_some():
    assert shown(a_dossier(files=[a_file()])).all("a", class_="button", href="#downloads")
    assert not shown(a_dossier()).all("a", href="#downloads")


# --- What scripts read


def test_the_page_tells_scripts_how_the_order_stands():
    main = shown(a_dossier(an_open_order(due_in=9, currency="CHF"))).one("main")

    assert main["data-order-state"] == "ordered"
    assert main["data-payment-state"] == "unpaid"
    assert main["data-due"] == "6480"
    assert main["data-currency"] == "CHF"


def test_a_file_row_tells_scripts_what_is_left_and_until_when():
    page = shown(a_dossier(files=[a_file(limit_per_file=5, spent=2, window_days=60, name="Bente-A4.pdf")]))

    assert row(page).attributes == {
        "class": "file-row",
        "data-file": "11",
        "data-name": "Bente-A4.pdf",
        "data-downloads-left": "3",
        "data-until": "2026-12-24",
    }


def test_an_unlimited_file_has_empty_numbers():
    page = shown(a_dossier(files=[a_file()]))

    assert (row(page)["data-downloads-left"], row(page)["data-until"]) == ("", "")
    assert "beliebig oft, ohne Ablauf" in row(page).text


def test_the_download_form_is_plain_and_bears_an_attempt():
    page = shown(a_dossier(files=[a_file()]))
    form = page.one("form", data_deed="start-download")

    assert form.attributes == {
        "method": "post",
        "action": "/o/t0k3n/files/11/downloads",
        "data-deed": "start-download",
    }
    assert page.one("input", type="hidden", name="attempt")["value"] == "<attempt>"


def test_several_files_can_be_had_in_one_by_a_plain_form_with_an_attempt():
    one = shown(a_dossier(files=[a_file(), a_file(id=12, missing=True)]))
    several = shown(a_dossier(files=[a_file(), a_file(id=12)]))

    assert not one.all("form", data_deed="start-archive")
    form = several.one("form", data_deed="start-archive")
    assert (form["method"], form["action"]) == ("post", "/o/t0k3n/archives")
    assert not [name for name in form.attributes if "hx-" in name]
    assert len(several.all("input", type="hidden", name="attempt")) == 3


# --- Files


REFUSED_FILES = {
    Refusal.EXPIRED: a_file(window_days=1, linked_at=PAID_AT - timedelta(days=9)),
    Refusal.LIMIT_REACHED: a_file(limit_per_file=3, spent=3, last_spent_at=PAID_AT),
    Refusal.FILE_MISSING: a_file(missing=True),
    Refusal.STAMP_FAILED: a_file(unstampable=True),
    Refusal.WAIVER_MISSING: a_file(waiver=FileWaiver(unlocks_on=date(2026, 11, 10))),
    Refusal.WAIVER_CONFIRMATION_PENDING: a_file(waiver=FileWaiver(unlocks_on=date(2026, 11, 10), is_given=True)),
}
LONG_PAID = an_order(paid_at=PAID_AT - timedelta(days=9))


@pytest.mark.parametrize(
    ("why", "sentence"),
    [
        (Refusal.EXPIRED, "Der Download war bis 17.10.2026 möglich. Brauchen Sie die Datei noch? Nähwerk schreiben"),
        (
            Refusal.LIMIT_REACHED,
            "Alle 3 Downloads sind verbraucht, zuletzt am 25.10.2026."
            " Wenn etwas schiefging, gibt der Shop weitere frei: Nähwerk schreiben",
        ),
        (Refusal.WAIVER_MISSING, "Wartet auf Ihre Zustimmung. Ohne Zustimmung ist sie ab 10.11.2026 abrufbar."),
        (Refusal.WAIVER_CONFIRMATION_PENDING, "Wartet auf die Bestätigung Ihrer Zustimmung."),
    ],
)
def test_a_refused_file_says_why_and_has_no_button(why, sentence):
    page = shown(a_dossier(LONG_PAID, files=[REFUSED_FILES[why]]))

    assert row(page)["data-refusal"] == why
    assert page.one("li", data_file="11").text.find(sentence) >= 0
    assert not page.all("form", data_deed="start-download")
    assert "data-refusal" not in page.one("section", data_section="files").attributes


@pytest.mark.parametrize(
    ("why", "sentence"),
    [
        (Refusal.FILE_MISSING, "Diese Datei fehlt im Moment im Lager des Shops."),
        (Refusal.STAMP_FAILED, "Die Datei lässt sich gerade nicht vorbereiten."),
    ],
)
def test_what_failed_on_our_side_says_so_and_can_be_tried_again(why, sentence):
    page = shown(a_dossier(LONG_PAID, files=[REFUSED_FILES[why]]))

    assert row(page)["data-refusal"] == why
    assert page.one("li", data_file="11").text.find(sentence) >= 0
    assert "Noch einmal" in page.one("form", data_deed="start-download").text


ORDERS_WITHOUT_FILES = {
    Refusal.NOT_PAID: an_open_order(),
    Refusal.CANCELLED: an_order(state=State.CANCELLED),
    Refusal.REFUNDED: an_order(payments=(a_payment(3200), a_payment(3200, **REFUND))),
    Refusal.NOT_ORDERED: an_open_order(state=State.OFFERED),
    Refusal.DELETED: an_order(state=State.DELETED),
}


@pytest.mark.parametrize("why", ORDERS_WITHOUT_FILES)
def test_what_stands_against_all_files_is_said_once(why):
    page = shown(a_dossier(ORDERS_WITHOUT_FILES[why], files=[a_file(limit_per_file=3), a_file(id=12)]))
    section = page.one("section", data_section="files")

    assert section["data-refusal"] == why
    assert [one["data-refusal"] for one in page.all("li", data_file=None)] == [why, why]
    assert row(page)["data-downloads-left"] == "3"
    assert row(page).text == "PDF Bente – Druckbogen A4, Größen 34–52 PDF, 12,1 MB"


def test_files_that_are_switched_off_say_so_once():
    page = shown(a_dossier(files=[a_file(enabled=False)]))

    assert page.one("section", data_section="files")["data-refusal"] == "disabled"


def test_a_file_that_was_refunded_alone_keeps_its_own_reason_in_an_unpaid_order():
    refunded = a_file(id=12, lines=(BoughtLine(quantity=Decimal(1), refunded_quantity=Decimal(1)),))
    page = shown(a_dossier(an_open_order(), files=[a_file(), refunded]))

    assert page.one("section", data_section="files")["data-refusal"] == "not-paid"
    assert "Der Preis dieser Datei wurde erstattet." in row(page, 12).text


def test_every_refusal_that_the_rule_knows_for_a_file_can_be_shown():
    for file in REFUSED_FILES.values():
        assert downloads.refusal(a_dossier(LONG_PAID, files=[file]).entitlements[0], NOW)
        shown(a_dossier(LONG_PAID, files=[file]), locale="en-GB")


def test_an_order_without_files_has_no_such_section():
    assert not shown(a_dossier()).all("section", data_section="files")


@pytest.mark.parametrize(("limit", "spent", "holes"), [(5, 2, 5), (10, 0, 10), (11, 3, 0)])
def test_a_punch_card_has_at_most_ten_holes(limit, spent, holes):
    page = shown(a_dossier(files=[a_file(limit_per_file=limit, spent=spent, last_spent_at=PAID_AT)]))

    assert len(page.all("i")) == holes
    assert len(page.all("i", data_spent=None)) == (spent if holes else 0)


# --- Invoices


def test_issued_documents_are_plain_links():
    invoice, storno = an_invoice(formats=("pdf", "xml")), an_invoice(id=8, number="SR-1", kind=InvoiceKind.CREDIT_NOTE)
    page = shown(a_dossier(invoices=[invoice, storno], window_days=90))
    section = page.one("section", data_section="invoice")

    links = [link["href"] for link in page.all("a", href=None) if "/invoices/" in link["href"]]
    assert links == ["/o/t0k3n/invoices/7.pdf", "/o/t0k3n/invoices/7.xml", "/o/t0k3n/invoices/8.pdf"]
    assert "data-refusal" not in section.attributes
    assert "Rechnung RE-2026-0415 vom 25.10.2026" in section.text
    assert "Stornorechnung SR-1" in section.text
    assert "Hier abrufbar bis 23.01.2027" in section.text


@pytest.mark.parametrize(
    ("order", "facts", "why", "sentence"),
    [
        (an_order(), {}, "no-invoice", "Ihre Rechnung folgt."),
        (an_open_order(), {"auto_create": True}, "not-paid", "Ihre Rechnung wartet auf Ihre Zahlung."),
        (an_order(), {"enabled": False}, "disabled", "Rechnungen gibt es auf dieser Seite nicht."),
        (an_order(source_invoice=True), {}, "invoice-elsewhere", "Ihre Rechnung ist ausgestellt"),
        (an_order(state=State.CANCELLED), {}, "cancelled", "eine Rechnung dazu gibt es nicht"),
        (an_order(archived_at=PAID_AT), {"auto_create": True}, "archived", "keine Rechnung mehr erstellt"),
        (
            an_order(amounts_consistent=False),
            {"auto_create": True},
            "amounts-inconsistent",
            "Ihre Rechnung folgt.",
        ),
    ],
)
def test_a_missing_invoice_says_why(order, facts, why, sentence):
    section = shown(a_dossier(order, **facts)).one("section", data_section="invoice")

    assert section["data-refusal"] == why
    assert sentence in section.text


def test_an_invoice_that_can_be_made_is_a_plain_form():
    page = shown(a_dossier(an_order(), auto_create=True))
    section, form = page.one("section", data_section="invoice"), page.one("form", data_deed="get-invoice")

    assert "data-refusal" not in section.attributes
    assert (form["method"], form["action"]) == ("post", "/o/t0k3n/invoices")
    assert not any(name.startswith("hx-") for name in form.attributes)
    assert "Rechnung als PDF holen" in form.text


def test_after_a_cancellation_both_documents_are_there_and_no_new_invoice_is_offered():
    taken_back = an_invoice(is_cancelled=True)
    storno = an_invoice(id=8, number="RE-2026-0416", kind=InvoiceKind.CREDIT_NOTE)
    page = shown(a_dossier(an_order(), invoices=[taken_back, storno], auto_create=True))

    links = [link["href"] for link in page.all("a", href=None) if "/invoices/" in link["href"]]
    assert links == ["/o/t0k3n/invoices/7.pdf", "/o/t0k3n/invoices/8.pdf"]
    assert page.all("form", data_deed="get-invoice") == []


def test_an_invoice_that_stands_is_the_only_one():
    page = shown(a_dossier(an_order(), invoices=[an_invoice()], auto_create=True))

    assert not page.all("form", data_deed="get-invoice")


def test_the_billing_address_can_be_corrected_until_there_is_an_invoice():
    address = BillingAddress(name="Erika Mustermann", line1="Heidestraße 17", zip="51147", city="Köln", country="DE")
    allowed = {"billing": address, "address_correction": True}

    page = shown(a_dossier(an_order(), **allowed))
    form = page.one("form", data_deed="correct-address")

    assert (form["method"], form["action"]) == ("post", "/o/t0k3n/billing-address")
    assert {field["name"]: field["value"] for field in page.all("input") if field["type"] == "text"} == {
        "name": "Erika Mustermann",
        "company": "",
        "line1": "Heidestraße 17",
        "line2": "",
        "zip": "51147",
        "city": "Köln",
    }
    assert page.one("option", selected=None)["value"] == "DE"
    invoiced = shown(a_dossier(an_order(), invoices=[an_invoice()], **allowed))
    assert not invoiced.all("form", data_deed="correct-address")


def test_an_invoice_whose_time_is_over_says_until_when_it_was_to_be_had():
    order = an_order()
    dossier = a_dossier(order, invoices=[an_invoice()], window_days=1)
    page = Shown(render(OrderPage.of(dossier, NOW + timedelta(days=5), token="t")))
    section = page.one("section", data_section="invoice")

    assert section["data-refusal"] == "expired"
    assert "Die Rechnung war hier bis 26.10.2026 abrufbar." in section.text
    assert not [link for link in page.all("a", href=None) if "/invoices/" in link["href"]]


def test_invoices_that_are_switched_off_are_not_linked():
    page = shown(a_dossier(invoices=[an_invoice()], enabled=False))

    assert page.one("section", data_section="invoice")["data-refusal"] == "disabled"
    assert not [link for link in page.all("a", href=None) if "/invoices/" in link["href"]]


# --- The receipt


def test_the_receipt_says_what_was_bought():
    lines = (
        a_line(amount=1290),
        a_line("Webetiketten", amount=650, unit_gross=325, quantity=Decimal(2), sku="", is_digital=False),
        a_line("Stoff", amount=1800, unit_gross=1200, quantity=Decimal("1.5"), unit="m", sku="", is_digital=False),
    )
    page = shown(a_dossier(an_order(total=3740), lines=lines))
    text = page.one("section", id="receipt").text

    assert "PDF-BENTE, Datei 12,90 €" in text.replace("„Bente“", "„Bente“ ")
    assert "2 × 3,25 €" in text
    assert "1,5 m × 12,00 €" in text
    assert page.one(class_="sum").text == "37,40 €"


def test_the_tax_in_the_total_is_told_by_rate():
    lines = (a_line(amount=1190), a_line("Buch", amount=1070, tax_rate=700), a_line("Versand", amount=119))
    text = shown(a_dossier(an_order(total=2379), lines=lines)).one(class_="receipt-sum").text

    assert "enthält 2,09 € Umsatzsteuer (19 %)" in text
    assert "enthält 0,70 € Umsatzsteuer (7 %)" in text


def test_amounts_that_do_not_add_up_claim_no_tax():
    assert "Umsatzsteuer" not in shown(a_dossier(an_order(amounts_consistent=False))).one(class_="receipt-sum").text


@pytest.mark.parametrize("mode", [mode for mode in VatMode if mode is not VatMode.STANDARD])
def test_an_order_without_tax_says_why_and_names_no_statute(mode):
    text = shown(a_dossier(vat_mode=mode)).one(class_="receipt-sum").text

    assert "msatzsteuer" in text
    assert "§" not in text


# --- Greeting, head and foot


def test_the_preset_greeting_reads_the_same_as_the_text_that_merchants_see():
    page = shown(a_dossier())
    filled = Shown(greetings.fill(greetings.DEFAULT_GREETING, {"UserName": "Erika Mustermann"}))

    assert page.one(class_="greeting").text.split() == " ".join(p.text for p in filled.all("p")).split()


def test_the_preset_greeting_speaks_the_reader_s_language():
    assert "thank you very much" in shown(a_dossier(locale="en-GB")).one(class_="greeting").text


def test_a_greeting_of_one_s_own_is_filled():
    own = Appearance(
        greeting_html="<p>Moin {UserName}, {OrderNumber} von {Platform} {Foo}</p>", accent_colour="#0b5e6e"
    )

    assert shown(a_dossier(appearance=own)).one(class_="greeting").text == (
        "Moin Erika Mustermann, 3123456789 von Etsy {Foo}"
    )


@pytest.mark.parametrize(("words", "clamped"), [(10, 0), (100, 1)])
def test_only_a_long_greeting_can_be_folded(words, clamped):
    own = Appearance(greeting_html=f"<p>{'Moin ' * words}</p>", accent_colour="#0b5e6e")

    assert len(shown(a_dossier(appearance=own)).all("details")) == clamped


def test_the_legal_links_are_those_that_the_merchant_gave():
    page = shown(a_dossier())

    assert [link["href"] for link in page.all("a", href=None) if link["href"].startswith("https:")] == [
        "https://naehwerk.example/impressum",
        "https://naehwerk.example/datenschutz",
        "https://naehwerk.example/agb",
    ]


def test_a_merchant_who_gave_nothing_gets_no_empty_places():
    page = shown(a_dossier(an_open_order(due_in=2), seller=NOBODY, shop_name="", platform="", files=[a_file()]))

    assert not page.all("a", href="mailto:")
    assert not page.all("a", href="tel:")
    assert not page.all(class_="shop-sign")
    assert not page.one("footer").text


def test_there_is_one_heading_for_the_order_and_one_for_each_section():
    page = shown(a_dossier(files=[a_file()], invoices=[an_invoice()]))

    assert [heading.text for heading in page.all("h1")] == ["Ihre Bestellung 3123456789"]
    labelled = {section["aria-labelledby"] for section in page.all("section")}
    assert labelled == {heading["id"] for heading in page.all("h1") + page.all("h2")}


# --- What just went wrong


def test_a_failed_download_says_that_none_was_used_up():
    flash = shown(a_dossier(files=[a_file()]), flash=Refusal.STAMP_FAILED).one(class_="flash")

    assert flash["role"] == "alert"
    assert flash["data-tone"] == "stop"
    assert "Es wurde kein Download verbraucht." in flash.text


def test_a_rule_that_applies_is_not_shown_as_our_failure():
    flash = shown(a_dossier(files=[a_file()]), flash=Refusal.LIMIT_REACHED).one(class_="flash")

    assert "data-tone" not in flash.attributes


# --- What an order can bring in


NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "%(number)s %s %",
    "</title><script>alert(1)</script>",
    "<attempt>",
    "\u202eexe.fdp",
)


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("locale", ["de-DE", "en-GB"])
def test_no_text_of_an_order_can_act(nasty, locale):
    calm, wild = (
        a_dossier(
            an_open_order(due_in=3, number=text),
            platform=text,
            user_name=text,
            lines=(a_line(text, sku=text, unit=text, quantity=Decimal(2), amount=6480),),
            files=[a_file(text, name=text, missing=True), a_file(text, id=12, name=f"a.{text}")],
            invoices=[an_invoice(number=text)],
            seller=type(SELLER)(
                **{name: text for name in ("name", "email")},
                phone=f"0221 {text}",
                **{name: "https://a.example/" for name in ("imprint_url", "privacy_url", "terms_url")},
            ),
            appearance=Appearance(greeting_html="<p>{UserName} {OrderNumber} {Platform}</p>", accent_colour="#0b5e6e"),
            locale=locale,
        )
        for text in ("c" * len(nasty), nasty)
    )
    tags = [[element.tag for element in shown(dossier).elements] for dossier in (calm, wild)]
    names = [[sorted(element.attributes) for element in shown(dossier).elements] for dossier in (calm, wild)]

    assert tags[0] == tags[1]
    assert names[0] == names[1]
    assert "49" not in "".join(shown(wild).one("main").text)


def test_a_text_that_nobody_can_read_is_still_a_page():
    name = "x" * 10_000
    dossier = a_dossier(
        an_order(number=name), user_name=name, lines=(a_line(name, amount=3200),), files=[a_file(name, name=name)]
    )

    assert row(shown(dossier))["data-name"] == name
