"""Mail by SMTP: one connection a mail, encrypted as asked or not at all, and an answer within ten seconds."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from email.utils import parseaddr
from functools import cache, partial
from typing import TypeVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import certifi
from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from config import ConfigError
from db.settings import MailTls
from portal import envelopes
from portal.mail_servers import NEEDS_TLS, Accepted, Envelope, MailRefused, MailServer, is_loopback, leaks_password

T = TypeVar("T")
USUAL_PORTS = {MailTls.STARTTLS: 587, MailTls.IMPLICIT: 465, MailTls.NONE: 25}
PATIENCE_SECONDS = 10.0
GOODBYE_SECONDS = 1.0
NO_MAILBOX = frozenset({550, 551, 553})
ABOUT_SENDER = frozenset({7, 8})  # 5.1.7 and 5.1.8: the address that the shop writes from
SHAPE = "smtp://user:password@host:587?tls=starttls&from=shop@example.org"


def from_url(text: str) -> MailServer:
    """What TRESEN_SMTP_URL says. Without `tls` it is STARTTLS, on this very machine none. Raises ConfigError."""
    try:
        url = urlsplit(text.strip())
        host, port = url.hostname or "", url.port
        options = dict(parse_qsl(url.query, strict_parsing=True, keep_blank_values=True) if url.query else ())
    except ValueError as error:
        raise ConfigError(f"TRESEN_SMTP_URL cannot be read ({error}); it looks like {SHAPE}.") from error
    if url.scheme not in ("smtp", "smtps") or not host or url.path not in ("", "/") or url.fragment:
        raise ConfigError(f"TRESEN_SMTP_URL must look like {SHAPE}; in a password, write signs like @ as %40.")
    if unknown := options.keys() - {"tls", "from"}:
        raise ConfigError(f"TRESEN_SMTP_URL knows tls and from, not {min(unknown)}.")
    tls = _tls(url, options)
    name, address = _from(options.get("from", ""))
    server = MailServer(
        host=host,
        port=USUAL_PORTS[tls] if port is None else port,
        tls=tls,
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
        from_address=address,
        from_name=name,
    )
    if leaks_password(server):
        raise ConfigError(f"TRESEN_SMTP_URL: {NEEDS_TLS}")
    return server


def _tls(url: SplitResult, options: Mapping[str, str]) -> MailTls:
    usual = MailTls.NONE if is_loopback(url.hostname or "") else MailTls.STARTTLS
    usual = MailTls.IMPLICIT if url.scheme == "smtps" or url.port == USUAL_PORTS[MailTls.IMPLICIT] else usual
    try:
        return MailTls(options.get("tls", usual))
    except ValueError as error:
        raise ConfigError(f"TRESEN_SMTP_URL: tls is starttls, implicit or none, not {options['tls']}.") from error


def _from(text: str) -> tuple[str, str]:
    """Name and address; both may be empty."""
    if not text:
        return "", ""
    name, address = parseaddr(text if text.isprintable() else "")
    try:
        return name, envelopes.address(address).spec
    except envelopes.BadAddress as error:
        raise ConfigError(f"TRESEN_SMTP_URL: from must be a mail address, not {text!r}.") from error


def hello(base_url: str) -> str:
    """The name for EHLO: the public host, or its address as SMTP writes addresses."""
    host = urlsplit(base_url).hostname or "localhost"
    if ":" in host:
        return f"[IPv6:{host}]"
    return f"[{host}]" if host.replace(".", "").isdigit() else host


class SmtpMailer:
    """Hands mail to one server. `hello` is the name by which Tresen introduces itself."""

    def __init__(
        self,
        server: MailServer,
        hello: str = "localhost",
        patience_seconds: float = PATIENCE_SECONDS,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._hello = hello
        self._patience_seconds = patience_seconds
        self._trust = trust

    async def send(self, envelope: Envelope) -> Accepted:
        """Raises MailRefused."""
        return await self._inside(partial(_handed_in, envelope=envelope))

    async def probe(self) -> None:
        """Connects and signs in as for a mail, and sends none. Raises MailRefused."""
        await self._inside(_nothing)

    async def _inside(self, deed: Callable[[SMTP], Awaitable[T]]) -> T:
        """What is done once the server has let us in. Raises MailRefused."""
        client = await self._client()
        try:
            async with asyncio.timeout(self._patience_seconds):
                await client.connect()
                return await deed(client)
        except TimeoutError as error:
            sentence = f"The mail server {self._server.host} did not answer within {self._patience_seconds:g} seconds."
            raise MailRefused(sentence, permanent=False) from error
        except (SMTPException, OSError, ValueError) as error:
            raise self._refused(error) from error
        finally:
            await _goodbye(client)

    async def _client(self) -> SMTP:
        plain = self._server.tls is MailTls.NONE
        return SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.user or None,
            password=self._server.password or None,
            local_hostname=self._hello,
            timeout=self._patience_seconds,
            use_tls=self._server.tls is MailTls.IMPLICIT,
            start_tls=self._server.tls is MailTls.STARTTLS,  # True insists; only None would do without
            tls_context=None if plain else self._trust or await asyncio.to_thread(_usual_trust),
        )

    def _refused(self, error: Exception) -> MailRefused:
        """What the merchant can mend (way, certificate, password, quota) is tried again; what no time mends is not."""
        host = self._server.host
        match error:
            case SMTPRecipientsRefused():
                permanent = all(_is_about_this_mail(each) for each in error.recipients)
                return MailRefused(f"The mail server refused: {_said(error.recipients[0])}", permanent=permanent)
            case SMTPAuthenticationError():
                return MailRefused(f"{host} does not accept user and password: {_said(error)}", permanent=False)
            case SMTPConnectError() | OSError():  # certificates too, which are ValueErrors besides
                return MailRefused(f"There is no (safe) connection to {host}: {_cause(error)}", permanent=False)
            case SMTPNotSupported() | ValueError():
                return MailRefused(f"{host} cannot send to such an address.", permanent=True)
            case SMTPDataError():
                return MailRefused(f"The mail server refused: {_said(error)}", permanent=_is_about_this_mail(error))
            case SMTPResponseException():  # to whom it is, was not even heard
                return MailRefused(f"The mail server refused: {_said(error)}", permanent=False)
            case _:
                return MailRefused(f"{host} cannot be used: {error}", permanent=False)


def _is_about_this_mail(answer: SMTPResponseException) -> bool:
    """Whether a refusal is about the recipient or the mail itself, by RFC 3463, or by RFC 5321 where it says no more.

    Quotas, policies and missing rights are about the shop: they refuse every mail, and pass.
    """
    if answer.code < 500:
        return False
    told = re.match(r"5\.(\d{1,3})\.(\d{1,3})\b", str(answer.message))
    if told is None:
        return answer.code in NO_MAILBOX
    subject, detail = int(told[1]), int(told[2])
    if subject == 1:
        return detail not in ABOUT_SENDER
    return subject == 6 or (subject, detail) in {(2, 1), (3, 4)}  # mailbox closed, mail too large


async def _handed_in(client: SMTP, envelope: Envelope) -> Accepted:
    options = ["SMTPUTF8", "BODY=8BITMIME"] if envelope.utf8 else []
    refused, _ = await client.sendmail(
        envelope.sender, list(envelope.recipients), envelope.content, mail_options=options
    )
    return Accepted({address: f"{answer.code} {answer.message}" for address, answer in refused.items()})


async def _nothing(_client: SMTP) -> None:
    return


async def _goodbye(client: SMTP) -> None:
    """Politeness, after everything is settled: what goes wrong now changes nothing."""
    if client.is_connected:
        with suppress(SMTPException, OSError, TimeoutError):
            await client.quit(timeout=GOODBYE_SECONDS)
    client.close()


def _said(error: SMTPResponseException) -> str:
    return envelopes.one_line(f"{error.code} {error.message}")[:500]


def _cause(error: Exception) -> str:
    return envelopes.one_line(str(error.__cause__ or error))[:500]


@cache
def _usual_trust() -> ssl.SSLContext:
    """The machine's certificate authorities, and Mozilla's where the machine has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
