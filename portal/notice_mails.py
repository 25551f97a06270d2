"""Notices by mail: what the merchant must know also reaches those who are not looking.

Every few minutes each merchant gets one mail about all that is new, and none about what was seen on screen meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.engine import Database
from db.merchants import Merchant
from db.messages import Message
from db.orders import Order
from portal import dossiers, notices, settings
from portal.activity import TRESEN, By
from portal.dossiers import SellerFacts
from portal.envelopes import BadAddress
from portal.messages import Messages
from portal.new_messages import NewMessage, Written
from portal.notices import Noted
from portal.order_history import named

JOB = "notice_mails"
KIND = "notices"
EVERY = timedelta(minutes=10)
LIMIT = timedelta(minutes=2)
MOST = 20  # in one mail; the screen has them all


@dataclass(frozen=True, kw_only=True)
class NoticesFound:
    """What one mail says: `total` new notices, of which `noted` are the newest. `language` is `de`, `en` or empty."""

    language: str
    seller: SellerFacts
    accent_colour: str
    zone: ZoneInfo
    url: str
    total: int
    noted: Sequence[Noted]


Writer = Callable[[NoticesFound], Written]


@dataclass(frozen=True, kw_only=True)
class NoticeMails:
    """How the job `notice_mails` is done. `base_url` is the public origin."""

    database: Database
    messages: Messages
    write: Writer
    base_url: str
    zone: ZoneInfo | None

    async def run(self, now: datetime) -> None:
        """One mail to each merchant who has something new; doing it again sends nothing again."""
        async with self.database.reading() as session:
            if not await self.messages.is_set_up(session):
                return
            merchants = list(await session.scalars(select(Merchant).order_by(Merchant.id)))
            found = [(merchant, await self._found(merchant, session)) for merchant in merchants]
        for merchant, new in found:
            if new is not None:
                await self._send(merchant, new, now)

    async def _found(self, merchant: Merchant, session: AsyncSession) -> NoticesFound | None:
        new = (
            Activity.notice,
            Activity.id > max(merchant.notices_seen, merchant.notices_mailed),
            Activity.at >= merchant.created_at,
            ~_about_our_own_mail(),
        )
        total = await session.scalar(select(func.count()).select_from(Activity).where(*new)) or 0
        if not total:
            return None
        chosen = select(Activity, Order.number).outerjoin(Order, Order.id == Activity.order_id).where(*new)
        rows = (await session.execute(chosen.order_by(Activity.id.desc()).limit(MOST))).all()
        every = await settings.all_settings(session, self.zone)
        happenings = await named([activity for activity, _ in rows], session)
        return NoticesFound(
            language="" if merchant.language.value == "browser" else merchant.language.value,
            seller=dossiers.seller_facts(every.seller),
            accent_colour=every.appearance.accent_colour,
            zone=every.zone,
            url=f"{self.base_url}/admin/activity",
            total=total,
            noted=notices.noted([(activity, number) for activity, number in rows], happenings),
        )

    async def _send(self, merchant: Merchant, found: NoticesFound, now: datetime) -> None:
        """Only if nobody else was quicker, and with the mark that it was sent."""
        mail, newest = self.write(found), found.noted[0].id
        new = NewMessage(
            kind=KIND,
            to=merchant.email,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            locale=mail.locale,
        )
        async with self.database.writing() as session:
            row = await session.get(Merchant, merchant.id)
            if row is None or row.notices_mailed >= newest:
                return
            row.notices_mailed = newest
            try:
                await self.messages.enqueue(new, session, By(TRESEN, now))
            except BadAddress:  # an account may have a name that no mail reaches; it has the screen
                return


def _about_our_own_mail() -> ColumnElement[bool]:
    """That such a mail could not be sent is seen on screen: a mail about it would fail the same way, for ever."""
    message_id = Activity.details["message_id"].as_integer()
    ours = exists().where(Message.id == message_id, Message.kind == KIND)
    return and_(Activity.kind == "message_failed", ours)
