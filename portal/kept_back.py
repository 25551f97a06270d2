"""Mails that automations wrote and that did not leave, as they had become wrong: told once a day for each cause."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.messages import Message, MessageState
from portal.activity import By, entry

NOTICE = "messages_kept_back"
HISTORY = "message_kept_back"
TELL_AGAIN = timedelta(days=1)


class Kept(StrEnum):
    """Why a mail was kept back."""

    ORDER_REMOVED = "order-removed"
    LINK_RENEWED = "link-renewed"
    SWITCHED_OFF = "switched-off"
    ORDER_DEAD = "order-dead"
    CONDITIONS = "conditions"
    ADDRESS_CHANGED = "address-changed"
    INVOICE_GONE = "invoice-gone"
    REPEATED = "repeated"
    DISCARDED = "discarded"


SENTENCES: Mapping[Kept, str] = {  # for the API, which speaks English
    Kept.ORDER_REMOVED: "The order was removed before the mail could leave.",
    Kept.LINK_RENEWED: "The portal link was renewed since: the one in this mail opens nothing any more.",
    Kept.SWITCHED_OFF: "The automation was switched off or removed before the mail could leave.",
    Kept.ORDER_DEAD: "The order was cancelled or refunded before the mail could leave.",
    Kept.CONDITIONS: "What the automation asks for was no longer so when the mail could leave.",
    Kept.ADDRESS_CHANGED: "The order has no mail address any more that may be written to.",
    Kept.INVOICE_GONE: "The invoice that went with the mail is not there any more, or not for the customer.",
    Kept.REPEATED: "Another mail of the same kind waits behind it, and says the same by now.",
    Kept.DISCARDED: "The automations were paused, and what was queued has been dropped.",
}


async def note(message: Message, why: Kept, session: AsyncSession, by: By) -> None:
    """It is over; the order's history says so, and a notice says that there are such mails, and why."""
    message.state, message.kept_back, message.error = MessageState.FAILED, why.value, SENTENCES[why]
    about: dict[str, object] = {"message_id": message.id, "subject": message.subject, "reason": why.value}
    session.add(entry(by, HISTORY, message.order_id, about))
    told = select(Activity.id).where(
        Activity.notice,
        Activity.kind == NOTICE,
        Activity.at > by.at - TELL_AGAIN,
        Activity.details["reason"].as_string() == why.value,
    )
    if await session.scalar(told.limit(1)) is None:
        session.add(entry(by, NOTICE, details={"reason": why.value}, notice=True))
