"""Jana links files with what she sells."""

from __future__ import annotations

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.conftest import Shop
from e2e.merchant import open_office
from e2e.test_main_job import ORDER


def test_a_file_is_picked_for_an_article_named_and_moved(shop: Shop, page: Page) -> None:
    folder = shop.data / "files" / "muster"
    folder.mkdir(parents=True)
    for name in ("a4.zip", "a0.zip"):
        (folder / name).write_bytes(b"PK" + name.encode())
    root = str(shop.data / "files")
    shop.api("POST", "/storages", json={"name": "Muster", "kind": "local", "options": {"root": root}})
    link = shop.put_order("1", **ORDER)

    open_office(page, shop, "/admin/articles")
    page.get_by_role("button", name=re.compile("Dateien verknüpfen ?: PDF-BENTE")).click()
    for name in ("a0.zip", "a4.zip"):
        page.get_by_role("link", name="Datei hinzufügen").click()
        page.get_by_role("link", name="muster/").click()
        page.get_by_role("button", name=re.compile(f"Nehmen ?: {name}")).click()
        expect(page.get_by_text("Die Datei ist verknüpft.")).to_be_visible()

    page.get_by_role("button", name="a4.zip: weiter nach oben").click()
    expect(page.locator("#files [data-file] b").first).to_have_text("a4.zip")
    page.get_by_role("link", name="a4.zip").click()
    field = page.get_by_label("Titel für Kunden")
    field.fill("Bogen A4 zum Selbstdrucken")
    save = page.get_by_role("button", name="Speichern", exact=True)
    if save.count():
        save.click()
    else:
        field.blur()
    expect(page.get_by_text("Gespeichert")).to_be_visible()

    page.goto(link)
    expect(page.locator("[data-file] .file-name").first).to_have_text("Bogen A4 zum Selbstdrucken")


def test_nothing_is_wider_than_a_phone(shop: Shop, open_page) -> None:
    """With names as long as files have them, and with the longest of what is said of a file."""
    files = shop.data / "files"
    files.mkdir(parents=True, exist_ok=True)
    names = ("Schnittmuster_Bente_Groessen_34_bis_54_zum_Selbstdrucken_A4.pdf", "a4.zip", "gone.zip")
    for name in names:
        (files / name).write_bytes(b"no paper")
    shop.api("POST", "/storages", json={"name": "Muster", "kind": "local", "options": {"root": str(files)}})
    linked = {"files": [{"storage": "Muster", "path": name} for name in names]}
    assert shop.api("PUT", "/articles/PDF-BENTE", json=linked).status_code == 201
    page = open_page(viewport={"width": 360, "height": 900})
    open_office(page, shop, "/admin/articles")
    for path in ("articles", "articles/1", "articles/1/picker", "articles/1/files/1", "files", "storages?checked=1"):
        page.goto(f"{shop.url}/admin/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 360, path


def test_nothing_on_these_pages_hinders_anybody(shop: Shop, open_page) -> None:
    (shop.data / "files").mkdir(parents=True, exist_ok=True)
    (shop.data / "files" / "a4.zip").write_bytes(b"PK")
    root = str(shop.data / "files")
    shop.api("POST", "/storages", json={"name": "Muster", "kind": "local", "options": {"root": root}})
    linked = {"files": [{"storage": "Muster", "path": "a4.zip"}]}
    assert shop.api("PUT", "/articles/PDF-BENTE", json=linked).status_code == 201
    page = open_page(viewport={"width": 390, "height": 900})
    open_office(page, shop, "/admin/articles")
    for path in ("articles", "articles/1", "articles/1/picker", "articles/1/files/1", "files"):
        page.goto(f"{shop.url}/admin/{path}")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
