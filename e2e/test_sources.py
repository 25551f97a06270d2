"""Quellen in a real browser, with a WooCommerce and a Billbee that listen on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from demo import billbee_stand_in, woocommerce_stand_in
from demo.billbee_stand_in import API_KEY, PASSWORD, USERNAME
from demo.woocommerce_stand_in import CONSUMER_KEY, CONSUMER_SECRET
from e2e.conftest import PATIENCE, Shop, running
from e2e.merchant import complaints, open_office
from tests.integrations.test_billbee_orders import an_order as a_billbee_order
from tests.integrations.test_woocommerce_exchanges import an_order as a_woo_order

LIST = "/admin/settings/sources"
COMPUTED = ("source", "external_id", "payment_state", "paid", "due", "portal_url")
REGISTERED = "meldet der Shop Änderungen selbst an"
SET_ASIDE = "Meldungen, die nicht verarbeitet werden konnten"


@pytest.fixture(scope="module")
def woo() -> Iterator[woocommerce_stand_in.StandIn]:
    with woocommerce_stand_in.standing_in() as found:
        yield found


@pytest.fixture(scope="module")
def billbee() -> Iterator[billbee_stand_in.StandIn]:
    with billbee_stand_in.standing_in() as found:
        yield found


@pytest.fixture
def jana(tmp_path, woo, billbee) -> Iterator[Shop]:
    """Her shop without any source."""
    woo.till.orders.clear()
    woo.hooks.kept.clear()
    billbee.account.orders.clear()
    billbee.account.hooks.clear()
    with running(tmp_path, TRESEN_BILLBEE_API_BASE=billbee.base) as shop:
        yield shop


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(open_page, request):
    page = open_page(viewport={"width": 390, "height": 844}, java_script_enabled=request.param)
    said = complaints(page)
    yield page
    assert said == []


def connect_woo(page: Page, woo: woocommerce_stand_in.StandIn) -> None:
    page.get_by_role("link", name="WooCommerce").click()
    page.get_by_label("Bezeichnung").fill("laden")
    page.get_by_label("Adresse des Shops").fill(woo.origin)
    page.get_by_label("Consumer key").fill(CONSUMER_KEY)
    page.get_by_label("Consumer secret").fill(CONSUMER_SECRET)
    page.get_by_role("button", name="Verbinden").click()
    expect(page.get_by_role("heading", name="laden")).to_be_visible()


def shows_in_the_end(page: Page, words: str) -> None:
    """Without a script, whoever waits looks again."""
    until = time.monotonic() + PATIENCE
    while page.get_by_text(words).count() == 0 and time.monotonic() < until:
        again = page.get_by_role("link", name="Noch einmal nachsehen")
        if again.count():
            again.click()
        page.wait_for_timeout(200)
    expect(page.get_by_text(words).first).to_be_visible()


def orders(shop: Shop) -> dict[str, str]:
    """External id → state."""
    return {each["external_id"]: each["state"] for each in shop.api("GET", "/orders").json()["items"]}


def test_a_shop_is_connected_checked_and_asked(page, jana, woo):
    woo.till.put(a_woo_order(1))
    open_office(page, jana, LIST)

    connect_woo(page, woo)
    shows_in_the_end(page, "Eine Bestellung ist gekommen.")
    page.get_by_role("link", name="Verbindung prüfen").click()
    expect(page.get_by_text("Sie antwortet: Eine Bestellung ist zu lesen.")).to_be_visible()
    woo.till.put(a_woo_order(2))
    woo.till.put(a_woo_order(3))
    page.get_by_role("button", name="Jetzt abrufen").click()
    shows_in_the_end(page, "2 Bestellungen sind gekommen.")

    assert orders(jana) == {"1": "paid", "2": "paid", "3": "paid"}


def test_the_shop_is_asked_to_report_changes_and_does(page, jana, woo):
    open_office(page, jana, LIST)
    connect_woo(page, woo)
    shows_in_the_end(page, "Nichts Neues.")

    until = time.monotonic() + PATIENCE
    while page.get_by_text("meldet der Shop Änderungen selbst an").count() == 0 and time.monotonic() < until:
        page.reload()
    expect(page.get_by_text("meldet der Shop Änderungen selbst an")).to_be_visible()
    woo.till.put(a_woo_order(7))
    until = time.monotonic() + PATIENCE
    while orders(jana) != {"7": "paid"} and time.monotonic() < until:
        time.sleep(0.1)
    assert orders(jana) == {"7": "paid"}
    woo.till.delete(7)
    until = time.monotonic() + PATIENCE
    while orders(jana) != {"7": "deleted"} and time.monotonic() < until:
        time.sleep(0.1)

    assert orders(jana) == {"7": "deleted"}


def test_billbee_is_connected_and_its_orders_come(page, jana, billbee):
    for number in (1, 2):
        billbee.account.put(a_billbee_order(BillBeeOrderId=number, State=3, PayedAt="2026-10-20T10:00:00"))
    open_office(page, jana, LIST)

    page.get_by_role("link", name="Billbee").click()
    page.get_by_label("Bezeichnung").fill("billbee")
    page.get_by_label("Benutzername").fill(USERNAME)
    page.get_by_label("API-Passwort").fill(PASSWORD)
    page.get_by_label("API-Schlüssel").fill(API_KEY)
    page.get_by_role("button", name="Verbinden").click()
    shows_in_the_end(page, "2 Bestellungen sind gekommen.")

    assert orders(jana) == {"1": "paid", "2": "paid"}
    until = time.monotonic() + PATIENCE
    while not billbee.account.hooks and time.monotonic() < until:
        time.sleep(0.1)
    (hook,) = billbee.account.hooks.values()
    assert hook["WebHookUri"] == f"{jana.url}/hooks/billbee/billbee"
    assert hook["Filters"] == ["order.created", "order.updated"]


def test_a_wrong_key_is_told_and_mended_in_its_field(page, jana, woo):
    open_office(page, jana, LIST)
    connect_woo(page, woo)
    secret = page.get_by_label("Consumer secret")
    secret.fill("cs_wrong")
    secret.press("Tab")
    saved(page, "consumer_secret")
    page.get_by_role("link", name="Verbindung prüfen").click()
    expect(page.locator("#check")).to_contain_text("lässt Tresen nicht hinein")

    secret.fill(CONSUMER_SECRET)
    secret.press("Tab")
    saved(page, "consumer_secret")
    page.get_by_role("link", name="Verbindung prüfen").click()

    expect(page.locator("#check")).to_contain_text("Sie antwortet")
    expect(page.get_by_label("Consumer secret")).to_have_value("")


def test_a_source_is_switched_off_and_removed(page, jana, woo):
    open_office(page, jana, LIST)
    connect_woo(page, woo)

    page.get_by_role("switch", name="Aktiv").uncheck()
    saved(page, "active")
    page.get_by_role("button", name="Quelle entfernen").click()
    page.get_by_role("dialog").get_by_role("button", name="Quelle entfernen").click()

    expect(page.get_by_text("Noch ist keine Bestellung gekommen.")).to_be_visible()
    assert jana.api("GET", "/sources").json()["items"] == []


def sees_in_the_end(page: Page, words: str) -> None:
    """What nobody tells an open page of is there when it is opened anew."""
    until = time.monotonic() + PATIENCE
    while page.get_by_text(words).count() == 0 and time.monotonic() < until:
        page.wait_for_timeout(200)
        page.reload()
    expect(page.get_by_text(words).first).to_be_visible()


def set_one_aside(page: Page, woo: woocommerce_stand_in.StandIn) -> None:
    """The shop has registered its webhook, and reported an order that nobody understands."""
    sees_in_the_end(page, REGISTERED)
    woo.till.put(a_woo_order(9, currency="XYZ"))
    sees_in_the_end(page, SET_ASIDE)


def test_a_report_that_was_set_aside_is_tried_once_more(page, jana, woo):
    open_office(page, jana, LIST)
    connect_woo(page, woo)
    set_one_aside(page, woo)
    woo.till.orders[9] = a_woo_order(9)

    page.locator("#deliveries").get_by_role("button", name="Noch einmal").click()

    expect(page.get_by_text(SET_ASIDE)).to_have_count(0)
    until = time.monotonic() + PATIENCE
    while orders(jana) != {"9": "paid"} and time.monotonic() < until:
        time.sleep(0.1)
    assert orders(jana) == {"9": "paid"}


def test_a_webhook_is_registered_anew(page, jana, woo):
    open_office(page, jana, LIST)
    connect_woo(page, woo)
    sees_in_the_end(page, REGISTERED)
    woo.hooks.kept.clear()

    page.get_by_role("button", name="Webhook neu registrieren").click()

    expect(page.get_by_text(REGISTERED)).to_be_visible()
    until = time.monotonic() + PATIENCE
    while not woo.hooks.kept and time.monotonic() < until:
        time.sleep(0.1)
    assert woo.hooks.kept


def saved(page: Page, field: str) -> None:
    """With a script nothing has to be pressed."""
    button = page.get_by_role("button", name="Speichern", exact=True)
    if button.count():
        button.click()
    expect(page.locator(f"#{field} .field-state")).to_contain_text("Gespeichert")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_small_phone(open_page, jana, woo, scheme, tmp_path):
    page = open_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    woo.till.put(a_woo_order(1, billing={"first_name": "Max", "email": "max@example.org"}))
    woo.till.put(a_woo_order(8, currency="XYZ"))
    open_office(page, jana, LIST)
    paths = [f"{LIST}/new/woocommerce", f"{LIST}/new/billbee"]
    connect_woo(page, woo)
    shows_in_the_end(page, "Eine Bestellung ist gekommen.")
    set_one_aside(page, woo)
    jana.api("POST", "/sources", json={"name": "kopie", "kind": "api"})
    (order,) = jana.api("GET", "/orders").json()["items"]
    copied = {name: value for name, value in order.items() if name not in COMPUTED}
    assert jana.api("PUT", "/orders/kopie/1", json=copied).status_code == 201
    paths += [page.url.removeprefix(jana.url).partition("?")[0] + "?checked=yes", LIST, "/admin/orders/1/overview"]

    for path in paths:
        page.goto(jana.url + path)
        if path == LIST:
            expect(page.get_by_text(SET_ASIDE)).to_be_visible()
            expect(page.get_by_text("bringen dieselben Bestellungen")).to_be_visible()
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
