"""What goes over the wire: a message with its headers, every field harmless whatever it holds.

Headers are written here and not by the email package: its own writing has, depending on Python's patch
release, let line breaks through and lost the quotes of long names. Each name or subject that is not
plain becomes encoded words, which can hold neither.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime

import idna

from db.messages import Attachment, Message
from portal.mail_servers import Envelope

LOCAL_PART = re.compile(r"""[^\s@<>()\[\]\\,:;"]{1,64}""")
ASCII_DOMAIN = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?")
PLAIN = re.compile(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*")
LONGEST_PLAIN = 60
LONGEST_NAME = 120
LONGEST_SUBJECT = 300


class BadAddress(ValueError):
    """No mail can be sent to that."""


@dataclass(frozen=True)
class Address:
    """`spec` as SMTP writes it: the domain as DNS knows it, the part before it as it was given."""

    spec: str
    name: str = ""

    @property
    def needs_utf8(self) -> bool:
        return not self.spec.isascii()

    @property
    def domain(self) -> str:
        return self.spec.rpartition("@")[2]


@dataclass(frozen=True)
class Sender:
    """`reply_to` is None where answers go to the sender itself."""

    address: Address
    reply_to: Address | None = None


def address(text: str, name: str = "") -> Address:
    """Raises BadAddress."""
    local, at, domain = text.strip().rpartition("@")
    if not at or not LOCAL_PART.fullmatch(local) or not local.isprintable():
        raise BadAddress(f"{text!r} is no mail address.")
    return Address(f"{local}@{_ascii(domain)}", one_line(name)[:LONGEST_NAME])


def one_line(text: str) -> str:
    """Without line breaks and other characters that steer instead of being read."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def envelope(message: Message, attachments: Sequence[Attachment], sender: Sender) -> Envelope:
    """The same message gives the same bytes at every attempt. Raises BadAddress."""
    to = address(message.to_address, message.to_name)
    people = [sender.address, to, *([sender.reply_to] if sender.reply_to else [])]
    utf8 = any(person.needs_utf8 for person in people)
    headers = [
        _person("From", sender.address),
        _person("To", to),
        *([_person("Reply-To", sender.reply_to)] if sender.reply_to else []),
        _words("Subject", one_line(message.subject)[:LONGEST_SUBJECT]),
        f"Date: {_date(message.created_at)}",
        f"Message-ID: {one_line(message.message_id)}",
        f"Content-Language: {one_line(message.locale)}",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
    ]
    head = "".join(f"{header}\r\n" for header in headers).encode("utf-8" if utf8 else "ascii")
    return Envelope(
        sender=sender.address.spec, recipients=(to.spec,), content=head + _body(message, attachments), utf8=utf8
    )


def _body(message: Message, attachments: Sequence[Attachment]) -> bytes:
    """Only ASCII, so that no server on the way has to understand 8 bits."""
    mail = EmailMessage(policy=policy.SMTP)
    mail.set_content(message.text, cte="quoted-printable")
    if message.html:
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    for each in attachments:
        maintype, _, subtype = each.media_type.partition("/")
        mail.add_attachment(each.content, maintype=maintype, subtype=subtype, filename=one_line(each.name))
    _bound(mail, message.message_id)
    return mail.as_bytes()


def _bound(mail: EmailMessage, message_id: str) -> None:
    """Boundaries of its own: random ones would make every attempt another mail."""
    parts = [part for part in mail.walk() if part.is_multipart()]
    for place, part in enumerate(parts):
        part.set_boundary(f"=_{place}_{re.sub('[^A-Za-z0-9]', '', message_id)[:32]}")


def _person(field: str, person: Address) -> str:
    return f"{_words(field, person.name)} <{person.spec}>" if person.name else f"{field}: {person.spec}"


def _words(field: str, text: str) -> str:
    if PLAIN.fullmatch(text) and len(text) <= LONGEST_PLAIN:
        return f"{field}: {text}"
    return f"{field}: {Header(text, 'utf-8', header_name=field).encode(linesep=chr(13) + chr(10))}"


def _date(moment: datetime) -> str:
    return format_datetime(moment)


def _ascii(domain: str) -> str:
    try:
        found = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise BadAddress(f"{domain!r} is no domain.") from error
    if not ASCII_DOMAIN.fullmatch(found) or ".." in found:
        raise BadAddress(f"{domain!r} is no domain.")
    return found.lower()
