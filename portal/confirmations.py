"""From the tick to the confirmation in the customer's hands: by mail where that is possible, else as a PDF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.messages import Message, MessageState
from db.waivers import ConfirmationWay, WaiverMessage
from portal import consents, dossiers, envelopes, waiver_records
from portal.activity import By
from portal.consents import Consent
from portal.dossiers import Dossier
from portal.messages import Messages
from portal.new_messages import NewMessage
from portal.waiver_records import WaiverRecord
from portal.waivers import Confirmation, GivenWaiver

MAIL = "waiver_confirmation"  # the kind of message that confirms a waiver
MAIL_SECONDS = 10.0
Writer = Callable[[WaiverRecord], NewMessage]


@dataclass(frozen=True)
class Settled:
    """What came of the tick. `paper` is the waiver whose confirmation has to be handed out now, if there is one."""

    paper: int | None = None


@dataclass(frozen=True)
class Confirmations:
    """What confirming needs: the database, the mails, the zone that the environment fixes."""

    database: Database
    messages: Messages
    zone: ZoneInfo | None

    async def reaches(self, dossier: Dossier, session: AsyncSession) -> bool:
        """Whether a mail could go to this customer at all."""
        return is_address(dossier.buyer_email) and await self.messages.is_set_up(session)

    async def give(self, order_id: int, consent: Consent, write: Writer, by: By) -> Settled:
        """Records, commits, then confirms: one attempt by mail, after which the outbox goes on.

        Raises what consents.give raises; then nothing was recorded.
        """
        async with self.database.writing() as session:
            dossier = await dossiers.of(order_id, session, self.zone)
            waiver = await consents.give(consent, dossier, session, by)
            if waiver is None or waiver.confirmation:
                return Settled()
            mail = await self._mail(waiver, dossier, write, session, by)
        if mail is None:
            return Settled() if waiver.mail is MessageState.QUEUED else Settled(paper=waiver.id)
        outcome = await self.messages.send_now(mail.id, MAIL_SECONDS)
        return Settled(paper=waiver.id) if outcome.state is MessageState.FAILED else Settled()

    async def _mail(
        self, waiver: GivenWaiver, dossier: Dossier, write: Writer, session: AsyncSession, by: By
    ) -> Message | None:
        """The mail, noted in the same transaction as the record; None where there is one already, or none can be."""
        if waiver.mail is not None or not await self.reaches(dossier, session):
            return None
        record = await waiver_records.of(dossier.order.id, waiver.id, session, self.zone)
        message = await self.messages.enqueue(write(record), session, by)
        session.add(WaiverMessage(waiver_id=waiver.id, message_id=message.id))
        return message


def is_address(text: str) -> bool:
    try:
        envelopes.address(text)
    except envelopes.BadAddress:
        return False
    return True


async def mail_was_sent(message: Message, session: AsyncSession, now: datetime) -> None:
    """The server took the mail: written together with the fact that it is sent."""
    waiver_id = await session.scalar(select(WaiverMessage.waiver_id).where(WaiverMessage.message_id == message.id))
    if waiver_id is not None:
        confirmation = Confirmation(at=now, way=ConfirmationWay.MAIL, recipient=message.to_address)
        await consents.confirm(waiver_id, confirmation, session)
