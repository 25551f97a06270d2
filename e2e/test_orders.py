"""The merchant's orders in a browser, with and without scripts: found while typing, shown in tabs, each deed done."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.conftest import EMAIL, Shop
from e2e.merchant import complaints, open_office
from e2e.screens import on_screens
from e2e.test_main_job import ORDER, sell
from e2e.test_waivers import office as post
from tests.pretend_mail import PostOffice

__all__ = ["post"]
FIRST = "/admin/orders/1"
SCREENS = [
    "/admin/orders",
    "/admin/orders?q=nobody",
    *(f"{FIRST}/{tab}" for tab in "overview numbers-layouts payments downloads messages activity as-customer".split()),
    "/admin/activity",
    "/admin/activity?all",
]


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def desk(shop: Shop, open_page: Callable[..., Page], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A merchant's phone, signed in; the test fails on whatever the browser complains of."""
    page = open_page(java_script_enabled=request.param, viewport={"width": 390, "height": 844})
    said = complaints(page)
    open_office(page, shop, "/admin/orders")
    yield page
    assert said == []


@pytest.fixture
def office(shop: Shop, desk: Page) -> Page:
    """At the desk of a shop that has sold two things."""
    sell(shop)
    shop.put_order("2", **{**ORDER, "number": "NW-10427", "buyer": {"name": "Jürgen Großkreutz"}, "state": "ordered"})
    desk.reload()
    return desk


def numbers(page: Page) -> list[str]:
    return page.locator(".row-link").all_inner_texts()


def test_an_order_is_found_by_a_part_of_its_name_and_the_address_can_be_kept(office: Page, shop: Shop) -> None:
    office.goto(f"{shop.url}/admin/orders")
    assert sorted(numbers(office)) == ["12345678", "NW-10427"]

    office.get_by_label("Suchen").fill("grosskr")
    if not _scripts_run(office):
        office.get_by_role("button", name="Anzeigen").click()

    expect(office.locator(".row-link")).to_have_text(["NW-10427"])
    office.wait_for_url("**q=grosskr**")
    office.reload()
    expect(office.locator(".row-link")).to_have_text(["NW-10427"])
    expect(office.get_by_label("Suchen")).to_have_value("grosskr")


def _scripts_run(page: Page) -> bool:
    """Whether the page's own scripts do: a script of the test runs in any case."""
    return page.evaluate("() => customElements.get('live-form') !== undefined")


def test_filters_narrow_the_list_and_the_way_back_is_offered(office: Page, shop: Shop) -> None:
    office.goto(f"{shop.url}/admin/orders")
    office.get_by_label("Status").select_option("cancelled")
    if not _scripts_run(office):
        office.get_by_role("button", name="Anzeigen").click()

    expect(office.get_by_role("heading", name="Keine Bestellung passt")).to_be_visible()
    office.get_by_role("link", name="Alle Bestellungen zeigen").click()
    expect(office.locator(".row-link")).to_have_count(2)


def test_while_one_types_the_field_keeps_the_focus(office: Page, shop: Shop) -> None:
    office.goto(f"{shop.url}/admin/orders")
    if _scripts_run(office):
        office.get_by_label("Suchen").press_sequentially("1234", delay=30)
        expect(office.locator(".row-link")).to_have_text(["12345678"])
        office.keyboard.type("5678")
        expect(office.get_by_label("Suchen")).to_have_value("12345678")
        expect(office.get_by_role("status")).to_contain_text("1 Bestellung angezeigt")


def test_a_renewed_link_opens_and_the_old_one_does_not(office: Page, shop: Shop) -> None:
    office.goto(f"{shop.url}{FIRST}/numbers-layouts")
    old = office.get_by_role("textbox", name="Portal-Link").input_value()

    office.get_by_role("button", name="Link erneuern").first.click()
    expect(office.get_by_role("dialog")).to_contain_text("funktioniert ab sofort nicht mehr")
    office.get_by_role("button", name="Abbrechen").click()
    expect(office.get_by_role("dialog")).to_be_hidden()
    office.get_by_role("button", name="Link erneuern").first.click()
    office.get_by_role("dialog").get_by_role("button", name="Link erneuern").click()

    expect(office.locator(".flash")).to_contain_text("erneuert")
    new = office.get_by_role("textbox", name="Portal-Link").input_value()
    assert office.request.get(old).status == 404
    assert office.request.get(new).status == 200


def test_more_downloads_are_given_with_a_reason(office: Page, shop: Shop) -> None:
    office.goto(f"{shop.url}{FIRST}/downloads")
    office.get_by_text("Mehr Downloads geben").click()
    office.get_by_label("Wie viele mehr").fill("viele")
    office.get_by_role("button", name="Downloads geben").click()
    expect(office.get_by_role("alert").first).to_be_visible()
    assert office.get_by_label("Wie viele mehr").input_value() == "viele"

    office.get_by_label("Wie viele mehr").fill("2")
    office.get_by_label("Warum").fill("Drucker kaputt")
    office.get_by_role("button", name="Downloads geben").click()

    expect(office.locator("[data-file]")).to_have_attribute("data-downloads-left", "5")
    office.get_by_role("link", name="Verlauf").click()
    expect(office.locator(".timeline")).to_contain_text("Drucker kaputt")
    expect(office.locator(".timeline")).to_contain_text(EMAIL)


def test_the_merchant_sees_what_the_customer_sees_and_presses_nothing(office: Page, shop: Shop) -> None:
    office.goto(f"{shop.url}{FIRST}/overview")
    office.get_by_role("link", name="Als Kunde ansehen").click()

    expect(office.get_by_role("heading", name="Ihre Bestellung 12345678")).to_be_visible()
    for button in office.get_by_role("button").all():
        expect(button).to_be_disabled()
    office.get_by_role("link", name="Zurück zur Bestellung").click()
    office.get_by_role("link", name="Nummern & Layouts").click()
    expect(office.get_by_text("Noch nie geöffnet")).to_be_visible()


def test_the_link_goes_out_by_mail_with_one_click(shop: Shop, post: PostOffice, desk: Page) -> None:
    sell(shop)
    page = desk
    page.goto(f"{shop.url}{FIRST}/numbers-layouts")
    link = page.get_by_role("textbox", name="Portal-Link").input_value()

    page.get_by_role("button", name="Link per Mail senden").click()

    expect(page.locator(".flash")).to_contain_text("unterwegs")
    (mail,) = post.mails
    text = mail.get_body(("plain",))
    assert mail["To"].endswith("max@example.org>") or mail["To"] == "max@example.org"
    assert text is not None and link in text.get_content()
    page.get_by_role("link", name="Nachrichten").click()
    expect(page.locator(".records")).to_contain_text("Gesendet")


def test_the_copied_link_is_the_link(shop: Shop, open_page: Callable[..., Page]) -> None:
    sell(shop)
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    open_office(page, shop, f"{FIRST}/numbers-layouts")

    page.get_by_role("button", name="Kopieren").click()

    expect(page.get_by_role("button", name="Kopiert")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == page.get_by_role("textbox", name="Portal-Link").input_value()


def test_the_keyboard_alone_finds_an_order_and_renews_its_link(shop: Shop, open_page: Callable[..., Page]) -> None:
    sell(shop)
    page = open_page()
    open_office(page, shop, "/admin/orders")

    def on(selector: str) -> None:
        """Tab until it has the focus."""
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
                return
        raise AssertionError(f"{selector} cannot be reached by Tab")

    on("#q")
    page.keyboard.type("12345678")
    expect(page.get_by_role("status")).to_contain_text("1 Bestellung")
    on(".row-link")
    page.keyboard.press("Enter")
    page.wait_for_url("**/overview")
    on(".tabs a[href$=numbers-layouts]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/numbers-layouts")
    on("[popovertarget=renew]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    on(".dialog-actions [data-kind=danger]")
    page.keyboard.press("Enter")

    expect(page.locator(".flash")).to_contain_text("erneuert")


@pytest.mark.screens
@on_screens
def test_no_screen_hinders_anybody(shop: Shop, open_page: Callable[..., Page], scheme: str, width: int) -> None:
    sell(shop)
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    said = complaints(page)
    open_office(page, shop, "/admin")
    for screen in SCREENS:
        page.goto(f"{shop.url}{screen}")
        page.evaluate("() => document.querySelectorAll('main details').forEach(each => { each.open = true })")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{screen}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, screen
    assert said == []
