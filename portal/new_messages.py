"""Mails as they are asked for, and what becomes of them in the message log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from db.messages import Attachment, Message
from portal import envelopes


@dataclass(frozen=True, kw_only=True)
class NewAttachment:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class NewMessage:
    """`kind` names the template, `locale` such as `de-DE`. An empty `html` makes a mail of text alone."""

    kind: str
    to: str
    to_name: str = ""
    subject: str
    text: str
    html: str = ""
    locale: str = "de-DE"
    order_id: int | None = None
    attachments: tuple[NewAttachment, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Written:
    """A mail in words, and in which language, such as `de-DE`."""

    subject: str
    text: str
    html: str
    locale: str


class Columns(TypedDict):
    """What a row of the message log has of a mail's words."""

    locale: str
    to_address: str
    to_name: str
    subject: str
    text: str
    html: str


def addressed(new: NewMessage) -> Columns:
    """Raises envelopes.BadAddress."""
    to = envelopes.address(new.to, new.to_name)
    return {
        "locale": new.locale,
        "to_address": to.spec,
        "to_name": to.name,
        "subject": envelopes.one_line(new.subject),
        "text": new.text,
        "html": new.html,
    }


def attachments(new: NewMessage, message_id: int) -> list[Attachment]:
    return [
        Attachment(
            message_id=message_id,
            position=position,
            name=envelopes.one_line(each.name),
            media_type=each.media_type,
            content=each.content,
        )
        for position, each in enumerate(new.attachments)
    ]


def differs(new: NewMessage, message: Message, attached: Sequence[Attachment]) -> bool:
    """Raises envelopes.BadAddress."""
    words = all(getattr(message, column) == value for column, value in addressed(new).items())
    return not words or [each.content for each in new.attachments] != [each.content for each in attached]


async def put_anew(message_id: int, new: NewMessage, session: AsyncSession) -> tuple[Message, list[Attachment]]:
    """The log shows a mail as it leaves, not as it was meant when it was queued. Raises envelopes.BadAddress."""
    message = await session.get_one(Message, message_id)
    for column, value in addressed(new).items():
        setattr(message, column, value)
    await session.execute(delete(Attachment).where(Attachment.message_id == message_id))
    session.add_all(rows := attachments(new, message_id))
    await session.flush()
    return message, rows
