"""Behind the counter: a merchant signs in, and every setting saves itself, with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from e2e.conftest import EMAIL, PASSWORD, PATIENCE, Shop, add_merchant
from e2e.screens import on_screens
from e2e.test_main_job import sell
from tests.integrations.clouds.servers import PASSWORD as DAV_PASSWORD
from tests.integrations.clouds.servers import USER, dav

INVOICES = "/admin/settings/portal/invoices"
FILES = "/admin/settings/portal/files"
SELLER = "/admin/settings/seller"
MAIL = "/admin/settings/mail"
PRIVACY = "/admin/settings/privacy"
APPEARANCE = "/admin/settings/portal/appearance"
STORAGES = ("/admin/storages", "/admin/storages/new/s3", "/admin/storages/new/onedrive")
EVERY_SCREEN = (INVOICES, FILES, SELLER, MAIL, *STORAGES, "/admin/settings/keys", PRIVACY, "/admin/settings/account")
# Refused entries, a line that is down on purpose, and a question's first button, which a fragment in the address beats.
EXPECTED = re.compile(
    "the server responded with a status of (401|409|422|429)|^Failed to load resource"
    "|^htmx: htmx:error: Failed to fetch|^Autofocus processing was blocked because a document's URL has a fragment"
)


@dataclass
class Office:
    """A browser that is signed in, or about to be."""

    page: Page
    shop: Shop
    scripted: bool

    def sign_in(self, path: str = "/admin") -> None:
        self.page.goto(self.shop.url + path)
        self.page.get_by_label("Mailadresse").fill(EMAIL)
        self.page.get_by_label("Passwort").fill(PASSWORD)
        self.page.get_by_role("button", name="Anmelden").click()

    def goto(self, path: str) -> None:
        self.page.goto(self.shop.url + path)

    def field(self, name: str) -> Any:
        return self.page.locator(f"#{name}")

    def control(self, name: str) -> Any:
        return self.page.locator(f"#{name}-input")

    def enter(self, name: str, value: str | bool) -> None:
        """As a merchant does, and then leaves the field or presses Save."""
        control = self.control(name)
        if isinstance(value, bool):
            control.set_checked(value)
        elif control.evaluate("element => element.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
            control.blur()
        if not self.scripted:
            self.page.get_by_role("button", name="Speichern", exact=True).click()

    def says(self, name: str, words: str) -> None:
        expect(self.field(name).get_by_role("status")).to_contain_text(words)


def opened(browser: Browser, scripted: bool, **options: Any) -> tuple[BrowserContext, Page, list[str]]:
    """A German browser, and what it complains about besides answers that are meant."""
    size = {"width": 1280, "height": 900}
    context = browser.new_context(locale="de-DE", java_script_enabled=scripted, **{"viewport": size} | options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    complaints: list[str] = []
    page.on("console", lambda message: None if EXPECTED.search(message.text) else complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return context, page, complaints


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def office(browser: Browser, shop: Shop, request: pytest.FixtureRequest) -> Iterator[Office]:
    context, page, complaints = opened(browser, request.param)
    office = Office(page, shop, request.param)
    office.sign_in()
    yield office
    context.close()
    assert complaints == []


@pytest.fixture
def live(browser: Browser, shop: Shop) -> Iterator[Office]:
    context, page, complaints = opened(browser, True)
    office = Office(page, shop, True)
    office.sign_in()
    yield office
    context.close()
    assert complaints == []


# --- Every field


FIELDS: dict[str, dict[str, str | bool]] = {
    INVOICES: {
        "download_enabled": False,
        "auto_create": True,
        "window_days": "30",
        "address_correction": True,
        "name": "Nähwerk",
        "street": "Heidestraße 17",
        "zip": "51147",
        "city": "Köln",
        "country": "AT",
        "vat_id": "DE123456788",
        "tax_number": "12/345/67890",
        "tax_regime": "small_business",
        "invoice_series": "N-{year}-",
    },
    FILES: {
        "download_enabled": False,
        "limit_per_file": "3",
        "window_days": "60",
        "limit_times_quantity": True,
        "waiver_required": True,
        "waiver_text": "Ja, ich stimme zu.\nUnd weiß, was erlischt.",
        "watermark_text": "Kauf {OrderNumber} - {UserName}",
        "watermark_font_size_pt": "12,5",
        "watermark_x_mm": "20",
        "watermark_y_mm": "7,5",
    },
    SELLER: {
        "email": "hallo@naehwerk.example",
        "phone": "0221 123",
        "contact_name": "Jana",
        "imprint_url": "https://naehwerk.example/impressum",
        "privacy_url": "https://naehwerk.example/datenschutz",
        "terms_url": "https://naehwerk.example/agb",
        "iban": "DE02120300000000202051",
        "bic": "BYLADEM1001",
        "bank_name": "DKB",
        "paid_rule": "strict",
        "withdrawal_days": "30",
        "timezone": "Europe/Vienna",
    },
    PRIVACY: {
        "link_retention_days": "500",
        "log_retention_days": "10",
        "work_retention_days": "20",
        "run_retention_days": "100",
        "message_retention_years": "7",
        "order_retention_years": "10",
        "waiver_retention_years": "4",
    },
    MAIL: {
        "smtp_host": "mail.naehwerk.example",
        "smtp_port": "465",
        "smtp_tls": "implicit",
        "smtp_user": "jana",
        "from_address": "shop@naehwerk.example",
        "from_name": "Nähwerk",
    },
}


@pytest.mark.parametrize("tab", FIELDS, ids=lambda tab: tab.rpartition("/")[2])
def test_every_field_is_saved_and_says_so(office: Office, tab: str) -> None:
    office.goto(tab)
    for name, value in FIELDS[tab].items():
        office.enter(name, value)
        office.says(name, "Gespeichert")

    office.goto(tab)

    for name, value in FIELDS[tab].items():
        if isinstance(value, bool):
            expect(office.control(name)).to_be_checked(checked=value)
        else:
            expect(office.control(name)).to_have_value(value)


def test_a_wrong_entry_stays_with_its_reason_beside_it(office: Office) -> None:
    office.goto(FILES)
    for wrong in ("0", "-3", "viele", "1.000.000.000"):
        office.enter("limit_per_file", wrong)

        office.says("limit_per_file", "Nicht gespeichert")
        expect(office.field("limit_per_file").get_by_role("alert")).to_contain_text("ganze Zahl von 1 bis")
        expect(office.control("limit_per_file")).to_have_value(wrong)
        expect(office.control("limit_per_file")).to_have_attribute("aria-invalid", "true")

    office.enter("limit_per_file", "")
    assert office.shop.api("GET", "/settings/files").json()["limit_per_file"] is None


def test_what_automatic_creation_lacks_is_said_until_it_is_there(office: Office) -> None:
    office.goto(INVOICES)
    lacks = office.page.locator("#creation")
    expect(lacks).to_contain_text("fehlt noch")
    for name in ("name", "street", "zip", "city", "tax_number"):
        office.enter(name, "51147")
        office.says(name, "Gespeichert")

    expect(lacks).to_contain_text("ist da")


def test_an_entry_survives_the_sign_in(office: Office) -> None:
    office.goto(FILES)
    cookies = office.page.context.cookies()
    office.page.context.clear_cookies()

    office.enter("watermark_text", "Kauf {OrderNumber}")
    expect(office.page.get_by_role("heading", name="Anmelden")).to_be_visible()
    office.page.get_by_label("Mailadresse").fill(EMAIL)
    office.page.get_by_label("Passwort").fill(PASSWORD)
    office.page.get_by_role("button", name="Anmelden").click()

    assert cookies
    expect(office.control("watermark_text")).to_have_value("Kauf {OrderNumber}")
    office.says("watermark_text", "Nicht gespeichert")
    office.field("watermark_text").get_by_role("button", name="Meine Eingabe speichern").click()
    office.says("watermark_text", "Gespeichert")
    assert office.shop.api("GET", "/settings/files").json()["watermark_text"] == "Kauf {OrderNumber}"


def test_two_at_once_see_each_other_s_entries_instead_of_losing_them(office: Office, browser: Browser) -> None:
    context, page, _ = opened(browser, office.scripted)
    other = Office(page, office.shop, office.scripted)
    other.sign_in()
    office.goto(FILES)
    other.goto(FILES)

    other.enter("window_days", "90")
    other.says("window_days", "Gespeichert")
    office.enter("limit_per_file", "4")  # another field is no conflict
    office.says("limit_per_file", "Gespeichert")
    office.goto(FILES)
    other.enter("window_days", "91")
    other.says("window_days", "Gespeichert")
    office.enter("window_days", "7")

    expect(office.field("window_days")).to_contain_text("„91“")
    expect(office.control("window_days")).to_have_value("7")
    assert office.shop.api("GET", "/settings/files").json()["window_days"] == 91
    office.field("window_days").get_by_role("button").click()
    office.says("window_days", "Gespeichert")
    assert office.shop.api("GET", "/settings/files").json() | {"window_days": 7, "limit_per_file": 4} == (
        office.shop.api("GET", "/settings/files").json()
    )
    context.close()


def test_a_storage_is_connected_checked_and_named_on_the_files_tab(office: Office) -> None:
    office.goto(FILES)
    office.page.get_by_role("link", name="Speicher verbinden").click()
    office.page.get_by_label("Bezeichnung").fill("Muster")
    office.page.get_by_label("Ordner").fill("/")
    office.page.get_by_role("button", name="Verbinden", exact=True).click()
    expect(office.page.get_by_role("alert")).to_contain_text("lässt sich nicht benutzen")

    office.page.get_by_label("Ordner").fill(str(office.shop.data / "files"))
    office.page.get_by_role("button", name="Verbinden", exact=True).click()
    office.page.get_by_role("link", name="Verbindung prüfen").click()
    expect(office.page.get_by_role("status")).to_contain_text("Er antwortet")
    office.goto(FILES)

    expect(office.page.get_by_text("1 Speicher ist verbunden: Muster.")).to_be_visible()


def test_a_storage_elsewhere_is_connected_mended_and_disconnected(office: Office, tmp_path: Path) -> None:
    (tmp_path / "muster").mkdir()
    (tmp_path / "muster" / "Bente „A4“.pdf").write_bytes(b"%PDF-")
    with dav(tmp_path) as origin:
        office.goto("/admin/storages")
        office.page.get_by_role("link", name="WebDAV (Nextcloud, ownCloud)").click()
        for label, text in {
            "Bezeichnung": "Cloud",
            "Adresse": origin,
            "Benutzername": USER,
            "Passwort": "falsch",
        }.items():
            office.page.get_by_label(label).fill(text)
        office.page.get_by_role("button", name="Verbinden", exact=True).click()
        expect(office.page.get_by_role("status")).to_contain_text("lässt Tresen nicht hinein")

        office.page.get_by_role("link", name="Bearbeiten").click()
        office.page.get_by_label("Passwort").fill(DAV_PASSWORD)
        office.page.get_by_label("Ordner").fill("muster")
        office.page.get_by_role("button", name="Speichern", exact=True).click()
        expect(office.page.get_by_role("status")).to_contain_text("Ein Eintrag liegt dort")

    office.page.get_by_role("link", name="Verbindung prüfen").click()
    expect(office.page.get_by_role("status")).to_contain_text("nicht zu erreichen")
    office.page.get_by_role("button", name=re.compile("^Trennen")).click()
    office.page.get_by_role("button", name="Speicher trennen").click()
    expect(office.page.get_by_text("Noch ist kein Speicher verbunden.")).to_be_visible()


def test_a_key_is_shown_until_it_is_copied_and_opens_the_api(office: Office) -> None:
    office.goto("/admin/settings/keys")
    office.page.get_by_label("Bezeichnung").fill("Kasse")
    office.page.get_by_role("button", name="Schlüssel anlegen").click()
    key = office.page.get_by_label("Neuer Schlüssel").input_value()
    office.shop.key = key
    assert office.shop.api("GET", "/settings/files").status_code == 200

    office.page.get_by_role("button", name="Ich habe ihn kopiert").click()
    expect(office.page.get_by_label("Neuer Schlüssel")).to_have_count(0)
    assert key not in office.page.content()
    office.page.get_by_role("button", name=re.compile("Widerrufen.*Kasse")).click()
    expect(office.page.get_by_role("button", name="Schlüssel behalten")).to_be_focused()
    office.page.get_by_role("button", name="Schlüssel widerrufen").click()
    expect(office.page.get_by_role("button", name=re.compile("Widerrufen.*Kasse"))).to_have_count(0)

    assert office.shop.api("GET", "/settings/files").status_code == 401


def test_a_new_password_signs_other_browsers_out(office: Office, browser: Browser) -> None:
    context, page, _ = opened(browser, office.scripted)
    other = Office(page, office.shop, office.scripted)
    other.sign_in()
    office.goto("/admin/settings/account")

    office.page.get_by_label("Jetziges Passwort").fill("falsch")
    office.page.get_by_label("Neues Passwort", exact=True).fill("ein anderes Wort")
    office.page.get_by_label("Neues Passwort, noch einmal").fill("ein anderes Wort")
    office.page.get_by_role("button", name="Passwort ändern").click()
    expect(office.page.get_by_role("alert")).to_contain_text("nicht Ihr jetziges")
    office.page.get_by_label("Jetziges Passwort").fill(PASSWORD)
    office.page.get_by_label("Neues Passwort", exact=True).fill("ein anderes Wort")
    office.page.get_by_label("Neues Passwort, noch einmal").fill("ein anderes Wort")
    office.page.get_by_role("button", name="Passwort ändern").click()

    expect(office.page.get_by_text("Das neue Passwort gilt.")).to_be_visible()
    other.goto(INVOICES)
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    context.close()


def test_language_and_colours_are_the_merchant_s_own(office: Office) -> None:
    office.goto("/admin/settings/account")
    office.page.get_by_role("button", name="Dunkel").click()
    expect(office.page.locator("html")).to_have_attribute("data-theme", "dark")
    office.page.get_by_role("button", name="English").click()

    expect(office.page.locator("html")).to_have_attribute("lang", "en")
    office.goto(FILES)
    expect(office.page.get_by_label("Watermark text")).to_be_visible()


def test_signing_out_ends_the_session(office: Office) -> None:
    office.goto(INVOICES)
    office.page.get_by_role("button", name="Abmelden").click()

    expect(office.page.get_by_role("heading", name="Anmelden")).to_be_visible()
    office.goto(INVOICES)
    expect(office.page.get_by_role("heading", name="Anmelden")).to_be_visible()


# --- The first run


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_terminal_s_code_makes_the_first_merchant(browser: Browser, unmanned_shop: Shop, scripted: bool) -> None:
    shop = unmanned_shop
    told = re.search("First-run code: ([A-Z0-9]{4}-[A-Z0-9]{4})", shop.process.stdout.readline())
    assert told
    context, page, complaints = opened(browser, scripted)
    page.goto(f"{shop.url}/admin")
    for code, done in (("AAAA-AAAA", False), (told[1].lower(), True)):
        page.get_by_label("Code aus dem Terminal").fill(code)
        page.get_by_label("Mailadresse").fill(EMAIL)
        page.get_by_label("Passwort").fill(PASSWORD)
        page.get_by_role("button", name="Beginnen").click()
        expect(page.get_by_role("alert")).to_have_count(0 if done else 1)

    expect(page.get_by_role("heading", name="Bestellungen", exact=True)).to_be_visible()
    assert page.goto(f"{shop.url}/admin/first-run").status == 404  # type: ignore[union-attr]  # it did answer
    context.close()
    assert complaints == []


# --- What only JavaScript makes live


SLOWLY = """() => {
    const fetched = window.fetch.bind(window);
    window.fetch = (...wanted) => new Promise((go) => setTimeout(go, 400)).then(() => fetched(...wanted));
}"""


def test_a_switch_that_is_thrown_twice_at_once_ends_as_it_stands(live: Office) -> None:
    live.goto(INVOICES)
    switch = live.control("auto_create")
    for _ in range(5):
        switch.evaluate("element => { element.click(); element.click(); element.click() }")
    live.says("auto_create", "Gespeichert")
    live.page.wait_for_load_state("networkidle")

    expect(switch).to_be_checked()
    assert live.shop.api("GET", "/settings/invoices").json()["auto_create"] is True


def test_an_entry_made_while_the_answer_to_the_last_is_on_its_way_is_kept_and_saved(live: Office) -> None:
    live.goto(SELLER)
    held: list[Route] = []
    live.page.route("**/seller", lambda route: route.continue_() if held else held.append(route))
    live.enter("city", "Bonn")
    expect(live.field("city")).to_have_class(re.compile("htmx-request"))
    live.enter("city", "Siegburg")
    held[0].continue_()

    live.says("city", "Gespeichert")
    expect(live.control("city")).to_have_value("Siegburg")
    expect(live.field("city")).not_to_have_class(re.compile("htmx-request"))
    assert live.shop.api("GET", "/settings/seller").json()["city"] == "Siegburg"


def test_a_field_that_is_being_typed_in_is_left_alone(live: Office) -> None:
    live.goto(SELLER)
    live.page.evaluate(SLOWLY)
    live.control("name").fill("Nähwerk")
    live.control("name").blur()
    live.control("name").focus()
    live.control("name").press_sequentially(" GmbH")
    live.says("name", "Gespeichert")

    expect(live.control("name")).to_be_focused()
    expect(live.control("name")).to_have_value("Nähwerk GmbH")
    live.control("street").focus()
    expect(live.page.locator("[name='was.name']")).to_have_value("Nähwerk GmbH")
    assert live.shop.api("GET", "/settings/seller").json()["name"] == "Nähwerk GmbH"


def test_the_stamp_is_shown_while_it_is_typed(live: Office) -> None:
    sell(live.shop)
    live.goto(FILES)
    picture = live.page.locator("stamp-preview img")
    assert picture.evaluate("image => image.naturalWidth") > 500
    before = picture.get_attribute("src")

    live.control("watermark_x_mm").fill("105")

    expect(picture).not_to_have_attribute("src", before or "")
    expect(picture).to_have_attribute("src", re.compile("watermark_x_mm=105&.*file="))
    live.control("watermark_x_mm").fill("hier")
    expect(live.page.locator("[data-unshown]")).to_be_visible()
    assert live.shop.api("GET", "/settings/files").json()["watermark_x_mm"] == 10


def test_a_server_that_does_not_answer_is_told_of_and_nothing_is_lost(live: Office) -> None:
    live.goto(SELLER)
    live.page.route("**/seller", lambda route: route.fulfill(status=503, body="<p>down</p>"))
    live.enter("name", "Nähwerk")

    live.says("name", "Nicht gespeichert")
    expect(live.control("name")).to_have_value("Nähwerk")
    live.page.unroute("**/seller")
    live.field("name").get_by_role("button", name="Noch einmal").click()

    live.says("name", "Gespeichert")
    expect(live.field("name").get_by_role("button")).to_have_count(0)
    expect(live.control("name")).to_be_focused()
    assert live.shop.api("GET", "/settings/seller").json()["name"] == "Nähwerk"


def test_after_a_failure_the_same_entry_is_saved_and_says_so(live: Office) -> None:
    live.goto(SELLER)
    live.page.route("**/seller", lambda route: route.abort())
    live.enter("name", "Nähwerk")
    live.says("name", "Nicht gespeichert")
    live.page.unroute("**/seller")
    live.enter("name", "")

    live.says("name", "Gespeichert")
    live.page.wait_for_timeout(300)
    expect(live.field("name")).not_to_contain_text("Nicht gespeichert")


def test_a_stamp_off_the_page_is_told_while_it_is_typed(live: Office) -> None:
    sell(live.shop)
    live.goto(FILES)
    live.control("watermark_text").fill("Neu")
    live.control("watermark_x_mm").fill("1999")

    expect(live.page.get_by_text("passt der Text nicht auf die Seite")).to_be_visible()
    live.control("watermark_x_mm").fill("20")
    expect(live.page.get_by_text("passt der Text nicht auf die Seite")).to_be_hidden()


def test_a_wrong_entry_takes_no_focus_from_the_next_field(live: Office) -> None:
    live.goto(FILES)
    live.control("limit_per_file").fill("0")
    live.page.keyboard.press("Tab")
    live.says("limit_per_file", "Nicht gespeichert")
    live.page.wait_for_timeout(300)

    expect(live.control("window_days")).to_be_focused()


# --- For everybody


def test_a_keyboard_is_enough(live: Office) -> None:
    live.goto(FILES)
    press = live.page.keyboard.press
    press("Tab")
    expect(live.page.get_by_role("link", name="Zum Inhalt")).to_be_focused()
    press("Enter")
    for _ in range(30):
        press("Tab")
        if live.page.evaluate("document.activeElement.id") == "limit_per_file-input":
            break
    live.page.keyboard.type("8")
    press("Tab")

    live.says("limit_per_file", "Gespeichert")
    expect(live.control("window_days")).to_be_focused()


@pytest.mark.screens
@on_screens
def test_nothing_hinders_anybody(shop: Shop, open_page: Callable[..., Page], scheme: str, width: int) -> None:
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    page.goto(f"{shop.url}/admin")
    assert Axe().run(page).violations_count == 0
    Office(page, shop, True).sign_in()
    for path in EVERY_SCREEN:
        page.goto(shop.url + path)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [360, 1280])
def test_no_name_is_too_long_for_any_screen(shop: Shop, open_page: Callable[..., Page], width: int) -> None:
    long = "N" * 150
    line = {"id": "1", "title": "T" * 150, "sku": "S" * 60, "quantity": "999999999", "line_gross": 2490}
    shop.put_order(
        "1",
        number="1" * 200,
        platform=long,
        state="paid",
        currency="EUR",
        ordered_at="2026-10-25T01:30:11Z",
        updated_at="2026-10-25T01:31:40Z",
        buyer={"name": long, "email": "e" * 60 + "@example.org"},
        lines=[line | {"tax_rate": "19.00"}],
        total_gross=2490,
    )
    add_merchant(shop.data, "j" * 60 + "@naehwerk.example")
    page = open_page(viewport={"width": width, "height": 700})
    Office(page, shop, True).sign_in()
    page.goto(shop.url + "/admin/settings/keys")
    page.get_by_label("Bezeichnung").fill("K" * 200)
    page.get_by_role("button", name="Schlüssel anlegen").click()
    page.goto(shop.url + "/admin/storages")
    page.get_by_label("Bezeichnung").fill("F" * 200)
    page.get_by_label("Ordner").fill(str(shop.data / "files"))
    page.get_by_role("button", name="Verbinden", exact=True).click()

    tabs = ["", "/numbers-layouts", "/payments", "/downloads", "/messages", "/activity"]
    orders = [f"/admin/orders/1{tab}" for tab in tabs]
    for path in (*EVERY_SCREEN, APPEARANCE, "/admin/activity?all", "/admin/orders", *orders):
        assert page.goto(shop.url + path).status == 200, path  # type: ignore[union-attr]  # it did answer
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(shop.url + "/admin/orders/1")
    title = page.locator(".order-lines b").first.bounding_box()
    assert title
    assert title["width"] > 200


def test_nothing_scrolls_sideways_on_a_small_phone(shop: Shop, open_page: Callable[..., Page]) -> None:
    page = open_page(viewport={"width": 320, "height": 700})
    Office(page, shop, True).sign_in()
    for path in EVERY_SCREEN:
        page.goto(shop.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
