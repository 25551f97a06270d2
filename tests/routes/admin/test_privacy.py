"""Datenschutz on screen: clocks that save themselves, a person looked up, handed over as a ZIP, and forgotten."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from db.erasures import Erasure
from db.messages import Message
from db.orders import Order
from portal import order_imports, outbox, retention, settings
from portal.activity import By
from portal.imported import Buyer
from portal.jobs import attempt
from portal.order_imports import Key
from portal.outbox import Lane
from routes.admin.retention import TAB
from tests.factories import an_imported_order

PRIVACY = "/admin/settings/privacy"
PEOPLE, ERASURES, EXPORT = f"{PRIVACY}/people", f"{PRIVACY}/erasures", f"{PRIVACY}/people.zip"
ADDRESS = "erika@example.org"


@pytest.fixture
async def order(tresen) -> Order:
    """Erika's, with a name that is markup and a mail that waits."""
    now = datetime.now(UTC)
    buyer = Buyer(name="<b>Erika</b> & Söhne", email="Erika@Example.org")
    async with tresen.house.database.writing() as session:
        told = an_imported_order(number="B-77", buyer=buyer, paid_at=now)
        row, _ = await order_imports.put(Key("etsy", "77"), told, session, By("test", now))
        mail = Message(
            order_id=row.id,
            kind="portal_link",
            locale="de",
            to_address="Erika@Example.org",
            subject="Ihr Link",
            text="Guten Tag",
            message_id="<77@x>",
            created_at=now,
        )
        session.add(mail)
    return row


async def erase(jana, typed: str = ADDRESS):
    return await jana.post(ERASURES, {"email": ADDRESS, "typed": typed})


async def test_every_clock_saves_itself_and_none_goes_below_the_law(jana):
    saved = await jana.post(PRIVACY, {"message_retention_years": "7", "was.message_retention_years": "6"})
    assert saved.status_code == 303
    assert 'value="7"' in (await jana.get(PRIVACY)).text

    refused = await jana.post(PRIVACY, {"message_retention_years": "5", "was.message_retention_years": "7"})
    assert refused.status_code == 422
    assert 'value="5"' in refused.text


async def test_what_would_go_is_counted_only_when_somebody_asks(jana, order):
    assert "Zählen" in (await jana.get(PRIVACY)).text

    assert "Keine Frist ist abgelaufen" in (await jana.get(f"{PRIVACY}?foretold=yes")).text


async def test_what_went_at_night_can_be_read(jana, tresen, order):
    await retention.run(tresen.house.database, datetime.now(UTC) + timedelta(days=1000))

    assert "Was gelöscht wurde" in (await jana.get(PRIVACY)).text


@pytest.mark.parametrize("typed", ["", "keine", "a@b@c", "x" * 500 + "@example.org"])
async def test_what_is_no_address_is_told_so_beside_the_field(jana, typed):
    page = await jana.get(f"{PEOPLE}?email={typed}")

    assert page.status_code == 422
    assert "keine Mailadresse" in page.text


async def test_a_person_is_found_whatever_letters_are_capitals(jana, order):
    page = (await jana.get(f"{PEOPLE}?email=ERIKA@example.ORG")).text

    assert "B-77" in page
    assert "&lt;b&gt;Erika&lt;/b&gt; &amp; Söhne" in page
    assert "1 wartende Mail wird nicht mehr verschickt" in page


async def test_nobody_is_told_as_nobody(jana, order):
    assert "ist nichts gespeichert" in (await jana.get(f"{PEOPLE}?email=max@example.org")).text


async def test_everything_leaves_as_one_archive(jana, order):
    answer = await jana.get(f"{EXPORT}?email={ADDRESS.upper()}")

    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    told = json.loads(archive.read(f"order-{order.id}/order.json"))
    assert told["buyer_name"] == "<b>Erika</b> & Söhne"
    assert {"line", "payment", "message", "activity"} <= told.keys() | {"payment"}
    assert told["message"][0]["to_address"] == "Erika@Example.org"
    assert json.loads(archive.read("about.json"))["orders"] == 1


async def test_nobody_else_s_data_is_in_it(jana, tresen, order):
    async with tresen.house.database.writing() as session:
        told = an_imported_order(number="B-78", buyer=Buyer(name="Max", email="max@example.org"))
        await order_imports.put(Key("etsy", "78"), told, session, By("test", datetime.now(UTC)))

    archive = zipfile.ZipFile(io.BytesIO((await jana.get(f"{EXPORT}?email={ADDRESS}")).content))

    assert "max@example.org" not in "".join(archive.read(name).decode() for name in archive.namelist())


async def test_whoever_confirms_another_address_erases_nobody(jana, tresen, order):
    page = await erase(jana, "max@example.org")

    assert page.status_code == 422
    assert "nicht die Adresse von oben" in page.text
    async with tresen.house.database.reading() as session:
        assert await session.scalar(select(Erasure.id)) is None


async def test_whoever_is_erased_is_gone_and_the_link_says_so_kindly(jana, tresen, order):
    link = tresen.link(order)
    assert (await tresen.client.get(link)).status_code == 200

    answer = await erase(jana, "ERIKA@Example.org")
    assert answer.status_code == 303
    for _ in range(200):
        page = (await jana.get(answer.headers["location"])).text
        if "Erledigt am" in page:
            break
        await work(tresen)

    assert "Erledigt am" in page
    assert ADDRESS not in page
    assert (await tresen.client.get(link)).status_code == 410
    assert "ist nichts gespeichert" in (await jana.get(f"{PEOPLE}?email={ADDRESS}")).text
    assert "Löschung 1" in (await jana.get(PRIVACY)).text
    assert "Der Käufer wurde gelöscht" in (await jana.get(f"/admin/orders/{order.id}/activity")).text


async def work(tresen) -> None:
    """What the worker would do, if it has not done so already."""
    house, now = tresen.house, datetime.now(UTC)
    async with house.database.writing() as session:
        job = await outbox.claim(Lane("erasure"), timedelta(minutes=10), session, now)
    if job:
        await attempt(job, house.worker._works["erasure"], house.database.writing)


@pytest.mark.parametrize("path", [PRIVACY, f"{PEOPLE}?email={ADDRESS}", f"{EXPORT}?email={ADDRESS}", f"{ERASURES}/1"])
async def test_a_stranger_sees_nothing_of_it(stranger, order, path):
    answer = await stranger.get(path)

    assert answer.status_code in (303, 401)
    assert "B-77" not in answer.text


async def test_a_stranger_erases_nobody(stranger, tresen, order):
    await erase(stranger)

    async with tresen.house.database.reading() as session:
        assert await session.scalar(select(Erasure.id)) is None


async def test_there_is_no_other_erasure(jana):
    assert (await jana.get(f"{ERASURES}/4711")).status_code == 404


def test_every_clock_is_on_the_page():
    shapes = {name for section in TAB.sections for name in section.labels}

    assert set(settings.RetentionChange.__struct_fields__) < shapes
