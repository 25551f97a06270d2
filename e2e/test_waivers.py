"""Consent in a real browser: by mail, while the mail server is down, as a paper, and waited out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.conftest import PATIENCE, Shop
from e2e.papers import a_pattern, texts
from tests.pretend_mail import PostOffice, open_post_office

TEXT = "Ich stimme ausdrücklich zu, dass Sie sofort beginnen. Mir ist bekannt, dass mein Widerrufsrecht damit erlischt."
BOX = "form[data-deed=give-waiver]"
ROW = "[data-file]"
SENDER = "shop@example.org"


@pytest.fixture
def office(shop: Shop) -> Iterator[PostOffice]:
    """A mail server on loopback, and a shop that uses it."""
    opened: Queue[PostOffice] = Queue()
    over = asyncio.Event()

    async def serve() -> None:
        async with open_post_office() as office:
            opened.put(office)
            await over.wait()

    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        office = opened.get(timeout=PATIENCE)
        wanted = {"smtp_host": "127.0.0.1", "smtp_port": office.port, "smtp_tls": "none", "from_address": SENDER}
        assert shop.api("PATCH", "/settings/mail", json=wanted).status_code == 200
        yield office
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(PATIENCE)
        loop.close()


def close(office: PostOffice) -> None:
    """From now on it asks everybody to come again."""
    office.answers += ["451 4.3.0 come again later"] * 100


def sell(shop: Shop, days_ago: int = 2, **order: object) -> str:
    """A paid order of so many days ago, whose file waits for consent; its portal link."""
    a_pattern(shop.data / "files" / "bente.pdf")
    root = str(shop.data / "files")
    storage = shop.api("POST", "/storages", json={"name": "Muster", "kind": "local", "options": {"root": root}}).json()
    linked = {"title": "Bente", "files": [{"storage": storage["id"], "path": "bente.pdf", "title": "Bente, Bogen A4"}]}
    assert shop.api("PUT", "/articles/PDF-BENTE", json=linked).status_code == 201
    rules = {"waiver_required": True, "waiver_text": TEXT, "watermark_text": "{OrderNumber}"}
    assert shop.api("PATCH", "/settings/files", json=rules).status_code == 200
    then = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
    return shop.put_order(
        "1",
        **{
            "number": "12345678",
            "state": "paid",
            "ordered_at": then,
            "paid_at": then,
            "currency": "EUR",
            "buyer": {"name": "Max Mustermann", "email": "max@example.org"},
            "lines": [{"id": "1", "title": "Bente (PDF)", "sku": "PDF-BENTE", "line_gross": 2490, "tax_rate": "19"}],
            "total_gross": 2490,
        }
        | order,
    )


def download(page: Page) -> bytes:
    with page.expect_download() as begun:
        page.locator("form[data-deed=start-download] button").click()
    return Path(begun.value.path()).read_bytes()


def test_who_consents_gets_the_mail_and_then_the_file(shop: Shop, page: Page, office: PostOffice) -> None:
    page.goto(sell(shop))
    expect(page.locator(ROW)).to_have_attribute("data-refusal", "waiver-missing")
    expect(page.locator(BOX)).to_contain_text(TEXT)
    expect(page.get_by_role("checkbox")).not_to_be_checked()

    page.get_by_role("checkbox").check()
    page.locator(f"{BOX} button").click()

    expect(page.locator(BOX)).to_have_count(0)
    (mail,) = office.mails
    body = mail.get_body(("plain",))
    assert body and TEXT in " ".join(body.get_content().replace("> ", "").split())
    assert "12345678" in texts(download(page))[0]
    page.get_by_role("link", name="Bestätigung", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bestätigung Ihrer Zustimmung")
    expect(page.locator("blockquote")).to_have_text(TEXT)


def test_by_keyboard_alone(shop: Shop, page: Page, office: PostOffice) -> None:
    page.goto(sell(shop))
    page.get_by_role("checkbox").focus()

    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator(BOX)).to_have_count(0)
    assert len(office.mails) == 1


def test_while_the_mail_server_is_down_the_page_says_so_and_offers_the_paper(
    shop: Shop, page: Page, office: PostOffice
) -> None:
    close(office)
    page.goto(sell(shop))

    page.get_by_role("checkbox").check()
    page.locator(f"{BOX} button").click()

    expect(page.locator(ROW)).to_have_attribute("data-refusal", "waiver-confirmation-pending")
    expect(page.get_by_role("status")).to_contain_text("noch nicht per Mail verschickt")
    take_the_paper(page, "form[data-deed=get-confirmation]")


def test_without_a_mail_server_the_click_brings_the_paper(shop: Shop, page: Page) -> None:
    page.goto(sell(shop))
    expect(page.locator(BOX)).to_contain_text("als PDF")

    page.get_by_role("checkbox").check()
    take_the_paper(page, BOX)


def take_the_paper(page: Page, form: str) -> None:
    """The paper is saved, the page stays; looked at again, it has the file."""
    with page.expect_download() as begun:
        page.locator(f"{form} button").click()
    (paper,) = texts(Path(begun.value.path()).read_bytes())
    assert TEXT in " ".join(paper.split())
    page.get_by_role("link", name="neu laden").click()
    expect(page.locator("form[data-deed=start-download]")).to_have_count(1)
    assert "12345678" in texts(download(page))[0]


def test_with_scripts_the_page_notices_by_itself_that_the_paper_came(shop: Shop, open_page) -> None:
    page = open_page()
    page.goto(sell(shop))
    page.get_by_role("checkbox").check()

    with page.expect_download():
        page.locator(f"{BOX} button").click()

    expect(page.locator("form[data-deed=start-download]")).to_have_count(1, timeout=10_000)


def test_an_order_without_address_gets_the_paper_too(shop: Shop, page: Page, office: PostOffice) -> None:
    page.goto(sell(shop, buyer={"name": "Max Mustermann"}))

    page.get_by_role("checkbox").check()
    take_the_paper(page, BOX)

    assert office.mails == []


def test_who_waited_the_period_out_is_not_asked(shop: Shop, page: Page) -> None:
    page.goto(sell(shop, days_ago=40))

    expect(page.locator(BOX)).to_have_count(0)
    assert "12345678" in texts(download(page))[0]
    assert shop.api("GET", "/orders/shop/1/waivers").json()["items"] == []


def test_a_button_pressed_without_the_tick_records_nothing(shop: Shop, page: Page) -> None:
    page.goto(sell(shop))

    page.locator(f"{BOX} button").click()

    expect(page.locator(f"{BOX} input:invalid")).to_have_count(1)  # the browser itself asks for the tick
    assert shop.api("GET", "/orders/shop/1/waivers").json()["items"] == []


def test_nothing_about_consent_hinders_anybody(shop: Shop, open_page, office: PostOffice) -> None:
    link = sell(shop)
    pages = [open_page(color_scheme=scheme, viewport={"width": 390, "height": 844}) for scheme in ("light", "dark")]
    for page in pages:
        page.goto(link)
        clean(page)
    close(office)
    pages[0].get_by_role("checkbox").check()
    pages[0].locator(f"{BOX} button").click()
    for page in pages:
        page.goto(link)
        clean(page)
        page.goto(f"{link}/waivers/1")
        clean(page)


def clean(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
