"""Somebody writes to the shop: what do you have about me, and please forget me. With and without JavaScript."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from e2e.conftest import PATIENCE, Shop
from e2e.merchant import complaints, open_office
from e2e.screens import on_screens
from e2e.test_main_job import ORDER, sell

ADDRESS, NAME = "max@example.org", "Max Mustermann"  # of ORDER
PRIVACY = "/admin/settings/privacy"
PERSON = f"{PRIVACY}/people?email={ADDRESS}"


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_person_is_looked_up_handed_over_and_forgotten(shop: Shop, browser: Browser, scripted: bool) -> None:
    link = sell(shop)
    context = browser.new_context(locale="de-DE", java_script_enabled=scripted)
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    said = complaints(page)
    open_office(page, shop, PRIVACY)

    page.get_by_label("Mailadresse").fill(ADDRESS.upper())
    page.get_by_role("button", name="Nachsehen").click()
    expect(page.get_by_role("link", name=f"Bestellung {ORDER['number']}")).to_be_visible()
    assert_handed_over(page)

    page.get_by_label("Geben Sie zur Bestätigung").fill("jemand@anders.example")
    page.get_by_role("button", name="Endgültig löschen").click()
    expect(page.get_by_role("alert")).to_contain_text("nicht die Adresse von oben")
    page.get_by_label("Geben Sie zur Bestätigung").fill(ADDRESS)
    page.get_by_role("button", name="Endgültig löschen").click()
    if not scripted:
        wait_until_done(page)
    expect(page.get_by_role("status").filter(has_text="Erledigt am")).to_be_visible()
    expect(page.locator("#outcome + .group")).to_contain_text("RE-1, Bestellung")
    expect(page.locator("#outcome + .group")).to_contain_text("bis 31.12.2034")

    assert page.goto(link).status == 410  # type: ignore[union-attr]  # it did answer
    context.close()
    assert said == []
    assert told_of(shop.data) == []


def assert_handed_over(page: Page) -> None:
    with page.expect_download() as begun:
        page.get_by_role("link", name="Alles als ZIP herunterladen").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(begun.value.path()).read_bytes()))
    told = json.loads(archive.read("order-1/order.json"))
    assert told["buyer_name"] == NAME
    assert archive.read("order-1/invoice-1.pdf").startswith(b"%PDF")


def wait_until_done(page: Page) -> None:
    """Nothing renews the page by itself: the merchant looks again."""
    again = page.get_by_role("link", name="Noch einmal nachsehen")
    for _ in range(50):
        if not again.count():
            return
        again.click()
        page.wait_for_timeout(200)


def told_of(data: Path) -> list[str]:
    """Files of the data directory that hold the name or the address anywhere."""
    words = [ADDRESS.lower().encode(), NAME.lower().encode()]
    files = [path for path in data.rglob("*") if path.is_file() and data / "backups" not in path.parents]
    return [path.name for path in files if any(word in path.read_bytes().lower() for word in words)]


@pytest.mark.screens
@on_screens
def test_its_pages_can_be_used_by_everybody(
    shop: Shop, open_page: Callable[..., Page], width: int, scheme: str
) -> None:
    sell(shop)
    page = open_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    open_office(page, shop, PRIVACY)
    pages = (f"{PRIVACY}?foretold=yes", PERSON, f"{PRIVACY}/people?email=keine", f"{PRIVACY}/erasures/1")
    for path in pages:
        if path.endswith("/1"):
            page.goto(shop.url + PERSON)
            page.get_by_label("Geben Sie zur Bestätigung").fill(ADDRESS)
            page.get_by_role("button", name="Endgültig löschen").click()
            page.wait_for_url(re.compile(r"/erasures/1$"))
            expect(page.get_by_role("status").filter(has_text="Erledigt am")).to_be_visible()
        page.goto(shop.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        if place := os.environ.get("SHOTS"):
            page.screenshot(path=f"{place}/{width}-{pages.index(path)}.png", full_page=True)
