"""An order's money behind the counter: what moved, what arrives by hand, what goes back."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from db.bank_transfers import TransferAnnouncement
from db.orders import PaymentMethod, State
from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET, Fault, StandIn, serving, stand_in
from demo.paypal_stand_in.approval import back
from portal import payment_providers
from portal.activity import By
from portal.payment_providers import NewProvider
from tests.routes.admin.conftest import Browser
from tests.routes.customer.conftest import Running, Sale, running, sell
from tests.views.reading import Shown

TAB = "/admin/orders/1/payments"
OPEN = {"state": State.ORDERED, "paid_at": None, "payment_method": PaymentMethod.PREPAYMENT}
TODAY = datetime.now(UTC).date().isoformat()


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
    """Open, and payable by PayPal."""
    app = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    new = msgspec.convert({"name": "PayPal", "kind": "paypal", "active": True, **app}, NewProvider)
    async with tresen.house.database.writing() as session:
        await payment_providers.add(new, tresen.house.vault, session, By("test", datetime.now(UTC)))
    return await sell(tresen, "1", **OPEN)


async def paid(jana: Browser, sale: Sale, paypal: StandIn) -> None:
    begun = await jana.tresen.client.post(f"{sale.link}/payments")
    assert begun.status_code == 303
    told = list(paypal.ledger.orders.values())[-1]
    told.status = "APPROVED"
    await jana.tresen.client.get(back(told, "return_url"))


async def tab(jana: Browser) -> Shown:
    return Shown((await jana.get(TAB)).text)


async def state(jana: Browser, sale: Sale) -> str:
    return Shown((await jana.get(sale.link)).text).one("main")["data-payment-state"]


# --- What arrived at the bank


async def test_a_receipt_pays_the_order(jana, sale):
    answer = await jana.post(TAB, {"amount": "24,90", "on": TODAY, "reference": "NW 4711", "seen": "0"})

    assert answer.headers["location"] == f"{TAB}?done=booked"
    assert await state(jana, sale) == "paid"
    assert "NW 4711" in (await tab(jana)).one("main").text


async def test_a_part_of_it_leaves_the_rest_open(jana, sale):
    await jana.post(TAB, {"amount": "10", "on": TODAY, "reference": "", "seen": "0"})

    assert await state(jana, sale) == "partially_paid"
    assert (await tab(jana)).one("input", id="receipt-amount")["value"] == "14,90"


async def test_a_second_click_books_nothing(jana, sale):
    form = {"amount": "10,00", "on": TODAY, "reference": "", "seen": "0"}
    await jana.post(TAB, form)

    assert (await jana.post(TAB, form)).headers["location"] == f"{TAB}?done=changed-meanwhile"
    assert await state(jana, sale) == "partially_paid"


WRONG = {
    "amount": [{"amount": each} for each in ("", "x", "-5", "0", "1,234", "1e9", "9" * 30)],
    "on": [{"on": each} for each in ("", "gestern", "2099-01-01", "1900-01-01", "2026-02-30")],
}


@pytest.mark.parametrize("wrong", [*WRONG["amount"], *WRONG["on"]], ids=str)
async def test_what_cannot_be_a_receipt_comes_back_with_what_was_typed(jana, sale, wrong):
    typed = {"amount": "24,90", "on": TODAY, "reference": "behalten", "seen": "0", **wrong}

    answer = await jana.post(TAB, typed)

    assert answer.status_code == 422
    shown = Shown(answer.text)
    assert shown.one("input", id="receipt-reference")["value"] == "behalten"
    assert shown.all("p", class_="field-error")
    assert await state(jana, sale) == "unpaid"


async def test_the_same_reference_is_booked_once(jana, sale):
    await jana.post(TAB, {"amount": "10,00", "on": TODAY, "reference": "A", "seen": "0"})

    answer = await jana.post(TAB, {"amount": "5,00", "on": TODAY, "reference": "A", "seen": "1"})

    assert answer.status_code == 422


async def test_more_than_is_open_is_booked_only_when_it_is_said_twice(jana, sale):
    form = {"amount": "1.234", "on": TODAY, "reference": "", "seen": "0"}

    asked = await jana.post(TAB, form)

    assert asked.status_code == 422
    shown = Shown(asked.text)
    assert "1.234,00 € sind mehr als offen ist. Noch ist nichts gebucht." in shown.one("main").text
    assert shown.one("input", name="confirmed")["value"] == "123400"
    assert await state(jana, sale) == "unpaid"
    other = await jana.post(TAB, {**form, "amount": "1.235", "confirmed": "123400"})
    assert other.status_code == 422
    again = await jana.post(TAB, {**form, "confirmed": "123400"})
    assert again.headers["location"] == f"{TAB}?done=booked"
    assert await state(jana, sale) == "overpaid"


async def test_what_was_booked_by_mistake_is_taken_back_once_and_stays_in_the_list(jana, sale):
    await jana.post(TAB, {"amount": "24,90", "on": TODAY, "reference": "NW 4711", "seen": "0"})
    form = (await tab(jana)).one("form", action=f"{TAB}/1/reversals")

    answer = await jana.post(form["action"])

    assert answer.headers["location"] == f"{TAB}?done=taken-back"
    assert await state(jana, sale) == "unpaid"
    shown = (await tab(jana)).one("main").text
    assert "Zahlung, Zurückgenommen" in shown
    assert "NW 4711" in shown
    assert (await jana.post(form["action"])).headers["location"] == f"{TAB}?done=changed-meanwhile"
    assert "24,90 €, von Hand gebucht, zurückgenommen" in (await jana.get("/admin/orders/1/activity")).text.replace(
        "\u00a0", " "
    )


@pytest.mark.parametrize("payment", ["1", "2", "0", "9" * 30])
async def test_what_a_service_told_cannot_be_taken_back_by_hand(jana, sale, paypal, payment):
    await paid(jana, sale, paypal)
    assert (await tab(jana)).all("form", action=f"{TAB}/1/reversals") == []

    assert (await jana.post(f"{TAB}/{payment}/reversals")).status_code == 404
    assert await state(jana, sale) == "paid"


async def test_money_sent_back_by_hand_is_a_refund_like_any_other(jana, sale):
    await jana.post(TAB, {"amount": "24,90", "on": TODAY, "reference": "", "seen": "0"})
    form = {"amount": "4,90", "on": TODAY, "reference": "R 1", "seen": "1"}

    first = await jana.post("/admin/orders/1/repayments", form)
    again = await jana.post("/admin/orders/1/repayments", form)

    assert first.headers["location"] == f"{TAB}?done=repaid"
    assert again.headers["location"] == f"{TAB}?done=changed-meanwhile"
    assert await state(jana, sale) == "partially_refunded"
    same = await jana.post("/admin/orders/1/repayments", {**form, "seen": "2"})
    assert "Eine Erstattung mit diesem Verwendungszweck ist schon gebucht." in same.text
    await jana.post("/admin/orders/1/repayments", {**form, "amount": "20", "reference": "", "seen": "2"})
    assert await state(jana, sale) == "refunded"
    assert (await tab(jana)).all("input", id="repayment-amount") == []


@pytest.mark.parametrize("amount", ["", "x", "0", "-1", "24,91"])
async def test_no_more_is_sent_back_than_came_in(jana, sale, amount):
    await jana.post(TAB, {"amount": "24,90", "on": TODAY, "reference": "", "seen": "0"})

    wrong = {"amount": amount, "on": TODAY, "reference": "behalten", "seen": "1"}
    answer = await jana.post("/admin/orders/1/repayments", wrong)

    assert answer.status_code == 422
    assert Shown(answer.text).one("input", id="repayment-reference")["value"] == "behalten"
    assert await state(jana, sale) == "paid"


async def test_where_nothing_came_in_nothing_can_be_sent_back(jana, sale):
    assert (await tab(jana)).all("input", id="repayment-amount") == []

    form = {"amount": "1", "on": TODAY, "reference": "", "seen": "0"}
    assert (await jana.post("/admin/orders/1/repayments", form)).status_code == 422


async def test_the_word_about_a_transfer_goes_with_the_money(jana, sale):
    async with jana.tresen.house.database.writing() as session:
        bank = msgspec.convert({"name": "Bank", "kind": "bank_transfer", "active": True}, NewProvider)
        row = await payment_providers.add(bank, jana.tresen.house.vault, session, By("test", datetime.now(UTC)))
        at = datetime.now(UTC)
        session.add(TransferAnnouncement(order_id=1, provider_id=row.id, amount=2490, currency="EUR", at=at))
    assert "Die Kundschaft gibt an" in (await tab(jana)).one("main").text

    await jana.post(TAB, {"amount": "24,90", "on": TODAY, "reference": "", "seen": "0"})

    assert "Die Kundschaft gibt an" not in (await tab(jana)).one("main").text


# --- What goes back


async def refund(jana: Browser, amount: str, confirmed: int, left: int) -> httpx.Response:
    form = {"attempt": "1", "amount": amount, "left": str(left), "confirmed": str(confirmed)}
    return await jana.post("/admin/orders/1/refunds", form)


async def test_a_refund_is_asked_about_once_with_its_amount_before_anything_goes(jana, sale, paypal):
    await paid(jana, sale, paypal)
    form = {"attempt": "1", "amount": "4,90", "left": "2490", "note": "Entschuldigung"}

    asked = await jana.post("/admin/orders/1/refunds", form)

    assert asked.status_code == 422
    shown = Shown(asked.text)
    assert "4,90 € an den Kunden zurückschicken?" in shown.one("main").text
    assert shown.one("input", name="confirmed")["value"] == "490"
    assert shown.one("input", name="note")["value"] == "Entschuldigung"
    other = await jana.post("/admin/orders/1/refunds", {**form, "amount": "5", "confirmed": "490"})
    assert other.status_code == 422
    assert paypal.ledger.asked("refund") == []


async def test_nothing_is_no_refund_and_has_a_sentence_of_its_own(jana, sale, paypal):
    await paid(jana, sale, paypal)

    answer = await refund(jana, "0", 0, left=2490)

    assert answer.status_code == 422
    assert "Bitte geben Sie einen Betrag über null ein." in answer.text


async def test_what_was_paid_more_than_180_days_ago_is_not_offered_for_a_refund(jana, sale, paypal):
    await paid(jana, sale, paypal)
    with closing(sqlite3.connect(jana.tresen.config.database)) as connection, connection:
        connection.execute("DROP TRIGGER payment_event_no_update")
        connection.execute("UPDATE payment_event SET at = datetime(at, '-181 days')")

    shown = await tab(jana)

    assert shown.all("details", class_="refund-form") == []
    assert "PayPal erstattet nach 180 Tagen nichts mehr." in shown.one("main").text
    late = await refund(jana, "5", 500, left=2490)
    assert "PayPal erstattet nach 180 Tagen nichts mehr." in late.text
    assert paypal.ledger.asked("refund") == []


@pytest.mark.parametrize(
    ("capture_as", "words", "code"),
    [
        ("INSTRUMENT_DECLINED", "von PayPal oder der Bank abgelehnt", "HTTP"),
        ("DUPLICATE_INVOICE_ID", "laut PayPal schon bezahlt", "DUPLICATE"),
        ("PAYEE_ACCOUNT_RESTRICTED", "PayPal hat etwas gegen Ihr Konto", "PAYEE"),
    ],
)
async def test_the_tab_says_in_words_why_a_payment_came_to_nothing(jana, sale, paypal, capture_as, words, code):
    paypal.ledger.capture_as = capture_as
    await paid(jana, sale, paypal)

    shown = (await tab(jana)).one("main").text

    assert words in shown
    assert code not in shown


async def test_what_was_paid_by_paypal_goes_back_in_parts_and_in_full(jana, sale, paypal):
    await paid(jana, sale, paypal)
    assert "Höchstens 24,90 € können zurückgehen." in (await tab(jana)).one("main").text

    first = await refund(jana, "4,90", 490, left=2490)
    assert first.headers["location"] == f"{TAB}?done=refunded"
    assert await state(jana, sale) == "partially_refunded"

    second = await refund(jana, "20", 2000, left=2000)
    assert second.headers["location"] == f"{TAB}?done=refunded"
    assert await state(jana, sale) == "refunded"
    assert (await tab(jana)).all("details", class_="refund-form") == []


@pytest.mark.parametrize("amount", ["", "x", "0", "24,91", "-1"])
async def test_what_cannot_go_back_is_said_beside_the_field(jana, sale, paypal, amount):
    await paid(jana, sale, paypal)

    answer = await jana.post("/admin/orders/1/refunds", {"attempt": "1", "amount": amount, "left": "2490"})

    assert answer.status_code == 422
    assert paypal.ledger.asked("refund") == []


async def test_a_second_click_gives_nothing_back(jana, sale, paypal):
    await paid(jana, sale, paypal)
    form = {"attempt": "1", "amount": "5", "left": "2490", "confirmed": "500"}
    await jana.post("/admin/orders/1/refunds", form)

    again = await jana.post("/admin/orders/1/refunds", form)

    assert again.headers["location"] == f"{TAB}?done=changed-meanwhile"
    assert len(paypal.ledger.asked("refund")) == 1


async def test_a_paypal_that_does_not_answer_is_asked_again_and_said_so(jana, sale, paypal):
    await paid(jana, sale, paypal)
    paypal.faults.retry_after = 600
    paypal.faults.switch("refund", Fault.BUSY)

    answer = await refund(jana, "5", 500, left=2490)

    assert answer.headers["location"] == f"{TAB}?done=refund-waits"
    assert "Eine Erstattung über 5,00" in (await tab(jana)).one("main").text


@pytest.mark.parametrize("attempt", ["2", "x", "", "-1", "9" * 30])
async def test_another_order_s_payment_cannot_be_refunded_here(jana, sale, paypal, attempt):
    await paid(jana, sale, paypal)

    answer = await jana.post("/admin/orders/1/refunds", {"attempt": attempt, "amount": "5", "left": "2490"})

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("status", "done", "words"),
    [
        ("PENDING", "refund-pending", "prüft sie noch"),
        ("FAILED", "refund-missing", "kam beim Zahlungsdienst nicht zustande"),
    ],
)
async def test_only_a_complete_refund_is_called_done(jana, sale, paypal, status, done, words):
    await paid(jana, sale, paypal)
    paypal.ledger.refund_as = status

    answer = await refund(jana, "5", confirmed=500, left=2490)

    assert answer.headers["location"] == f"{TAB}?done={done}"
    assert words in (await jana.get(answer.headers["location"])).text


@pytest.mark.parametrize("path", [TAB, "/admin/orders/1/refunds", "/admin/orders/1/repayments", f"{TAB}/1/reversals"])
async def test_nobody_else_books_or_gives_back(stranger, sale, path):
    assert (await stranger.post(path, {"amount": "24,90", "on": TODAY, "seen": "0"})).status_code == 401
    assert await state(stranger, sale) == "unpaid"
