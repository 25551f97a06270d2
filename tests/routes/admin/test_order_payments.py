"""An order's money behind the counter: what moved, what arrives by hand, what goes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import pytest

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


# --- What goes back


async def test_what_was_paid_by_paypal_goes_back_in_parts_and_in_full(jana, sale, paypal):
    await paid(jana, sale, paypal)
    assert "Höchstens 24,90 € können zurückgehen." in (await tab(jana)).one("main").text

    first = await jana.post("/admin/orders/1/refunds", {"attempt": "1", "amount": "4,90", "left": "2490"})
    assert first.headers["location"] == f"{TAB}?done=refunded"
    assert await state(jana, sale) == "partially_refunded"

    second = await jana.post("/admin/orders/1/refunds", {"attempt": "1", "amount": "20", "left": "2000"})
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
    form = {"attempt": "1", "amount": "5", "left": "2490"}
    await jana.post("/admin/orders/1/refunds", form)

    again = await jana.post("/admin/orders/1/refunds", form)

    assert again.headers["location"] == f"{TAB}?done=changed-meanwhile"
    assert len(paypal.ledger.asked("refund")) == 1


async def test_a_paypal_that_does_not_answer_is_asked_again_and_said_so(jana, sale, paypal):
    await paid(jana, sale, paypal)
    paypal.faults.retry_after = 600
    paypal.faults.switch("refund", Fault.BUSY)

    answer = await jana.post("/admin/orders/1/refunds", {"attempt": "1", "amount": "5", "left": "2490"})

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

    answer = await jana.post("/admin/orders/1/refunds", {"attempt": "1", "amount": "5", "left": "2490"})

    assert answer.headers["location"] == f"{TAB}?done={done}"
    assert words in (await jana.get(answer.headers["location"])).text


@pytest.mark.parametrize("path", [TAB, "/admin/orders/1/refunds"])
async def test_nobody_else_books_or_gives_back(stranger, sale, path):
    assert (await stranger.post(path, {"amount": "24,90", "on": TODAY, "seen": "0"})).status_code == 401
    assert await state(stranger, sale) == "unpaid"
