"""Behind the counter: what mails say, tried out before anybody gets one, and sent once more where it was lost."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from db.message_templates import MessageTemplate
from db.messages import Message
from db.orders import Order
from portal import links
from portal.activity import TRESEN, By
from portal.jobs import utc_now
from tests.pretend_mail import PostOffice, open_post_office
from tests.routes.admin.conftest import EMAIL, Browser
from tests.routes.customer.conftest import Sale, running, sell

NEW = {"name": "Dank", "locale": "de", "subject": "Danke, {UserName}", "text": "Ihre Bestellung {OrderNumber}"}


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with open_post_office() as found:
        yield found


@pytest.fixture
async def tresen(tmp_path: Path, office: PostOffice):
    url = f"smtp://127.0.0.1:{office.port}?tls=none&from=shop@example.org"
    async with running(tmp_path / "data", TRESEN_SMTP_URL=url) as found:
        yield found


@pytest.fixture
async def sale(jana: Browser) -> Sale:
    sold = await sell(jana.tresen, "1")
    async with jana.tresen.house.database.writing() as session:
        (await session.get_one(Order, sold.order.id)).buyer_email = "erika@example.org"
    return sold


async def written(jana: Browser, **changes: str) -> str:
    """The address of a new message."""
    answer = await jana.post("/admin/messages/new", {**NEW, **changes})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def templates(jana: Browser) -> list[MessageTemplate]:
    async with jana.tresen.house.database.reading() as session:
        mine = select(MessageTemplate).where(MessageTemplate.name.in_([NEW["name"], "Anders"]))
        return list(await session.scalars(mine))


async def test_a_new_message_is_named_worded_and_then_refined(jana):
    address = await written(jana)

    page = (await jana.get(address)).text
    await jana.post(address, {"was.subject": NEW["subject"], "subject": "Vielen Dank"})

    assert "Danke, Erika Mustermann" in page
    (row,) = await templates(jana)
    assert (row.subject, row.text) == ("Vielen Dank", NEW["text"])


async def test_what_is_wrong_with_a_new_message_is_said_and_nothing_is_lost(jana):
    await written(jana)

    missing = await jana.post("/admin/messages/new", {**NEW, "name": "Anders", "text": ""})
    taken = await jana.post("/admin/messages/new", NEW)

    assert (missing.status_code, taken.status_code) == (422, 422)
    assert "gibt es in dieser Sprache schon" in taken.text
    assert NEW["subject"] in taken.text
    assert len(await templates(jana)) == 1


async def test_an_unknown_placeholder_is_named_beside_the_field_and_in_the_list(jana):
    address = await written(jana, subject="{Name}")

    page = (await jana.get(address)).text

    assert "{Name} ist kein bekannter Platzhalter" in page
    assert "Unbekannter Platzhalter" in (await jana.get("/admin/messages")).text


async def test_the_preview_shows_a_real_order(jana, sale):
    address = await written(jana)

    assert sale.order.number in (await jana.get(f"{address}?order={sale.order.id}")).text
    assert sale.order.number in (await jana.get(f"{address}?number={sale.order.number}")).text
    assert "Keine Bestellung hat die Nummer 0815" in (await jana.get(f"{address}?number=0815")).text


async def test_a_test_goes_to_the_merchant_and_the_answer_is_shown(jana, office):
    address = await written(jana)

    answer = await jana.post(f"{address}/tests", {"to": EMAIL})
    page = (await jana.get(answer.headers["location"])).text

    assert [str(mail["To"]) for mail in office.mails] == [EMAIL]
    assert "hat die Mail an" in page


async def test_a_refused_test_tells_what_the_server_said(jana, office):
    office.refuses[EMAIL] = "550 no such user"

    answer = await jana.post("/admin/settings/mail/tests", {"to": EMAIL})

    assert "550" in (await jana.get(answer.headers["location"])).text


async def test_a_test_to_no_address_is_refused(jana, office):
    address = await written(jana)

    assert (await jana.post(f"{address}/tests", {"to": "nowhere"})).status_code == 422
    assert (await jana.post("/admin/settings/mail/tests", {"to": "nowhere"})).status_code == 422
    assert office.kept == []


async def test_a_removed_message_is_gone(jana):
    address = await written(jana)

    assert (await jana.post(f"{address}/removals")).headers["location"] == "/admin/messages"
    assert (await jana.get(address)).status_code == 404


async def newest(jana: Browser, sale: Sale) -> str:
    page = (await jana.get(f"/admin/orders/{sale.order.id}/messages")).text
    return re.findall('name="newest" value="([0-9]+)"', page)[0]


async def test_a_message_is_sent_to_the_customer_once_however_often_is_clicked(jana, sale, office):
    await written(jana)
    sent = {"wording": "Dank", "newest": await newest(jana, sale)}

    for _ in range(2):
        await jana.post(f"/admin/orders/{sale.order.id}/templated-messages", sent)

    assert [str(mail["To"]) for mail in office.mails] == ["Erika Mustermann <erika@example.org>"]
    assert len((await jana.get("/admin/messages")).text.split("erika@example.org")) == 2


async def test_a_mail_is_sent_once_more_word_for_word_as_one_of_its_own(jana, sale, office):
    await written(jana)
    tab = f"/admin/orders/{sale.order.id}"
    await jana.post(f"{tab}/templated-messages", {"wording": "Dank", "newest": "0"})
    mail = await newest(jana, sale)

    for _ in range(2):
        await jana.post(f"{tab}/messages/{mail}/resends", {"newest": mail})

    first, second = office.mails
    assert first.get_content() == second.get_content()
    assert first["Message-ID"] != second["Message-ID"]


async def test_a_mail_with_a_link_that_was_renewed_is_not_sent_once_more(jana, sale, office):
    await written(jana)
    tab = f"/admin/orders/{sale.order.id}"
    await jana.post(f"{tab}/templated-messages", {"wording": "Dank", "newest": "0"})
    async with jana.tresen.house.database.writing() as session:
        await links.renew(await session.get_one(Order, sale.order.id), session, By(TRESEN, utc_now()))
    mail = await newest(jana, sale)

    answer = await jana.post(f"{tab}/messages/{mail}/resends", {"newest": mail})

    assert "done=mail-outdated" in answer.headers["location"]
    assert len(office.kept) == 1


async def test_a_mail_of_another_order_is_not_found_here(jana, sale, office):
    await written(jana)
    await jana.post(f"/admin/orders/{sale.order.id}/templated-messages", {"wording": "Dank", "newest": "0"})
    async with jana.tresen.house.database.writing() as session:
        (await session.scalars(select(Message))).one().order_id = None

    assert (await jana.post(f"/admin/orders/{sale.order.id}/messages/1/resends", {"newest": "0"})).status_code == 404
