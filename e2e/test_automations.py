"""What happens by itself, from the merchant's first click to the customer's: with and without JavaScript."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.conftest import EMAIL, PATIENCE, Shop, running
from e2e.merchant import complaints, open_office, send_a_test_mail
from e2e.papers import a_pattern
from e2e.post import post_office
from e2e.screens import on_screens
from tests.pretend_mail import PostOffice

ORDER = {
    "number": "3123456789",
    "platform": "Etsy",
    "state": "paid",
    "ordered_at": datetime.now(UTC).isoformat(),  # today: nobody is written to because of an old one
    "currency": "EUR",
    "locale": "de-DE",
    "buyer": {"name": "Erika Mustermann", "email": "erika@example.org"},
    "lines": [{"id": "1", "title": "Schnittmuster", "sku": "PDF-BENTE", "line_gross": 2490, "tax_rate": "19.00"}],
    "total_gross": 2490,
}


@dataclass
class Posting:
    """Jana's shop, whose mails end in `office`."""

    shop: Shop
    office: PostOffice

    def mail(self) -> str:
        """The text of the mail that came last, once one is there."""
        end = time.monotonic() + PATIENCE
        while not self.office.kept and time.monotonic() < end:
            time.sleep(0.05)
        body = self.office.mails[-1].get_body(("plain",))
        assert body
        return str(body.get_content()).replace("\r\n", "\n")


@pytest.fixture
def posting(tmp_path) -> Iterator[Posting]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with post_office() as office:
        more = {
            "TRESEN_PORT": str(port),
            "TRESEN_BASE_URL": f"http://127.0.0.1:{port}",
            "TRESEN_SMTP_URL": f"smtp://127.0.0.1:{office.port}?tls=none&from=shop@example.org",
        }
        with running(tmp_path, **more) as shop:
            yield Posting(shop, office)


def sell_a_file(shop: Shop) -> None:
    a_pattern(shop.data / "files" / "bente.pdf")
    root = str(shop.data / "files")
    storage = shop.api("POST", "/storages", json={"name": "Muster", "kind": "local", "options": {"root": root}}).json()
    linked = {"title": "Bente", "files": [{"storage": storage["id"], "path": "bente.pdf", "title": "Bente, Bogen A4"}]}
    assert shop.api("PUT", "/articles/PDF-BENTE", json=linked).status_code == 201


def test_a_paid_order_brings_its_link_by_mail_and_the_history_tells_of_it(page: Page, posting: Posting):
    shop = posting.shop
    sell_a_file(shop)
    open_office(page, shop, "/admin/automations")
    expect(page.get_by_text("warten, bis eine Mail hinausging")).to_be_visible()
    send_a_test_mail(page, shop)
    posting.office.kept.clear()
    page.goto(f"{shop.url}/admin/automations")
    page.get_by_role("link", name="Bezahlt: Link senden").click()
    page.get_by_label("Aktiv", exact=True).check()
    page.get_by_role("button", name="Speichern", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("gespeichert")

    shop.put_order("1", **ORDER)
    text = posting.mail()

    assert "- Bente, Bogen A4" in text
    found = re.search(rf"{shop.url}/o/\S+", text)
    assert found
    page.goto(found[0])
    with page.expect_download() as begun:
        page.locator("form[data-deed=start-download] button").click()
    assert begun.value.suggested_filename == "bente.pdf"
    page.goto(f"{shop.url}/admin/orders/1/activity")
    expect(page.get_by_text("Regel Bezahlt: Link senden")).to_contain_text("lief: Nachricht senden")
    page.goto(f"{shop.url}/admin/orders/1/messages")
    expect(page.get_by_text("Gesendet")).to_be_visible()


def test_an_automation_is_made_row_by_row(page: Page, posting: Posting):
    shop = posting.shop
    said = complaints(page)
    open_office(page, shop, "/admin/automations/new")
    page.get_by_label("Bezeichnung").fill("Geschäftskunden")
    page.get_by_label("Auslöser").select_option("order_imported")
    page.get_by_role("group", name="Bedingung 1").get_by_label("Was").select_option("buyer_kind")
    fit(page)
    page.get_by_label("Unternehmen").check()
    page.get_by_role("group", name="Aktion 1").get_by_label("Was").select_option("notify_merchant")
    fit(page)
    page.get_by_label("Schlagwort oder Text").fill("Bitte ansehen")
    page.get_by_role("button", name="Speichern", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Geschäftskunden")

    stored = shop.api("GET", "/automations").json()["items"][-1]
    assert stored["conditions"] == [{"kind": "buyer_kind", "op": "in", "value": ["business"]}]
    assert stored["actions"][0]["value"] == "Bitte ansehen"
    assert said == []


def fit(page: Page) -> None:
    """With a script the fields fit by themselves."""
    button = page.get_by_role("button", name="Felder meiner Wahl anpassen")
    if button.count():
        button.click()
    else:
        page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("scripts", [True, False])
def test_what_is_missing_is_said_beside_it(open_page: Callable[..., Page], posting: Posting, scripts: bool):
    page = open_page(java_script_enabled=scripts)
    open_office(page, posting.shop, "/admin/automations/new")
    page.get_by_label("Bezeichnung").fill("Ohne Aktion")
    page.get_by_role("button", name="Speichern", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("mindestens eine Aktion")
    expect(page.get_by_label("Bezeichnung")).to_have_value("Ohne Aktion")


def test_a_dry_run_shows_whom_it_is_meant_for(page: Page, posting: Posting):
    shop = posting.shop
    sell_a_file(shop)
    shop.put_order("1", **ORDER)
    open_office(page, shop, "/admin/automations/1")

    page.get_by_role("button", name="Probelauf machen").click()

    expect(page.get_by_role("region", name="Probelauf")).to_contain_text("3123456789")
    assert posting.office.kept == []


def test_the_pause_is_thrown_in_the_list(page: Page, posting: Posting):
    open_office(page, posting.shop, "/admin/automations")
    page.get_by_label("Alle Regeln anhalten").check()
    save(page)

    expect(page.locator("#paused .field-state")).to_contain_text("Gespeichert")
    assert posting.shop.api("GET", "/settings/automations").json()["paused"] is True


def save(page: Page) -> None:
    """With a script nothing has to be pressed."""
    button = page.get_by_role("button", name="Speichern", exact=True)
    if button.count():
        button.click()


# --- What a pause has held, and what did nothing


def hold(page: Page, posting: Posting) -> None:
    """One mail has left, the next waits for its minute, and after the pause a run is held."""
    shop = posting.shop
    send_a_test_mail(page, shop)
    send = {"kind": "send_message", "template": "Link zum Download"}
    rule = {"name": "Link", "active": True, "trigger": {"kind": "order_imported"}, "actions": [send]}
    assert shop.api("POST", "/automations", json=rule).status_code == 201
    shop.api("PATCH", "/settings/automations", json={"mails_per_minute": 1})
    for number, states in (("1", ["sent", "sent"]), ("2", ["queued", "sent", "sent"])):
        shop.put_order(number, **ORDER)
        wait_until(partial(has_states, shop, states))
    shop.api("PATCH", "/settings/automations", json={"paused": True})
    shop.put_order("3", **ORDER)

    def is_held() -> bool:
        page.goto(f"{shop.url}/admin/automations")
        return page.get_by_text("1 Lauf wird zurückgehalten").is_visible()

    wait_until(is_held)


def has_states(shop: Shop, states: list[str]) -> bool:
    """Of all mails, the newest first."""
    return [mail["state"] for mail in listed(shop, "/messages")] == states


def listed(shop: Shop, path: str) -> list[dict[str, object]]:
    return list(shop.api("GET", path).json()["items"])


def wait_until(happens: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.1)


def drop(page: Page, what: str) -> None:
    """With a look at the question before."""
    page.get_by_role("button", name=what, exact=True).first.click()
    question = page.get_by_role("dialog")
    expect(question).to_be_visible()
    question.get_by_role("button", name=what, exact=True).click()


def test_what_a_pause_holds_is_dropped_after_a_question_and_asked_again_from_the_history(page: Page, posting: Posting):
    said = complaints(page)
    shop = posting.shop
    open_office(page, shop, "/admin/automations")
    hold(page, posting)

    drop(page, "Wartende Mails verwerfen")
    expect(page.get_by_text("1 vorher geschriebene Mail wartet")).to_have_count(0)
    assert [mail["kept_back"] for mail in listed(shop, "/messages")] == ["discarded", "", ""]
    drop(page, "Zurückgehaltenes verwerfen")
    expect(page.get_by_text("1 Lauf wird zurückgehalten")).to_have_count(0)

    shop.api("PATCH", "/settings/automations", json={"paused": False, "mails_per_minute": 30})
    page.goto(f"{shop.url}/admin/orders/2/activity")
    expect(page.get_by_text("wurde zurückgehalten: die Regeln waren angehalten")).to_be_visible()
    expect(page.get_by_role("button", name="Noch einmal fragen")).to_have_count(0)
    page.goto(f"{shop.url}/admin/orders/3/activity")
    page.get_by_role("button", name="Noch einmal fragen").click()
    expect(page.get_by_text("Die Regel wird noch einmal gefragt.")).to_be_visible()
    wait_until(partial(has_states, shop, ["sent", "failed", "sent", "sent"]))
    page.goto(f"{shop.url}/admin/orders/3/activity")
    expect(page.get_by_text("lief: Nachricht senden")).to_be_visible()
    assert said == []


@pytest.mark.screens
@on_screens
def test_what_a_pause_holds_is_shown_and_asked_for_everybody(
    open_page: Callable[..., Page], posting: Posting, scheme: str, width: int
):
    page = open_page(viewport={"width": width, "height": 780}, color_scheme=scheme)
    open_office(page, posting.shop, "/admin/automations")
    hold(page, posting)

    def is_for_everybody(picture: str) -> None:
        found = Axe().run(page)
        assert found.violations_count == 0, f"{picture}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), picture

    is_for_everybody("held")
    for what in ("Wartende Mails verwerfen", "Zurückgehaltenes verwerfen"):
        page.get_by_role("button", name=what, exact=True).first.click()
        is_for_everybody(what)
        page.get_by_role("dialog").get_by_role("button", name=what, exact=True).click()
    page.goto(f"{posting.shop.url}/admin/orders/3/activity")
    expect(page.get_by_role("button", name="Noch einmal fragen")).to_be_visible()
    is_for_everybody("history")
    page.goto(f"{posting.shop.url}/admin/orders/2/messages")
    expect(page.get_by_text("Zurückgehalten", exact=True)).to_be_visible()
    is_for_everybody("messages")


# --- Messages


def test_a_message_is_worded_tried_out_and_sent_to_a_customer(page: Page, posting: Posting):
    shop = posting.shop
    shop.put_order("1", **ORDER)
    open_office(page, shop, "/admin/messages/new")
    page.get_by_label("Bezeichnung").fill("Rückfrage")
    page.get_by_label("Betreff").fill("Zu Ihrer Bestellung {OrderNumber}")
    page.get_by_label("Mail als reiner Text").fill("Hallo {UserName}, {Rest}")
    page.get_by_role("button", name="Nachricht anlegen").click()

    expect(page.locator("#text")).to_contain_text("{Rest} ist kein bekannter Platzhalter")
    expect(page.get_by_text("Zu Ihrer Bestellung 3123456789")).to_be_visible()
    expect(page.get_by_label("Zum Test senden an")).to_have_value(EMAIL)
    page.get_by_role("button", name="Test senden").click()
    expect(page.get_by_text("hat die Mail an")).to_be_visible()
    page.goto(f"{shop.url}/admin/orders/1/messages")
    page.get_by_label("Zu sendende Nachricht").select_option("Rückfrage")
    page.get_by_role("button", name="An den Kunden senden").click()
    expect(page.get_by_text("Die Mail ist unterwegs.")).to_be_visible()
    page.get_by_role("button", name="Noch einmal senden").click()
    expect(page.get_by_text("Die Mail ist unterwegs.")).to_be_visible()

    assert [str(mail["To"]) for mail in posting.office.mails] == [
        EMAIL,
        "Erika Mustermann <erika@example.org>",
        "Erika Mustermann <erika@example.org>",
    ]


def test_the_words_change_in_the_editor_and_the_preview_follows(open_page: Callable[..., Page], posting: Posting):
    page = open_page()
    said = complaints(page)
    open_office(page, posting.shop, "/admin/messages/1")
    text = page.get_by_role("textbox", name="Mail mit Formaten")
    text.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Bis bald!")
    page.get_by_label("Betreff").click()

    expect(page.locator("#preview .seen-body")).to_contain_text("Bis bald!")
    page.get_by_role("button", name="</> HTML-Quelltext bearbeiten").click()
    expect(page.locator("#html-input")).to_have_value(re.compile("Bis bald!"))
    assert said == []


def test_a_test_mail_shows_what_the_server_answers(page: Page, posting: Posting):
    posting.office.refuses[EMAIL] = "550 no such user here"
    open_office(page, posting.shop, "/admin/settings/mail")

    page.get_by_role("button", name="Test senden").click()

    expect(page.get_by_text("hat die Mail abgelehnt")).to_be_visible()
    expect(page.get_by_text("550")).to_be_visible()


# --- For everybody

PAGES = (
    "/admin/automations",
    "/admin/automations/1?rehearsal=yes",
    "/admin/automations/new?draft=yes&condition-1-kind=state&condition-2-kind=due&action-1-kind=send_message",
    "/admin/messages",
    "/admin/messages/1",
    "/admin/messages/new",
    "/admin/settings/mail",
    "/admin/orders/1/messages",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen_is_for_everybody_on_a_small_phone(
    open_page: Callable[..., Page], posting: Posting, scheme: str
):
    posting.shop.put_order("1", **ORDER)
    page = open_page(viewport={"width": 360, "height": 780}, color_scheme=scheme)
    open_office(page, posting.shop, PAGES[0])

    for path in PAGES:
        page.goto(posting.shop.url + path)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
