"""The tab Zahlungsanbieter without a browser: what is stored, what is refused, and that the secret stays one."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from db.payment_attempts import AttemptEvent, OpenPayment, PaymentAttempt, PaymentEvent
from db.payment_providers import PaymentProvider
from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET, paypal
from portal import order_imports, payment_providers
from tests.factories import NOON, SHOP, an_imported_order
from tests.routes.admin.conftest import Browser
from tests.routes.customer.conftest import Running, running, sell
from tests.views.reading import Shown

TAB = "/admin/settings/portal/payments"
SECRET = "EJ-very-secret-0123456789"


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with paypal() as origin:
        yield origin


@pytest.fixture
async def tresen(tmp_path: Path, service: str) -> AsyncIterator[Running]:
    async with running(tmp_path / "data", TRESEN_PAYPAL_API_BASE=service) as found:
        yield found


async def stored(jana: Browser) -> list[PaymentProvider]:
    async with jana.tresen.house.database.reading() as session:
        return await payment_providers.every(session)


async def save(jana: Browser, **typed: str) -> httpx.Response:
    """Fields as a browser sends them, rendered with what is stored."""
    [row] = await stored(jana)
    return await save_over({name: getattr(row, name) for name in typed} | {"client_secret": ""}, jana, typed)


async def save_over(rendered: dict[str, str], jana: Browser, typed: dict[str, str]) -> httpx.Response:
    """The same where the fields were rendered with something else."""
    [row] = await stored(jana)
    shown = {f"was.{name}": _as_text(rendered[name]) for name in typed}
    return await jana.post(f"{TAB}/{row.id}", typed | shown)


def _as_text(value: object) -> str:
    return "yes" if value is True else "" if value is False else str(value)


async def create(jana: Browser, kind: str = "paypal", name: str = "PayPal") -> httpx.Response:
    return await jana.post(f"{TAB}/new", {"name": name, "kind": kind})


async def page(jana: Browser) -> Shown:
    return Shown((await jana.get(f"{TAB}/1")).text)


def words(shown: Shown) -> str:
    return shown.one("main").text


# --- Creating and changing


async def test_a_new_provider_is_switched_off(jana):
    answer = await create(jana)

    assert (answer.status_code, answer.headers["location"]) == (303, f"{TAB}/1")
    [row] = await stored(jana)
    assert (row.name, row.kind, row.active) == ("PayPal", "paypal", False)


async def test_while_money_is_being_asked_for_another_app_is_refused_beside_the_field(jana):
    await create(jana)
    await save(jana, client_id=CLIENT_ID)
    async with jana.tresen.house.database.writing() as session:
        order, _ = await order_imports.put(order_imports.Key("shop", "1"), an_imported_order(), session, SHOP)
        attempt = PaymentAttempt(
            mark="a",
            order_id=order.id,
            provider_id=1,
            amount=2000,
            currency="EUR",
            label="1",
            client_id=CLIENT_ID,
            sandbox=False,
            started_at=NOON,
        )
        session.add(attempt)
        await session.flush()
        session.add(PaymentEvent(attempt_id=attempt.id, at=NOON, kind=AttemptEvent.CAPTURING))
        session.add(OpenPayment(order_id=order.id, attempt_id=attempt.id))

    answer = await save(jana, sandbox="yes")

    assert answer.status_code == 409
    assert "Eine Zahlung ist offen" in Shown(answer.text).one("p", id="sandbox-error").text
    assert [row.sandbox for row in await stored(jana)] == [False]


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
async def test_a_provider_needs_a_name(jana, name):
    answer = await create(jana, name=name)

    assert answer.status_code == 422
    assert Shown(answer.text).all("p", id="name-error")
    assert await stored(jana) == []


async def test_a_kind_that_nobody_knows_makes_no_provider(jana):
    assert (await create(jana, kind="cash")).status_code == 422
    assert await stored(jana) == []


async def test_every_field_saves_itself(jana):
    await create(jana)
    for name, value in {
        "name": "Anders",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "sandbox": "yes",
        "kind": "paypal_plus",
        "active": "yes",
    }.items():
        answer = await save(jana, **{name: value})
        assert (answer.status_code, answer.headers.get("location")) == (303, f"{TAB}/1?saved={name}"), answer.text

    [row] = await stored(jana)
    assert (row.name, row.client_id, row.sandbox, row.kind, row.active) == (
        "Anders",
        CLIENT_ID,
        True,
        "paypal_plus",
        True,
    )
    assert await jana.get(f"{TAB}/1")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"name": ""}, "Bitte hier etwas eingeben"),
        ({"client_id": "mit leer"}, "keine Leerzeichen"),
        ({"client_id": "x" * 1_000_000}, "200"),
        ({"client_secret": "ä"}, "keine Leerzeichen"),
        ({"kind": "cash"}, ""),
        ({"active": "yes"}, "zuerst Client ID und Client Secret"),
    ],
)
async def test_what_cannot_be_is_told_beside_the_field(jana, typed, told):
    await create(jana)
    [name] = typed
    answer = await save(jana, **typed)

    assert answer.status_code == 422
    assert told in Shown(answer.text).one("p", id=f"{name}-error").text
    [row] = await stored(jana)
    assert (row.name, row.client_id, row.client_secret, row.kind, row.active) == ("PayPal", "", "", "paypal", False)


async def test_what_somebody_else_changed_meanwhile_is_shown_and_not_overwritten(jana):
    await create(jana)
    await save(jana, name="Von Anna")
    answer = await save_over({"name": "PayPal"}, jana, {"name": "Von Jana"})

    shown = Shown(answer.text)
    assert answer.status_code == 422
    assert shown.one("input", id="name-input")["value"] == "Von Jana"
    assert "Von Anna" in shown.one("p", id="name-error").text
    assert (await stored(jana))[0].name == "Von Anna"


async def test_an_empty_secret_field_leaves_the_secret_alone(jana):
    await create(jana)
    await save(jana, client_secret=CLIENT_SECRET)
    [before] = await stored(jana)
    await save(jana, client_secret="", name="Anders")

    [row] = await stored(jana)
    assert (row.client_secret, row.name) == (before.client_secret, "Anders")


# --- The secret


async def test_no_page_no_log_and_no_history_holds_the_secret(jana, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        await create(jana)
        await save(jana, client_id=CLIENT_ID, client_secret=SECRET)
        answers = [
            await save(jana, client_secret=SECRET + "ä"),
            await jana.post(f"{TAB}/1/checks"),
            await jana.get(f"{TAB}/1"),
            await jana.get(TAB),
            await jana.get("/admin/activity"),
        ]

    said = capfd.readouterr()
    for heard in (caplog.text, said.out, said.err, *(answer.text for answer in answers)):
        assert SECRET not in heard
    assert (await page(jana)).one("input", id="client_secret-input")["placeholder"] == "gesetzt"


# --- Checking


async def test_a_check_is_shown_after_a_plain_redirect(jana):
    await create(jana)
    await save(jana, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    answer = await jana.post(f"{TAB}/1/checks")

    assert (answer.status_code, answer.headers["location"]) == (303, f"{TAB}/1")
    assert "Die Verbindung steht." in words(await page(jana))
    assert "Live-Umgebung" in words(await page(jana))


async def test_a_check_without_credentials_says_what_is_missing(jana):
    await create(jana)
    await jana.post(f"{TAB}/1/checks")

    assert "Dafür werden Client ID und Client Secret gebraucht." in words(await page(jana))


async def test_looking_at_the_page_checks_nothing(jana):
    await create(jana)
    await save(jana, client_id=CLIENT_ID, client_secret=SECRET)

    assert "PayPal kennt" not in words(await page(jana))


# --- The methods of PayPal Plus


@pytest.mark.parametrize(
    ("moves", "methods"),
    [
        (["down-paypal"], ["paylater", "paypal", "sepa", "card"]),
        (["up-card"], ["paypal", "paylater", "card", "sepa"]),
        (["up-paypal"], ["paypal", "paylater", "sepa", "card"]),
        (["down-card"], ["paypal", "paylater", "sepa", "card"]),
        (["out-paylater"], ["paypal", "sepa", "card"]),
        (["out-paylater", "in-paylater"], ["paypal", "sepa", "card", "paylater"]),
        (["out-paypal", "out-paylater", "out-sepa", "out-card"], ["card"]),
        (["in-card", "up-gold", "sideways-card", "", "-", "up", "out-gold"], ["paypal", "paylater", "sepa", "card"]),
    ],
)
async def test_methods_move_step_by_step(jana, moves, methods):
    await create(jana, kind="paypal_plus")
    for move in moves:
        assert (await jana.post(f"{TAB}/1/methods", {"move": move})).status_code == 303

    assert (await stored(jana))[0].methods == methods


# --- Deleting


async def test_a_deleted_provider_is_gone(jana):
    await create(jana)

    assert (await jana.post(f"{TAB}/1/removals")).headers["location"] == TAB
    assert (await jana.get(f"{TAB}/1")).status_code == 404
    assert (await jana.post(f"{TAB}/1/removals")).status_code == 404


async def test_a_provider_that_payments_refer_to_stays_and_the_page_says_why(jana):
    await create(jana)
    async with jana.tresen.house.database.writing() as session:
        await session.execute(text("CREATE TABLE paid (provider_id INTEGER REFERENCES payment_provider (id))"))
        await session.execute(text("INSERT INTO paid VALUES (1)"))
    answer = await jana.post(f"{TAB}/1/removals")

    assert answer.status_code == 409
    assert "Zahlungen beziehen sich auf diesen Anbieter" in answer.text
    assert len(await stored(jana)) == 1


@pytest.mark.parametrize("provider", ["0", "9", "x", "-1", "1" * 40, "９"])
async def test_what_is_not_there_is_not_found(jana, provider):
    assert (await jana.get(f"{TAB}/{provider}")).status_code == 404
    for deed in ("", "/checks", "/removals", "/methods"):
        assert (await jana.post(f"{TAB}/{provider}{deed}")).status_code == 404


@pytest.mark.parametrize("path", ["", "/new", "/1", "/1/checks", "/1/removals", "/1/methods"])
async def test_nobody_else_sees_or_changes_it(stranger, path):
    assert (await stranger.get(TAB + path)).status_code in (303, 405)
    assert (await stranger.post(TAB + path)).status_code in (401, 405)


async def test_who_has_paid_is_offered_no_way_to_pay(jana):
    await create(jana)
    await save(jana, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, active="yes")
    sale = await sell(jana.tresen, "1")

    shown = (await jana.get(sale.link)).text
    assert 'data-section="payment" data-refusal="nothing-due"' in shown
    assert 'data-deed="pay"' not in shown


async def test_the_settings_say_why_the_payment_wall_is_gone(jana):
    await create(jana, kind="paypal_plus")

    assert "Payment Wall" in words(await page(jana))


async def test_a_webhook_is_registered_with_a_click_and_shown(jana):
    await create(jana)
    await save(jana, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    assert "Ohne Webhook wird PayPal in Abständen gefragt" in words(await page(jana))

    answer = await jana.post(f"{TAB}/1/webhooks", {"verification": "offline"})

    assert answer.status_code == 303
    shown = await page(jana)
    assert "http://127.0.0.1:8000/hooks/paypal/1" in words(shown)
    assert [option["value"] for option in shown.all("option", selected=None) if option["value"] == "offline"]


async def test_without_credentials_there_is_nothing_to_register(jana):
    await create(jana)

    assert "Webhook" not in words(await page(jana))
    assert (await jana.post(f"{TAB}/1/webhooks")).status_code == 409


async def test_a_switch_that_could_not_be_thrown_stands_where_it_was(jana):
    path = (await create(jana)).headers["location"]

    refused = await jana.post(path, {"was.active": "", "active": "yes"}, **{"HX-Target": "div#active"})

    assert refused.status_code == 422
    assert 'data-state="error"' in refused.text
    assert " checked" not in refused.text
