"""Paying from the portal page: from the click to the page that says it is paid, over HTTP."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from db.orders import PaymentMethod, State
from db.settings import SellerSettings
from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET, Fault, StandIn, serving, stand_in
from portal import links, payment_providers, settings
from portal.activity import By
from portal.payment_providers import NewProvider
from portal.settings import SellerChange
from tests.routes.customer.conftest import Running, Sale, running, sell
from tests.views.reading import Shown

OPEN = {"state": State.ORDERED, "paid_at": None, "payment_method": PaymentMethod.PREPAYMENT}
ACCOUNT = SellerChange(name="Nähwerk", iban="DE02120300000000202051", bic="BYLADEM1001", bank_name="DKB")


@pytest.fixture
def paypal():
    found = stand_in({CLIENT_ID: CLIENT_SECRET})
    found.ledger.calls_webhooks = False
    with serving(found) as found.ledger.origin:
        yield found


@pytest.fixture
async def tresen(tmp_path, paypal: StandIn) -> AsyncIterator[Running]:
    async with running(tmp_path / "data", TRESEN_PAYPAL_API_BASE=paypal.ledger.origin) as found:
        yield found


@pytest.fixture
async def sale(tresen: Running) -> Sale:
    """An order that nobody has paid yet, and a shop that takes PayPal and transfers."""
    app = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    complete = {"name": "Geheimer Anbietername", "kind": "paypal", **app}
    by = By("test", datetime.now(UTC))
    async with tresen.house.database.writing() as session:
        await settings.change(SellerSettings, ACCOUNT, session, by)
        for given in (complete, {"name": "Bank", "kind": "bank_transfer"}):
            new = msgspec.convert({**given, "active": True}, NewProvider)
            await payment_providers.add(new, tresen.house.vault, session, by)
    return await sell(tresen, "1", **OPEN)


async def page(tresen: Running, sale: Sale) -> Shown:
    answer = await tresen.client.get(sale.link)
    assert answer.status_code == 200
    return Shown(answer.text)


async def start(tresen: Running, sale: Sale, **form: str) -> httpx.Response:
    return await tresen.client.post(f"{sale.link}/payments", data=form)


async def decide(url: str, answer: str = "yes") -> str:
    """What the customer does at PayPal; the address that PayPal sends them back to."""
    async with httpx.AsyncClient(follow_redirects=True) as browser:
        shown = await browser.get(url)
        assert "kein Geld" in shown.text
        decided = await browser.post(str(shown.url), data={"answer": answer}, follow_redirects=False)
    return str(decided.headers["location"])


async def test_an_open_order_is_paid_in_one_click_and_shows_what_is_to_be_had_now(tresen: Running, sale: Sale):
    before = await page(tresen, sale)
    assert "data-refusal" not in before.one("section", **{"data-section": "payment"}).attributes
    assert [form["data-deed"] for form in before.all("form", **{"data-deed": "pay"})] == ["pay", "pay"]
    assert before.one("main")["data-payment-state"] == "unpaid"

    begun = await start(tresen, sale, provider="1")
    assert begun.status_code == 303
    back = await decide(begun.headers["location"])
    returned = await tresen.client.get(back)

    assert (returned.status_code, returned.headers["location"]) == (303, urlsplit(sale.link).path)
    after = await page(tresen, sale)
    assert after.one("main")["data-payment-state"] == "paid"
    assert after.one("section", **{"data-section": "payment"})["data-refusal"] == "nothing-due"
    assert len(after.all("form", **{"data-deed": "start-download"})) == 2


async def test_the_address_of_the_return_holds_no_portal_link_and_opens_no_order(tresen: Running, sale: Sale):
    begun = await start(tresen, sale, provider="1")
    back = await decide(begun.headers["location"])

    token = urlsplit(back).path.rpartition("/")[2]
    assert token not in sale.link
    assert (await tresen.client.get(f"/o/{token}")).status_code == 404


async def test_five_reloads_and_a_head_change_nothing_more(tresen: Running, sale: Sale, paypal: StandIn):
    begun = await start(tresen, sale, provider="1")
    back = await decide(begun.headers["location"])
    assert (await tresen.client.head(back)).status_code == 303
    assert (await page(tresen, sale)).one("main")["data-payment-state"] == "unpaid"

    for _ in range(5):
        assert (await tresen.client.get(back)).status_code == 303

    assert len(paypal.ledger.asked("capture")) == 1


async def test_who_breaks_off_reads_so_and_can_pay_again(tresen: Running, sale: Sale):
    begun = await start(tresen, sale, provider="1")
    returned = await tresen.client.get(await decide(begun.headers["location"], "no"))
    assert returned.headers["location"] == f"{urlsplit(sale.link).path}#payment"

    shown = await page(tresen, sale)
    assert "Sie haben die letzte Zahlung abgebrochen." in shown.one("section", id="payment").text
    assert "Sie haben die letzte Zahlung abgebrochen." in shown.one("div", **{"class": "banner"}).text
    assert len(shown.all("form", **{"data-deed": "pay"})) == 2


async def test_while_it_is_pending_nobody_is_asked_to_pay_again(tresen: Running, sale: Sale, paypal: StandIn):
    paypal.ledger.capture_as = "PENDING"
    begun = await start(tresen, sale, provider="1")
    await tresen.client.get(await decide(begun.headers["location"]))

    shown = await page(tresen, sale)
    assert shown.one("section", id="payment")["data-refusal"] == "payment-pending"
    assert shown.all("form", **{"data-deed": "pay"}) == []
    assert (await start(tresen, sale, provider="1")).status_code == 409


FAULTS = [each for each in Fault if each not in (Fault.SLOW, Fault.TIME_OUT, Fault.MINIMAL)]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_paypal_in_trouble_is_an_honest_page_and_no_error(tresen: Running, sale: Sale, paypal: StandIn, fault):
    paypal.faults.retry_after = 600
    paypal.faults.switch("create", fault, times=9)

    answer = await start(tresen, sale, provider="1")

    assert (answer.status_code, answer.headers["location"]) == (303, f"{urlsplit(sale.link).path}#payment")
    shown = await page(tresen, sale)
    assert "Die letzte Zahlung konnte nicht begonnen werden." in shown.one("section", id="payment").text
    assert shown.all("form", **{"data-deed": "pay"})


async def test_the_return_to_a_paypal_in_trouble_shows_that_it_is_checked(tresen: Running, sale: Sale, paypal: StandIn):
    begun = await start(tresen, sale, provider="1")
    back = await decide(begun.headers["location"])
    paypal.faults.retry_after = 600
    paypal.faults.switch("capture", Fault.BUSY, times=9)

    assert (await tresen.client.get(back)).status_code == 303

    shown = await page(tresen, sale)
    assert shown.one("section", id="payment")["data-refusal"] == "payment-pending"
    paypal.faults.switch("capture", Fault.BUSY, times=0)
    await tresen.client.get(back)
    assert (await page(tresen, sale)).one("main")["data-payment-state"] == "paid"


@pytest.mark.parametrize("token", ["x", "WzEsMV0.AAAA", "é", "%00"])
async def test_a_foreign_payment_token_is_a_404_like_every_other(tresen: Running, sale: Sale, token):
    assert (await tresen.client.get(f"/payments/{token}?token=1")).status_code == 404


async def renew(tresen: Running, sale: Sale) -> str:
    async with tresen.house.database.writing() as session:
        order = await session.get_one(type(sale.order), sale.order.id)
        return tresen.house.links.url(await links.renew(order, session, By("test", datetime.now(UTC))))


async def test_a_link_renewed_meanwhile_takes_no_payment_away_and_opens_no_order(
    tresen: Running, sale: Sale, paypal: StandIn
):
    begun = await start(tresen, sale, provider="1")
    back = await decide(begun.headers["location"])
    newer = await renew(tresen, sale)

    assert (await tresen.client.head(back)).status_code == 200
    assert paypal.ledger.asked("capture") == []
    for _ in range(2):
        shown = await tresen.client.get(back)
        assert (shown.status_code, shown.headers["cache-control"]) == (200, "private, no-store")
        assert Shown(shown.text).one("h1").text == "Ihre Zahlung ist angekommen"

    assert "RE-1" not in shown.text
    assert "/o/" not in shown.text
    assert Shown((await tresen.client.get(newer)).text).one("main")["data-payment-state"] == "paid"
    assert len(paypal.ledger.asked("capture")) == 1


@pytest.mark.parametrize(
    ("answer", "capture_as", "title"),
    [
        ("no", "COMPLETED", "Diese Zahlung kam nicht zustande"),
        ("yes", "PENDING", "Ihre Zahlung wird geprüft"),
        ("yes", "INSTRUMENT_DECLINED", "Diese Zahlung kam nicht zustande"),
    ],
)
async def test_what_came_of_it_is_told_without_the_order(
    tresen: Running, sale: Sale, paypal: StandIn, answer, capture_as, title
):
    paypal.ledger.capture_as = capture_as
    begun = await start(tresen, sale, provider="1")
    back = await decide(begun.headers["location"], answer)
    await renew(tresen, sale)

    assert Shown((await tresen.client.get(back)).text).one("h1").text == title


async def test_saying_yes_to_a_payment_that_gave_way_is_told_and_leads_to_the_order(tresen: Running, sale: Sale):
    first = await start(tresen, sale, provider="1")
    cancelled = await decide(first.headers["location"], "no")
    await tresen.client.get(cancelled)
    await start(tresen, sale, provider="1")

    shown = Shown((await tresen.client.get(cancelled.replace("cancelled=yes&", ""))).text)

    assert shown.one("h1").text == "Diese Zahlung war ersetzt"
    assert "Mit dieser wurde nichts abgebucht." in shown.one("main").text
    assert shown.all("a", href=urlsplit(sale.link).path)


@pytest.mark.parametrize("form", [{"provider": "77"}, {"provider": "x" * 5000}, {"method": "sepa"}, {"provider": "-1"}])
async def test_a_choice_that_is_none_is_refused_in_words(tresen: Running, sale: Sale, form):
    answer = await start(tresen, sale, **form)

    assert answer.status_code == 409
    assert "nimmt auf dieser Seite zurzeit keine Zahlungen" in answer.text


async def test_the_name_of_the_provider_is_the_merchant_s_alone(tresen: Running, sale: Sale, paypal: StandIn):
    await start(tresen, sale, provider="1")

    assert "Geheimer Anbietername" not in (await tresen.client.get(sale.link)).text
    assert b"Geheimer" not in paypal.ledger.asked("create")[0].body


async def test_a_browser_may_follow_the_form_to_paypal_and_nowhere_else(tresen: Running, sale: Sale, paypal: StandIn):
    policy = (await tresen.client.get(sale.link)).headers["content-security-policy"]

    assert f"form-action 'self' https://*.paypal.com {paypal.ledger.origin};" in f"{policy};"


# --- Bank transfer


async def test_a_transfer_leads_to_the_account_with_a_giro_code(tresen: Running, sale: Sale):
    begun = await start(tresen, sale, provider="2")
    assert begun.headers["location"] == f"{urlsplit(sale.link).path}/bank-transfers/2"

    shown = Shown((await tresen.client.get(begun.headers["location"])).text)

    values = [field["value"] for field in shown.all("input")]
    assert values == ["Nähwerk", "DE02 1203 0000 0000 2020 51", "BYLADEM1001", "DKB", "24,90\u00a0€", "RE-1"]
    assert shown.all("img", width="160")
    copied = [field.attributes.get("data-plain", "") for field in shown.all("copy-field")]
    assert copied == ["", "DE02120300000000202051", "", "", "24,90", ""]


async def test_a_giro_code_is_promised_only_where_there_is_one(tresen: Running, sale: Sale):
    assert "GiroCode" in (await page(tresen, sale)).one("section", id="payment").text

    francs = await sell(tresen, "2", **OPEN, currency="CHF")

    assert "GiroCode" not in (await page(tresen, francs)).one("section", id="payment").text
    shown = Shown((await tresen.client.get(f"{francs.link}/bank-transfers/2")).text)
    assert shown.all("img", width="160") == []


async def test_nothing_is_announced_while_a_payment_is_being_checked(tresen: Running, sale: Sale, paypal: StandIn):
    begun = await start(tresen, sale, provider="1")
    back = await decide(begun.headers["location"])
    paypal.faults.retry_after = 600
    paypal.faults.switch("capture", Fault.BUSY, times=9)
    await tresen.client.get(back)

    told = await tresen.client.post(f"{sale.link}/bank-transfers/2/announcements")

    assert told.status_code == 409
    assert "Überwiesen, wartet auf Eingang" not in (await page(tresen, sale)).one("section", id="payment").text


async def test_having_transferred_is_noted_once_and_changes_no_state(tresen: Running, sale: Sale):
    for _ in range(2):
        told = await tresen.client.post(f"{sale.link}/bank-transfers/2/announcements")
        assert told.status_code == 303

    shown = await page(tresen, sale)
    assert shown.one("main")["data-payment-state"] == "unpaid"
    assert told.headers["location"] == f"{urlsplit(sale.link).path}#payment"
    assert "Überwiesen, wartet auf Eingang" in shown.one("section", id="payment").text
    assert "haben Sie mitgeteilt, dass Sie überwiesen haben" in shown.one("section", id="payment").text
    assert "24,90 € überwiesen, wartet auf Eingang" in shown.one("div", **{"class": "banner"}).text
    assert shown.all("button", **{"data-kind": "primary"}) == []  # nobody is urged to pay twice
    assert "data-kind" not in shown.one("a", href="#payment").attributes
    assert len(shown.all("form", **{"data-deed": "pay"})) == 2


@pytest.mark.parametrize("provider", ["1", "99", "99999999999999999999999"])
async def test_what_is_no_bank_transfer_has_no_such_page(tresen: Running, sale: Sale, provider):
    assert (await tresen.client.get(f"{sale.link}/bank-transfers/{provider}")).status_code == 404
    assert (await tresen.client.post(f"{sale.link}/bank-transfers/{provider}/announcements")).status_code == 404


# --- What the log says, and what nothing says

async def test_a_refusal_is_logged_with_the_id_that_paypal_s_support_asks_for(
    tresen: Running, sale: Sale, paypal: StandIn, caplog: pytest.LogCaptureFixture
):
    paypal.ledger.capture_as = "INSTRUMENT_DECLINED"
    begun = await start(tresen, sale, provider="1")
    await tresen.client.get(await decide(begun.headers["location"]))

    said = [record.getMessage() for record in caplog.records if record.name == "tresen.paypal"]
    assert any(re.search(r"/capture: HTTP 422: INSTRUMENT_DECLINED \([0-9a-f]{14}\)", line) for line in said)



async def test_no_secret_and_no_token_is_in_any_log_page_or_answer(
    tresen: Running, sale: Sale, paypal: StandIn, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    seen = []
    paypal.faults.switch("create", Fault.ERROR)
    begun = await start(tresen, sale, provider="1")
    back = await decide(begun.headers["location"])
    paypal.faults.switch("capture", Fault.GATEWAY)
    for address in (back, sale.link, f"{sale.link}/bank-transfers/2"):
        answer = await tresen.client.get(address)
        seen += [answer.text, str(answer.headers)]

    token = paypal.ledger.asked("capture")[0].headers["authorization"].removeprefix("Bearer ")
    said = "\n".join([*seen, *(record.getMessage() for record in caplog.records if record.name.startswith("tresen"))])
    assert [secret for secret in (CLIENT_SECRET, CLIENT_ID, token) if secret in said] == []
    assert re.search("HTTP 500", said)
