"""A customer who lost the link asks for it by mail address: one mail with the links of all orders of that address.

Whoever asks gets the same answer in the same time: asking only queues a job, whether or not
there is anything to send.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Reading
from db.orders import Order, State
from portal import dossiers, link_ends, outbox, settings
from portal.activity import TRESEN, By
from portal.dossiers import SellerFacts
from portal.envelopes import BadAddress, address
from portal.imported import email_key
from portal.jobs import Record
from portal.links import Link, Links
from portal.messages import Messages
from portal.new_messages import NewMessage, Written
from portal.outbox import Claimed, NewJob, NotDone
from portal.refusals import Fault, Invalid

KIND = "lost_link"
LIMIT = timedelta(seconds=30)
PAUSE = timedelta(minutes=10)  # one mail to the same address in this time, however often it is asked for
MOST = 50  # links in one mail; the newest orders come first
LONGEST = 320


@dataclass(frozen=True, kw_only=True)
class FoundLink:
    """One order in the mail."""

    number: str
    platform: str
    ordered_at: datetime
    url: str


@dataclass(frozen=True, kw_only=True)
class LinksFound:
    """What the mail says. `locale` is that of the newest order."""

    locale: str
    user_name: str
    seller: SellerFacts
    accent_colour: str
    zone: ZoneInfo
    links: tuple[FoundLink, ...]


Writer = Callable[[LinksFound], Written]


async def ask(email: str, session: AsyncSession, at: datetime) -> None:
    """Queues the look for links; asking again within ten minutes changes nothing. Raises Invalid for no address."""
    wanted = normal(email)
    slot = int(at.timestamp() // PAUSE.total_seconds())
    mark = hashlib.sha256(wanted.encode()).hexdigest()
    await outbox.enqueue(NewJob(kind=KIND, key=f"{KIND}:{mark}:{slot}", payload={"email": wanted}), session, at)


def normal(email: str) -> str:
    """The address as it is compared; case does not tell two people apart. Raises Invalid."""
    wanted = email.strip()
    try:
        if len(wanted) > LONGEST:
            raise BadAddress("too long")
        address(wanted)
    except BadAddress as error:
        raise Invalid(Fault("#/email", "no-address", str(error))) from error
    return email_key(wanted)


@dataclass(frozen=True, kw_only=True)
class LostLinks:
    """How the job `lost_link` is done."""

    reading: Reading
    links: Links
    messages: Messages
    write: Writer
    zone: ZoneInfo | None
    limit: timedelta = LIMIT

    async def do(self, job: Claimed) -> Record:
        """Finds the orders and writes the mail, which is queued together with "done". Raises NotDone."""
        email = str(job.payload["email"])
        async with self.reading() as session:
            if not await self.messages.is_set_up(session):
                raise NotDone("No mail server is set up.", permanent=True)
            found = await self._found(email, session)
        return partial(self._send, email, found)

    async def failed(self, job: object, session: AsyncSession, by: By) -> None:
        """There is nobody to tell: the customer reads on the page whom else to ask."""

    async def _found(self, email: str, session: AsyncSession) -> LinksFound | None:
        every = await settings.all_settings(session, self.zone)
        orders = list(await session.scalars(_of(email)))
        now = datetime.now(every.zone)
        alive = [order for order in orders if not await self._has_ended(order, every, session, now)]
        if not alive:
            return None
        return LinksFound(
            locale=alive[0].locale,
            user_name=alive[0].buyer_name or alive[0].buyer_company,
            seller=dossiers.seller_facts(every.seller),
            accent_colour=every.appearance.accent_colour,
            zone=every.zone,
            links=tuple(self._link(order) for order in alive),
        )

    async def _has_ended(self, order: Order, every: settings.AllSettings, session: AsyncSession, now: datetime) -> bool:
        days = every.general.link_retention_days
        if link_ends.cannot_have_ended(order.ordered_at, days, now):
            return False
        return link_ends.has_ended(await dossiers.of(order.id, session, self.zone), days, now)

    def _link(self, order: Order) -> FoundLink:
        url = self.links.url(Link(order.id, order.link_version))
        return FoundLink(number=order.number, platform=order.platform, ordered_at=order.ordered_at, url=url)

    async def _send(self, email: str, found: LinksFound | None, session: AsyncSession, now: datetime) -> None:
        if found is None:
            return
        mail = self.write(found)
        new = NewMessage(
            kind=KIND,
            to=email,
            to_name=found.user_name,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            locale=mail.locale,
        )
        await self.messages.enqueue(new, session, By(TRESEN, now))


def _of(email: str) -> Select[Order]:
    return (
        select(Order)
        .where(Order.buyer_email_key == email, Order.state.not_in([State.DELETED]))
        .order_by(Order.ordered_at.desc(), Order.id.desc())
        .limit(MOST)
    )
