"""The tab Zahlungsanbieter in a real browser, with a PayPal that listens on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET, paypal
from e2e.conftest import Shop, running
from e2e.merchant import complaints, open_office
from e2e.screens import on_screens

TAB = "/admin/settings/portal/payments"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with paypal() as origin, running(tmp_path_factory.mktemp("shop"), TRESEN_PAYPAL_API_BASE=origin) as shop:
        yield shop


@pytest.fixture
def jana(opened: Shop) -> Shop:
    """Her shop without any provider."""
    for provider in providers(opened):
        assert opened.api("DELETE", f"/payment-providers/{provider['id']}").status_code == 204
    return opened


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(open_page, request):
    page = open_page(viewport={"width": 390, "height": 844}, java_script_enabled=request.param)
    said = complaints(page)
    yield page
    assert said == []


def providers(shop: Shop) -> list[dict]:
    return list(shop.api("GET", "/payment-providers").json()["items"])


def add(shop: Shop, **changes: object) -> str:
    """A provider with credentials; its address."""
    complete = {"name": "PayPal", "kind": "paypal", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    answer = shop.api("POST", "/payment-providers", json=complete | changes)
    assert answer.status_code == 201, answer.text
    return f"{TAB}/{answer.json()['id']}"


def save(page: Page, field: str) -> None:
    """With a script nothing has to be pressed."""
    button = page.get_by_role("button", name="Speichern", exact=True)
    if button.count():
        button.click()
    expect(page.locator(f"#{field} .field-state")).to_contain_text("Gespeichert")


def enter(page: Page, label: str, text: str, field: str) -> None:
    page.get_by_label(label).fill(text)
    page.get_by_label(label).press("Tab")
    save(page, field)


def test_a_provider_is_created_filled_in_checked_and_switched_on(page, jana):
    open_office(page, jana, TAB)
    page.get_by_role("link", name="Neu").click()
    page.get_by_label("Anzeigename").fill("PayPal")
    page.get_by_label("Typ").select_option("PayPal")
    page.get_by_role("button", name="Anbieter anlegen").click()
    expect(page.get_by_role("heading", name="PayPal bearbeiten")).to_be_visible()

    enter(page, "PayPal App Client ID", CLIENT_ID, "client_id")
    enter(page, "PayPal App Client Secret", CLIENT_SECRET, "client_secret")
    expect(page.get_by_label("PayPal App Client Secret")).to_have_value("")
    expect(page.get_by_label("PayPal App Client Secret")).to_have_attribute("placeholder", "gesetzt")
    page.get_by_role("switch", name="Sandbox").check()
    save(page, "sandbox")
    page.get_by_role("button", name="Verbindung prüfen").click()
    expect(page.locator("#check [role=status]")).to_contain_text("Die Verbindung steht.")
    expect(page.locator("#check [role=status]")).to_contain_text("Testumgebung")
    page.get_by_role("switch", name="Aktiv").check()
    save(page, "active")

    [stored] = providers(jana)
    assert (stored["active"], stored["sandbox"], stored["client_secret_set"]) == (True, True, True)
    assert CLIENT_SECRET not in page.content()
    expect(page.locator(".provider-list .badge")).to_have_text("Sandbox")


def test_wrong_credentials_are_told_as_paypal_tells_them(page, jana):
    open_office(page, jana, add(jana, client_secret="wrong-secret-1"))
    page.get_by_role("button", name="Verbindung prüfen").click()

    result = page.locator("#check [role=status]")
    expect(result).to_contain_text("PayPal kennt diese Zugangsdaten nicht.")
    expect(result).to_contain_text("invalid_client")
    assert "wrong-secret-1" not in page.content()


def test_without_credentials_it_cannot_be_switched_on(page, jana):
    open_office(page, jana, add(jana, client_id="", client_secret=None))
    page.get_by_role("switch", name="Aktiv").click()
    button = page.get_by_role("button", name="Speichern", exact=True)
    if button.count():
        button.click()

    expect(page.locator("#active .field-error")).to_contain_text("zuerst Client ID und Client Secret")
    expect(page.get_by_role("switch", name="Aktiv")).not_to_be_checked()
    assert not providers(jana)[0]["active"]


def test_the_methods_of_paypal_plus_are_put_in_order(page, jana):
    open_office(page, jana, add(jana, kind="paypal_plus"))
    page.get_by_role("button", name="PayPal: weiter nach unten").click()
    expect(page.locator(".method-order li").first).to_contain_text("1. Später bezahlen")
    page.get_by_role("button", name="Lastschrift nicht anbieten").click()
    expect(page.get_by_role("button", name="Lastschrift anbieten")).to_be_visible()

    assert providers(jana)[0]["methods"] == ["paylater", "paypal", "card"]


def test_a_bank_transfer_takes_its_account_from_the_seller(page, jana):
    jana.api("PATCH", "/settings/seller", json={"name": "Nähwerk", "iban": ""})
    path = add(jana, name="Überweisung", kind="bank_transfer", client_id="", client_secret=None)
    open_office(page, jana, path)

    expect(page.get_by_label("PayPal App Client ID")).to_have_count(0)
    expect(page.locator("#credentials")).to_contain_text("Bevor Kunden überweisen können, fehlt noch: IBAN")
    jana.api("PATCH", "/settings/seller", json={"iban": "DE02120300000000202051"})
    page.reload()
    expect(page.locator("#credentials")).to_contain_text("DE02120300000000202051")
    expect(page.locator("#credentials .notice")).to_have_count(0)


def test_a_provider_goes_after_a_question(page, jana):
    open_office(page, jana, add(jana))
    page.get_by_role("button", name="Anbieter löschen").click()
    question = page.get_by_role("dialog", name="PayPal löschen?")
    expect(question).to_be_visible()
    question.get_by_role("button", name="Anbieter behalten").click()
    expect(question).to_be_hidden()
    assert len(providers(jana)) == 1

    page.get_by_role("button", name="Anbieter löschen").click()
    question.get_by_role("button", name="Anbieter löschen").click()
    expect(page.get_by_text("Noch kein Anbieter.")).to_be_visible()
    assert providers(jana) == []


def test_the_fields_follow_the_kind(open_page, jana):
    page = open_page()
    open_office(page, jana, add(jana))
    page.get_by_label("Typ").select_option("PayPal Plus")
    expect(page.locator(".method-order li")).to_have_count(4)
    page.get_by_label("Typ").select_option("Überweisung mit GiroCode")
    expect(page.locator("#credentials")).to_contain_text("Konto, auf das Kunden überweisen")
    expect(page.locator(".method-order li")).to_have_count(0)


def test_a_check_is_gone_once_its_credentials_are_others(open_page, jana):
    page = open_page()
    open_office(page, jana, add(jana))
    page.get_by_role("button", name="Verbindung prüfen").click()
    expect(page.locator("#check .notice")).to_be_visible()
    page.get_by_label("PayPal App Client ID").fill("another")
    page.get_by_label("PayPal App Client ID").press("Tab")

    expect(page.locator("#check .notice")).to_have_count(0)


def test_it_can_be_done_by_keyboard_alone(open_page, jana):
    page = open_page()
    open_office(page, jana, add(jana, kind="paypal_plus"))

    def go_to(name: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches(':is(input, select, button, a)')"):
                here = page.evaluate(
                    "(document.activeElement.ariaLabel || document.activeElement.labels?.[0]?.innerText"
                    " || document.activeElement.innerText).trim()"
                )
                if here == name:
                    return
        raise AssertionError(f"{name} was not reached")

    go_to("Aktiv")
    page.keyboard.press("Space")
    expect(page.locator("#active .field-state")).to_contain_text("Gespeichert")
    expect(page.get_by_role("switch", name="Aktiv")).to_be_focused()
    go_to("Kredit- oder Debitkarte: weiter nach oben")
    page.keyboard.press("Enter")
    expect(page.locator(".method-order li").nth(2)).to_contain_text("Kredit- oder Debitkarte")
    go_to("Verbindung prüfen")
    page.keyboard.press("Enter")
    expect(page.locator("#check [role=status]")).to_contain_text("Die Verbindung steht.")
    expect(page.get_by_role("button", name="Verbindung prüfen")).to_be_focused()
    go_to("Anbieter löschen")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.screens
@on_screens
def test_everybody_can_use_the_tab(open_page, jana, scheme, width):
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    plus = add(jana, name="Lastschrift oder Karte", kind="paypal_plus", sandbox=True, active=True)
    for path in (plus, f"{TAB}/new", add(jana, kind="bank_transfer", client_id="", client_secret=None)):
        open_office(page, jana, path)
        if path == plus:
            page.get_by_role("button", name="Verbindung prüfen").click()
            expect(page.locator("#check .notice")).to_be_visible()
        assert Axe().run(page).response["violations"] == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
