"""Invoices of our own by API: asked for, told apart, taken back in whole or in part, never twice."""

from __future__ import annotations

from io import BytesIO

import pikepdf
import pytest

from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import Json, a_line, an_order, codes

SELLER = {"name": "Nähwerk", "street": "Nadelgasse 3", "zip": "50667", "city": "Köln", "vat_id": "DE123456788"}
PAID = {"paid_at": "2026-10-25T01:31:02Z", "state": "paid"}


async def an_invoice(shop: Shop, **fields: object) -> Json:
    """The one that a customer's click makes of a paid order."""
    await shop.call.patch("/api/v1/settings/seller", json=SELLER)
    await shop.call.patch("/api/v1/settings/invoices", json={"auto_create": True})
    url = (await shop.put(an_order(**{**PAID, **fields}))).json()["portal_url"]
    answer = await shop.stranger.post(f"{url}/invoices")
    assert answer.status_code == 303, answer.text
    (invoice,) = (await shop.call.get("/api/v1/invoices?kind=invoice")).json()["items"]
    return dict(invoice)


async def take_back(shop: Shop, invoice: Json, body: Json) -> tuple[int, Json]:
    answer = await shop.call.post(f"/api/v1/invoices/{invoice['id']}/credit-notes", json=body)
    return answer.status_code, answer.json()


async def test_after_a_complete_credit_note_the_api_issues_a_new_invoice_and_before_it_does_not(shop: Shop):
    invoice, address = await an_invoice(shop), "/api/v1/orders/etsy/1/invoices"

    early = await shop.call.post(address)
    await take_back(shop, invoice, {"lines": None, "reason": "falsche Adresse"})
    again, late = [await shop.call.post(address) for _ in range(2)]

    assert (early.status_code, again.status_code, late.status_code) == (409, 201, 409)
    assert early.json()["detail"] == "already-invoiced"
    assert (again.json()["kind"], again.json()["number"][-5:]) == ("invoice", "00003")
    assert (await shop.call.post("/api/v1/orders/etsy/none/invoices")).status_code == 404
    assert (await shop.stranger.post(address)).status_code == 401


async def test_an_own_invoice_is_told_like_any_other_and_has_its_xml(shop: Shop):
    invoice = await an_invoice(shop)

    assert invoice == {
        "id": invoice["id"],
        "order": {"source": "etsy", "external_id": "1", "number": "1001"},
        "number": invoice["number"],
        "kind": "invoice",
        "issuer": "tresen",
        "issued_on": invoice["issued_on"],
        "total_gross": 2490,
        "currency": "EUR",
        "sha256": invoice["sha256"],
        "refers_to": None,
    }
    assert str(invoice["number"]).endswith("-00001")
    document = await shop.call.get(f"/api/v1/invoices/{invoice['id']}.pdf")
    xml = await shop.call.get(f"/api/v1/invoices/{invoice['id']}.xml")
    assert xml.headers["content-type"].startswith("application/xml")
    with pikepdf.open(BytesIO(document.content)) as pdf:
        assert pdf.attachments["factur-x.xml"].get_file().read_bytes() == xml.content


async def test_a_cancellation_answers_201_and_is_refused_twice(shop: Shop):
    invoice = await an_invoice(shop)

    status, note = await take_back(shop, invoice, {"lines": None, "reason": "falsche Adresse"})

    assert (status, note["kind"], note["total_gross"], note["refers_to"]) == (201, "credit_note", -2490, invoice["id"])
    assert str(note["number"]).endswith("-00002")
    assert (await shop.call.get("/api/v1/invoices?kind=credit_note")).json()["items"] == [note]
    for each in (invoice, note):
        assert (await take_back(shop, each, {"lines": None, "reason": "noch einmal"}))[0] == 409
    assert len((await shop.call.get("/api/v1/invoices")).json()["items"]) == 2


async def test_lines_are_taken_back_up_to_what_is_left(shop: Shop):
    invoice = await an_invoice(shop, lines=[a_line(quantity="3")])

    status, note = await take_back(shop, invoice, {"lines": [{"line": "1", "quantity": "1"}], "reason": "eine zurück"})
    too_much, problem = await take_back(
        shop, invoice, {"lines": [{"line": "1", "quantity": "3"}, {"line": "x", "quantity": "1"}], "reason": "mehr"}
    )

    assert (status, note["total_gross"]) == (201, -830)
    assert (too_much, codes(problem)) == (
        422,
        {"#/lines/0/quantity": "out-of-range", "#/lines/1/line": "unknown-line"},
    )


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"#/reason": "missing"}),
        ({"reason": ""}, {"#/reason": "too-short"}),
        ({"reason": "x", "lines": []}, {"#/lines": "too-few"}),
        ({"reason": "x", "lines": [{"line": "1", "quantity": -1}]}, {"#/lines/0/quantity": "wrong-type"}),
        ({"reason": "x", "lines": [{"line": "1", "quantity": "-1"}]}, {"#/lines/0/quantity": "pattern"}),
        ({"reason": "x", "number": "RE-9"}, {"#/number": "unknown-field"}),
    ],
)
async def test_every_wrong_place_is_named_and_nothing_is_issued(shop: Shop, body: Json, wrong: dict[str, str]):
    invoice = await an_invoice(shop)

    status, problem = await take_back(shop, invoice, body)

    assert (status, codes(problem)) == (422, wrong)
    assert len((await shop.call.get("/api/v1/invoices")).json()["items"]) == 1


async def test_unknown_ids_strangers_and_invoices_from_elsewhere_are_refused(shop: Shop):
    await shop.put(an_order())
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(content := BytesIO())
    stored = await shop.call.put(
        "/api/v1/orders/etsy/1/invoice?number=X1&date=2026-10-26",
        content=content.getvalue(),
        headers={"Content-Type": "application/pdf"},
    )
    body: Json = {"lines": None, "reason": "x"}

    for unknown in ("99", "x", "1.pdf", "9" * 30):
        assert (await shop.call.post(f"/api/v1/invoices/{unknown}/credit-notes", json=body)).status_code == 404
    assert (await take_back(shop, stored.json(), body))[0] == 409
    stranger = await shop.stranger.post(f"/api/v1/invoices/{stored.json()['id']}/credit-notes", json=body)
    assert stranger.status_code == 401


async def test_the_start_of_a_series_cannot_be_changed_once_it_is_used(shop: Shop):
    before = await shop.call.patch("/api/v1/settings/seller", json={"invoice_start": 100})
    invoice = await an_invoice(shop)

    after = await shop.call.patch("/api/v1/settings/seller", json={"invoice_start": 1})

    assert before.json()["invoice_start"] == 100
    assert str(invoice["number"]).endswith("-00100")
    assert (after.status_code, codes(after.json())) == (422, {"#/invoice_start": "fixed"})


async def test_the_wording_of_documents_without_tax_is_the_merchants(shop: Shop):
    texts = "/api/v1/settings/invoice-texts"
    changed = await shop.call.patch(texts, json={"small_business_de": "Keine Umsatzsteuer."})

    assert changed.json()["small_business_de"] == "Keine Umsatzsteuer."
    assert (await shop.call.get(texts)).json() == changed.json()
    assert (await shop.call.patch(texts, json={"small_business_de": ""})).status_code == 422
