"""Invoices from elsewhere: taken in once, told apart, handed out byte for byte."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pikepdf
import pytest
from httpx import Response
from sqlalchemy import func, select

from db.invoices import Invoice
from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import an_order, codes


def a_pdf(title: str = "Rechnung") -> bytes:
    content = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.docinfo["/Title"] = title
        pdf.save(content, deterministic_id=True)
    return content.getvalue()


async def put(shop: Shop, content: bytes, query: str = "number=RE-1&date=2026-10-26", **headers: str) -> Response:
    return await shop.call.put(
        f"/api/v1/orders/etsy/1/invoice?{query}",
        content=content,
        headers={"Content-Type": "application/pdf", **headers},
    )


async def test_an_invoice_is_stored_once_and_handed_out_byte_for_byte(shop: Shop):
    await shop.put(an_order())
    content = a_pdf()

    first, second = await put(shop, content), await put(shop, content)
    other = await put(shop, a_pdf("Andere"))

    assert (first.status_code, second.status_code, other.status_code) == (201, 200, 409)
    told = first.json()
    assert told == {
        "id": told["id"],
        "order": {"source": "etsy", "external_id": "1", "number": "1001"},
        "number": "RE-1",
        "kind": "invoice",
        "issuer": "elsewhere",
        "issued_on": "2026-10-26",
        "total_gross": 2490,
        "currency": "EUR",
        "sha256": hashlib.sha256(content).hexdigest(),
        "refers_to": None,
    }
    assert (await shop.call.get(f"/api/v1/invoices/{told['id']}")).json() == told
    document = await shop.call.get(f"/api/v1/invoices/{told['id']}.pdf")
    assert (document.content, document.headers["content-type"]) == (content, "application/pdf")
    part = await shop.call.get(f"/api/v1/invoices/{told['id']}.pdf", headers={"Range": "bytes=0-4"})
    assert (part.status_code, part.content) == (206, b"%PDF-")
    for form in ("xml", "xrechnung.xml", "zip", "pdf.xml"):
        assert (await shop.call.get(f"/api/v1/invoices/{told['id']}.{form}")).status_code == 404


@pytest.mark.parametrize("day", ["0001-01-01", "1989-12-31", "2101-01-01", "9999-12-31"])
async def test_a_date_that_no_invoice_has_is_refused(shop: Shop, day: str):
    await shop.put(an_order())

    answer = await put(shop, a_pdf(), f"number=RE-1&date={day}")

    assert (answer.status_code, codes(answer.json())) == (422, {"#/date": "out-of-range"})
    assert await _stored(shop) == 0


async def test_what_is_uploaded_for_a_credit_is_a_credit_note(shop: Shop):
    line = {"id": "1", "title": "Storno", "line_gross": -2490, "tax_rate": "19"}
    await shop.put(an_order(kind="credit", lines=[line], total_gross=-2490, payments=[]))

    answer = await put(shop, a_pdf())

    assert (answer.status_code, answer.json()["kind"]) == (201, "credit_note")


@pytest.mark.parametrize("content", [b"", b"no PDF", b"%PDF-1.7\n%%EOF", b"<html>%PDF-"])
async def test_what_is_no_pdf_is_refused(shop: Shop, content: bytes):
    await shop.put(an_order())

    answer = await put(shop, content)

    assert (answer.status_code, codes(answer.json())) == (422, {"#": "not-a-pdf"})
    assert await _stored(shop) == 0
    assert list(shop.house.scratch.iterdir()) == []


async def test_number_and_date_are_needed_and_both_are_named(shop: Shop):
    await shop.put(an_order())

    missing = await put(shop, a_pdf(), "")
    wrong = await put(shop, a_pdf(), "number=&date=26.10.2026&total=1")

    assert codes(missing.json()) == {"#/number": "missing", "#/date": "missing"}
    assert codes(wrong.json()) == {"#/total": "unknown-parameter"}
    assert await _stored(shop) == 0


async def test_other_media_types_unknown_orders_and_giants_are_refused(shop: Shop):
    unknown = await put(shop, a_pdf())
    await shop.put(an_order())
    other = await shop.call.put(
        "/api/v1/orders/etsy/1/invoice?number=1&date=2026-10-26", content=a_pdf(), headers={"Content-Type": "image/png"}
    )
    giant = await put(shop, b"%PDF-" + bytes(10 * 1024 * 1024))

    assert (unknown.status_code, other.status_code, giant.status_code) == (404, 415, 413)
    assert await _stored(shop) == 0


async def test_invoices_are_found_by_order_number_kind_and_day_in_pages(shop: Shop):
    for number in range(3):
        await shop.put(an_order(number=f"N{number}"), f"etsy/{number}")
        await shop.call.put(
            f"/api/v1/orders/etsy/{number}/invoice?number=RE-{number}&date=2026-10-2{number}",
            content=a_pdf(str(number)),
            headers={"Content-Type": "application/pdf"},
        )

    async def found(**query: str) -> list[str]:
        answer = await shop.call.get("/api/v1/invoices", params=query)
        return [invoice["number"] for invoice in answer.json()["items"]]

    assert await found() == ["RE-0", "RE-1", "RE-2"]
    assert await found(order="N1") == ["RE-1"]
    assert await found(number="RE-2") == ["RE-2"]
    assert await found(kind="credit_note") == []
    assert await found(issued_after="2026-10-20") == ["RE-1", "RE-2"]
    first = (await shop.call.get("/api/v1/invoices?limit=2")).json()
    assert await found(limit="2", cursor=first["next_cursor"]) == ["RE-2"]
    assert (await shop.call.get("/api/v1/invoices?kind=bill")).status_code == 422


async def _stored(shop: Shop) -> int:
    async with shop.house.database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(Invoice)) or 0)
