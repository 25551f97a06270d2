"""The editor of automations: rows that fit what was chosen, nothing lost, nothing switched on too early."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from db.activity import Activity
from db.automations import Automation
from db.orders import Order
from portal import automations, held_runs, merchants
from portal.activity import By
from portal.jobs import utc_now
from portal.messages import AUTOMATIC
from portal.new_messages import NewMessage
from tests.pretend_mail import PostOffice, open_post_office
from tests.routes.admin.conftest import EMAIL, PASSWORD, Browser
from tests.routes.customer.conftest import BASE, Running, running, sell

RULE = {
    "name": "Große Bestellungen",
    "trigger": "order_imported",
    "delay": "2",
    "unit": "hours",
    "match": "all",
    "condition-1-kind": "total",
    "condition-1-op": "gte",
    "condition-1-value": "100,50",
    "condition-2-kind": "state",
    "condition-2-op": "in",
    "condition-2-value.paid": "yes",
    "condition-2-value.shipped": "yes",
    "action-1-kind": "add_tag",
    "action-1-value": "groß",
}


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with open_post_office() as found:
        yield found


@pytest.fixture
async def tresen(tmp_path: Path, office: PostOffice) -> AsyncIterator[Running]:
    url = f"smtp://127.0.0.1:{office.port}?tls=none&from=shop@example.org"
    async with running(tmp_path / "data", TRESEN_SMTP_URL=url, TRESEN_BASE_URL=BASE) as found:
        yield found


def the_form(page: str) -> dict[str, str]:
    """What a browser would send if somebody pressed Save at once."""
    form = page[page.index('id="rule"') : page.index("</form>", page.index('id="rule"'))]
    sent = {}
    for tag in re.findall("<input[^>]*>", form):
        name, value = re.search('name="([^"]*)"', tag), re.search(' value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent[name[1]] = html.unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.findall('value="([^"]*)" selected', options) or re.findall('value="([^"]*)"', options)
        sent[name] = chosen[0]
    return sent


async def stored(jana: Browser, address: str) -> Automation:
    async with jana.tresen.house.database.reading() as session:
        return await automations.one(int(address.partition("?")[0].rpartition("/")[2]), session)


async def added(jana: Browser, **changes: str) -> str:
    answer = await jana.post("/admin/automations/new", {**RULE, **changes})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_what_was_typed_is_stored_in_the_terms_of_the_api(jana):
    row = await stored(jana, await added(jana))

    assert (row.name, row.active, row.trigger.value, row.delay_minutes) == (RULE["name"], False, "order_imported", 120)
    assert row.conditions == [
        {"kind": "total", "op": "gte", "value": 10050},
        {"kind": "state", "op": "in", "value": ["paid", "shipped"]},
    ]
    assert row.actions == [{"kind": "add_tag", "template": None, "value": "groß", "allow_repeat": False}]


async def test_an_untouched_form_changes_nothing(jana):
    address = await added(jana)
    before = await stored(jana, address)

    sent = the_form((await jana.get(address)).text)
    answer = await jana.post(address.partition("?")[0], sent)

    assert answer.status_code == 303
    after = await stored(jana, address)
    names = "name active trigger delay_minutes match conditions actions position".split()
    assert [getattr(after, name) for name in names] == [getattr(before, name) for name in names]


async def test_each_of_those_that_come_along_survives_its_own_form(jana):
    async with jana.tresen.house.database.reading() as session:
        rows = await automations.every(session)
    for row in rows:
        address = f"/admin/automations/{row.id}"
        assert (await jana.post(address, the_form((await jana.get(address)).text))).status_code == 303
        after = await stored(jana, address)
        assert (after.conditions, after.actions) == (row.conditions, row.actions)
        assert after.delay_minutes == row.delay_minutes


async def test_a_draft_in_the_address_shows_the_fields_that_fit_and_stores_nothing(jana):
    page = (await jana.get("/admin/automations/new?draft=yes&condition-1-kind=buyer_kind&name=Neu")).text

    assert 'name="condition-1-value.business"' in page
    assert 'name="condition-2-kind"' in page
    assert 'value="Neu"' in page
    assert len((await jana.get("/admin/automations")).text.split("/admin/automations/")) == 6  # four, and the new one


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Bitte eine Bezeichnung eingeben"),
        ({"delay": "bald"}, "ganze Zahl"),
        ({"condition-1-value": "viel"}, "Diese Bedingung ist nicht vollständig"),
        ({"action-1-value": ""}, "Diese Aktion ist nicht vollständig"),
        ({"action-1-kind": ""}, "mindestens eine Aktion"),
    ],
)
async def test_what_is_wrong_is_said_where_it_is_and_nothing_is_lost(jana, changes, sentence):
    answer = await jana.post("/admin/automations/new", {**RULE, **changes})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'name="condition-2-value.shipped" value="yes" checked' in answer.text


async def test_what_somebody_else_changed_meanwhile_is_not_written_over_unseen(jana):
    address = (await added(jana)).partition("?")[0]
    sent = the_form((await jana.get(address)).text)
    await jana.post(address, {**sent, "name": "Andere"})

    answer = await jana.post(address, {**sent, "name": "Meine"})

    assert answer.status_code == 409
    assert (await stored(jana, address)).name == "Andere"
    assert (await jana.post(address, the_form(answer.text))).status_code == 303
    assert (await stored(jana, address)).name == "Meine"


async def test_nothing_is_switched_on_without_a_mail_server(tmp_path):
    async with running(tmp_path / "other", TRESEN_BASE_URL=BASE) as bare:
        jana = Browser(bare)
        new = await merchants.newly(EMAIL, PASSWORD)
        async with bare.house.database.writing() as session:
            await merchants.put(new, session, By("test", utc_now()))
        await jana.sign_in()

        sent = the_form((await jana.get("/admin/automations/1")).text)
        answer = await jana.post("/admin/automations/1", {**sent, "active": "yes"})

        assert answer.status_code == 409
        assert "noch keine Mail hinaus" in answer.text
        assert not (await stored(jana, "/admin/automations/1")).active


async def test_a_dry_run_names_the_orders_and_why_one_gets_nothing(jana):
    sale = await sell(jana.tresen, "1")
    async with jana.tresen.house.database.writing() as session:
        (await session.get_one(Order, sale.order.id)).buyer_email = "nowhere"

    page = (await jana.get("/admin/automations/1?rehearsal=yes")).text

    assert f"/admin/orders/{sale.order.id}/overview" in page
    assert "die Bestellung hat keine brauchbare Mailadresse" in page


async def test_one_that_waits_for_nothing_else_is_run_by_hand_once(jana):
    sale = await sell(jana.tresen, "1")
    await added(jana, active="yes", trigger="manual", delay="0", **{"condition-1-kind": "", "condition-2-kind": ""})
    tab = f"/admin/orders/{sale.order.id}"
    page = (await jana.get(f"{tab}/messages")).text
    sent = {
        "automation": re.findall('<option value="([0-9]+)">Große', page)[0],
        "attempt": re.findall('name="attempt" value="([^"]+)"', page)[0],
    }

    for _ in range(2):
        assert "done=asked" in (await jana.post(f"{tab}/automation-runs", sent)).headers["location"]

    runs = (await jana.get(f"/admin/automations/{sent['automation']}")).text
    assert runs.count(f"{tab}/activity") == 1


async def test_the_pause_saves_itself(jana):
    await jana.post("/admin/automations", {"was.paused": "", "paused": "yes"})

    assert 'name="paused"' in (page := (await jana.get("/admin/automations")).text)
    assert re.search('name="paused"[^>]*checked', page)


async def test_a_removed_automation_is_gone(jana):
    assert (await jana.post("/admin/automations/1/removals")).headers["location"] == "/admin/automations"
    assert (await jana.get("/admin/automations/1")).status_code == 404


# --- What a pause has held, and what did nothing


async def paused_with_a_run_and_a_mail(jana: Browser) -> int:
    """The order's id."""
    house, by = jana.tresen.house, By("test", utc_now())
    await jana.post("/admin/automations", {"was.paused": "", "paused": "yes"})
    await added(jana, active="yes", delay="0", **{"condition-1-kind": "", "condition-2-kind": ""})
    sale = await sell(jana.tresen, "1", ordered_at=utc_now())
    new = NewMessage(kind="template:Link", to="erika@example.org", subject="Link", text="!", order_id=sale.order.id)
    async with house.database.writing() as session:
        await house.messages.enqueue(new, session, By("automation:1", by.at), lane=AUTOMATIC)
    async with asyncio.timeout(10):
        while not await held(jana):
            await asyncio.sleep(0.02)
    return sale.order.id


async def held(jana: Browser) -> int:
    async with jana.tresen.house.database.reading() as session:
        return await held_runs.count(session)


async def test_what_a_pause_has_held_is_dropped_runs_and_mails_each_with_its_own_button(jana):
    order_id = await paused_with_a_run_and_a_mail(jana)
    page = (await jana.get("/admin/automations")).text
    assert "1 Lauf wird zurückgehalten" in page
    assert "1 vorher geschriebene Mail wartet" in page

    answers = [await jana.post(f"/admin/automations/{what}") for what in ("discards", "mail-discards")]

    assert [answer.headers["location"] for answer in answers] == ["/admin/automations"] * 2
    page = (await jana.get("/admin/automations")).text
    assert "mail-discards" not in page
    assert "Zurückgehaltenes verwerfen" not in page
    history = (await jana.get(f"/admin/orders/{order_id}/activity")).text
    assert "Mail „Link“ wurde zurückgehalten: die Regeln waren angehalten" in history
    assert "was zurückgehalten war, wurde verworfen" in history
    mails = (await jana.get(f"/admin/orders/{order_id}/messages")).text
    assert "Zurückgehalten" in mails
    assert "dropped" not in mails


async def test_mails_are_not_dropped_once_the_pause_is_over(jana):
    assert (await jana.post("/admin/automations/mail-discards")).status_code == 303

    async with jana.tresen.house.database.reading() as session:
        told = await session.scalars(select(Activity).where(Activity.kind == "held_mails_discarded"))
        assert told.all() == []


async def test_a_run_that_did_nothing_has_one_button_that_asks_it_again(jana):
    order_id = await paused_with_a_run_and_a_mail(jana)
    await jana.post("/admin/automations/discards")
    await jana.post("/admin/automations", {"was.paused": "yes", "paused": ""})
    tab = f"/admin/orders/{order_id}"
    page = (await jana.get(f"{tab}/activity")).text
    (address,) = re.findall(f'action="({tab}/automation-runs/[0-9]+/repeats)"', page)

    answers = [await jana.post(address) for _ in range(2)]

    assert [answer.headers["location"].partition("=")[2] for answer in answers] == ["asked-again", "changed-meanwhile"]
    async with asyncio.timeout(10):
        while "lief:" not in page:
            page = (await jana.get(f"{tab}/activity")).text
            await asyncio.sleep(0.02)
    assert "repeats" not in page
    assert "noch einmal gefragt" in page


@pytest.mark.parametrize("run", ["0", "99", "9" * 30])
async def test_a_run_of_nobody_cannot_be_asked_again(jana, run):
    sale = await sell(jana.tresen, "1")

    answer = await jana.post(f"/admin/orders/{sale.order.id}/automation-runs/{run}/repeats")

    assert answer.status_code == 404
