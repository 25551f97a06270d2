"""Jana, who runs the shop, comes in by the door and opens pages of the back office."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from e2e.conftest import EMAIL, PASSWORD, Shop


def open_office(page: Page, shop: Shop, path: str) -> None:
    """Signs Jana in and goes to that page."""
    page.goto(f"{shop.url}/admin/sign-in")
    page.get_by_label("Mailadresse").fill(EMAIL)
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))
    page.goto(shop.url + path)


def send_a_test_mail(page: Page, shop: Shop) -> None:
    """Which shows that mail leaves: before, no rule that sends any can be switched on."""
    page.goto(f"{shop.url}/admin/settings/mail")
    page.get_by_role("button", name="Test senden").click()
    expect(page.get_by_text("hat die Mail an")).to_be_visible()


def complaints(page: Page) -> list[str]:
    """What the browser has to say; not that a wrong entry was answered by 409 or 422, which it calls a failure."""
    said: list[str] = []

    def hear(text: str) -> None:
        if "the server responded with a status of 4" not in text:
            said.append(text)

    page.on("console", lambda message: hear(message.text))
    page.on("pageerror", lambda error: hear(str(error)))
    return said
