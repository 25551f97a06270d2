"""What an automation has written is looked at once more when it leaves: the mail server may have been away for days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import String, cast, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Automation, AutomationSettings, Match, Trigger
from db.messages import Attachment, Message, MessageState
from db.orders import Order, State
from db.outbox import Job
from portal import (
    automations,
    conditions,
    envelopes,
    links,
    message_templates,
    relays,
    settings,
    situations,
    templated_mails,
)
from portal.automation_runs import FOR_DEAD
from portal.conditions import ConditionKind
from portal.dossiers import Dossier
from portal.envelopes import BadAddress
from portal.kept_back import Kept
from portal.messages import AUTOMATION, KIND
from portal.new_messages import NewMessage
from portal.situations import Situation
from portal.templated_mails import TemplatedMails

# What a rule itself cannot change by what it does besides its mail, and what the words of mails hang on.
ASKED_AGAIN = frozenset({ConditionKind.PAYMENT_STATE, ConditionKind.DUE, ConditionKind.HAS_FILES})


@dataclass(frozen=True)
class SecondLooks:
    """`zone` is the shop's own, where the environment fixes it."""

    mails: TemplatedMails
    zone: ZoneInfo | None

    async def look(
        self, message: Message, payload: Mapping[str, object], session: AsyncSession, now: datetime
    ) -> Kept | NewMessage | None:
        """Why that mail must not leave any more, or how it is worded by now; None where it may leave as it is."""
        automation = await session.get(Automation, payload.get(AUTOMATION, 0))
        if message.order_id is None:
            return None
        if why := await _has_ended(message.order_id, message.created_at, session):
            return why
        if automation is None:
            return None
        seen = await situations.of(message.order_id, session, self.zone, now)
        if why := await _obstacle(automation, seen, session):
            return why
        if await _is_repeated(message, automation, session):
            return Kept.REPEATED
        return await self._anew(
            message, seen.dossier, session, now, is_about_invoice=automation.trigger is Trigger.INVOICE_CREATED
        )

    async def _anew(
        self, message: Message, dossier: Dossier, session: AsyncSession, now: datetime, *, is_about_invoice: bool
    ) -> Kept | NewMessage | None:
        """A sum may be paid in part by now, an address corrected, and a wording mended."""
        template = await message_templates.fitting(templated_mails.name_of(message.kind), dossier.locale, session)
        if template is None or message_templates.unknown(template):  # removed, or broken, since: it leaves as it was
            return None if _is_still(message.to_address, dossier.buyer_email) else Kept.ADDRESS_CHANGED
        new = await self.mails.message(template, dossier, session, now)
        had = await _attached(message, session)
        if is_about_invoice and _speaks_of_one_that_is_gone(message, dossier, had):
            return Kept.INVOICE_GONE
        return Kept.INVOICE_GONE if template.attach_invoice and had and not new.attachments else new


async def _has_ended(order_id: int, since: datetime, session: AsyncSession) -> Kept | None:
    if (await session.get_one(Order, order_id)).state is State.DELETED:
        return Kept.ORDER_REMOVED
    return Kept.LINK_RENEWED if await links.was_renewed(order_id, since, session) else None


async def _obstacle(automation: Automation, seen: Situation, session: AsyncSession) -> Kept | None:
    if not automation.active:
        return Kept.SWITCHED_OFF
    if seen.dossier.order.is_dead and automation.trigger not in FOR_DEAD:
        return Kept.ORDER_DEAD
    if _has_changed(automation, seen):
        return Kept.CONDITIONS
    return None if await _may_be_written_to(seen.dossier.buyer_email, session) else Kept.ADDRESS_CHANGED


async def _may_be_written_to(email: str, session: AsyncSession) -> bool:
    try:
        envelopes.address(email)
    except BadAddress:
        return False
    return not relays.is_relay(email) or (await settings.of(AutomationSettings, session)).relay_addresses


def _is_still(written_to: str, email: str) -> bool:
    """A mail bears the address as mail servers spell it; an order bears it as its source does."""
    return envelopes.address(email).spec.casefold() == written_to.casefold()


async def _is_repeated(message: Message, automation: Automation, session: AsyncSession) -> bool:
    """Whether another mail of its kind waits behind it, which would say the very same by now.

    Of the same automation: another one's may never leave, and then nothing would.
    """
    behind = (
        select(Message.id)
        .join(Job, Job.key == literal(f"{KIND}:").concat(cast(Message.id, String)))
        .where(
            Message.order_id == message.order_id,
            Message.kind == message.kind,
            Message.state == MessageState.QUEUED,
            Message.id > message.id,
            Job.payload[AUTOMATION].as_integer() == automation.id,
        )
    )
    return await session.scalar(behind.limit(1)) is not None


async def _attached(message: Message, session: AsyncSession) -> Sequence[str]:
    """Their names."""
    of_message = select(Attachment.name).where(Attachment.message_id == message.id)
    return (await session.scalars(of_message)).all()


def _speaks_of_one_that_is_gone(message: Message, dossier: Dossier, attached: Sequence[str]) -> bool:
    """An invoice that follows one that was taken back has a mail of its own."""
    words = " ".join((message.subject, message.text, message.html, *attached))
    return any(not each.stands and each.number in words for each in dossier.invoices)


def _has_changed(automation: Automation, seen: Situation) -> bool:
    """Whether its conditions about money and files do not hold any more.

    Tags and states may be what the automation itself did besides its mail. Where any of its conditions is enough, one
    that is not asked may be the one that held.
    """
    wanted = automations.conditions_of(automation)
    asked = [each for each in wanted if each.kind in ASKED_AGAIN]
    if automation.match is Match.ANY and len(asked) < len(wanted):
        return False
    return conditions.failing(asked, automation.match, seen) is not None
