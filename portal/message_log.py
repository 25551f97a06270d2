"""Every mail that was written: told as a list, sent once more, and noted where it came back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.messages import Attachment, Bounce, Message, MessageState
from db.orders import Order, State
from db.sources import Source
from portal import links, paging
from portal.activity import By, entry
from portal.messages import Messages
from portal.new_messages import NewAttachment, NewMessage
from portal.paging import AfterId, Paging
from portal.refusals import Conflict, NotFound

ORDER_GONE = "The order was removed; nothing more is sent about it."
LINK_RENEWED = "The portal link was renewed since: the one in this mail opens nothing any more."
NOT_SENT = "Only a mail that a server has taken can come back."
WAITS = "This mail still waits to be sent."
Found = Select[Message, Order, str, Bounce]


class MessageQuery(Paging, kw_only=True, frozen=True):
    """Empty means any. `order` is the order's number."""

    order: str = ""
    state: MessageState | None = None


class WrittenTo(Struct, kw_only=True, frozen=True):
    """The order that a mail is about."""

    source: str
    external_id: str
    number: str


class ToldMessage(Struct, kw_only=True, frozen=True):
    """`kind` is `template:` and a name for mails in the merchant's own words; `bounce` what came back, if it did.

    `kept_back`: why an automatic one did not leave, though nothing failed.
    """

    id: int
    order: WrittenTo | None
    kind: str
    to: str
    subject: str
    state: MessageState
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    message_id: str
    error: str
    kept_back: str
    bounce: str | None


class NewBounce(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=1000)]


async def page(query: MessageQuery, session: AsyncSession) -> tuple[list[ToldMessage], str | None]:
    """Newest first, and the cursor of the next page."""
    wanted = _everything().order_by(Message.id.desc())
    if query.order:
        wanted = wanted.where(Order.number == query.order)
    if query.state:
        wanted = wanted.where(Message.state == query.state)
    if query.cursor:
        wanted = wanted.where(Message.id < paging.place(query.cursor, AfterId).id)
    rows = await session.execute(wanted.limit(query.limit + 1))
    return paging.cut([_told(*row) for row in rows], query.limit, lambda told: AfterId(told.id))


async def told(message_id: int, session: AsyncSession) -> ToldMessage:
    """Raises NotFound."""
    row = (await session.execute(_everything().where(Message.id == message_id))).one_or_none()
    if row is None:
        raise NotFound
    return _told(*row)


async def one(message_id: int, session: AsyncSession) -> Message:
    """Raises NotFound."""
    row = await session.get(Message, message_id)
    if row is None:
        raise NotFound
    return row


async def waiting(session: AsyncSession) -> int:
    """How many mails are still to leave."""
    count = select(func.count()).select_from(Message).where(Message.state == MessageState.QUEUED)
    return await session.scalar(count) or 0


async def again(message: Message, messages: Messages, session: AsyncSession, by: By) -> Message:
    """The same mail once more, word for word, as one of its own. Raises Conflict, and envelopes.BadAddress."""
    if message.state is MessageState.QUEUED:
        raise Conflict(WAITS)
    await _refuse_outdated(message, session)
    chosen = select(Attachment).where(Attachment.message_id == message.id).order_by(Attachment.position)
    new = NewMessage(
        kind=message.kind,
        to=message.to_address,
        to_name=message.to_name,
        subject=message.subject,
        text=message.text,
        html=message.html,
        locale=message.locale,
        order_id=message.order_id,
        attachments=tuple(
            NewAttachment(name=each.name, media_type=each.media_type, content=each.content)
            for each in await session.scalars(chosen)
        ),
    )
    return await messages.enqueue(new, session, by)


async def bounced(message: Message, new: NewBounce, session: AsyncSession, by: By) -> bool:
    """What the returning mail said, as a notice of its order; whether it is news. Raises Conflict."""
    if message.state is not MessageState.SENT:
        raise Conflict(NOT_SENT)
    if await session.get(Bounce, message.id) is not None:
        return False
    session.add(Bounce(message_id=message.id, reason=new.reason, noted_by=by.actor, noted_at=by.at))
    details: dict[str, object] = {"message_id": message.id, "subject": message.subject, "to": message.to_address}
    session.add(entry(by, "message_bounced", message.order_id, {**details, "error": new.reason}, notice=True))
    return True


async def bounces(message_ids: Sequence[int], session: AsyncSession) -> dict[int, str]:
    """Message id → what came back."""
    rows = await session.execute(select(Bounce.message_id, Bounce.reason).where(Bounce.message_id.in_(message_ids)))
    return {message_id: reason for message_id, reason in rows}


async def _refuse_outdated(message: Message, session: AsyncSession) -> None:
    """A mail must not bring a link that opens nothing."""
    if message.order_id is None:
        return
    order = await session.get_one(Order, message.order_id)
    if order.state is State.DELETED:
        raise Conflict(ORDER_GONE)
    if await links.was_renewed(order.id, message.created_at, session):
        raise Conflict(LINK_RENEWED)


def _everything() -> Found:
    return (
        select(Message, Order, Source.name, Bounce)
        .outerjoin(Order, Order.id == Message.order_id)
        .outerjoin(Source, Source.id == Order.source_id)
        .outerjoin(Bounce, Bounce.message_id == Message.id)
    )


def _told(message: Message, order: Order | None, source: str | None, bounce: Bounce | None) -> ToldMessage:
    same = "id kind subject state attempts created_at sent_at message_id error kept_back".split()
    about = WrittenTo(source=source or "", external_id=order.external_id, number=order.number) if order else None
    return ToldMessage(
        **{name: getattr(message, name) for name in same},
        order=about,
        to=message.to_address,
        bounce=bounce.reason if bounce else None,
    )
