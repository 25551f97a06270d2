"""Automations over the API: set up, switched on where they can work, tried before they do anything, and at work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from db.automations import AutomationRun
from portal import keys, mail_tests
from portal.activity import By
from portal.messages import AUTOMATIC
from portal.new_messages import NewMessage, Written
from tests.pretend_mail import PostOffice, open_post_office
from tests.routes.customer.conftest import BASE, Running, running

AUTOMATION: dict[str, Any] = {
    "name": "Link senden",
    "active": True,
    "trigger": {"kind": "order_paid", "delay_minutes": 0},
    "match": "all",
    "conditions": [{"kind": "platform", "op": "in", "value": ["Etsy"]}],
    "actions": [{"kind": "send_message", "template": "Link zum Download"}],
}
ORDER: dict[str, Any] = {
    "number": "3123456789",
    "platform": "Etsy",
    "state": "paid",
    "ordered_at": datetime.now(UTC).isoformat(),  # today: nobody is written to because of an old one
    "currency": "EUR",
    "locale": "de-DE",
    "buyer": {"name": "Erika Mustermann", "email": "erika@example.org"},
    "lines": [{"id": "1", "title": "Schnittmuster", "sku": "A", "line_gross": 2490, "tax_rate": "19.00"}],
    "total_gross": 2490,
}


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with open_post_office() as found:
        yield found


def mail_through(office: PostOffice) -> dict[str, str]:
    return {"TRESEN_SMTP_URL": f"smtp://127.0.0.1:{office.port}?tls=none&from=shop@example.org"}


async def with_key(tresen: Running) -> Running:
    async with tresen.house.database.writing() as session:
        key = await keys.add("test", session, By("test", datetime.now(UTC)))
    tresen.client.headers["Authorization"] = f"Bearer {key}"
    return tresen


@pytest.fixture
async def shop(tmp_path: Path, office: PostOffice) -> AsyncIterator[Running]:
    async with running(tmp_path / "data", TRESEN_BASE_URL=BASE, **mail_through(office)) as tresen:
        await proves_its_mail(tresen, office)
        yield await with_key(tresen)


async def proves_its_mail(tresen: Running, office: PostOffice) -> None:
    """As the merchant does by sending a test."""
    house = tresen.house
    mail = Written(subject="Test", text="Test", html="", locale="de-DE")
    await mail_tests.send(mail, "jana@example.org", house.messages, house.database, By("test", datetime.now(UTC)))
    office.kept.clear()


async def ask(shop: Running, method: str, path: str = "", **body: Any) -> httpx.Response:
    return await shop.client.request(method, f"/api/v1/automations{path}", json=body if body else None)


async def add(shop: Running, **changes: Any) -> dict:
    answer = await ask(shop, "POST", **{**AUTOMATION, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def put(shop: Running, **changes: Any) -> None:
    answer = await shop.client.put("/api/v1/orders/etsy/1", json={**ORDER, **changes})
    assert answer.status_code in (200, 201), answer.text


async def history(shop: Running, *kinds: str) -> list[dict]:
    items = (await shop.client.get("/api/v1/orders/etsy/1/activity")).json()["items"]
    return [item for item in items if item["kind"] in kinds]


async def until(shop: Running, *kinds: str) -> list[dict]:
    async with asyncio.timeout(10):
        while not (found := await history(shop, *kinds)):
            await asyncio.sleep(0.02)
    return found


async def test_four_come_along_switched_off(shop):
    items = (await ask(shop, "GET")).json()["items"]

    assert [item["ready_made"] for item in items] == ["paid", "invoice", "reminder", "thanks"]
    assert not any(item["active"] for item in items)
    assert items[2]["trigger"] == {"kind": "order_imported", "delay_minutes": 10080}


async def test_an_automation_is_told_as_it_was_stored(shop):
    added = await add(shop)

    assert {name: added[name] for name in AUTOMATION if name != "actions"} == {
        name: value for name, value in AUTOMATION.items() if name != "actions"
    }
    assert added["actions"] == [{**AUTOMATION["actions"][0], "value": None, "allow_repeat": False}]
    assert (await ask(shop, "GET", f"/{added['id']}")).json() == added


async def test_a_paid_order_gets_its_mail_with_the_link_that_opens_it(shop, office):
    await add(shop)

    await put(shop)
    await until(shop, "message_sent")

    (mail,) = office.mails
    link = (await shop.client.get("/api/v1/orders/etsy/1")).json()["portal_url"]
    assert link in mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    told, _test = (await shop.client.get("/api/v1/messages")).json()["items"]
    assert (told["to"], told["state"], told["order"]["number"]) == ("erika@example.org", "sent", "3123456789")
    (ran,) = await history(shop, "automation_ran")
    assert ran["details"]["name"] == "Link senden"


async def test_what_its_conditions_turn_away_is_told_in_the_order_s_history(shop, office):
    await add(shop)

    await put(shop, platform="eBay")
    (told,) = await until(shop, "automation_skipped")

    assert told["details"]["reason"] == "conditions"
    assert office.kept == []


async def test_a_dry_run_lists_the_orders_it_is_meant_for_and_does_nothing(shop, office):
    added = await add(shop, active=False)
    await put(shop)
    await shop.client.put("/api/v1/orders/ebay/2", json={**ORDER, "platform": "eBay"})

    answer = (await ask(shop, "POST", f"/{added['id']}/dry-runs")).json()

    assert answer["looked_at"] == 2
    (item,) = answer["items"]
    assert (item["order"]["external_id"], item["to"]) == ("1", "erika@example.org")
    assert item["actions"] == [
        {"kind": "send_message", "template": "Link zum Download", "value": None, "refusal": None}
    ]
    assert office.kept == []


async def test_a_change_writes_what_it_names_and_a_removed_one_is_gone(shop):
    added = await add(shop)

    changed = await ask(shop, "PATCH", f"/{added['id']}", active=False, trigger={"kind": "manual"})

    assert changed.json() == {**added, "active": False, "trigger": {"kind": "manual", "delay_minutes": 0}}
    assert (await ask(shop, "DELETE", f"/{added['id']}")).status_code == 204
    assert (await ask(shop, "GET", f"/{added['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"actions": []}, "#/actions"),
        ({"actions": [{"kind": "send_message", "template": "nobody"}]}, "#/actions/0/template"),
        ({"actions": [{"kind": "send_message"}]}, "#/actions/0/template"),
        ({"actions": [{"kind": "set_state", "value": "deleted"}]}, "#/actions/0/value"),
        ({"actions": [{"kind": "add_tag"}]}, "#/actions/0/value"),
        ({"conditions": [{"kind": "total", "op": "gte", "value": 1.5}]}, "#/conditions/0/value"),
        ({"conditions": [{"kind": "total", "op": "in", "value": [1]}]}, "#/conditions/0/value/0"),
        ({"trigger": {"kind": "order_paid", "delay_minutes": -1}}, "#/trigger/delay_minutes"),
        ({"trigger": {"kind": "full_moon"}}, "#/trigger/kind"),
        ({"match": "some"}, "#/match"),
    ],
)
async def test_what_makes_no_sense_is_refused_at_its_place_and_not_stored(shop, changes, pointer):
    answer = await ask(shop, "POST", **{**AUTOMATION, **changes})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert len((await ask(shop, "GET")).json()["items"]) == 4


async def test_without_a_mail_server_none_that_sends_can_be_switched_on(tmp_path):
    async with running(tmp_path / "data", TRESEN_BASE_URL=BASE) as tresen:
        shop = await with_key(tresen)

        assert (await ask(shop, "POST", **AUTOMATION)).status_code == 409
        tags = [{"kind": "add_tag", "value": "neu"}]
        assert (await ask(shop, "POST", **{**AUTOMATION, "actions": tags})).status_code == 201


async def test_a_mail_server_that_has_taken_nothing_yet_is_not_enough(tmp_path, office):
    async with running(tmp_path / "data", TRESEN_BASE_URL=BASE, **mail_through(office)) as tresen:
        shop = await with_key(tresen)
        assert (await ask(shop, "POST", **AUTOMATION)).status_code == 409

        await proves_its_mail(tresen, office)

        assert (await ask(shop, "POST", **AUTOMATION)).status_code == 201


async def test_without_a_base_url_none_can_be_switched_on(tmp_path, office):
    async with running(tmp_path / "data", **mail_through(office)) as tresen:
        shop = await with_key(tresen)

        answer = await ask(shop, "POST", **AUTOMATION)

        assert answer.status_code == 409
        assert "TRESEN_BASE_URL" in answer.json()["detail"]


async def test_pause_and_cap_are_settings(shop):
    answer = await shop.client.patch("/api/v1/settings/automations", json={"paused": True, "mails_per_minute": 5})

    assert answer.json() == {"paused": True, "mails_per_minute": 5, "relay_addresses": False}
    zero = await shop.client.patch("/api/v1/settings/automations", json={"mails_per_minute": 0})
    assert zero.status_code == 422


async def test_one_with_the_trigger_manual_runs_when_asked_and_once_for_each_attempt(shop: Running):
    tag = {"kind": "add_tag", "value": "von Hand"}
    by_hand = {"name": "Hand", "active": True, "trigger": {"kind": "manual"}, "actions": [tag]}
    made = (await shop.client.post("/api/v1/automations", json=by_hand)).json()
    waiting = (await shop.client.post("/api/v1/automations", json=AUTOMATION | {"active": False})).json()
    await shop.client.put("/api/v1/orders/etsy/1", json=ORDER)
    runs = "/api/v1/orders/etsy/1/automation-runs"

    answers = [await shop.client.post(runs, json={"automation": made["id"], "attempt": "a"}) for _ in range(2)]
    refused = await shop.client.post(runs, json={"automation": waiting["id"]})
    nowhere = await shop.client.post("/api/v1/orders/etsy/2/automation-runs", json={"automation": made["id"]})

    assert [answer.status_code for answer in (*answers, refused, nowhere)] == [202, 202, 409, 404]
    async with shop.house.database.reading() as session:
        assert [run.event for run in await session.scalars(select(AutomationRun))] == ["manual:a"]


async def test_what_a_pause_has_held_is_dropped(shop: Running):
    answer = await shop.client.post("/api/v1/automations/discards")

    assert (answer.status_code, answer.json()) == (200, {"count": 0})


async def test_mails_are_dropped_from_the_queue_while_the_automations_are_paused(shop: Running):
    drop = "/api/v1/automations/mail-discards"
    assert (await shop.client.post(drop)).status_code == 409
    await shop.client.patch("/api/v1/settings/automations", json={"paused": True})
    new = NewMessage(kind="template:Link", to="erika@example.org", subject="Link", text="Link")
    async with shop.house.database.writing() as session:
        await shop.house.messages.enqueue(new, session, By("automation:1", datetime.now(UTC)), lane=AUTOMATIC)

    answer = await shop.client.post(drop)

    assert (answer.status_code, answer.json()) == (200, {"count": 1})
    mail, _test = (await shop.client.get("/api/v1/messages")).json()["items"]
    assert (mail["state"], mail["kept_back"]) == ("failed", "discarded")
