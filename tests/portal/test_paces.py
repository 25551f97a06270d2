"""Mails of automations leave at a pace: a minute never sees more than it may, whatever waits and whatever was down."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import func, select

from db.activity import Activity
from db.automations import AutomationSettings
from db.engine import Database
from db.messages import Message, MessageState
from db.outbox import Job
from db.settings import MailTls
from integrations.smtp import SmtpMailer
from portal import jobs, outbox, settings
from portal.activity import TRESEN, By
from portal.jobs import Paced, Worker
from portal.mail_servers import MailServer
from portal.messages import AUTOMATIC, KIND, Messages, Post
from portal.new_messages import NewMessage
from portal.outbox import Lane
from portal.paces import MailsPerMinute
from portal.settings import AutomationsChange
from portal.vault import Vault
from tests.factories import KEYS, NOON
from tests.pretend_mail import open_post_office


def through(database: Database, port: int) -> Messages:
    server = MailServer(host="127.0.0.1", port=port, tls=MailTls.NONE, from_address="shop@example.org")
    return Messages(
        database, Post(vault=Vault(KEYS), mailer_for=SmtpMailer, fixed=server, base_url="https://p.example")
    )


async def cap(database: Database, mails_per_minute: int) -> None:
    async with database.writing() as session:
        wanted = AutomationsChange(mails_per_minute=mails_per_minute)
        await settings.change(AutomationSettings, wanted, session, By(TRESEN, NOON))


async def pause(database: Database, *, paused: bool) -> None:
    async with database.writing() as session:
        await settings.change(AutomationSettings, AutomationsChange(paused=paused), session, By(TRESEN, NOON))


async def queue(messages: Messages, database: Database, count: int, at: datetime, lane: str = AUTOMATIC) -> None:
    async with database.writing() as session:
        for number in range(count):
            new = NewMessage(kind="template:Dank", to=f"nr{number}@example.org", subject="Danke", text="Danke\n")
            await messages.enqueue(new, session, By(TRESEN, at), lane=lane)


async def drain(messages: Messages, pace: MailsPerMinute, database: Database, now: datetime) -> int:
    """What one lane would begin at this very moment."""
    begun = 0
    while await pace.free_at(now) <= now:
        async with database.writing() as session:
            job = await outbox.claim(Lane(AUTOMATIC), jobs.lease(messages), session, now)
        if job is None:
            break
        pace.begun(now)
        await jobs.attempt(job, messages, database.writing, lambda: now)
        begun += 1
    return begun


async def test_a_minute_sees_no_more_than_the_settings_say(database: Database):
    async with open_post_office() as office:
        messages, pace = through(database, office.port), MailsPerMinute(database, AUTOMATIC)
        await cap(database, 3)
        await queue(messages, database, 8, NOON)

        begun = [await drain(messages, pace, database, NOON + timedelta(seconds=s)) for s in (0, 1, 59, 60, 61, 120)]

    assert begun == [3, 0, 0, 3, 0, 2]
    assert len({str(mail["To"]) for mail in office.mails}) == 8


async def test_a_pause_stops_what_was_written_before_it_too(database: Database):
    async with open_post_office() as office:
        messages, pace = through(database, office.port), MailsPerMinute(database, AUTOMATIC)
        await queue(messages, database, 2, NOON)
        await pause(database, paused=True)
        held = await drain(messages, pace, database, NOON)
        await pause(database, paused=False)

        assert (held, await drain(messages, pace, database, NOON + timedelta(seconds=1))) == (0, 2)


async def test_the_settings_are_read_again_before_a_minute_is_over(database: Database):
    async with open_post_office() as office:
        messages, pace = through(database, office.port), MailsPerMinute(database, AUTOMATIC)
        await cap(database, 1)
        await queue(messages, database, 2, NOON)
        await drain(messages, pace, database, NOON)
        await pause(database, paused=True)
        first = NOON + timedelta(seconds=1)
        looks = [await pace.free_at(first)]
        await pause(database, paused=False)
        looks.append(await pace.free_at(first + timedelta(seconds=1)))

    assert first < min(looks)
    assert max(looks) <= first + timedelta(seconds=6)


async def test_a_restart_does_not_forget_the_last_minute(database: Database):
    async with open_post_office() as office:
        messages = through(database, office.port)
        await cap(database, 3)
        await queue(messages, database, 5, NOON)
        await drain(messages, MailsPerMinute(database, AUTOMATIC), database, NOON)

        begun = await drain(messages, MailsPerMinute(database, AUTOMATIC), database, NOON + timedelta(seconds=30))

    assert begun == 0


async def test_a_clock_that_was_put_back_holds_nothing_up(database: Database):
    pace = MailsPerMinute(database, AUTOMATIC)
    await cap(database, 1)
    ahead = NOON + timedelta(hours=1)
    assert await pace.free_at(ahead) == ahead
    pace.begun(ahead)

    assert await pace.free_at(NOON) == NOON


async def test_a_server_that_was_down_for_a_day_gets_no_flood_and_nobody_gets_two(database: Database):
    pace = MailsPerMinute(database, AUTOMATIC)
    await cap(database, 2)
    down = through(database, 1)
    await queue(down, database, 6, NOON)
    now = NOON
    while now < NOON + timedelta(hours=24):
        await drain(down, pace, database, now)
        now += timedelta(minutes=20)

    async with database.reading() as session:
        told = await session.scalar(select(func.count()).select_from(Activity).where(Activity.kind == "mail_failing"))
        states = set(await session.scalars(select(Message.state)))
    assert told
    assert states == {MessageState.QUEUED}
    async with open_post_office() as office:
        back = through(database, office.port)
        all_due = NOON + timedelta(days=3)
        minutes = [await drain(back, pace, database, all_due + timedelta(minutes=m)) for m in range(4)]

    assert minutes == [2, 2, 2, 0]
    assert sorted(str(mail["To"]) for mail in office.mails) == [f"nr{number}@example.org" for number in range(6)]


async def test_no_other_mail_waits_behind_those_of_automations(database: Database):
    async with open_post_office() as office:
        messages = through(database, office.port)
        await cap(database, 1)
        await queue(messages, database, 5, jobs.utc_now())
        await queue(messages, database, 1, jobs.utc_now(), lane=KIND)
        paced = Paced(messages, MailsPerMinute(database, AUTOMATIC))
        worker = Worker(database, {KIND: messages, AUTOMATIC: paced}, poll_seconds=0.01)
        async with worker.running(), asyncio.timeout(10):
            while len(office.kept) < 2:
                await asyncio.sleep(0.01)

    async with database.reading() as session:
        left = await session.scalar(select(func.count()).select_from(Job).where(Job.done_at.is_(None)))
    assert (len(office.kept), left) == (2, 4)
