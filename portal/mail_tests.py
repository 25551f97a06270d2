"""Mails that are sent to see whether mail leaves, and how it looks: to the merchant, never to a customer."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.messages import Message
from portal.activity import By
from portal.messages import Messages
from portal.new_messages import NewMessage, Written

KIND = "test"


async def send(mail: Written, to: str, messages: Messages, database: Database, by: By) -> int:
    """The id of the mail after one attempt at once. Raises envelopes.BadAddress."""
    new = NewMessage(kind=KIND, to=to, subject=mail.subject, text=mail.text, html=mail.html, locale=mail.locale)
    async with database.writing() as session:
        message = await messages.enqueue(new, session, by)
    await messages.send_now(message.id)
    return message.id


async def sent(message_id: int, session: AsyncSession) -> Message | None:
    """That test; None for any other mail."""
    message = await session.get(Message, message_id)
    return message if message is not None and message.kind == KIND else None
