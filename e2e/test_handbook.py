"""The handbook for merchants: its pictures show the screens as they are, and every tab leads to its page.

With PICTURES=static/handbook in the environment the run writes the pictures anew.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from e2e.conftest import Shop
from e2e.merchant import complaints, open_office
from e2e.screens import on_screens
from e2e.test_main_job import sell

TABS = ("appearance", "invoices", "files", "payments")
PICTURES = Path(__file__).parent.parent / "static" / "handbook"
SIZE = (1200, 800)
SELLER = {
    "name": "Nähwerk Musterfrau",
    "street": "Nadelgasse 3",
    "zip": "50667",
    "city": "Köln",
    "country": "DE",
    "vat_id": "DE123456788",
    "iban": "DE02120300000000202051",
    "email": "hallo@naehwerk.example",
}


@pytest.fixture
def filled(shop: Shop) -> Shop:
    """A shop with everything that the four tabs show."""
    sell(shop)
    assert shop.api("PATCH", "/settings/seller", json=SELLER).status_code == 200
    assert shop.api("PATCH", "/settings/invoices", json={"auto_create": True, "window_days": 365}).status_code == 200
    assert shop.api("PATCH", "/settings/files", json={"watermark_y_mm": 245}).status_code == 200  # within the picture
    new = {"name": "Überweisung", "kind": "bank_transfer", "active": True}
    assert shop.api("POST", "/payment-providers", json=new).status_code == 201
    return shop


def taken(page: Page) -> Image.Image:
    """The window as it is, in few colours, so that a picture weighs little."""
    with Image.open(io.BytesIO(page.screenshot())) as shot:
        return shot.convert("RGB").quantize(colors=64, dither=Image.Dither.NONE)


def test_there_is_a_picture_of_every_tab(filled: Shop, browser: Browser) -> None:
    context = browser.new_context(locale="de-DE", color_scheme="light", viewport={"width": SIZE[0], "height": SIZE[1]})
    page = context.new_page()
    said = complaints(page)
    open_office(page, filled, "/admin/settings")
    for tab in TABS:
        page.goto(f"{filled.url}/admin/settings/portal/{tab}")
        if tab == "payments":
            page.get_by_role("link", name="Überweisung").click()
        page.wait_for_load_state("networkidle")
        picture = taken(page)
        if place := os.environ.get("PICTURES"):
            picture.save(Path(place) / f"{tab}.png", optimize=True)
        with Image.open(PICTURES / f"{tab}.png") as kept:
            assert kept.size == picture.size == SIZE
    context.close()
    assert said == []


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_every_tab_leads_to_its_page_and_back(filled: Shop, browser: Browser, scripted: bool) -> None:
    context = browser.new_context(locale="de-DE", java_script_enabled=scripted)
    page = context.new_page()
    open_office(page, filled, "/admin/settings")
    for tab in TABS:
        page.goto(f"{filled.url}/admin/settings/portal/{tab}")
        page.get_by_role("link", name="So funktioniert es").click()
        expect(page.locator("article img")).to_have_js_property("complete", True)
        page.get_by_role("link", name="Zu den Einstellungen").click()
        expect(page).to_have_url(f"{filled.url}/admin/settings/portal/{tab}")
    context.close()


@pytest.mark.screens
@on_screens
def test_its_pages_can_be_used_by_everybody(
    shop: Shop, open_page: Callable[..., Page], width: int, scheme: str
) -> None:
    page = open_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    open_office(page, shop, "/admin/settings")
    for tab in TABS:
        page.goto(f"{shop.url}/admin/handbook/{tab}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        if place := os.environ.get("SHOTS"):
            page.screenshot(path=f"{place}/guide-{width}-{tab}.png", full_page=True)
