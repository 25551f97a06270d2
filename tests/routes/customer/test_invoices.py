"""A customer asks for the invoice, gets it at once and for good, and corrects the address before."""

from __future__ import annotations

import asyncio

import pytest
from httpx import Response
from sqlalchemy import select

from db.activity import Activity
from db.invoices import Invoice
from db.orders import Address, BillingCorrection, BuyerKind, Order, State
from db.settings import InvoiceSettings, SellerSettings
from portal import order_imports, settings
from portal.activity import By
from portal.credit_notes import NewCreditNote
from portal.imported import Buyer, PostalAddress
from portal.order_imports import Key
from portal.settings import InvoicesChange, SellerChange
from tests.factories import NOON
from tests.routes.customer.conftest import BASE, Running, an_imported_order
from tests.routes.customer.test_purity import snapshot
from tests.views.reading import Shown

SELLER = SellerChange(name="Nähwerk", street="Nadelgasse 3", zip="50667", city="Köln", vat_id="DE123456788")
TYPED = {"name": "Max Neu", "line1": "Neue Straße 1", "zip": "10115", "city": "Berlin", "country": "DE"}
BY = By("test", NOON)


@pytest.fixture
async def shop(tresen: Running) -> Running:
    async with tresen.house.database.writing() as session:
        await settings.change(SellerSettings, SELLER, session, BY)
        await settings.change(InvoiceSettings, InvoicesChange(auto_create=True, address_correction=True), session, BY)
    return tresen


async def a_link(shop: Running, name: str = "1", **fields: object) -> str:
    async with shop.house.database.writing() as session:
        order, _ = await order_imports.take(Key("shop", name), an_imported_order(**fields), session, BY)
    return shop.link(order).removeprefix(BASE)


async def every(shop: Running, table: type) -> list:
    async with shop.house.database.reading() as session:
        return list(await session.scalars(select(table)))


async def correct(shop: Running, link: str, **changes: str) -> Response:
    return await shop.client.post(f"{link}/billing-address", data=TYPED | changes)


async def test_a_click_leads_to_the_document_and_so_does_the_next_one(shop: Running):
    link = await a_link(shop)

    first, second = [await shop.client.post(f"{link}/invoices") for _ in range(2)]

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    document = await shop.client.get(first.headers["location"])
    assert (document.status_code, document.content[:5]) == (200, b"%PDF-")
    assert "no-store" in document.headers["cache-control"]
    page = Shown((await shop.client.get(link)).text)
    links = [each["href"] for each in page.all("a", href=None) if "/invoices/" in each["href"]]
    assert [each.rpartition(".")[2] for each in links] == ["pdf", "xml"]
    assert not page.all("form", data_deed="get-invoice")


async def test_after_a_cancellation_there_is_nothing_to_click_and_a_click_makes_nothing(shop: Running):
    link = await a_link(shop)
    await shop.client.post(f"{link}/invoices")
    (invoice,) = await every(shop, Invoice)
    await shop.house.issuing.credit_note(invoice.id, NewCreditNote(reason="falsch"), BY)

    page = Shown((await shop.client.get(link)).text)
    answer = await shop.client.post(f"{link}/invoices")

    assert not page.all("form", data_deed="get-invoice")
    assert not page.all("form", data_deed="correct-address")
    assert len([each for each in page.all("a", href=None) if each["href"].endswith(".pdf")]) == 2
    assert answer.status_code != 500
    assert len(await every(shop, Invoice)) == 2


async def test_a_business_gets_its_xrechnung_and_a_consumer_is_not_asked_to_understand_one(shop: Running):
    contact = SellerChange(contact_name="Jana", phone="0221 12345", email="jana@naehwerk.example")
    async with shop.house.database.writing() as session:
        await settings.change(SellerSettings, contact, session, BY)
    home = PostalAddress(name="Max", line1="Weg 1", zip="50667", city="Köln", country="DE")
    buyers = [Buyer(name="Max", email="max@muster.example", kind=kind) for kind in BuyerKind]
    links = [
        await a_link(shop, str(number), number=f"47{number}", billing=home, buyer=buyer)
        for number, buyer in enumerate(buyers)
    ]

    found = []
    for link in links:
        await shop.client.post(f"{link}/invoices")
        page = Shown((await shop.client.get(link)).text)
        found.append([each["href"] for each in page.all("a", href=None) if each["href"].endswith("xrechnung.xml")])

    assert [len(each) for each in found] == [0, 1]
    answer = await shop.client.get(found[1][0])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    assert "xrechnung_3.0" in answer.text


async def test_simultaneous_clicks_get_one_document(shop: Running):
    link = await a_link(shop)

    answers = await asyncio.gather(*(shop.client.post(f"{link}/invoices") for _ in range(6)))

    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(await every(shop, Invoice)) == 1


async def test_opening_the_page_makes_no_invoice(shop: Running):
    link = await a_link(shop)
    before = snapshot(shop)

    for method in ("GET", "HEAD"):
        assert (await shop.client.request(method, link)).status_code == 200
        for path in ("/invoices", "/billing-address"):
            assert (await shop.client.request(method, link + path)).status_code in (404, 405)

    assert snapshot(shop) == before


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"paid_at": None, "state": State.ORDERED}, "Ihre Rechnung wartet auf Ihre Zahlung."),
        ({"currency": "CHF"}, "Ihre Rechnung folgt."),
        ({"total_gross": 1}, "Ihre Rechnung folgt."),
    ],
)
async def test_what_cannot_be_made_is_told_without_a_technical_word(shop: Running, fields, sentence):
    link = await a_link(shop, **fields)
    await shop.client.get(link)

    answer = await shop.client.post(f"{link}/invoices")

    assert (answer.status_code, answer.headers["location"]) == (303, f"{link}#invoice")
    page = Shown((await shop.client.get(link)).text)
    section = page.one("section", data_section="invoice")
    assert sentence in section.text
    assert not page.all("form", data_deed="get-invoice")
    assert not any(word in page.one("main").text for word in ("foreign-currency", "amounts-inconsistent", " / 1"))
    assert await every(shop, Invoice) == []


async def test_what_is_changed_may_be_tried_again(shop: Running):
    link = await a_link(shop, currency="CHF")
    await shop.client.post(f"{link}/invoices")
    assert not Shown((await shop.client.get(link)).text).all("form", data_deed="get-invoice")

    await a_link(shop, currency="EUR")

    assert Shown((await shop.client.get(link)).text).all("form", data_deed="get-invoice")
    assert (await shop.client.post(f"{link}/invoices")).headers["location"].endswith(".pdf")


async def test_the_merchant_is_told_once_what_to_mend(shop: Running):
    link = await a_link(shop, currency="CHF")

    for _ in range(3):
        await shop.client.post(f"{link}/invoices")

    notices = [entry for entry in await every(shop, Activity) if entry.notice]
    assert [(each.kind, each.details["refusal"], each.details["detail"]) for each in notices] == [
        ("invoice_refused", "foreign-currency", "CHF")
    ]


# --- The billing address


async def test_a_corrected_address_is_on_the_invoice_whatever_the_source_sends_afterwards(shop: Running):
    told = PostalAddress(name="Max Alt", line1="Alte Straße 1", zip="50667", city="Köln", country="DE")
    link = await a_link(shop, billing=told)

    answer = await correct(shop, link)
    again = await correct(shop, link)
    await a_link(shop, billing=told, note="sent once more")

    assert (answer.status_code, answer.headers["location"]) == (303, f"{link}#invoice")
    assert again.status_code == 303
    (row,) = await every(shop, BillingCorrection)
    assert (row.city, row.corrected_by) == ("Berlin", "customer")
    assert [address.city for address in await every(shop, Address)] == ["Köln"]
    form = Shown((await shop.client.get(link)).text).one("input", name="city")
    assert form["value"] == "Berlin"
    location = (await shop.client.post(f"{link}/invoices")).headers["location"]
    xml = (await shop.client.get(location.replace(".pdf", ".xml"))).text
    assert "Neue Straße 1" in xml
    assert "Alte Straße" not in xml
    noted = [entry.actor for entry in await every(shop, Activity) if entry.kind == "billing_address_corrected"]
    assert noted == ["customer"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"line1": " "}, "line1"),
        ({"zip": ""}, "zip"),
        ({"city": "\x00\u200b"}, "city"),
        ({"country": "ZZ"}, "country"),
        ({"country": ""}, "country"),
        ({"country": "AT"}, "country"),
        ({"city": "🎉"}, "city"),
        ({"name": "", "company": ""}, "name"),
        ({"name": "x" * 201}, "name"),
    ],
)
async def test_a_wrong_address_comes_back_with_what_was_typed(shop: Running, changes, field):
    link = await a_link(shop)

    answer = await correct(shop, link, **changes)

    assert answer.status_code == 422
    page = Shown(answer.text)
    assert page.one(id=field)["aria-invalid"] == "true"
    assert "open" in page.one("details", class_="address-form").attributes
    if field != "city":
        assert page.one("input", name="city")["value"] == "Berlin"
    assert await every(shop, BillingCorrection) == []


async def test_after_the_invoice_the_address_stays(shop: Running):
    link = await a_link(shop)
    await shop.client.post(f"{link}/invoices")

    answer = await correct(shop, link)

    assert answer.status_code == 409
    assert "Es gibt schon eine Rechnung mit der bisherigen Adresse." in answer.text
    assert await every(shop, BillingCorrection) == []
    assert not Shown((await shop.client.get(link)).text).all("form", data_deed="correct-address")


async def test_where_the_merchant_does_not_allow_it_nothing_is_corrected(shop: Running):
    async with shop.house.database.writing() as session:
        await settings.change(InvoiceSettings, InvoicesChange(address_correction=False), session, BY)
    link = await a_link(shop)

    assert (await correct(shop, link)).status_code == 409
    assert await every(shop, BillingCorrection) == []


# --- Strangers


async def test_nobody_issues_or_corrects_through_a_link_that_is_none(shop: Running):
    link = await a_link(shop)
    forged = f"{link[:-3]}AAA"

    for path in (forged, "/o/x", "/o/WzEsMV0"):
        assert (await shop.client.post(f"{path}/invoices")).status_code == 404
        assert (await correct(shop, path)).status_code == 404
    for origin in ("https://evil.example", "null"):
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        assert (await shop.client.post(f"{link}/invoices", headers=headers)).status_code == 403

    assert await every(shop, Invoice) == []
    assert await every(shop, BillingCorrection) == []


async def test_the_documents_of_one_order_do_not_open_with_the_link_of_another(shop: Running):
    mine, theirs = await a_link(shop, "1"), await a_link(shop, "2", number="4712")
    location = (await shop.client.post(f"{mine}/invoices")).headers["location"]
    document = location.rpartition("/")[2]

    for form in (document, document.replace(".pdf", ".xml"), document.replace(".pdf", ".xrechnung.xml")):
        assert (await shop.client.get(f"{theirs}/invoices/{form}")).status_code == 404
    assert (await shop.client.get(f"{mine}/invoices/{document.replace('.pdf', '.xrechnung.xml')}")).status_code == 404


async def test_a_link_that_was_renewed_issues_nothing(shop: Running):
    link = await a_link(shop)
    async with shop.house.database.writing() as session:
        order = (await session.scalars(select(Order))).one()
        order.link_version += 1

    assert (await shop.client.post(f"{link}/invoices")).status_code == 404
    assert await every(shop, Invoice) == []
