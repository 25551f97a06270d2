"""The page that tells how the shop stands: empty at first, examined when asked, with and without JavaScript."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from e2e.conftest import Shop
from e2e.merchant import complaints, open_office

PATH = "/admin/settings/health"
LOOKS = 30  # reloads by hand; the worker needs a moment


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_merchant_asks_how_the_shop_stands_and_reads_what_to_do(browser: Browser, shop: Shop, scripted: bool):
    context = browser.new_context(
        locale="de-DE", java_script_enabled=scripted, viewport={"width": 360, "height": 800}, color_scheme="light"
    )
    page = context.new_page()
    heard = complaints(page)
    open_office(page, shop, PATH)
    expect(page.get_by_text("Noch wurde nicht geprüft")).to_be_visible()

    page.get_by_role("button", name="Jetzt prüfen").click()
    again = page.get_by_role("button", name="Neu prüfen")
    if not scripted:
        for _ in range(LOOKS):
            if again.is_visible():
                break
            page.get_by_role("link", name="Noch einmal nachsehen").click()
            page.wait_for_timeout(500)

    expect(again).to_be_visible()
    expect(page.locator("#examination")).to_contain_text("Setzen Sie TRESEN_BASE_URL")
    if scripted:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert Axe().run(page).response["violations"] == []
        again.click()
        expect(again).to_be_visible()
    context.close()
    assert heard == []
