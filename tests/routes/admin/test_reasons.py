"""Every no behind the counter says what is wrong, in the merchant's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal import imported_payments, merchants, order_imports
from tests.factories import NOON, SHOP, an_imported_order
from tests.routes.admin.conftest import EMAIL, PASSWORD, Browser
from tests.routes.customer.conftest import running, sell

SELLER = "/admin/settings/seller"
PROVIDERS = "/admin/settings/portal/payments"
APPEARANCE = "/admin/settings/portal/appearance"
CUSTOMERS_WORDS = ("Link zu Ihrer Bestellung", "öffnet keine Bestellung", "Neuen Link")


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("iban", "hallo", "Das ist keine IBAN"),
        ("iban", "DE03120300000000202051", "Prüfziffern dieser IBAN"),
        ("bic", "xyz", "Eine BIC hat 8 oder 11"),
        ("vat_id", "DE123456789", "Die Prüfziffer dieser Nummer"),
    ],
)
async def test_a_mistyped_number_is_told_what_is_wrong_with_it(jana: Browser, field: str, text: str, words: str):
    answer = await jana.post(SELLER, {f"was.{field}": "", field: text})

    assert answer.status_code == 422
    assert words in answer.text


async def test_what_is_too_long_is_told_its_length(jana: Browser):
    long = await jana.post("/admin/settings/mail", {"was.smtp_password": "", "smtp_password": "x" * 1001})
    assert "höchstens 1.000 Zeichen Platz; das sind 1.001" in long.text
    named = await jana.post(f"{PROVIDERS}/new", {"name": "x" * 201, "kind": "paypal"})
    assert "höchstens 200 Zeichen Platz; das sind 201" in named.text

    provider = (await jana.post(f"{PROVIDERS}/new", {"name": "PayPal", "kind": "paypal"})).headers["location"]
    secret = await jana.post(provider, {"was.client_secret": "", "client_secret": "x" * 1_000_000})
    assert "höchstens 200 Zeichen Platz; das sind 1.000.000" in secret.text


async def test_what_does_not_exist_or_is_not_taken_is_told_to_the_merchant(jana: Browser):
    answers = {
        404: await jana.get("/admin/orders/4711/overview"),
        403: await jana.post(SELLER, {"was.name": "", "name": "x"}, **{"Sec-Fetch-Site": "cross-site"}),
        413: await jana.post(SELLER, {"was.name": "", "name": "x" * 2_100_000}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert 'href="/admin/orders"' in answer.text
        for words in CUSTOMERS_WORDS:
            assert words not in answer.text
    assert "nichts gespeichert" in answers[413].text and "2 MB" in answers[413].text
    assert (await jana.get("/admin/nowhere")).status_code == 404
    assert "Hier ist nichts" in (await jana.get("/admin/nowhere")).text


async def test_a_second_key_of_one_name_is_refused_and_use_is_shown(jana: Browser):
    assert (await jana.post("/admin/settings/keys", {"name": "etsy"})).status_code == 303
    assert "noch nie benutzt" in (await jana.get("/admin/settings/keys")).text

    again = await jana.post("/admin/settings/keys", {"name": "Etsy"})

    assert again.status_code == 422
    assert "heißt schon so" in again.text


async def test_signing_out_and_failed_tries_stand_in_the_history(jana: Browser):
    await jana.post("/admin/settings/account/sign-outs")
    await jana.sign_in(password="falsch")
    await jana.sign_in()

    page = (await jana.get("/admin/activity?all")).text
    assert "Abgemeldet" in page
    assert f"mit falschem Passwort als {EMAIL} anzumelden" in page


async def test_the_browser_that_signed_in_is_let_in_while_a_stranger_guesses(jana: Browser):
    stranger = Browser(jana.tresen)
    await jana.post("/admin/settings/account/sign-outs")
    answers = [await stranger.sign_in(password=f"falsch {number}") for number in range(9)]
    assert 429 in [answer.status_code for answer in answers]
    assert (await stranger.sign_in()).status_code == 429

    assert (await jana.sign_in()).status_code == 303


async def test_a_time_zone_that_the_environment_fixes_is_shown_without_a_field(tmp_path: Path):
    async with running(tmp_path / "data", TRESEN_TIMEZONE="Europe/Vienna") as tresen:
        async with tresen.house.database.writing() as session:
            await merchants.put(await merchants.newly(EMAIL, PASSWORD), session, SHOP)
        browser = Browser(tresen)
        await browser.sign_in()
        page = (await browser.get(SELLER)).text

    assert '<p class="row">Europe/Vienna</p>' in page
    assert 'name="timezone"' not in page


async def test_the_preview_finds_any_order_by_its_number(jana: Browser):
    async with jana.tresen.house.database.writing() as session:
        for number in range(25):
            key = order_imports.Key("etsy", str(number))
            await order_imports.put(key, an_imported_order(number=f"A-{number}"), session, SHOP)

    page = (await jana.get(f"{APPEARANCE}?number=A-0")).text
    assert "/preview?v=" in page and ">A-0, Max Mustermann</option>" in page
    assert "So sieht Max Mustermann die Bestellung A-0." in page

    missing = (await jana.get(f"{APPEARANCE}?number=B-7")).text
    assert "Keine Bestellung hat die Nummer B-7" in missing


async def test_looking_as_the_customer_opens_documents_behind_the_counter(jana: Browser):
    sale = await sell(jana.tresen, "1")

    page = (await jana.get(f"/admin/orders/{sale.order.id}/as-customer")).text

    assert f'href="/admin/orders/{sale.order.id}/invoices/{sale.invoice.id}.pdf"' in page
    assert jana.tresen.link(sale.order).rpartition("/")[2] not in page


async def test_a_charged_back_order_says_so_and_lists_its_payments(jana: Browser):
    from db.payments import PaymentStatus
    from tests.factories import an_imported_payment

    sale = await sell(jana.tresen, "1")
    async with jana.tresen.house.database.writing() as session:
        order = await session.merge(sale.order)
        for status in (PaymentStatus.COMPLETED, PaymentStatus.REVERSED):
            payment = an_imported_payment(order.total_gross, status=status, at=NOON)
            await imported_payments.add(order, payment, session, SHOP)

    page = (await jana.get(f"/admin/orders/{sale.order.id}/overview")).text

    assert "danach: Zurückgebucht" in page
    assert "die Zahlung wurde zurückgebucht" in page
    assert "8AB1" in page
    assert "Deutsch (de-DE)" in page
    assert ">erstattet<" not in page
