"""Mails in the merchant's own words over the API: stored harmless, found by language, told of when they came back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from db.messages import MessageState
from portal import message_templates, messages
from portal.activity import TRESEN, By
from portal.message_log import one
from portal.new_messages import NewMessage
from tests.routes.api.conftest import Shop

REMINDER = {"name": "Erinnerung", "locale": "de", "subject": "Bestellung {OrderNumber}", "text": "Hallo {UserName}"}


async def add(shop: Shop, **changes: object) -> dict:
    answer = await shop.call.post("/api/v1/message-templates", json={**REMINDER, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_template_is_told_as_it_was_stored(shop):
    added = await add(shop)
    listed = (await shop.call.get("/api/v1/message-templates")).json()["items"]

    assert added == {**REMINDER, "id": added["id"], "html": "", "attach_invoice": False, "unknown_placeholders": []}
    assert added in listed
    assert (await shop.call.get(f"/api/v1/message-templates/{added['id']}")).json() == added


async def test_html_is_stored_harmless_and_keeps_links_to_the_portal(shop):
    added = await add(shop, html='<p onclick="x()">Hallo</p><script>x()</script><a href="{PortalUrl}">auf</a>')

    assert "script" not in added["html"]
    assert "onclick" not in added["html"]
    assert 'href="{PortalUrl}"' in added["html"]


async def test_unknown_placeholders_are_stored_and_told(shop):
    added = await add(shop, subject="{OrderNumber} {Ordernumber}", html="<p>{Nobody}</p>")

    assert added["unknown_placeholders"] == ["{Ordernumber}", "{Nobody}"]


async def test_a_country_in_the_locale_is_its_language(shop):
    assert (await add(shop, locale="en-GB"))["locale"] == "en"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"text": " "}, "#/text"),
        ({"locale": "fr"}, "#/locale"),
        ({"subject": "a\r\nBcc: b@example.org"}, "#/subject"),
        ({"name": ""}, "#/name"),
        ({"colour": "blue"}, "#/colour"),
    ],
)
async def test_what_is_no_mail_is_refused_at_its_place(shop, changes, pointer):
    answer = await shop.call.post("/api/v1/message-templates", json={**REMINDER, **changes})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    items = (await shop.call.get("/api/v1/message-templates")).json()["items"]
    assert REMINDER["name"] not in [item["name"] for item in items]


async def test_a_name_has_one_wording_in_each_language(shop):
    await add(shop)
    await add(shop, locale="en")

    assert (await shop.call.post("/api/v1/message-templates", json=REMINDER)).status_code == 409


async def test_a_change_writes_what_it_names(shop):
    added = await add(shop)

    changed = await shop.call.patch(f"/api/v1/message-templates/{added['id']}", json={"subject": "Neu"})

    assert changed.json() == {**added, "subject": "Neu"}
    gone = await shop.call.patch(f"/api/v1/message-templates/{added['id']}", json={"text": ""})
    assert gone.status_code == 422
    assert (await shop.call.get(f"/api/v1/message-templates/{added['id']}")).json()["text"] == REMINDER["text"]


async def test_a_removed_template_is_gone(shop):
    added = await add(shop)

    assert (await shop.call.delete(f"/api/v1/message-templates/{added['id']}")).status_code == 204
    assert (await shop.call.get(f"/api/v1/message-templates/{added['id']}")).status_code == 404


async def test_the_template_of_the_order_s_language_comes_first(shop):
    await add(shop)
    await add(shop, locale="en", subject="Order {OrderNumber}")

    async with shop.house.database.reading() as session:
        found = [await message_templates.fitting("Erinnerung", locale, session) for locale in ("en-GB", "de-AT", "fr")]
        assert [row and row.locale for row in found] == ["en", "de", "de"]
        assert await message_templates.fitting("anders", "de", session) is None


# --- Mails and those that came back


async def a_mail(shop: Shop, state: MessageState = MessageState.SENT) -> int:
    new = NewMessage(kind=messages.KIND, to="erika@example.org", subject="Hallo", text="Hallo\n")
    async with shop.house.database.writing() as session:
        message = await shop.house.messages.enqueue(new, session, By(TRESEN, datetime.now(UTC)))
        message.state = state
    return message.id


async def test_mails_are_told_newest_first_page_by_page(shop):
    ids = [await a_mail(shop) for _ in range(3)]

    first = (await shop.call.get("/api/v1/messages?limit=2")).json()
    rest = (await shop.call.get(f"/api/v1/messages?limit=2&cursor={first['next_cursor']}")).json()

    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert first["items"][0]["to"] == "erika@example.org"
    assert rest["next_cursor"] is None


async def test_a_mail_that_came_back_is_a_notice_told_once(shop):
    message = await a_mail(shop)
    address = f"/api/v1/messages/{message}/bounces"

    first = await shop.call.post(address, json={"reason": "550 no such user"})
    again = await shop.call.post(address, json={"reason": "another"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["bounce"] == "550 no such user"


async def test_what_never_left_cannot_come_back(shop):
    message = await a_mail(shop, MessageState.FAILED)

    assert (await shop.call.post(f"/api/v1/messages/{message}/bounces", json={"reason": "x"})).status_code == 409
    async with shop.house.database.reading() as session:
        assert (await one(message, session)).state is MessageState.FAILED
