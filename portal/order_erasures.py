"""What is left of an order when its buyer is to be forgotten: lines, sums, money, and the documents the law keeps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.base import Base
from db.downloads import Allowance, Download, DownloadObservation, LinkObservation
from db.erasures import ErasedOrder
from db.messages import Attachment, Bounce, Message
from db.orders import Address, BillingCorrection, Line, Order, OrderTag, State
from db.outbox import Job
from db.waivers import WaiverMessage
from portal.activity import By, entry
from portal.order_imports import ERASED

GONE = "[…]"
OF_PEOPLE = "buyer_name buyer_company buyer_email buyer_phone buyer_vat_id buyer_customer_number buyer_reference"
OF_PLACES = "name company line1 line2"
OF_ORDER: tuple[type[Address | BillingCorrection | OrderTag | LinkObservation], ...] = (
    Address,
    BillingCorrection,
    OrderTag,
    LinkObservation,
)
PLACES: tuple[type[Address | BillingCorrection], ...] = (Address, BillingCorrection)
WORDED: tuple[tuple[type[Activity | Line | Allowance], str], ...] = (
    (Activity, "details"),
    (Line, "title"),
    (Allowance, "reason"),
)
SHORTEST = 4  # what is shorter stands in too many words that tell of nobody
CONFIRMING = select(WaiverMessage.message_id)  # mails that are part of the proof of a consent


@dataclass(frozen=True)
class Telling:
    """The words that tell who somebody is, and taking them out of whatever holds them."""

    words: tuple[str, ...]

    @staticmethod
    def of(found: Iterable[str]) -> Telling:
        words = {word.strip() for word in found if len(word.strip()) >= SHORTEST}
        return Telling(tuple(sorted(words, key=lambda word: (-len(word), word))))

    def taken_out(self, value: object) -> object:
        """The same value without them, however deep it is."""
        match value:
            case str() if self.words:
                found = "|".join(map(re.escape, self.words))
                return re.sub(rf"(?<!\w)({found})(?!\w)", GONE, value, flags=re.IGNORECASE)
            case dict():
                return {name: self.taken_out(each) for name, each in value.items()}
            case list():
                return [self.taken_out(each) for each in value]
            case _:
                return value


async def erase(order: Order, erasure_id: int | None, session: AsyncSession, by: By) -> Counter[str]:
    """In one transaction, and again without harm: counts of the rows that went or were emptied, by table.

    Invoices, payments and the proof of a consent stay (Art. 17 (3) (b) and (e) DSGVO). The link answers 410.
    """
    done = await session.get(ErasedOrder, order.id)
    if done is None:
        session.add(done := ErasedOrder(order_id=order.id, erasure_id=erasure_id))
        await session.flush()
    if done.erased_at:
        return Counter()
    telling = await told_by(order, session)
    counts = Counter({"order": 1})
    counts += await forget_messages(Message.order_id == order.id, session)
    for table in OF_ORDER:
        counts[table.__tablename__] += await deleted(table, table.order_id == order.id, session)
    await _forget_visits(order.id, session)
    await _reword(order.id, telling, session)
    for name in [*OF_PEOPLE.split(), "buyer_email_key", "note"]:
        setattr(order, name, "")
    order.custom, order.content_sha256 = {}, ERASED
    order.state, order.changed_at = State.DELETED, by.at
    done.erased_at = by.at
    session.add(entry(by, "order_erased", order.id))
    return counts


async def told_by(order: Order, session: AsyncSession) -> Telling:
    """By what the order, its addresses and the corrections of them say."""
    found = [getattr(order, name) for name in OF_PEOPLE.split()]
    for table in PLACES:
        for place in await session.scalars(select(table).where(table.order_id == order.id)):
            found += [getattr(place, name) for name in OF_PLACES.split()]
    return Telling.of(found)


async def forget_messages(condition: ColumnElement[bool], session: AsyncSession) -> Counter[str]:
    """Mails with all that hangs on them, those that still wait to be sent too; but for the proof of a consent."""
    ids = list(await session.scalars(select(Message.id).where(condition, Message.id.not_in(CONFIRMING))))
    counts: Counter[str] = Counter()
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        await deleted(Attachment, Attachment.message_id.in_(some), session)
        await deleted(Bounce, Bounce.message_id.in_(some), session)
        await session.execute(delete(Job).where(Job.payload["message_id"].as_integer().in_(some)))
        counts["message"] += await deleted(Message, Message.id.in_(some), session)
    return counts


async def _forget_visits(order_id: int, session: AsyncSession) -> None:
    mine = select(Download.id).where(Download.order_id == order_id)
    await session.execute(update(Download).where(Download.order_id == order_id).values(ip_prefix=""))
    seen = update(DownloadObservation).where(DownloadObservation.download_id.in_(mine))
    await session.execute(seen.values(ip_prefix="").execution_options(synchronize_session=False))


async def _reword(order_id: int, telling: Telling, session: AsyncSession) -> None:
    """What people wrote and what was noted of the order may hold the name once more."""
    for table, name in WORDED:
        for row in await session.scalars(select(table).where(table.order_id == order_id)):
            before = getattr(row, name)
            if (after := telling.taken_out(before)) != before:
                setattr(row, name, after)


async def deleted(table: type[Base], condition: ColumnElement[bool], session: AsyncSession) -> int:
    """How many rows there were."""
    count = await session.scalar(select(func.count()).select_from(table).where(condition)) or 0
    if count:
        await session.execute(delete(table).where(condition).execution_options(synchronize_session=False))
    return count
