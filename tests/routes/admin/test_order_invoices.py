"""The invoice of one order behind the counter: made, cancelled, corrected, brought in from elsewhere."""

from __future__ import annotations

import asyncio
import re
from contextlib import closing
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx
import pypdfium2
import pytest
from fpdf import FPDF
from lxml import etree

from db.activity import Activity
from db.invoices import DocumentFormat, Invoice, InvoiceKind, Issuer
from db.orders import BuyerKind, PaymentMethod, State
from db.settings import SellerSettings
from portal import settings
from portal.imported import Buyer, ImportedLine, ImportedPayment
from portal.settings import SellerChange
from tests.routes.admin.conftest import FROM_HERE
from tests.routes.admin.test_invoices import HOSTILE, Books, books, texts_of

__all__ = ["books"]
ON_ACCOUNT = {
    "state": State.SHIPPED,
    "paid_at": None,
    "shipped_at": datetime(2026, 3, 1, tzinfo=UTC),
    "due_at": datetime(2126, 3, 15, tzinfo=UTC),
    "payment_method": PaymentMethod.INVOICE,
    "payments": [
        ImportedPayment(
            provider="bank", transaction_id="1", amount=1000, currency="EUR", at=datetime(2026, 3, 5, tzinfo=UTC)
        )
    ],
}
TWO_LINES = {
    "lines": [
        ImportedLine(
            id="a", title="Webetiketten", quantity="3", unit_gross=1000, line_gross=3000, tax_rate="19", digital=True
        ),
        ImportedLine(id="b", title="Heft", line_gross=700, tax_rate="7", digital=True),
    ],
    "total_gross": 3700,
}


def a_pdf() -> bytes:
    pdf = FPDF()
    pdf.add_page()
    return bytes(pdf.output())


def tab(order_id: int) -> str:
    return f"/admin/orders/{order_id}/numbers-layouts"


def notes(invoice: Invoice) -> str:
    return f"/admin/orders/{invoice.order_id}/invoices/{invoice.id}/credit-notes"


def whole(invoice: Invoice, reason: str = "falsche Adresse", seen: int = 0) -> dict[str, str]:
    return {"scope": "all", "seen": str(seen), f"cancel-reason-{invoice.id}": reason}


def part(invoice: Invoice, seen: int = 0, reason: str = "zurück", **quantities: str) -> dict[str, str]:
    fields = {"scope": "lines", "seen": str(seen), f"part-reason-{invoice.id}": reason}
    for place, (line, quantity) in enumerate(quantities.items()):
        fields |= {f"line.{place}": line, f"quantity.{place}": quantity}
    return fields


async def own(books: Books) -> list[Invoice]:
    return [row for row in await books.every() if row.issuer is Issuer.TRESEN]


async def upload(books: Books, order_id: int, content: bytes | None, **fields: str) -> httpx.Response:
    files = {} if content is None else {"file": ("Rechnung.pdf", content, "application/pdf")}
    return await books.jana.tresen.client.post(
        f"/admin/orders/{order_id}/foreign-invoices",
        data={"number": "X-1", "date": "2026-03-05", **fields},
        files=files or {"nothing": ("", b"")},
        headers={**FROM_HERE, "Cookie": books.jana.cookie},
    )


# --- The door


@pytest.mark.parametrize("path", ["invoices", "invoices/1/credit-notes", "foreign-invoices"])
async def test_a_stranger_does_nothing(stranger, path):
    books = Books(stranger)
    await books.opens()
    order_id = await books.sells("A-1")
    answer = await stranger.post(f"/admin/orders/{order_id}/{path}", {"scope": "all"})

    assert answer.status_code == 401
    assert await books.every() == []


async def test_another_order_s_invoice_is_not_taken_back_here(books):
    await books.opens()
    invoice = await books.issues("A-1")
    other = await books.sells("A-2")
    for path in (f"{other}/invoices/{invoice.id}", f"{other}/invoices/x", f"99/invoices/{invoice.id}"):
        answer = await books.jana.post(f"/admin/orders/{path}/credit-notes", whole(invoice))
        assert answer.status_code == 404

    assert len(await own(books)) == 1


# --- Made by the merchant's click


async def test_a_click_creates_the_invoice_and_a_second_click_finds_it(books):
    await books.opens()
    order_id = await books.sells("A-1")
    assert "Rechnung jetzt erstellen" in await books.sees(tab(order_id))

    first = await books.jana.post(f"/admin/orders/{order_id}/invoices")
    await books.jana.post(f"/admin/orders/{order_id}/invoices")

    assert first.status_code == 303
    (invoice,) = await own(books)
    page = await books.sees(first.headers["location"])
    assert invoice.number in page
    assert "Rechnung jetzt erstellen" not in page
    (told,) = [row for row in await books.every(Activity) if row.kind == "invoice_created"]
    assert told.actor.startswith("merchant:")


@pytest.mark.parametrize("rules", [{"auto_create": False}, {"download_enabled": False}])
async def test_what_customers_may_not_do_the_merchant_does(books, rules):
    await books.opens(**rules)
    order_id = await books.sells("A-1")
    page = await books.sees(tab(order_id))

    assert "Rechnung jetzt erstellen" in page
    assert "wenn der Kunde sie abruft" not in page
    await books.jana.post(f"/admin/orders/{order_id}/invoices")
    assert len(await own(books)) == 1


async def test_what_is_sold_on_account_is_asked_for_on_paper_and_in_the_xml(books):
    await books.opens()
    async with books.house.database.writing() as session:
        await settings.change(SellerSettings, SellerChange(iban="DE02120300000000202051"), session, books.by)
    order_id = await books.sells("A-1", **ON_ACCOUNT)
    await books.jana.post(f"/admin/orders/{order_id}/invoices")
    (invoice,) = await own(books)
    xml = etree.fromstring(await books.content(invoice, DocumentFormat.XML))
    with closing(pypdfium2.PdfDocument(await books.content(invoice))) as document:
        text = " ".join(document[0].get_textpage().get_text_bounded().split())

    told = {name: xml.findtext(f".//{{*}}{name}") for name in ("TotalPrepaidAmount", "DuePayableAmount")}
    assert told == {"TotalPrepaidAmount": "10.00", "DuePayableAmount": "14.90"}
    assert xml.findtext(".//{*}DueDateDateTime/{*}DateTimeString") == "21260315"
    assert "Bereits bezahlt −10,00 € Offener Betrag 14,90 €" in text
    assert "Bitte zahlen Sie 14,90 € bis zum 15.03.2126." in text
    assert "IBAN DE02 1203 0000 0000 2020 51" in text


@pytest.mark.parametrize(
    ("rules", "order", "code", "told"),
    [
        ({}, {"state": State.CANCELLED}, "cancelled", "storniert"),
        ({}, {"state": State.OFFERED}, "not-ordered", "noch keine Bestellung"),
    ],
)
async def test_what_stands_in_the_way_is_said_with_what_to_do(books, rules, order, code, told):
    await books.opens(**rules)
    order_id = await books.sells("A-1", **order)
    page = await books.sees(tab(order_id))

    assert f'data-refusal="{code}"' in page
    assert told in unescape(page)
    assert "Rechnung jetzt erstellen" not in page
    answer = await books.jana.post(f"/admin/orders/{order_id}/invoices")
    assert answer.status_code == 409
    assert await books.every() == []


async def test_what_only_the_attempt_finds_is_told_with_its_detail(books):
    await books.opens()
    order_id = await books.sells("A-1", buyer=Buyer(name="\U0001f9f5 Faden"), billing=None)
    answer = await books.jana.post(f"/admin/orders/{order_id}/invoices")

    assert answer.status_code == 409
    assert 'data-tone="wait" data-refusal="' in answer.text
    assert "Bitte korrigieren Sie die Bestellung dort" in answer.text
    assert await books.every() == []


async def test_why_a_business_has_no_xrechnung_is_said_beside_its_invoice(books):
    await books.opens()
    business = await books.issues("A-1", buyer=Buyer(name="Max", company="Muster GmbH", kind=BuyerKind.BUSINESS))
    consumer = await books.issues("A-2", buyer=Buyer(name="Max"))
    told, silent = [texts_of(await books.sees(tab(each.order_id))) for each in (business, consumer)]

    assert "der Ansprechpartner des Verkäufers" in told
    assert "die Mailadresse des Käufers" in told
    assert "XRechnung" not in silent


# --- The address on it

TYPED = {"name": "Max Neu", "line1": "Neue Straße 1", "zip": "10115", "city": "Berlin", "country": "DE"}


async def test_the_merchant_corrects_the_address_and_withdraws_what_was_corrected(books):
    await books.opens()
    order_id = await books.sells("A-1")
    address = f"/admin/orders/{order_id}/billing-address"

    first = await books.jana.post(address, TYPED)
    page = await books.sees(first.headers["location"])
    assert 'value="Neue Straße 1"' in page
    assert "Korrektur der Adresse zurücknehmen" in page
    for _ in range(2):
        assert (await books.jana.post(f"{address}/withdrawals")).status_code == 303

    page = await books.sees(tab(order_id))
    assert 'value="Heidestraße 17"' in page
    assert "Korrektur der Adresse zurücknehmen" not in page
    kinds = [row.kind for row in await books.every(Activity) if row.kind.startswith("billing_address")]
    assert kinds == ["billing_address_corrected", "billing_address_withdrawn"]
    await books.jana.post(f"/admin/orders/{order_id}/invoices")
    (invoice,) = await own(books)
    assert b"Heidestra" in await books.content(invoice, DocumentFormat.XML)


async def test_after_a_cancellation_the_new_invoice_bears_the_address_that_the_merchant_corrected(books):
    await books.opens()
    invoice = await books.issues("A-1")
    address = f"/admin/orders/{invoice.order_id}/billing-address"
    early = await books.jana.post(address, TYPED)
    await books.takes_back(invoice)
    await books.jana.post(address, TYPED)
    await books.jana.post(f"/admin/orders/{invoice.order_id}/invoices")

    assert "changed-meanwhile" in early.headers["location"]
    assert "Neue Straße 1" in (await books.content((await own(books))[-1], DocumentFormat.XML)).decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [({"country": "AT"}, "es entscheidet über die Steuer"), ({"city": "🎉"}, "nicht drucken lassen")],
)
async def test_a_wrong_address_is_told_to_the_merchant_too(books, change, words):
    await books.opens()
    order_id = await books.sells("A-1")
    answer = await books.jana.post(f"/admin/orders/{order_id}/billing-address", TYPED | change)

    assert answer.status_code == 422
    assert words in unescape(answer.text)


# --- Cancelled


async def test_a_cancellation_stands_beside_its_invoice_and_a_new_one_may_come(books):
    await books.opens()
    invoice = await books.issues("A-1")
    answer = await books.jana.post(notes(invoice), whole(invoice))
    page = texts_of(await books.sees(answer.headers["location"]))
    _, note = await own(books)

    assert note.cancels_id == invoice.id
    assert f"storniert durch {note.number}" in page
    assert f"Storno zu {invoice.number}" in page
    assert "Neu ausstellen" in page
    assert "Rechnung jetzt erstellen" not in page
    assert "Rechnung stornieren" not in page
    await books.jana.post(f"/admin/orders/{invoice.order_id}/invoices")
    assert [row.generation for row in await own(books)] == [1, None, 2]
    assert "Neu ausstellen" not in await books.sees(tab(invoice.order_id))


async def test_a_cancellation_without_a_reason_is_not_done_and_what_is_missing_is_said(books):
    await books.opens()
    invoice = await books.issues("A-1")
    answer = await books.jana.post(notes(invoice), whole(invoice, reason="  "))

    assert answer.status_code == 422
    assert "Bitte nennen Sie den Grund" in answer.text
    assert f'id="cancel-{invoice.id}" role="group"' in answer.text, "it must be open, also without JavaScript"
    assert len(await own(books)) == 1


async def test_a_second_click_cancels_nothing_more(books):
    await books.opens()
    invoice = await books.issues("A-1")
    answers = await asyncio.gather(*(books.jana.post(notes(invoice), whole(invoice)) for _ in range(3)))

    assert [answer.status_code for answer in answers] == [303] * 3
    assert [row.kind for row in await own(books)] == [InvoiceKind.INVOICE, InvoiceKind.CREDIT_NOTE]
    assert sum("done=cancelled" in answer.headers["location"] for answer in answers) == 1


# --- Corrected in part


async def test_some_lines_are_taken_back_up_to_what_is_left(books):
    await books.opens()
    invoice = await books.issues("A-1", **TWO_LINES)
    answer = await books.jana.post(notes(invoice), part(invoice, a="1,5"))
    _, note = await own(books)
    page = texts_of(await books.sees(answer.headers["location"]))

    assert note.total_gross == -1500
    assert f"korrigiert durch {note.number}" in page
    assert f"Rechnungskorrektur {note.number}" in page
    assert f"Stornorechnung {note.number}" not in page
    assert "von noch 1,5" in page
    await books.jana.post(notes(invoice), part(invoice, seen=1, a="1.5", b="1"))
    assert sum(row.total_gross for row in await own(books)) == 0
    assert "storniert durch" in texts_of(await books.sees(tab(invoice.order_id)))


@pytest.mark.parametrize("quantity", ["0", "4", "-1", "eins", "1e3", "1" * 60])
async def test_a_quantity_that_does_not_fit_is_told_at_its_line_and_stays_typed(books, quantity):
    await books.opens()
    invoice = await books.issues("A-1", **TWO_LINES)
    answer = await books.jana.post(notes(invoice), part(invoice, a=quantity, b="1"))

    assert answer.status_code == 422
    assert "Bitte geben Sie eine Menge über 0 ein" in answer.text
    assert f'value="{quantity[:40]}"' in answer.text
    assert len(await own(books)) == 1


async def test_a_line_that_is_not_there_and_no_line_at_all_are_refused(books):
    await books.opens()
    invoice = await books.issues("A-1", **TWO_LINES)
    unknown = await books.jana.post(notes(invoice), part(invoice, zzz="1"))
    none = await books.jana.post(notes(invoice), part(invoice))

    assert (unknown.status_code, none.status_code) == (422, 422)
    assert "mindestens einer Position" in none.text
    assert len(await own(books)) == 1


async def test_a_second_click_takes_no_more_lines_back(books):
    await books.opens()
    invoice = await books.issues("A-1", **TWO_LINES)
    fields = part(invoice, a="1")
    answers = await asyncio.gather(*(books.jana.post(notes(invoice), fields) for _ in range(3)))

    assert sum("done=corrected" in answer.headers["location"] for answer in answers) == 1
    assert sum("done=changed-meanwhile" in answer.headers["location"] for answer in answers) == 2
    assert len(await own(books)) == 2


async def test_what_was_typed_waits_for_whoever_has_to_sign_in(books):
    await books.opens()
    invoice = await books.issues("A-1", **TWO_LINES)
    jana, books.jana.cookie = books.jana.cookie, ""
    answer = await books.jana.post(notes(invoice), part(invoice, a="2", reason="Erika hat zwei zurückgesandt"))
    assert answer.status_code == 401
    kept = re.findall(r'name="kept" value="([^"]*)"', answer.text)[0]
    await books.jana.sign_in(kept=unescape(kept))
    page = await books.sees(tab(invoice.order_id))

    assert jana
    assert "Erika hat zwei zurückgesandt" in page
    assert len(await own(books)) == 1


# --- From elsewhere


async def test_an_invoice_from_elsewhere_is_stored_as_it_is(books):
    content = a_pdf()
    order_id = await books.sells("A-1")
    answer = await upload(books, order_id, content, number="2026/0415", date="05.03.2026")

    assert answer.status_code == 303
    (invoice,) = await books.every()
    assert (invoice.number, invoice.issued_on.isoformat(), invoice.issuer) == ("2026/0415", "2026-03-05", "elsewhere")
    assert await books.content(invoice) == content
    page = await books.sees(tab(order_id))
    assert "anderswo ausgestellt" in page
    assert "Rechnung stornieren" not in page, "it is taken back where it was issued"


@pytest.mark.parametrize(
    ("content", "fields", "told"),
    [
        (None, {}, "Bitte wählen Sie eine PDF-Datei"),
        (b"", {}, "Bitte wählen Sie eine PDF-Datei"),
        (b"no pdf", {}, "Bitte wählen Sie eine PDF-Datei"),
        (b"%PDF-1.7", {"number": " "}, "Bitte geben Sie die Nummer ein"),
        (b"%PDF-1.7", {"number": "x" * 201}, "Bitte geben Sie die Nummer ein"),
        (b"%PDF-1.7", {"date": "31.02.2026"}, "Bitte geben Sie den Tag ein"),
        (b"x" * (10 * 1024 * 1024 + 200_000), {}, "Bitte wählen Sie eine PDF-Datei"),
    ],
    ids=["none", "empty", "no pdf", "no number", "long number", "no day", "too large"],
)
async def test_what_does_not_fit_is_said_and_nothing_is_stored(books, content, fields, told):
    order_id = await books.sells("A-1")
    answer = await upload(books, order_id, content, **fields)

    assert answer.status_code == 422
    assert told in answer.text
    assert await books.every() == []


@pytest.mark.parametrize("number", ["\u200b", "\u2060\u200e"])
async def test_a_number_that_nobody_can_see_is_none(books, number):
    answer = await upload(books, await books.sells("A-1"), a_pdf(), number=number)

    assert answer.status_code == 422
    assert "Bitte geben Sie die Nummer ein" in answer.text
    assert await books.every() == []


async def test_a_number_is_stored_as_it_is_read(books):
    order_id = await books.sells("A-1")
    content = a_pdf()
    answers = [await upload(books, order_id, content, number="X\r\n 1\u200b") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert [invoice.number for invoice in await books.every()] == ["X 1"]


async def test_one_that_bears_a_number_of_ours_is_told_to_the_merchant(books):
    await books.opens()
    own_one = await books.issues("A-1")
    await upload(books, await books.sells("A-2"), a_pdf(), number=own_one.number)

    assert "eine von uns trägt dieselbe Nummer" in await books.sees("/admin/activity")


async def test_a_day_long_before_is_refused(books):
    order_id = await books.sells("A-1")
    answer = await upload(books, order_id, a_pdf(), date="1800-01-01")

    assert answer.status_code == 422
    assert "Bitte geben Sie den Tag ein" in answer.text


async def test_a_second_one_does_not_replace_the_first(books):
    order_id = await books.sells("A-1")
    content = a_pdf()
    await upload(books, order_id, content)
    same = await upload(books, order_id, content)
    other = await upload(books, order_id, content, number="X-2")

    assert (same.status_code, other.status_code) == (303, 409)
    assert "bleibt unverändert" in other.text
    assert [invoice.number for invoice in await books.every()] == ["X-1"]


@pytest.mark.parametrize("attack", HOSTILE)
async def test_hostile_words_stay_words(books, attack):
    await books.opens()
    lines: list[Any] = [
        ImportedLine(id=attack, title=attack, unit=attack[:20], line_gross=2490, tax_rate="19", digital=True)
    ]
    invoice = await books.issues("A-1", lines=lines, total_gross=2490)
    answer = await books.jana.post(notes(invoice), part(invoice, reason=attack, **{attack: attack}))
    uploaded = await upload(books, invoice.order_id, a_pdf(), number=attack, date=attack)

    assert (answer.status_code, uploaded.status_code) == (422, 422)
    for page in (answer.text, uploaded.text):
        assert "<script>alert" not in page
        assert attack in unescape(page)
