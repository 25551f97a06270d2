"""Jana brings the orders of her market stall as a file, on a phone, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.conftest import Shop
from e2e.merchant import complaints, open_office

PATH = "/admin/settings/sources/imports"
MARKET = "Nr;Tag;Ware;Preis;Kundin\n1;20.10.2026;Kleid;24,90;Erika\n2;20.10.2026;Rock;1.234;Mia\n"
OWN = "bestell_id;bestelldatum;waehrung;titel;menge;positionssumme_brutto;steuersatz"


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def desk(shop: Shop, open_page: Callable[..., Page], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A merchant's phone, signed in; the test fails on whatever the browser complains of."""
    page = open_page(java_script_enabled=request.param, viewport={"width": 360, "height": 800})
    said = complaints(page)
    open_office(page, shop, "/admin/orders")
    yield page
    assert said == []


def bring(page: Page, place: Path, content: str | bytes, name: str = "markt.csv") -> None:
    """Chooses the file and sends it."""
    path = place / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    page.get_by_label("CSV-Datei").set_input_files(path)
    page.get_by_label("Quelle der Bestellungen").fill("markt")
    page.get_by_role("button", name="Datei hochladen").click()


def told(page: Page, words: str) -> None:
    """Waits for what the job has to say: scripts ask by themselves, without them somebody looks again."""
    said = page.locator("#reading").get_by_text(words).first
    again = page.get_by_role("link", name="Noch einmal nachsehen")
    if not page.evaluate("typeof htmx !== 'undefined'"):
        for _ in range(60):
            if not again.count():
                break
            page.goto(page.url.partition("#")[0])
            page.wait_for_timeout(100)
    expect(again).to_have_count(0, timeout=20_000)
    expect(said).to_be_visible()


def test_a_table_of_any_kind_is_understood_looked_at_and_imported(shop: Shop, desk: Page, tmp_path: Path) -> None:
    desk.get_by_role("link", name="Aus Dateien").click()
    bring(desk, tmp_path, MARKET)

    for column, field in {
        "Nr": "order_id", "Tag": "order_date", "Ware": "title", "Preis": "line_gross", "Kundin": "buyer_name"
    }.items():  # fmt: skip
        desk.get_by_label(column, exact=True).select_option(field)
    desk.get_by_label("Bestellung: Währung").fill("EUR")
    desk.get_by_label("Position: Steuersatz in Prozent", exact=True).last.fill("19")
    desk.get_by_label("Diese Zuordnung merken als").fill("Marktstand")
    desk.get_by_role("button", name="Probelauf starten").click()

    told(desk, "Eine Bestellung ist neu")
    expect(desk.get_by_text("kann zwei Zahlen meinen")).to_be_visible()
    assert shop.api("GET", "/orders").json()["items"] == []

    expect(desk.get_by_text("Welches ist das Dezimalzeichen?")).to_be_visible()
    desk.get_by_label("Dezimalzeichen").select_option(",")
    desk.get_by_role("button", name="Probelauf starten").click()
    told(desk, "2 Bestellungen sind neu")
    desk.get_by_role("button", name="Bestellungen importieren").click()
    told(desk, "Bis zum Ende gelesen")

    found = shop.api("GET", "/orders").json()["items"]
    assert {order["number"]: order["total_gross"] for order in found} == {"1": 2490, "2": 123400}


def test_a_kept_mapping_makes_the_next_file_one_click_and_changes_nothing_twice(
    shop: Shop, desk: Page, tmp_path: Path
) -> None:
    row = f"{OWN}\n7;20.10.2026;EUR;Kleid;1;24,90;19\n"
    for words in ("Eine Bestellung ist neu", "Eine Bestellung ist unverändert"):
        desk.goto(shop.url + PATH)
        bring(desk, tmp_path, row)
        desk.get_by_role("button", name="Probelauf starten").click()
        told(desk, words)
        if words.endswith("neu"):
            desk.get_by_role("button", name="Bestellungen importieren").click()
            told(desk, "Eine Bestellung ist neu")
    expect(desk.get_by_text("Es gibt nichts zu importieren.")).to_be_visible()


def test_a_workbook_is_told_how_to_become_a_csv(shop: Shop, desk: Page, tmp_path: Path) -> None:
    desk.goto(shop.url + PATH)

    bring(desk, tmp_path, b"PK\x03\x04\x14\0\x06\0", "mappe.csv")

    expect(desk.get_by_text("Das ist eine Arbeitsmappe")).to_be_visible()
    expect(desk.get_by_label("CSV-Datei")).to_be_focused()


def test_a_long_file_shows_how_far_it_is_and_is_cancelled(shop: Shop, desk: Page, tmp_path: Path) -> None:
    rows = "\n".join(f"{number};20.10.2026;EUR;Kleid;1;24,90;19" for number in range(60_000))
    desk.goto(shop.url + PATH)
    bring(desk, tmp_path, f"{OWN}\n{rows}\n")
    desk.get_by_role("button", name="Probelauf starten").click()

    expect(desk.locator("progress")).to_be_visible()
    desk.get_by_role("button", name="Abbrechen").click()

    told(desk, "Von Hand abgebrochen")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_on_these_pages_hinders_anybody(
    shop: Shop, open_page: Callable[..., Page], tmp_path: Path, scheme: str
) -> None:
    page = open_page(viewport={"width": 360, "height": 800}, color_scheme=scheme)
    open_office(page, shop, PATH)
    bring(page, tmp_path, b"", "leer.csv")
    looked_through(page)
    bring(page, tmp_path, MARKET)
    looked_through(page)
    page.goto(shop.url + PATH)
    bring(page, tmp_path, f"{OWN}\n7;20.10.2026;EUR;Kleid;1;24,90;19\n8;03/04/2026;EUR;Rock;1;1.234;19\n")
    page.get_by_label("Diese Zuordnung merken als").fill("Eigenes")
    page.get_by_role("button", name="Probelauf starten").click()
    told(page, "Eine Bestellung ist neu")
    page.locator("summary").last.click()
    looked_through(page)
    page.goto(shop.url + PATH)
    looked_through(page)


def looked_through(page: Page) -> None:
    """By axe, and that nothing scrolls sideways."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
