"""What a merchant must know is mailed: once, to each merchant, and not what was seen on screen meanwhile."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from db.activity import Activity
from db.merchants import Language, Merchant
from db.messages import Message
from db.settings import MailSettings, MailTls
from portal import merchants, notices, order_imports, settings
from portal.activity import TRESEN, By, entry
from portal.house import House
from portal.notice_mails import KIND, NoticeMails
from portal.order_imports import Key
from portal.settings import MailChange
from tests.factories import BERLIN, NOON, SHOP, an_imported_order
from views.mail import notices as notice_mail

EARLIER = NOON - timedelta(days=1)
LATER = NOON + timedelta(minutes=10)


@pytest.fixture
async def told(house: House) -> House:
    """A shop with a mail server and one merchant."""
    async with house.database.writing() as session:
        server = MailChange(smtp_host="127.0.0.1", smtp_tls=MailTls.NONE, from_address="shop@example.org")
        await settings.change(MailSettings, server, session, SHOP)
    await somebody(house, "jana@example.org")
    return house


async def somebody(house: House, email: str) -> int:
    new = await merchants.newly(email, "Garn und Nadel 7")
    async with house.database.writing() as session:
        return (await merchants.put(new, session, By(TRESEN, EARLIER))).id


async def noticed(house: House, *kinds: str, order_id: int | None = None, **details: object) -> None:
    async with house.database.writing() as session:
        for kind in kinds:
            session.add(entry(By(TRESEN, NOON), kind, order_id, details=dict(details), notice=True))


async def mailed(house: House) -> list[Message]:
    """The mails about notices, after the job has run."""
    mails = NoticeMails(
        database=house.database,
        messages=house.messages,
        write=notice_mail.written,
        base_url="https://portal.example.org",
        zone=BERLIN,
    )
    await mails.run(LATER)
    async with house.database.reading() as session:
        return list(await session.scalars(select(Message).where(Message.kind == KIND).order_by(Message.id)))


async def test_a_notice_reaches_the_merchant_by_mail(told: House):
    await noticed(told, "mail_failing", error="Connection refused")

    (mail,) = await mailed(told)

    assert mail.to_address == "jana@example.org"
    assert mail.subject == "Tresen: 1 neuer Hinweis"
    assert "Connection refused" in mail.text
    assert "https://portal.example.org/admin/activity" in mail.text
    assert 'href="https://portal.example.org/admin/activity"' in mail.html


async def test_the_mail_names_the_order_it_is_about(told: House):
    async with told.database.writing() as session:
        order, _ = await order_imports.put(Key("etsy", "1"), an_imported_order(number="<4711>"), session, SHOP)
        order_id = order.id
    await noticed(told, "download_failed", order_id=order_id, file="Anleitung.pdf", refusal="file-missing")

    (mail,) = await mailed(told)

    assert "Bestellung <4711>" in mail.text
    assert "Anleitung.pdf" in mail.text
    assert "&lt;4711&gt;" in mail.html


async def test_nothing_is_mailed_twice(told: House):
    await noticed(told, "mail_failing", error="no")

    await mailed(told)

    assert len(await mailed(told)) == 1


async def test_many_notices_are_one_mail(told: House):
    await noticed(told, *["download_failed"] * 25, file="a.pdf", refusal="file-missing")

    (mail,) = await mailed(told)

    assert mail.subject == "Tresen: 25 neue Hinweise"
    assert mail.text.count("a.pdf") == 20
    assert "und 5 weitere" in mail.text


async def test_what_was_seen_on_screen_is_not_mailed(told: House):
    await noticed(told, "mail_failing", error="no")
    async with told.database.writing() as session:
        newest = (await session.scalars(select(func.max(Activity.id)))).one() or 0
        await notices.see(1, newest, session)

    assert await mailed(told) == []


async def test_every_merchant_gets_a_mail_of_their_own_in_their_language(told: House):
    other = await somebody(told, "tom@example.org")
    async with told.database.writing() as session:
        tom = await session.get_one(Merchant, other)
        tom.language = Language.ENGLISH
    await noticed(told, "mail_failing", error="no")

    assert [(mail.to_address, mail.subject) for mail in await mailed(told)] == [
        ("jana@example.org", "Tresen: 1 neuer Hinweis"),
        ("tom@example.org", "Tresen: 1 new notice"),
    ]


async def test_somebody_new_is_not_mailed_what_happened_before(told: House):
    await noticed(told, "mail_failing", error="no")
    new = await merchants.newly("later@example.org", "Garn und Nadel 7")
    async with told.database.writing() as session:
        await merchants.put(new, session, By(TRESEN, LATER))

    assert [mail.to_address for mail in await mailed(told)] == ["jana@example.org"]


async def test_that_such_a_mail_failed_is_not_mailed_again_and_again(told: House):
    await noticed(told, "mail_failing", error="no")
    (mail,) = await mailed(told)
    await noticed(told, "message_failed", message_id=mail.id, error="no such mailbox")

    assert len(await mailed(told)) == 1


async def test_that_a_customers_mail_failed_is_mailed(told: House):
    await noticed(told, "message_failed", message_id=999, error="no such mailbox")

    assert len(await mailed(told)) == 1


async def test_without_a_mail_server_notices_wait(house: House):
    await somebody(house, "jana@example.org")
    await noticed(house, "mail_failing", error="no")

    assert await mailed(house) == []
