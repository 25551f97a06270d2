"""From a pushed order to the bytes in the customer's hand."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.conftest import Shop
from e2e.papers import a_pattern, texts

ORDER = {
    "number": "12345678",
    "platform": "Etsy",
    "state": "paid",
    "ordered_at": "2014-06-05T10:00:00+02:00",
    "paid_at": "2026-11-20T10:00:00+01:00",
    "currency": "EUR",
    "buyer": {"name": "Max Mustermann", "email": "max@example.org"},
    "lines": [
        {"id": "1", "title": "Schnittmuster Bente (PDF)", "sku": "PDF-BENTE", "line_gross": 2490, "tax_rate": "19"}
    ],
    "total_gross": 2490,
}
WATERMARK = "Kauf {OrderNumber} vom {OrderDate} - {UserName}"
STAMP = "Kauf 12345678 vom 05.06.2014 - Max Mustermann"


def sell(shop: Shop) -> str:
    """A paid order with an invoice and one PDF; its portal link."""
    a_pattern(shop.data / "files" / "bente.pdf")
    root = str(shop.data / "files")
    storage = shop.api("POST", "/storages", json={"name": "Muster", "kind": "local", "options": {"root": root}}).json()
    linked = {"title": "Bente", "files": [{"storage": storage["id"], "path": "bente.pdf", "title": "Bente, Bogen A4"}]}
    assert shop.api("PUT", "/articles/PDF-BENTE", json=linked).status_code == 201
    files = {"watermark_text": WATERMARK, "limit_per_file": 3, "window_days": 3650}
    assert shop.api("PATCH", "/settings/files", json=files).status_code == 200
    link = shop.put_order("1", **ORDER)
    invoice = shop.api(
        "PUT",
        "/orders/shop/1/invoice?number=RE-1&date=2026-11-21",
        content=(shop.data / "files" / "bente.pdf").read_bytes(),
        headers={"Content-Type": "application/pdf"},
    )
    assert invoice.status_code == 201, invoice.text
    return link


def test_a_customer_gets_the_invoice_and_the_stamped_file(shop: Shop, page: Page) -> None:
    link = sell(shop)

    page.goto(link)
    with page.expect_download() as begun:
        page.locator("form[data-deed=start-download] button").click()
    stamped = Path(begun.value.path()).read_bytes()

    assert [STAMP in text for text in texts(stamped)] == [True, True, True]
    assert begun.value.suggested_filename == "bente.pdf"
    address = page.locator("section[data-section=invoice] a").first.get_attribute("href")
    invoice = page.request.get(f"{shop.url}{address}")
    assert invoice.body() == (shop.data / "files" / "bente.pdf").read_bytes()


def test_the_page_counts_what_is_left(shop: Shop, page: Page) -> None:
    page.goto(sell(shop))
    expect(page.locator("[data-file]")).to_have_attribute("data-downloads-left", "3")

    with page.expect_download():
        page.locator("form[data-deed=start-download] button").click()
    page.reload()

    expect(page.locator("[data-file]")).to_have_attribute("data-downloads-left", "2")


def test_nothing_on_the_page_hinders_anybody(shop: Shop, open_page) -> None:
    link = sell(shop)
    for scheme in ("light", "dark"):
        for width in (390, 1280):
            page = open_page(color_scheme=scheme, viewport={"width": width, "height": 900})
            page.goto(link)
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
