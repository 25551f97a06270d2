"""Mail is handed in safely or not at all, and every refusal says whether trying again can help."""

import asyncio
import ssl
import time
from dataclasses import replace
from pathlib import Path

import pytest

from config import ConfigError
from db.settings import MailTls
from integrations.smtp import SmtpMailer, from_url, hello
from portal.mail_servers import Accepted, Envelope, MailRefused, MailServer
from tests.pretend_mail import DROPS, HANGS, Certificate, PostOffice, open_line, open_post_office, own_certificate

CONTENT = b"From: shop@example.org\r\nTo: erika@example.org\r\nSubject: Hallo\r\n\r\n.Punkt\r\n"
ENVELOPE = Envelope(sender="shop@example.org", recipients=("erika@example.org",), content=CONTENT, utf8=False)


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return own_certificate(tmp_path)


def mailer(
    office: PostOffice,
    tls: MailTls = MailTls.NONE,
    trust: ssl.SSLContext | None = None,
    patience_seconds: float = 5.0,
    **server: str,
) -> SmtpMailer:
    to = MailServer(host="127.0.0.1", port=office.port, tls=tls, **server)
    return SmtpMailer(to, patience_seconds=patience_seconds, trust=trust)


async def refusal(sending: SmtpMailer, envelope: Envelope = ENVELOPE) -> MailRefused:
    with pytest.raises(MailRefused) as refused:
        await sending.send(envelope)
    return refused.value


# --- Handing in


async def test_an_accepted_mail_is_kept_byte_for_byte():
    async with open_post_office() as office:
        assert await mailer(office).send(ENVELOPE) == Accepted()

    (kept,) = office.kept
    assert (kept.mail_from, kept.rcpt_tos, kept.content) == ("shop@example.org", ["erika@example.org"], CONTENT)


async def test_tresen_introduces_itself_by_its_public_host():
    async with open_post_office() as office:
        server = MailServer(host="127.0.0.1", port=office.port, tls=MailTls.NONE)
        await SmtpMailer(server, hello=hello("https://portal.example.org")).send(ENVELOPE)

    assert office.hellos == ["portal.example.org"]


@pytest.mark.parametrize(
    ("base_url", "name"),
    [("http://192.0.2.7:8000", "[192.0.2.7]"), ("http://[2001:db8::7]:8000", "[IPv6:2001:db8::7]"), ("", "localhost")],
)
def test_a_host_without_a_name_introduces_itself_by_its_address(base_url: str, name: str):
    assert hello(base_url) == name


async def test_an_address_outside_ascii_is_said_as_it_is():
    envelope = replace(ENVELOPE, recipients=("jürgen@example.org",), utf8=True)
    async with open_post_office() as office:
        await mailer(office).send(envelope)

    assert office.kept[0].rcpt_tos == ["jürgen@example.org"]


async def test_such_an_address_is_refused_for_good_by_a_server_that_cannot_say_it():
    envelope = replace(ENVELOPE, recipients=("jürgen@example.org",), utf8=True)
    async with open_post_office(enable_SMTPUTF8=False) as office:
        assert (await refusal(mailer(office), envelope)).permanent

    assert office.kept == []


# --- Refusals


async def test_a_recipient_that_does_not_exist_is_refused_for_good_in_the_servers_words():
    async with open_post_office() as office:
        office.refuses["erika@example.org"] = "550 5.1.1 No such user"
        refused = await refusal(mailer(office))

    assert refused.permanent
    assert "550 5.1.1 No such user" in str(refused)


async def test_a_full_mailbox_is_worth_another_try():
    async with open_post_office() as office:
        office.refuses["erika@example.org"] = "452 4.2.2 Mailbox full"

        assert not (await refusal(mailer(office))).permanent


@pytest.mark.parametrize(
    ("answer", "for_good"),
    [
        ("550 5.6.0 Cannot be read", True),
        ("552 5.3.4 Too large", True),
        ("550 No such user", True),
        ("451 4.3.0 Try later", False),
        ("550 5.4.5 Daily sending limit exceeded", False),
        ("554 5.7.1 Not allowed", False),
        ("530 5.7.0 Authentication required", False),
    ],
)
async def test_what_is_about_this_mail_alone_is_refused_for_good_and_what_stops_every_mail_is_not(answer, for_good):
    async with open_post_office() as office:
        office.answers.append(answer)

        assert (await refusal(mailer(office))).permanent is for_good
        assert await mailer(office).send(ENVELOPE) == Accepted()


@pytest.mark.parametrize("answer", ["550 5.7.1 Relaying denied", "530 5.7.0 Authentication required", "550 5.1.8 Who?"])
async def test_a_server_that_takes_no_mail_of_ours_at_all_is_asked_again(answer):
    async with open_post_office() as office:
        office.refuses["erika@example.org"] = answer

        assert not (await refusal(mailer(office))).permanent


async def test_a_mail_that_some_recipients_get_is_accepted_and_says_who_does_not():
    both = replace(ENVELOPE, recipients=("erika@example.org", "max@example.org"))
    async with open_post_office() as office:
        office.refuses["max@example.org"] = "550 5.1.1 No such user"
        accepted = await mailer(office).send(both)

    assert accepted.refused == {"max@example.org": "550 5.1.1 No such user"}
    assert office.kept[0].rcpt_tos == ["erika@example.org"]


async def test_a_server_that_says_nothing_more_is_left_in_time():
    async with open_post_office() as office:
        office.answers.append(HANGS)
        started = time.monotonic()
        refused = await refusal(mailer(office, patience_seconds=0.3))

    assert not refused.permanent
    assert time.monotonic() - started < 3


async def test_a_port_that_accepts_and_never_greets_is_left_in_time():
    async def never_greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with open_line(never_greets) as silent:
        assert not (await refusal(mailer(silent, patience_seconds=0.3))).permanent


async def test_time_is_counted_for_the_whole_mail_and_not_for_each_line():
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while await reader.readline():
            await asyncio.sleep(0.25)
            writer.write(b"250 OK\r\n")

    async with open_line(drip) as slow:
        assert "did not answer within 0.4 seconds" in str(await refusal(mailer(slow, patience_seconds=0.4)))


async def test_a_line_that_breaks_before_the_answer_is_worth_another_try():
    async with open_post_office() as office:
        office.answers.append(DROPS)

        assert not (await refusal(mailer(office))).permanent


async def test_a_server_that_is_not_there_is_worth_another_try():
    async with open_post_office() as office:
        gone = office.port

    assert not (await refusal(mailer(PostOffice(port=gone)))).permanent


async def test_a_goodbye_that_goes_wrong_does_not_undo_the_acceptance():
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while (line := await reader.readline()) and not line.startswith(b"QUIT"):
            if line == b"DATA\r\n":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"250 OK\r\n")
        writer.transport.abort()

    async with open_line(rude) as office:
        assert await mailer(office).send(ENVELOPE) == Accepted()


# --- A line that nobody reads


@pytest.mark.parametrize("tls", [MailTls.STARTTLS, MailTls.IMPLICIT])
async def test_a_certificate_that_is_trusted_opens_a_safe_line(tls: MailTls, certificate: Certificate):
    async with served(tls, certificate) as office:
        await mailer(office, tls, certificate.trust).send(ENVELOPE)

    assert office.secure == [True]


@pytest.mark.parametrize("tls", [MailTls.STARTTLS, MailTls.IMPLICIT])
async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(tls: MailTls, certificate: Certificate):
    async with served(tls, certificate) as office:
        refused = await refusal(mailer(office, tls, user="shop", password="geheim"))

    assert not refused.permanent
    assert "certificate" in str(refused).lower()
    assert (office.kept, office.logins) == ([], [])


@pytest.mark.parametrize("tls", [MailTls.STARTTLS, MailTls.IMPLICIT])
async def test_a_trusted_certificate_of_another_host_gets_no_mail(tls: MailTls, tmp_path: Path):
    foreign = own_certificate(tmp_path, "elsewhere.example")
    async with served(tls, foreign) as office:
        await refusal(mailer(office, tls, foreign.trust))

    assert office.kept == []


async def test_starttls_is_never_done_without():
    """A server, or somebody in between, who does not offer it gets neither the mail nor the password."""
    async with open_post_office(auth_require_tls=False) as office:
        refused = await refusal(mailer(office, MailTls.STARTTLS, user="shop", password="geheim"))

    assert not refused.permanent
    assert (office.kept, office.logins) == ([], [])


def served(tls: MailTls, certificate: Certificate):
    if tls is MailTls.IMPLICIT:
        return open_post_office(certificate.server)
    return open_post_office(tls_context=certificate.server, require_starttls=True)


# --- User and password


async def test_user_and_password_are_shown_where_they_are_asked_for(certificate: Certificate):
    async with open_post_office(tls_context=certificate.server, auth_required=True) as office:
        await mailer(office, MailTls.STARTTLS, certificate.trust, user="shop", password="geheim").send(ENVELOPE)

    assert len(office.kept) == 1
    assert office.logins == [("shop", "geheim")]


async def test_a_wrong_password_is_the_merchants_to_mend_and_kills_no_mail(certificate: Certificate):
    async with open_post_office(tls_context=certificate.server, auth_required=True) as office:
        refused = await refusal(mailer(office, MailTls.STARTTLS, certificate.trust, user="shop", password="falsch"))

    assert not refused.permanent
    assert "user and password" in str(refused)
    assert "falsch" not in str(refused)


# --- TRESEN_SMTP_URL


def test_the_address_says_everything():
    assert from_url(
        "smtp://shop%40example.org:p%40ss:word%2F@mail.example.org:2587?tls=starttls&from=shop@example.org"
    ) == MailServer(
        host="mail.example.org",
        port=2587,
        tls=MailTls.STARTTLS,
        user="shop@example.org",
        password="p@ss:word/",
        from_address="shop@example.org",
    )


def test_the_sender_may_have_a_name():
    server = from_url("smtp://mail.example.org?from=N%C3%A4hwerk%20%3Cshop@n%C3%A4hwerk.example%3E")

    assert (server.from_name, server.from_address) == ("Nähwerk", "shop@xn--nhwerk-bua.example")


@pytest.mark.parametrize(
    ("url", "tls", "port"),
    [
        ("smtp://mail.example.org", MailTls.STARTTLS, 587),
        ("smtp://mail.example.org:465", MailTls.IMPLICIT, 465),
        ("smtps://mail.example.org", MailTls.IMPLICIT, 465),
        ("smtp://mail.example.org?tls=implicit", MailTls.IMPLICIT, 465),
        ("smtp://mail.example.org?tls=none", MailTls.NONE, 25),
        ("smtp://127.0.0.1:2525", MailTls.NONE, 2525),
        ("smtp://[::1]:2525", MailTls.NONE, 2525),
        ("smtp://localhost:2525?tls=starttls", MailTls.STARTTLS, 2525),
        ("smtp://shop:geheim@localhost:2525", MailTls.NONE, 2525),
    ],
)
def test_what_the_address_leaves_out_is_as_usual(url: str, tls: MailTls, port: int):
    server = from_url(url)

    assert (server.tls, server.port) == (tls, port)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "https://mail.example.org",
        "smtp://",
        "smtp://mail.example.org:70000",
        "smtp://mail.example.org:port",
        "smtp://mail.example.org/path",
        "smtp://mail.example.org?tls=ssl",
        "smtp://mail.example.org?sender=a@b.example",
        "smtp://mail.example.org?from=nobody",
        "smtp://mail.example.org?from=a@b.example%0d%0aBcc:c@d.example",
        "smtp://[::1",
        "smtp://shop:geheim@mail.example.org?tls=none",
    ],
)
def test_an_address_that_makes_no_sense_is_refused_in_one_sentence_without_the_password(url: str):
    with pytest.raises(ConfigError) as error:
        from_url(url)

    assert "TRESEN_SMTP_URL" in str(error.value)
    assert "geheim" not in str(error.value)


def test_a_password_shows_in_no_log():
    assert "geheim" not in repr(from_url("smtp://shop:geheim@mail.example.org"))
