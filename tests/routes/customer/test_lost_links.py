"""Who lost the link gets it by mail, and nobody learns whose orders there are."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select, text

from db.messages import Message
from db.orders import Order
from db.outbox import Job
from portal.imported import Buyer
from tests.routes.customer.conftest import BASE, Running, Sale, sell

OWN = {"Origin": BASE}


async def ask(tresen: Running, email: str):
    return await tresen.client.post("/link", data={"email": email}, headers=OWN)


async def set_up_mail(tresen: Running) -> None:
    """A server that nobody listens at: what is queued stays queued."""
    async with tresen.house.database.writing() as session:
        await session.execute(
            text("UPDATE mail_settings SET smtp_host = '127.0.0.1', smtp_port = 9, smtp_tls = 'none'")
        )


async def mails(tresen: Running, patience: float = 5.0) -> list[Message]:
    """The mails, once the worker has no question left to look into."""
    async with asyncio.timeout(patience):
        while True:
            async with tresen.house.database.reading() as session:
                waiting = select(func.count()).where(
                    Job.kind == "lost_link", Job.done_at.is_(None), Job.dead_at.is_(None)
                )
                if not await session.scalar(waiting):
                    return list(await session.scalars(select(Message).where(Message.kind == "lost_link")))
            await asyncio.sleep(0.05)


async def test_one_mail_brings_the_links_of_all_orders_of_the_address(tresen: Running):
    await set_up_mail(tresen)
    buyer = Buyer(name="Erika Mustermann", email="Erika@Example.org")
    sales = [await sell(tresen, number, number=f"NW-{number}", buyer=buyer) for number in ("1", "2")]
    await sell(tresen, "3", buyer=Buyer(name="Max", email="max@example.org"))

    await ask(tresen, " erika@example.org ")

    [mail] = await mails(tresen)
    assert mail.to_address == "erika@example.org"
    for part in (mail.text, mail.html):
        assert all(sale.link in part for sale in sales)
        assert part.count("/o/") == (2 if part is mail.text else 6)


async def test_a_renewed_link_comes_as_the_new_one_and_a_deleted_order_not_at_all(tresen: Running, sale: Sale):
    await set_up_mail(tresen)
    gone = await sell(tresen, "2")
    async with tresen.house.database.writing() as session:
        (await session.get_one(Order, sale.order.id)).link_version = 2
        await session.execute(text("UPDATE \"order\" SET state = 'deleted' WHERE id = :id"), {"id": gone.order.id})

    await ask(tresen, "erika@example.org")

    [mail] = await mails(tresen)
    assert sale.link not in mail.text
    assert mail.text.count("/o/") == 1


async def test_the_answer_is_the_same_for_addresses_that_nobody_knows(tresen: Running, sale: Sale):
    await set_up_mail(tresen)

    known, unknown = await ask(tresen, "erika@example.org"), await ask(tresen, "nobody@example.org")

    assert (known.status_code, known.headers["location"]) == (unknown.status_code, unknown.headers["location"])
    assert known.status_code == 303
    assert [mail.to_address for mail in await mails(tresen)] == ["erika@example.org"]


async def test_asking_again_and_again_brings_one_mail(tresen: Running, sale: Sale):
    await set_up_mail(tresen)

    answers = await asyncio.gather(*(ask(tresen, "erika@example.org") for _ in range(10)))

    assert {answer.status_code for answer in answers} == {303}
    assert len(await mails(tresen)) <= 2  # a second one only if ten minutes have just turned


async def test_a_machine_that_tries_addresses_gets_the_same_answer_and_no_more_looks(tresen: Running, sale: Sale):
    await set_up_mail(tresen)

    answers = [await ask(tresen, f"guess{number}@example.org") for number in range(40)]

    assert {answer.status_code for answer in answers} == {303}
    async with tresen.house.database.reading() as session:
        looks = await session.scalar(select(func.count()).where(Job.kind == "lost_link"))
    assert looks is not None
    assert looks <= 20


@pytest.mark.parametrize(
    "typed", ["", "erika", "a@b@c", "x" * 400 + "@example.org", "a@exa mple.org", "<b>@x\r\nBcc: y"]
)
async def test_what_is_no_address_is_said_so_and_kept(tresen: Running, typed: str):
    await set_up_mail(tresen)

    answer = await ask(tresen, typed)

    assert answer.status_code == 422
    assert "aria-invalid" in answer.text
    assert "<b>" not in answer.text.replace("<b>Ihre", "")


async def test_a_foreign_page_cannot_ask_for_somebody(tresen: Running):
    answer = await tresen.client.post(
        "/link", data={"email": "x@example.org"}, headers={"Origin": "https://evil.example"}
    )

    assert answer.status_code == 403


async def test_a_shop_without_mail_says_whom_to_ask(tresen: Running):
    page = await tresen.client.get("/link")

    assert page.status_code == 200
    assert 'name="email"' not in page.text
