"""Invoices in a browser, with and without scripts: asked for, taken back, seen by both, taken to the tax adviser."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.conftest import Shop
from e2e.merchant import complaints, open_office
from e2e.papers import texts
from e2e.screens import on_screens

SELLER = {"name": "Nähwerk", "street": "Nadelgasse 3", "zip": "50667", "city": "Köln", "vat_id": "DE123456788"}
ORDER = {
    "number": "NW-10433",
    "state": "paid",
    "ordered_at": "2026-11-05T10:00:00+01:00",
    "paid_at": "2026-11-06T10:00:00+01:00",
    "currency": "EUR",
    "buyer": {"name": "Erika Mustermann", "email": "erika@example.org"},
    "billing": {"name": "Erika Mustermann", "line1": "Heidestraße 17", "zip": "51147", "city": "Köln", "country": "DE"},
    "lines": [
        {"id": "a", "title": "Webetiketten", "quantity": "3", "unit_gross": 1000, "line_gross": 3000,
         "tax_rate": "19", "digital": True},
        {"id": "b", "title": "Heft", "line_gross": 700, "tax_rate": "7", "digital": True},
    ],
    "total_gross": 3700,
}  # fmt: skip
YEAR = datetime.now(ZoneInfo("Europe/Berlin")).year
RE = f"RE-{YEAR}-"
TAB = "/admin/orders/1/numbers-layouts"
SCREENS = ["/admin/invoices", "/admin/invoices?q=nobody", TAB, "/admin/settings/portal/invoices"]


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def link(shop: Shop) -> str:
    """Where Erika finds her paid order, in a shop that may issue invoices."""
    assert shop.api("PATCH", "/settings/seller", json=SELLER).status_code == 200
    assert shop.api("PATCH", "/settings/invoices", json={"auto_create": True}).status_code == 200
    return shop.put_order("1", **ORDER)


@pytest.fixture
def desk(shop: Shop, link: str, open_page: Callable[..., Page], scripts: bool) -> Iterator[Page]:
    """Jana's phone, at the order; the test fails on whatever the browser complains of."""
    assert link
    page = open_page(java_script_enabled=scripts, viewport={"width": 390, "height": 844})
    said = complaints(page)
    open_office(page, shop, TAB)
    yield page
    assert said == []


def saved(page: Page, name: str) -> bytes:
    """What a link that saves a file brings."""
    with page.expect_download() as begun:
        page.get_by_role("link", name=name).click()
    return Path(begun.value.path()).read_bytes()


def shown(page: Page, name: str) -> bytes:
    """What a link that shows a document leads to."""
    address = page.get_by_role("link", name=name).first.get_attribute("href")
    assert address
    return page.request.get(f"{page.url.partition('/o/')[0].partition('/admin')[0]}{address}").body()


def create(page: Page) -> None:
    page.get_by_role("button", name="Rechnung jetzt erstellen").click()
    expect(page.locator(".flash")).to_contain_text("Die Rechnung ist erstellt")


def test_a_customer_s_click_makes_the_invoice_and_the_next_visit_finds_it(
    shop: Shop, link: str, open_page: Callable[..., Page], scripts: bool
) -> None:
    page = open_page(java_script_enabled=scripts, viewport={"width": 390, "height": 844})
    page.goto(link)
    form = page.locator("form[data-deed=get-invoice]")
    with page.expect_response(lambda answer: answer.url.endswith(".pdf")) as found:
        form.get_by_role("button").click()
    assert found.value.headers["content-type"] == "application/pdf"
    assert shop.api("GET", "/invoices").json()["items"][0]["kind"] == "invoice"

    page.goto(link)
    expect(form).to_have_count(0)
    text = texts(shown(page, "Rechnung als PDF"))[0]
    assert f"{RE}00001" in text
    assert "Erika Mustermann" in text


def test_what_the_merchant_cancels_both_see(
    shop: Shop, desk: Page, link: str, open_page: Callable[..., Page], scripts: bool
) -> None:
    create(desk)
    desk.get_by_role("button", name="Rechnung stornieren").first.click()
    dialog = desk.get_by_role("dialog")
    expect(dialog).to_contain_text("lässt sich nicht zurücknehmen")
    dialog.get_by_role("button", name="Nicht stornieren").click()
    expect(dialog).to_be_hidden()
    desk.get_by_role("button", name="Rechnung stornieren").first.click()
    dialog.get_by_label("Grund").fill("Die Anschrift war falsch")
    dialog.get_by_role("button", name="Rechnung stornieren").click()

    expect(desk.locator(".flash")).to_contain_text("Die Rechnung ist storniert")
    expect(desk.locator(".relation").first).to_have_text(f"storniert durch {RE}00002")
    customer = open_page(java_script_enabled=scripts)
    customer.goto(link)
    section = customer.locator("section[data-section=invoice]")
    expect(section).to_contain_text(f"{RE}00001")
    expect(section).to_contain_text(f"Stornorechnung {RE}00002")
    assert "Die Anschrift war falsch" in texts(shown(customer, "Stornorechnung als PDF"))[0]


def test_some_of_the_lines_are_taken_back_and_a_wrong_quantity_is_told_at_its_line(shop: Shop, desk: Page) -> None:
    create(desk)
    desk.get_by_text("Einzelne Positionen zurücknehmen").click()
    desk.get_by_label("Webetiketten").fill("5")
    reason = desk.locator("details").filter(has_text="Einzelne Positionen").get_by_label("Grund")
    reason.fill("Erika hat eines zurückgesandt")
    desk.get_by_role("button", name="Diese Mengen zurücknehmen").click()
    expect(desk.get_by_role("alert")).to_contain_text("höchstens die noch übrige")
    expect(reason).to_have_value("Erika hat eines zurückgesandt")

    desk.get_by_label("Webetiketten").fill("1")
    desk.get_by_role("button", name="Diese Mengen zurücknehmen").click()

    expect(desk.locator(".flash")).to_contain_text("auf einer eigenen Rechnungskorrektur")
    expect(desk.locator(".relation").first).to_have_text(f"korrigiert durch {RE}00002")
    assert [item["total_gross"] for item in shop.api("GET", "/invoices").json()["items"]] == [3700, -1000]


def test_an_invoice_from_elsewhere_is_uploaded(shop: Shop, desk: Page, tmp_path: Path) -> None:
    create(desk)
    other = shop.put_order("2", **{**ORDER, "number": "NW-10434"})
    paper = tmp_path / "Rechnung.pdf"
    paper.write_bytes(shown(desk, f"PDF {RE}00001"))
    desk.goto(f"{shop.url}{TAB.replace('/1/', '/2/')}")
    desk.get_by_text("Anderswo ausgestellte Rechnung hochladen").click()
    desk.get_by_label("Rechnungsnummer").fill("2026/0415")
    desk.get_by_label("Rechnungsdatum").fill("2026-11-20")
    desk.get_by_label("PDF-Datei").set_input_files(paper)
    desk.get_by_role("button", name="Rechnung speichern").click()

    expect(desk.locator(".flash")).to_contain_text("gespeichert")
    desk.goto(other)
    expect(desk.locator("section[data-section=invoice]")).to_contain_text("2026/0415")


def test_the_list_is_searched_filtered_and_taken_away(shop: Shop, desk: Page) -> None:
    create(desk)
    desk.goto(f"{shop.url}/admin/invoices")
    numbers = desk.locator("[data-cell=number] .number")
    desk.get_by_label("Suchen").fill("nobody")
    _show(desk)
    expect(desk.get_by_role("heading", name="Kein Dokument passt")).to_be_visible()
    desk.get_by_role("link", name="Alle Dokumente zeigen").click()
    desk.get_by_label("Suchen").fill("musterm")
    _show(desk)
    expect(numbers).to_have_text([f"{RE}00001"])
    desk.get_by_label("Art").select_option("invoice")
    _show(desk)
    desk.wait_for_url("**kind=invoice**")
    expect(numbers).to_have_text([f"{RE}00001"])

    table = saved(desk, "Liste (CSV)").decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(table, newline=""), delimiter=";")
    archive = ZipFile(io.BytesIO(saved(desk, "Dokumente (ZIP)")))

    assert (row["Nummer"], row["Betrag"], row["Käufer"]) == (f"{RE}00001", "37,00", "Erika Mustermann")
    assert archive.testzip() is None
    assert [name.rpartition("/")[2] for name in archive.namelist()] == [
        f"{RE}00001.pdf",
        f"{RE}00001.xml",
        "index.csv",
    ]


def _show(page: Page) -> None:
    """Without scripts, a button asks for what was chosen."""
    if not page.evaluate("() => customElements.get('live-form') !== undefined"):
        page.get_by_role("button", name="Anzeigen").click()


def test_a_series_that_has_begun_fixes_its_start_and_another_one_is_open_again(shop: Shop, desk: Page) -> None:
    create(desk)
    desk.goto(f"{shop.url}/admin/settings/portal/invoices")
    expect(desk.locator("#creation")).to_contain_text(f"{RE}00002")
    expect(desk.locator("#invoice_start input")).to_have_count(0)

    desk.get_by_label("Nummernkreis", exact=True).fill("NW-{year}-")
    desk.get_by_label("Nummernkreis", exact=True).blur()
    save = desk.get_by_role("button", name="Speichern", exact=True)
    if save.is_visible():
        save.click()

    expect(desk.locator("#creation")).to_contain_text(f"NW-{YEAR}-00001")
    expect(desk.locator("#invoice_start input[inputmode], #invoice_start .input")).to_have_count(1)


@pytest.mark.screens
@on_screens
def test_no_screen_hinders_anybody(
    shop: Shop, link: str, open_page: Callable[..., Page], scheme: str, width: int
) -> None:
    assert link
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    said = complaints(page)
    open_office(page, shop, "/admin/invoices")
    _look_at(page, shop, "/admin/invoices", width)
    page.goto(f"{shop.url}{TAB}")
    create(page)
    for screen in SCREENS:
        _look_at(page, shop, screen, width)
    page.goto(f"{shop.url}{TAB}")
    page.get_by_role("button", name="Rechnung stornieren").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert Axe().run(page).violations_count == 0
    assert said == []


def _look_at(page: Page, shop: Shop, screen: str, width: int) -> None:
    page.goto(f"{shop.url}{screen}")
    page.evaluate("() => document.querySelectorAll('main details').forEach(each => { each.open = true })")
    found = Axe().run(page)
    assert found.violations_count == 0, f"{screen}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= width, screen
