"""Paying in a real browser, with a PayPal on another origin that leads on once more before it asks."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET, Fault, StandIn, standing_in
from demo.paypal_stand_in.approval import back
from e2e.conftest import Shop, running
from e2e.merchant import complaints, open_office

ORDER = {
    "number": "NW-1",
    "platform": "Shop",
    "state": "ordered",
    "ordered_at": "2026-11-20T10:00:00+01:00",
    "currency": "EUR",
    "payment_method": "prepayment",
    "buyer": {"name": "Erika Mustermann", "email": "erika@example.org"},
    "lines": [{"id": "1", "title": "Schnittmuster Bente", "sku": "BENTE", "line_gross": 2490, "tax_rate": "19"}],
    "total_gross": 2490,
}
ACCOUNT = {"name": "Nähwerk", "iban": "DE02120300000000202051", "bic": "BYLADEM1001", "bank_name": "DKB"}
APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "active": True, "sandbox": True}
PAY = "section[data-section=payment] form[data-deed=pay] button"
PATIENCE = 15_000


@pytest.fixture(scope="module")
def paypal() -> Iterator[StandIn]:
    with standing_in() as found:
        yield found


@pytest.fixture(scope="module")
def taking(tmp_path_factory: pytest.TempPathFactory, paypal: StandIn) -> Iterator[Shop]:
    with running(tmp_path_factory.mktemp("shop"), TRESEN_PAYPAL_API_BASE=paypal.ledger.origin) as shop:
        set_up(shop)
        yield shop


def set_up(shop: Shop) -> None:
    assert shop.api("PATCH", "/settings/seller", json=ACCOUNT).status_code == 200
    for provider in (
        {"name": "Plus", "kind": "paypal_plus", "methods": ["paypal", "card"], **APP},
        {"name": "Bank", "kind": "bank_transfer", "active": True},
    ):
        answer = shop.api("POST", "/payment-providers", json=provider)
        assert answer.status_code == 201, answer.text


@pytest.fixture
def order(taking: Shop, request: pytest.FixtureRequest, paypal: StandIn) -> str:
    """The portal link of an order that is this test's alone."""
    paypal.ledger.capture_as = "COMPLETED"
    name = "".join(sign for sign in request.node.name if sign.isalnum())[:60]
    return taking.put_order(name, **ORDER)


def test_an_order_is_paid_in_two_clicks(page: Page, order: str, paypal: StandIn) -> None:
    page.goto(order)
    page.locator(PAY).first.click()
    page.wait_for_url(f"{paypal.ledger.origin}/webapps/approval?**")
    page.get_by_role("button", name="Jetzt bezahlen").click()
    page.wait_for_url(order)

    expect(page.locator("main")).to_have_attribute("data-payment-state", "paid")
    expect(page.locator(".banner")).to_contain_text("Bezahlt am")
    expect(page.locator(PAY)).to_have_count(0)


def test_a_card_lands_where_cards_are_entered(page: Page, order: str) -> None:
    page.goto(order)
    page.get_by_role("button", name="Mit Karte bezahlen").click()

    page.wait_for_url("**fundingSource=card**")


def test_who_goes_back_from_paypal_may_choose_again(page: Page, order: str) -> None:
    page.goto(order)
    page.locator(PAY).first.click()
    page.get_by_role("button", name="Abbrechen und zurück").click()
    page.wait_for_url(f"{order}#payment")

    expect(page.locator("#payment")).to_contain_text("Es wurde nichts abgebucht.")
    expect(page.locator(PAY)).to_have_count(3)


def test_a_second_tab_and_reloads_of_the_return_charge_once(page: Page, order: str, paypal: StandIn) -> None:
    page.goto(order)
    page.locator(PAY).first.click()
    page.wait_for_url("**/webapps/approval?**")
    told = list(paypal.ledger.orders.values())[-1]
    page.get_by_role("button", name="Jetzt bezahlen").click()
    page.wait_for_url(order)
    again = back(told, "return_url")

    second = page.context.new_page()
    for _ in range(5):
        second.goto(again)
        second.wait_for_url(order)
        expect(second.locator("main")).to_have_attribute("data-payment-state", "paid")

    captures = [each for each in paypal.ledger.asked("capture") if told.id in each.path]
    assert len(captures) == 1


def test_a_paypal_in_trouble_is_told_in_words(page: Page, order: str, paypal: StandIn) -> None:
    paypal.faults.retry_after = 600
    paypal.faults.switch("create", Fault.BUSY)
    page.goto(order)
    page.locator(PAY).first.click()

    expect(page.locator("#payment")).to_contain_text("Die letzte Zahlung konnte nicht begonnen werden.")
    expect(page.locator(PAY)).to_have_count(3)


def test_a_transfer_shows_the_account_and_takes_word_of_it(page: Page, order: str) -> None:
    page.goto(order)
    page.get_by_role("button", name="Per Überweisung bezahlen").click()
    expect(page.get_by_role("heading", name="Per Überweisung bezahlen")).to_be_visible()
    expect(page.get_by_label("IBAN")).to_have_value("DE02 1203 0000 0000 2020 51")
    expect(page.get_by_role("img", name="GiroCode")).to_be_visible()

    page.get_by_role("button", name="Ich habe überwiesen").click()
    page.wait_for_url(f"{order}#payment")

    expect(page.locator("main")).to_have_attribute("data-payment-state", "unpaid")
    expect(page.locator("#payment")).to_contain_text("haben Sie mitgeteilt, dass Sie überwiesen haben")
    expect(page.locator("#payment .notice")).to_be_in_viewport()
    expect(page.locator(".banner")).to_contain_text("überwiesen, wartet auf Eingang")


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def desk(open_page: Callable[..., Page], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that may be answered with a question; nothing else is wrong with it."""
    page = open_page(java_script_enabled=request.param, viewport={"width": 1280, "height": 900})
    said = complaints(page)
    yield page
    assert said == []


def test_the_merchant_books_what_arrived_and_takes_a_slip_back(
    desk: Page, taking: Shop, order: str, paypal: StandIn
) -> None:
    page = desk
    page.goto(order)
    page.locator(PAY).first.click()
    page.get_by_role("button", name="Jetzt bezahlen").click()
    page.wait_for_url(order)
    open_payments(page, taking, order)

    page.get_by_text("Zahlungseingang buchen").click()
    page.locator("#receipt-amount").fill("1,00")
    page.get_by_role("button", name="Zahlung buchen").click()
    page.get_by_role("checkbox", name="Ja, 1,00").check()
    page.get_by_role("button", name="Zahlung buchen").click()

    expect(page.get_by_role("status").or_(page.locator(".flash"))).to_contain_text("Die Zahlung ist gebucht.")
    page.get_by_role("button", name="Zurücknehmen").click()
    page.get_by_role("button", name="Buchung zurücknehmen").click()
    expect(page.locator(".flash")).to_contain_text("Die Buchung ist zurückgenommen.")


def test_the_merchant_gives_back_what_was_paid_after_one_question(
    desk: Page, taking: Shop, order: str, paypal: StandIn
) -> None:
    page = desk
    page.goto(order)
    page.locator(PAY).first.click()
    page.get_by_role("button", name="Jetzt bezahlen").click()
    page.wait_for_url(order)
    told = list(paypal.ledger.orders.values())[-1]
    open_payments(page, taking, order)

    page.locator(".refund-form summary").click()
    page.get_by_label("Betrag").and_(page.locator("[id^=refund-amount]")).fill("4,90")
    page.get_by_role("button", name="Erstatten …").click()
    expect(page.get_by_text("4,90\u00a0€ an den Kunden zurückschicken?")).to_be_visible()
    assert told.refunds == []
    page.get_by_role("button", name="Jetzt erstatten").click()

    expect(page.locator(".flash")).to_contain_text("Die Erstattung ist erledigt.")
    assert [each["amount"] for each in told.refunds] == [{"currency_code": "EUR", "value": "4.90"}]
    page.locator(".refund-form summary").click()
    expect(page.locator(".refund-form")).to_contain_text("Höchstens 20,00\u00a0€ können zurückgehen.")


def open_payments(page: Page, shop: Shop, order: str) -> None:
    """The order's tab *Zahlungen*, signed in."""
    found = shop.api("GET", "/orders?limit=200").json()["items"]
    number = next(each["external_id"] for each in found if each["portal_url"] == order)
    open_office(page, shop, f"/admin/orders?q={number}")
    page.goto(f"{shop.url}/admin/orders")
    page.locator(".row-link").first.click()
    page.goto(page.url.replace("/overview", "/payments"))


def test_every_page_of_paying_is_accessible(open_page, order: str) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    page.goto(order)
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="Per Überweisung bezahlen").click()
    page.wait_for_url("**/bank-transfers/**")
    assert Axe().run(page).response["violations"] == []


# --- The process dies


def test_a_server_killed_between_capture_and_booking_books_after_its_next_start(tmp_path: Path) -> None:
    """PayPal has taken the money, nobody here has noted it, and the process is gone without a word."""
    with standing_in() as paypal:
        paypal.ledger.calls_webhooks = False
        with running(tmp_path, TRESEN_PAYPAL_API_BASE=paypal.ledger.origin) as shop:
            set_up(shop)
            link = shop.put_order("1", **ORDER)
            begun = httpx.post(f"{link}/payments", data={"provider": "1"})
            told = list(paypal.ledger.orders.values())[-1]
            assert begun.status_code == 303
            told.status = "APPROVED"
            paypal.faults.slow_seconds = 30
            paypal.faults.switch("capture", Fault.LOST, times=1)
            paypal.faults.waiting["capture"].append(Fault.SLOW)
            asking = subprocess.Popen(["curl", "-s", back(told, "return_url")], stdout=subprocess.DEVNULL)
            until(lambda: told.capture is not None)
            shop.process.send_signal(signal.SIGKILL)
            asking.wait()
        paypal.faults.waiting["capture"].clear()

        with running(tmp_path, TRESEN_PAYPAL_API_BASE=paypal.ledger.origin) as shop:
            link = shop.put_order("1", **ORDER)
            assert shop.api("GET", "/orders/shop/1").json()["payment_state"] == "unpaid"
            until(lambda: shop.api("GET", "/orders/shop/1").json()["payment_state"] == "paid", seconds=100)
            payments = shop.api("GET", "/orders/shop/1").json()["payments"]

    assert [(each["amount"], each["status"]) for each in payments] == [(2490, "completed")]
    assert len({each.headers["paypal-request-id"] for each in paypal.ledger.asked("capture")}) == 1


def until(is_so, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)
