"""Mails: queued with the change, sent once, harmless whatever was typed, and nobody waits longer than ten seconds."""

import asyncio
import os
import signal
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from db.activity import Activity
from db.engine import Database
from db.messages import Message, MessageState
from db.outbox import Job
from db.settings import MailSettings, MailTls, SellerSettings
from integrations.smtp import SmtpMailer
from portal import jobs, mail_servers, order_imports, settings
from portal.activity import TRESEN, By
from portal.envelopes import BadAddress, address
from portal.jobs import Worker
from portal.mail_servers import MailServer
from portal.messages import KIND, Messages, Outcome, Post
from portal.new_messages import NewAttachment, NewMessage
from portal.order_imports import Key
from portal.refusals import Invalid
from portal.settings import MailChange, SellerChange
from portal.vault import Vault
from tests.factories import KEYS, SHOP, an_imported_order
from tests.pretend_mail import DROPS, HANGS, PostOffice, open_post_office

ROOT = Path(__file__).parents[2]
PDF = b"%PDF-1.7\r\n\x00\xff"


def a_message(to: str = "erika@example.org", **fields) -> NewMessage:
    ordinary = {"kind": "portal_link", "subject": "Ihre Dateien", "text": "Guten Tag!\n"}
    return NewMessage(to=to, **{**ordinary, **fields})


@dataclass
class Mail:
    """Messages that leave through one post office."""

    database: Database
    office: PostOffice
    messages: Messages

    async def queued(self, new: NewMessage) -> int:
        async with self.database.writing() as session:
            return (await self.messages.enqueue(new, session, By(TRESEN, jobs.utc_now()))).id

    async def sent(self, new: NewMessage) -> EmailMessage:
        """As the server got it."""
        assert (await self.messages.send_now(await self.queued(new))).state is MessageState.SENT
        return self.office.mails[-1]

    async def row(self, message_id: int) -> Message:
        async with self.database.reading() as session:
            return await session.get_one(Message, message_id)

    def worker(self, **options) -> Worker:
        return Worker(self.database, {KIND: self.messages}, **options)


def through(database: Database, port: int | None, patience_seconds: float = 5.0, **options) -> Messages:
    """Messages whose server stands at that port of this machine; None: no server is set up."""
    server = {"from_address": "shop@example.org", **options}
    fixed = None if port is None else MailServer(host="127.0.0.1", port=port, tls=MailTls.NONE, **server)
    mailer_for = partial(SmtpMailer, patience_seconds=patience_seconds)
    post = Post(vault=Vault(KEYS), mailer_for=mailer_for, fixed=fixed, base_url="https://portal.example.org")
    return Messages(database, post)


def words(arrived: EmailMessage, form: str = "plain") -> str:
    """The text, or else the HTML, without the line ends that SMTP asks for."""
    part = arrived.get_body((form,))
    assert part
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.fixture
async def mail(database: Database):
    async with open_post_office() as office:
        yield Mail(database, office, through(database, office.port))


async def activities(database: Database, *kinds: str) -> list[Activity]:
    async with database.reading() as session:
        return list(await session.scalars(select(Activity).where(Activity.kind.in_(kinds)).order_by(Activity.id)))


async def until_settled(mail: Mail, message_id: int) -> Message:
    """Once somebody has tried."""
    async with asyncio.timeout(5):
        while not (row := await mail.row(message_id)).attempts:
            await asyncio.sleep(0.01)
    return row


# --- What arrives


async def test_a_mail_arrives_with_all_that_mail_programs_ask_for(mail: Mail):
    arrived = await mail.sent(a_message(to_name="Erika Mustermann", html="<p>Guten Tag!</p>", locale="de-AT"))

    assert str(arrived["From"]) == "shop@example.org"
    assert str(arrived["To"]) == "Erika Mustermann <erika@example.org>"
    assert str(arrived["Subject"]) == "Ihre Dateien"
    assert str(arrived["Auto-Submitted"]) == "auto-generated"
    assert str(arrived["Content-Language"]) == "de-AT"
    assert arrived["Date"].datetime is not None
    assert str(arrived["Message-ID"]).endswith("@example.org>")
    assert [part.get_content_type() for part in arrived.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert words(arrived) == "Guten Tag!\n"
    assert words(arrived, "html").strip() == "<p>Guten Tag!</p>"
    assert arrived.defects == []


async def test_a_mail_without_html_is_one_of_text_alone(mail: Mail):
    assert (await mail.sent(a_message())).get_content_type() == "text/plain"


async def test_answers_go_to_the_seller(mail: Mail):
    async with mail.database.writing() as session:
        wanted = SellerChange(name="Nähwerk, Inh. Jana Voß", email="jana@nähwerk.example")
        await settings.change(SellerSettings, wanted, session, SHOP)

    arrived = await mail.sent(a_message())

    (answers,) = arrived["Reply-To"].addresses
    assert (answers.display_name, answers.addr_spec) == ("Nähwerk, Inh. Jana Voß", "jana@xn--nhwerk-bua.example")
    assert arrived["From"].addresses[0].display_name == "Nähwerk, Inh. Jana Voß"


async def test_attachments_arrive_byte_for_byte_under_their_names(mail: Mail):
    names = ["Bestätigung Ihres Verzichts.pdf", 'a"b; name=x.pdf', "lang-" * 40 + ".pdf"]
    attachments = tuple(NewAttachment(name=name, media_type="application/pdf", content=PDF) for name in names)
    arrived = await mail.sent(a_message(html="<p>x</p>", attachments=attachments))

    parts = list(arrived.iter_attachments())
    assert [part.get_filename() for part in parts] == names
    assert [part.get_content_type() for part in parts] == ["application/pdf"] * 3
    assert [part.get_content() for part in parts] == [PDF] * 3
    assert words(arrived) == "Guten Tag!\n"


@pytest.mark.parametrize(
    "name",
    [
        "Jürgen Groß",
        "Mustermann, Erika",
        'Erika "die" Mustermann',
        "Жанна Вольф",
        "王小明",
        "Erika <erika@elsewhere.example>",
        "=?utf-8?q?evil?=",
        "Erika; Gruppe: (Köln) \\ @home",
        "Mustermann, Erika, attacker@elsewhere.example, " * 2,
    ],
)
async def test_every_name_arrives_as_it_is_written_and_is_one_recipient(mail: Mail, name: str):
    arrived = await mail.sent(a_message(to_name=name, subject=f"Für {name}"))

    content = mail.office.kept[0].content
    assert isinstance(content, bytes)
    # Python's newer reader puts a space between two encoded words, which RFC 2047 forbids; the older one does not.
    ((written, spec),) = getaddresses([message_from_bytes(content)["To"]])
    assert (str(make_header(decode_header(written))), spec) == (name.strip(), "erika@example.org")
    assert str(arrived["Subject"]) == f"Für {name}".strip()


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\v", "\u2028", "\x00", "\x1b"])
async def test_no_field_can_smuggle_in_a_header(mail: Mail, break_: str):
    evil = f"x{break_}Bcc: victim@example.org{break_}{break_}<h1>"
    attachment = NewAttachment(name=evil, media_type="application/pdf", content=PDF)
    arrived = await mail.sent(a_message(to_name=evil, subject=evil, attachments=(attachment,)))

    assert arrived["Bcc"] is None
    assert mail.office.kept[0].rcpt_tos == ["erika@example.org"]
    assert str(arrived["Subject"]) == "x Bcc: victim@example.org <h1>"
    assert words(arrived) == "Guten Tag!\n"


async def test_a_text_with_dots_long_lines_and_every_alphabet_arrives_unchanged(mail: Mail):
    text = ".\n..zwei Punkte\n" + "ä" * 3000 + "\nFrom hier\n" + "https://portal.example.org/o/" + "x" * 200 + "\n🧵\n"

    assert words(await mail.sent(a_message(text=text))) == text


async def test_names_of_ten_thousand_letters_do_not_stop_a_mail(mail: Mail):
    arrived = await mail.sent(a_message(to_name="Ü" * 10_000, subject="ß" * 10_000))

    assert arrived["To"].addresses[0].addr_spec == "erika@example.org"


# --- Addresses


async def test_a_domain_is_written_as_dns_knows_it(mail: Mail):
    await mail.sent(a_message("erika@Straße.example"))

    (kept,) = mail.office.kept
    assert kept.rcpt_tos == ["erika@xn--strae-oqa.example"]
    assert not kept.smtp_utf8, "only a name before the @ needs SMTPUTF8"


async def test_a_name_before_the_at_sign_may_have_any_letters(mail: Mail):
    await mail.sent(a_message("jürgen@müller.example"))

    (kept,) = mail.office.kept
    assert kept.smtp_utf8
    assert kept.rcpt_tos == ["jürgen@xn--mller-kva.example"]
    assert isinstance(kept.content, bytes)
    assert "To: jürgen@xn--mller-kva.example\r\n".encode() in kept.content


@pytest.mark.parametrize(
    "text",
    [
        "",
        "erika",
        "@example.org",
        "erika@",
        "erika@example..org",
        "erika@-example.org",
        "erika@example.org\r\nBcc: x@y.example",
        "erika\n@example.org",
        "erika mustermann@example.org",
        "a@b@example.org",
        "erika@example.org, max@example.org",
        "<erika@example.org>",
        "erika@exa mple.org",
        "erika\u200b@example.org",
        "erika@[127.0.0.1]",
        f"{'x' * 65}@example.org",
        f"x@{'x' * 260}.org",
    ],
)
def test_what_is_no_address_gets_no_mail(text: str):
    with pytest.raises(BadAddress):
        address(text)


async def test_a_mail_to_no_address_is_not_even_queued(mail: Mail):
    with pytest.raises(BadAddress):
        await mail.queued(a_message("erika@example.org>\r\nRCPT TO:<x@y.example"))

    async with mail.database.reading() as session:
        assert (await session.scalars(select(Job))).all() == []


# --- Once


async def test_a_change_that_is_rolled_back_sends_nothing(mail: Mail):
    with pytest.raises(ZeroDivisionError):
        async with mail.database.writing() as session:
            await mail.messages.enqueue(a_message(), session, SHOP)
            raise ZeroDivisionError
    async with mail.worker().running():
        await asyncio.sleep(0.1)

    assert mail.office.kept == []


async def test_the_worker_sends_what_is_queued_and_tells_so(mail: Mail):
    async with mail.worker().running():
        message_id = await mail.queued(a_message())
        row = await until_settled(mail, message_id)

    assert (row.state, row.attempts, row.error) == (MessageState.SENT, 1, "")
    assert row.sent_at
    assert len(mail.office.kept) == 1
    told = await activities(mail.database, "message_queued", "message_sent")
    assert [each.kind for each in told] == ["message_queued", "message_sent"]
    assert told[1].details == {"message_id": message_id, "kind": "portal_link", "subject": "Ihre Dateien"}


async def test_two_who_send_at_once_send_one_mail_and_both_know(mail: Mail):
    async with mail.worker().running():
        for _ in range(10):
            message_id = await mail.queued(a_message())
            outcomes = await asyncio.gather(*(mail.messages.send_now(message_id) for _ in range(4)))
            assert set(outcomes) == {Outcome(MessageState.SENT, "")}

    assert len(mail.office.kept) == 10
    assert len({str(each["Message-ID"]) for each in mail.office.mails}) == 10


async def test_what_was_sent_is_not_sent_again(mail: Mail):
    message_id = await mail.queued(a_message())
    await mail.messages.send_now(message_id)

    assert await mail.messages.send_now(message_id) == Outcome(MessageState.SENT, "")
    assert len(mail.office.kept) == 1


async def test_a_line_that_breaks_after_the_server_accepted_brings_the_very_same_mail_again(mail: Mail):
    """Nobody can know whether it was accepted; whoever gets both copies can tell that they are one."""
    mail.office.answers.append(DROPS)
    attachment = NewAttachment(name="a.pdf", media_type="application/pdf", content=PDF)
    message_id = await mail.queued(a_message(html="<p>x</p>", attachments=(attachment,)))

    assert (await mail.messages.send_now(message_id)).state is MessageState.QUEUED
    assert (await mail.messages.send_now(message_id)).state is MessageState.SENT
    first, second = mail.office.kept
    assert first.content == second.content
    assert str(mail.office.mails[0]["Message-ID"]) == (await mail.row(message_id)).message_id


SENDS_AND_STAYS = """
import asyncio, sys
from pathlib import Path
from db.engine import Database
from db import tables
from db.settings import MailTls
from integrations.smtp import SmtpMailer
from portal.jobs import Worker
from portal.mail_servers import MailServer
from portal.messages import KIND, Messages, Post
from portal.vault import Vault

async def main():
    server = MailServer(host="127.0.0.1", port=int(sys.argv[2]), tls=MailTls.NONE, from_address="shop@example.org")
    post = Post(vault=Vault(["x" * 32]), mailer_for=SmtpMailer, fixed=server, base_url="https://portal.example.org")
    database = Database(Path(sys.argv[1]))
    async with Worker(database, {KIND: Messages(database, post)}).running():
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_mail_that_a_killed_process_was_sending_is_sent_by_the_next_one(mail: Mail):
    message_id = await mail.queued(a_message())
    mail.office.answers.append(HANGS)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SENDS_AND_STAYS, str(mail.database.path), str(mail.office.port), cwd=ROOT
    )
    async with asyncio.timeout(30):
        while mail.office.answers:
            await asyncio.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()

    later = jobs.utc_now() + jobs.lease(mail.messages)
    async with mail.worker(clock=lambda: later).running():
        async with asyncio.timeout(5):
            while not mail.office.kept:
                await asyncio.sleep(0.02)

    row = await mail.row(message_id)
    assert (row.state, row.attempts) == (MessageState.SENT, 2)
    assert [str(each["Message-ID"]) for each in mail.office.mails] == [row.message_id]


# --- Failures


async def test_a_refusal_for_good_fails_the_mail_and_the_merchant_is_told(mail: Mail):
    mail.office.refuses["erika@example.org"] = "550 5.1.1 No such user"
    message_id = await mail.queued(a_message())

    outcome = await mail.messages.send_now(message_id)

    assert outcome.state is MessageState.FAILED
    assert "No such user" in outcome.error
    (notice,) = await activities(mail.database, "message_failed")
    assert notice.notice
    assert notice.details["message_id"] == message_id


async def test_a_refusal_for_now_leaves_it_to_the_outbox(mail: Mail):
    mail.office.answers.append("451 4.3.0 Try later")
    message_id = await mail.queued(a_message())

    outcome = await mail.messages.send_now(message_id)

    row = await mail.row(message_id)
    assert (outcome.state, row.attempts) == (MessageState.QUEUED, 1)
    assert "451" in row.error
    soon = jobs.utc_now() + timedelta(minutes=2)
    async with mail.worker(clock=lambda: soon).running():
        async with asyncio.timeout(5):
            while (row := await mail.row(message_id)).state is MessageState.QUEUED:
                await asyncio.sleep(0.01)
    assert (row.state, row.attempts, row.error) == (MessageState.SENT, 2, "")


async def test_sending_now_ends_in_time_whatever_the_server_does(database: Database):
    async with open_post_office() as office:
        office.answers += [HANGS]
        mail = Mail(database, office, through(database, office.port, patience_seconds=30))
        message_id = await mail.queued(a_message())
        started = time.monotonic()
        outcome = await mail.messages.send_now(message_id, timeout=0.3)

    assert time.monotonic() - started < 3
    assert (outcome.state, (await mail.row(message_id)).attempts) == (MessageState.QUEUED, 1)


async def test_waiting_for_the_workers_attempt_ends_in_time_too(database: Database):
    async with open_post_office() as office:
        office.answers += [HANGS]
        mail = Mail(database, office, through(database, office.port, patience_seconds=1.5))
        async with mail.worker().running():
            message_id = await mail.queued(a_message())
            while office.answers:
                await asyncio.sleep(0.01)
            started = time.monotonic()
            outcome = await mail.messages.send_now(message_id, timeout=0.3)
            assert time.monotonic() - started < 1.2

    assert outcome.state is MessageState.QUEUED
    assert len(office.kept) == 0


async def test_mail_that_goes_on_failing_is_one_notice_a_day_and_not_one_for_each(mail: Mail):
    for _ in range(3):
        message_id = await mail.queued(a_message())
        for _ in range(4):
            mail.office.answers.append("451 4.3.0 Try later")
            await mail.messages.send_now(message_id)

    assert len(await activities(mail.database, "mail_failing")) == 1


async def test_without_a_server_mail_waits_and_says_why(database: Database):
    mail = Mail(database, PostOffice(), through(database, None))
    message_id = await mail.queued(a_message())

    outcome = await mail.messages.send_now(message_id)

    assert outcome == Outcome(MessageState.QUEUED, "No mail server is set up.")
    async with database.reading() as session:
        assert not await mail.messages.is_set_up(session)


async def test_that_mail_leaves_is_proved_by_a_mail_and_by_the_settings_of_now_alone(mail: Mail):
    async with mail.database.reading() as session:
        assert not await mail.messages.is_proven(session)

    await mail.sent(a_message())
    await mail.sent(a_message())

    others = [through(mail.database, mail.office.port, password=word) for word in ("another", "")]
    others += [through(mail.database, mail.office.port + 1), through(mail.database, None)]
    async with mail.database.reading() as session:
        assert await mail.messages.is_proven(session)
        assert [await each.is_proven(session) for each in others] == [False, True, False, False]


async def test_an_order_has_the_mails_about_it_in_its_history(mail: Mail):
    async with mail.database.writing() as session:
        order, _ = await order_imports.put(Key("etsy", "1"), an_imported_order(), session, SHOP)
    await mail.sent(a_message(order_id=order.id))
    mail.office.answers.append("550 5.6.0 Cannot be read")
    await mail.messages.send_now(await mail.queued(a_message(order_id=order.id)))

    told = await activities(mail.database, "message_sent", "message_failed")
    assert [(each.kind, each.order_id) for each in told] == [("message_sent", order.id), ("message_failed", order.id)]


# --- The server on screen


async def on_screen(database: Database, **wanted) -> MailSettings:
    async with database.writing() as session:
        return await mail_servers.change(MailChange(**wanted), Vault(KEYS), session, SHOP)


async def in_use(database: Database, fixed: MailServer | None = None, keys=KEYS) -> MailServer | None:
    async with database.reading() as session:
        return await mail_servers.in_use(fixed, Vault(keys), session)


async def test_what_is_set_on_screen_is_used(database: Database):
    await on_screen(
        database,
        smtp_host="mail.example.org",
        smtp_port=465,
        smtp_tls=MailTls.IMPLICIT,
        smtp_user="shop",
        smtp_password="geheim",
        from_address="shop@example.org",
        from_name="Nähwerk",
    )

    assert await in_use(database) == MailServer(
        host="mail.example.org",
        port=465,
        tls=MailTls.IMPLICIT,
        user="shop",
        password="geheim",
        from_address="shop@example.org",
        from_name="Nähwerk",
    )


async def test_the_environment_wins_and_the_screen_fills_in_what_it_leaves_out(database: Database):
    await on_screen(database, smtp_host="screen.example.org", from_address="shop@example.org", from_name="Nähwerk")
    fixed = MailServer(host="fixed.example.org", port=25, tls=MailTls.NONE)

    used = await in_use(database, fixed)

    assert used
    assert (used.host, used.from_address, used.from_name) == ("fixed.example.org", "shop@example.org", "Nähwerk")


async def test_the_password_is_nowhere_in_the_database_and_not_in_the_history(database: Database):
    await on_screen(database, smtp_host="mail.example.org", smtp_password="geheim-und-lang")
    await on_screen(database, smtp_password="geheim-und-neu")

    (first, second) = await activities(database, "settings_changed")
    assert first.details["new"] == {"smtp_host": "mail.example.org", "smtp_password_set": True}
    assert second.details["old"] == {"smtp_password_set": True}
    stored = b"".join(path.read_bytes() for path in database.path.parent.glob("tresen.sqlite3*"))
    assert b"geheim-und" not in stored


async def test_the_password_can_be_removed(database: Database):
    await on_screen(database, smtp_host="mail.example.org", smtp_password="geheim")
    row = await on_screen(database, smtp_password=None)

    assert settings.answer(row)["smtp_password_set"] is False
    used = await in_use(database)
    assert used
    assert used.password == ""


async def test_a_password_is_not_sent_in_the_clear_to_another_machine(database: Database):
    await on_screen(database, smtp_host="mail.example.org", smtp_password="geheim")

    with pytest.raises(Invalid) as refused:
        await on_screen(database, smtp_tls=MailTls.NONE)

    assert refused.value.faults[0].pointer == "#/smtp_tls"
    used = await in_use(database)
    assert used
    assert used.tls is MailTls.STARTTLS
    await on_screen(database, smtp_host="127.0.0.1", smtp_tls=MailTls.NONE)


async def test_a_lost_key_is_told_and_kills_no_mail(database: Database):
    await on_screen(database, smtp_host="127.0.0.1", smtp_password="geheim")
    post = Post(vault=Vault(["another key, and only that"]), mailer_for=SmtpMailer, fixed=None, base_url="")
    mail = Mail(database, PostOffice(), Messages(database, post))
    message_id = await mail.queued(a_message())

    outcome = await mail.messages.send_now(message_id)

    assert outcome.state is MessageState.QUEUED
    assert "enter it again" in outcome.error


async def test_a_senders_address_that_cannot_be_used_kills_no_mail(mail: Mail):
    mail.messages = through(mail.database, mail.office.port, from_address="shop@-.example")
    message_id = await mail.queued(a_message())

    assert (await mail.messages.send_now(message_id)).state is MessageState.QUEUED


async def test_where_nobody_chose_an_address_the_public_host_has_one(mail: Mail):
    mail.messages = through(mail.database, mail.office.port, from_address="")

    assert str((await mail.sent(a_message()))["From"]) == "tresen@portal.example.org"
