"""A real SMTP server on loopback that keeps what it accepts, and can be told to misbehave; and certificates for it."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ACCEPTED = "250 OK"
HANGS = "hangs"
DROPS = "drops"  # accepts, but the line breaks before it can say so


@dataclass
class PostOffice:
    """`answers` to DATA are given in turn, then everything is accepted; `refuses` maps recipients to answers."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    kept: list[Envelope] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    secure: list[bool] = field(default_factory=list)
    hellos: list[str] = field(default_factory=list)

    @property
    def mails(self) -> list[EmailMessage]:
        return [_read(envelope) for envelope in self.kept]

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.hellos.append(hostname)
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self.refuses.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return ACCEPTED

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers.pop(0) if self.answers else ACCEPTED
        if answer == HANGS:
            await asyncio.sleep(60)
        assert isinstance(server.transport, asyncio.Transport)
        if answer in (ACCEPTED, DROPS):
            self.kept.append(envelope)
            self.secure.append(server.transport.get_extra_info("sslcontext") is not None)
        if answer == DROPS:
            server.transport.abort()
        return answer

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any
    ) -> AuthResult:
        assert isinstance(login, LoginPassword)
        self.logins.append((login.login.decode(), login.password.decode()))
        return AuthResult(success=login == LoginPassword(b"shop", b"geheim"), handled=False)


def _read(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


@asynccontextmanager
async def open_post_office(
    implicit_tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1", **options: Any
) -> AsyncIterator[PostOffice]:
    """`options` as aiosmtpd knows them, such as `tls_context` for STARTTLS. `auth_required` asks for shop, geheim."""
    office = PostOffice()
    lines: list[SMTP] = []

    def line() -> SMTP:
        lines.append(
            SMTP(
                office,
                hostname="localhost",
                enable_SMTPUTF8=options.get("enable_SMTPUTF8", True),
                authenticator=office.authenticate,
                loop=asyncio.get_running_loop(),
                **{name: value for name, value in options.items() if name != "enable_SMTPUTF8"},
            )
        )
        return lines[-1]

    server = await asyncio.get_running_loop().create_server(line, host, 0, ssl=implicit_tls)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        for each in lines:
            if isinstance(each.transport, asyncio.Transport):
                with suppress(AttributeError):  # before Python 3.11.4, a safe line that is closed cannot be cut
                    each.transport.abort()
        handling = [each._handler_coroutine for each in lines if each._handler_coroutine]
        for task in handling:
            task.cancel()
        await asyncio.gather(*handling, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def open_line(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[PostOffice]:
    """A port at which every caller is talked to like that: for what no real server would do."""
    talks: list[asyncio.Task[None]] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talks.append(task)
        with suppress(ConnectionError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield PostOffice(port=server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await asyncio.gather(*talks)
        await server.wait_closed()


@dataclass(frozen=True)
class Certificate:
    """For `127.0.0.1` and `localhost`, signed by itself: `server` shows it, `trust` believes it."""

    server: ssl.SSLContext
    trust: ssl.SSLContext


def own_certificate(folder: Path, name: str = "localhost") -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    trust = ssl.create_default_context(cadata=certificate.public_bytes(serialization.Encoding.PEM).decode())
    return Certificate(server, trust)
