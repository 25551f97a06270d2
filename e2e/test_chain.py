"""The whole chain: an order is paid at a marketplace, and its customer has the file without anybody doing anything."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from demo import billbee_stand_in
from demo.billbee_stand_in import API_KEY, PASSWORD, USERNAME
from demo.billbee_stand_in.account import ZONE
from e2e.conftest import PATIENCE, Shop, running
from e2e.merchant import open_office, send_a_test_mail
from e2e.papers import a_pattern, texts
from e2e.post import post_office
from tests.integrations.test_billbee_orders import an_order
from tests.pretend_mail import PostOffice

SUBJECT = "Ihre Dateien zur Bestellung BB-4711"
STAMP = "Kauf BB-4711 - Erika Mustermann"


@dataclass
class Trade:
    """Jana's shop, the Billbee that it is connected with, and the mail server."""

    shop: Shop
    billbee: billbee_stand_in.StandIn
    office: PostOffice


@pytest.fixture
def trade(tmp_path: Path) -> Iterator[Trade]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with post_office() as office, billbee_stand_in.standing_in() as billbee:
        more = {
            "TRESEN_PORT": str(port),
            "TRESEN_BASE_URL": f"http://127.0.0.1:{port}",
            "TRESEN_SMTP_URL": f"smtp://127.0.0.1:{office.port}?tls=none&from=shop@example.org",
            "TRESEN_BILLBEE_API_BASE": billbee.base,
        }
        with running(tmp_path, **more) as shop:
            yield Trade(shop, billbee, office)


def test_a_paid_order_ends_in_the_customers_hand_and_the_merchant_sees_how(page: Page, trade: Trade):
    sells_a_file_with_consent(trade.shop)
    open_office(page, trade.shop, "/admin/automations")
    send_a_test_mail(page, trade.shop)
    page.goto(f"{trade.shop.url}/admin/automations")
    switches_on_the_link_for_paid_orders(page)
    connects_billbee(page, trade)
    is_paid_at_the_marketplace(trade)

    open_office(page, trade.shop, "/admin/settings/sources")
    page.get_by_role("link", name="billbee").first.click()
    page.get_by_role("button", name="Jetzt abrufen").click()
    link = link_of(the_mail(trade, SUBJECT), trade.shop)

    page.goto(link)
    expect(page.locator("[data-file]")).to_have_attribute("data-refusal", "waiver-missing")
    page.get_by_role("checkbox").check()
    page.locator("form[data-deed=give-waiver] button").click()
    assert "BB-4711" in the_mail(trade, "Bestätigung")
    with page.expect_download() as begun:
        page.locator("form[data-deed=start-download] button").click()
    assert all(STAMP in text for text in texts(Path(begun.value.path()).read_bytes()))

    page.goto(f"{trade.shop.url}/admin/orders/1/activity")
    history = page.locator("main")
    for happening in (
        "Bestellung übernommen, Status: Bezahlt",
        "Regel Bezahlt: Link senden, wenn es etwas herunterzuladen gibt lief: Nachricht senden",
        f"Mail „{SUBJECT}“ gesendet",
        "Verzicht auf das Widerrufsrecht erklärt",
        "Mail „Bestätigung",
        "bente.pdf",
    ):
        expect(history).to_contain_text(happening)
    page.goto(f"{trade.shop.url}/admin/orders/1/messages")
    expect(page.get_by_text("Gesendet").first).to_be_visible()
    page.goto(f"{trade.shop.url}/admin/orders/1/downloads")
    expect(page.locator("main")).to_contain_text("bente.pdf")


def sells_a_file_with_consent(shop: Shop) -> None:
    a_pattern(shop.data / "files" / "bente.pdf")
    root = str(shop.data / "files")
    storage = shop.api("POST", "/storages", json={"name": "Muster", "kind": "local", "options": {"root": root}}).json()
    linked = {"title": "Bente", "files": [{"storage": storage["id"], "path": "bente.pdf", "title": "Bente, Bogen A4"}]}
    assert shop.api("PUT", "/articles/PDF-BENTE", json=linked).status_code == 201
    rules = {"waiver_required": True, "watermark_text": "Kauf {OrderNumber} - {UserName}"}
    assert shop.api("PATCH", "/settings/files", json=rules).status_code == 200


def switches_on_the_link_for_paid_orders(page: Page) -> None:
    page.get_by_role("link", name="Bezahlt: Link senden").click()
    page.get_by_label("Aktiv", exact=True).check()
    page.get_by_role("button", name="Speichern", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("gespeichert")


def connects_billbee(page: Page, trade: Trade) -> None:
    page.goto(f"{trade.shop.url}/admin/settings/sources/new/billbee")
    page.get_by_label("Bezeichnung").fill("billbee")
    page.get_by_label("Benutzername").fill(USERNAME)
    page.get_by_label("API-Passwort").fill(PASSWORD)
    page.get_by_label("API-Schlüssel").fill(API_KEY)
    page.get_by_role("button", name="Verbinden").click()
    expect(page.get_by_role("heading", name="billbee")).to_be_visible()
    wait_until(lambda: runs(trade.shop) == ["ok"])  # the first one, which brings what was sold before


def is_paid_at_the_marketplace(trade: Trade) -> None:
    now = datetime.now(ZONE).replace(tzinfo=None)
    person = {"FirstName": "Erika", "LastName": "Mustermann", "Email": "erika@example.org", "CountryISO2": "DE"}
    product = {"Title": "Schnittmuster Bente (PDF)", "SKU": "PDF-BENTE", "IsDigital": True}
    item = {"BillbeeId": 1, "Quantity": 1.0, "TotalPrice": 12.9, "TaxIndex": 1, "Product": product}
    trade.billbee.account.put(
        an_order(
            BillBeeOrderId=4711,
            OrderNumber="BB-4711",
            State=3,
            CreatedAt=(now - timedelta(minutes=5)).isoformat(timespec="seconds"),
            PayedAt=(now - timedelta(minutes=4)).isoformat(timespec="seconds"),
            InvoiceAddress=person,
            ShippingAddress=person,
            OrderItems=[item],
            TotalCost=12.9,
            ShippingCost=0.0,
            TaxRate1=19.0,
            LanguageCode="DE",
        )
    )


def runs(shop: Shop) -> list[str]:
    """Outcomes of the times that Billbee was asked."""
    (source,) = shop.api("GET", "/sources").json()["items"]
    return [run["outcome"] for run in shop.api("GET", f"/sources/{source['id']}/runs").json()["items"]]


def the_mail(trade: Trade, subject: str) -> str:
    """The text of the one mail with that in its subject, once it has come."""

    def come() -> list[str]:
        mails = [mail for mail in trade.office.mails if subject in str(mail["Subject"])]
        return [str(body.get_content()) for mail in mails if (body := mail.get_body(("plain",)))]

    wait_until(lambda: bool(come()))
    (text,) = come()
    return text


def link_of(text: str, shop: Shop) -> str:
    found = re.search(rf"{shop.url}/o/\S+", text)
    assert found, text
    return found[0]


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so() and time.monotonic() < until:
        time.sleep(0.1)
    assert is_so()
