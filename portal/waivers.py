"""Whether a customer must give up the right of withdrawal before a digital line is delivered, and what was given."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.messages import Message, MessageState
from db.orders import BuyerKind, Line, Order
from db.sources import Source
from db.waivers import ConfirmationWay, Waiver, WaiverConfirmation, WaiverMessage, WaiverSource
from portal.entitlements import FileWaiver
from portal.imported import decimal
from portal.orders import OrderFacts
from portal.settings import AllSettings
from portal.waiver_texts import digest
from portal.windows import local_day
from portal.withdrawal_periods import unlock_day


@dataclass(frozen=True)
class WaivedLine:
    """A line that consent speaks of: the source's id, and what it was called."""

    id: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """`recipient` is the mail address; empty where the customer took the PDF."""

    at: datetime
    way: ConfirmationWay
    recipient: str = ""


@dataclass(frozen=True, kw_only=True)
class GivenWaiver:
    """One consent as recorded. `text` and `given_at` are None where a shop did not tell them.

    `mail` is how it stands with the mail that confirms it; None where there is none.
    """

    id: int
    source: WaiverSource
    text: str | None
    text_sha256: str | None
    locale: str
    lines: tuple[WaivedLine, ...]
    given_at: datetime | None
    recorded_at: datetime
    confirmation: Confirmation | None = None
    mail: MessageState | None = None

    def speaks_of(self, line: str) -> bool:
        return any(known.id == line for known in self.lines)


@dataclass(frozen=True, kw_only=True)
class OrderWaivers:
    """The right of withdrawal of one order. `unlocks_on` is None where nobody is asked.

    `given` holds what the portal recorded, oldest first; a shop's consent that is honoured asks nobody.
    """

    unlocks_on: date | None = None
    given: tuple[GivenWaiver, ...] = ()

    def of_file(self, lines: Sequence[str], zone: ZoneInfo) -> FileWaiver | None:
        """For a file of these lines, all of which need consent; None where there is none to ask for."""
        if self.unlocks_on is None or not lines:
            return None
        confirmed = [self._confirmed_at(line) for line in lines]
        last = None if None in confirmed else max(at for at in confirmed if at)
        return FileWaiver(
            is_given=all(self.covers(line) for line in lines),
            confirmed_on=local_day(last, zone) if last else None,
            unlocks_on=self.unlocks_on,
        )

    def covers(self, line: str) -> bool:
        return any(waiver.speaks_of(line) for waiver in self.given)

    def _confirmed_at(self, line: str) -> datetime | None:
        given = (waiver.confirmation for waiver in self.given if waiver.speaks_of(line))
        return min((confirmation.at for confirmation in given if confirmation), default=None)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the box asks: for these lines, in these words, and from when on it need not be answered."""

    text: str
    text_sha256: str
    lines: tuple[WaivedLine, ...]
    unlocks_on: date


def is_asked_for(order: OrderFacts, *, required: bool) -> bool:
    """Businesses have no such right, and nobody is asked for what was free."""
    return required and order.buyer_kind is BuyerKind.CONSUMER and order.total > 0


def concerns(line: Line, *, has_file: bool) -> bool:
    """Digital and paid for: what is sent in a parcel, costs nothing or was refunded needs no consent."""
    is_digital = has_file if line.digital is None else line.digital
    is_refunded = 0 < decimal(line.quantity) <= decimal(line.refunded_quantity)
    return is_digital and line.line_gross > 0 and not is_refunded


def is_honoured(order: Order, *, needs_text: bool) -> bool:
    """Whether the consent that the shop tells of counts here; some sources have to bring its text and time."""
    if not order.waiver_accepted:
        return False
    return not needs_text or (bool(order.waiver_text) and order.waiver_at is not None)


def question(waived: OrderWaivers, lines: Iterable[Line], with_files: Container[str], text: str) -> Question | None:
    """One box for every line whose files wait for consent; `with_files` holds the SKUs that have files.

    A line without a file is not asked about yet: nobody gives up a right for what is not to be had.
    """
    if waived.unlocks_on is None:
        return None
    asked = [line for line in lines if line.sku in with_files and concerns(line, has_file=True)]
    missing = tuple(WaivedLine(line.external_id, line.title) for line in asked if not waived.covers(line.external_id))
    if not missing:
        return None
    return Question(text=text, text_sha256=digest(text), lines=missing, unlocks_on=waived.unlocks_on)


async def of(order: Order, facts: OrderFacts, settings: AllSettings, session: AsyncSession) -> OrderWaivers:
    """What decides about the files of that order: at most two statements, none where nobody is asked."""
    if not is_asked_for(facts, required=settings.files.waiver_required):
        return OrderWaivers()
    if order.waiver_accepted:
        needs_text = await session.scalar(select(Source.waiver_needs_text).where(Source.id == order.source_id))
        if is_honoured(order, needs_text=bool(needs_text)):
            return OrderWaivers()
    ordered_on = local_day(order.ordered_at, settings.zone)
    given = await recorded(order.id, session)
    return OrderWaivers(
        unlocks_on=await unlock_day(ordered_on, settings.general.withdrawal_days),
        given=tuple(waiver for waiver in given if waiver.source is WaiverSource.PORTAL),
    )


async def recorded(order_id: int, session: AsyncSession) -> list[GivenWaiver]:
    """Every consent of the order, the shop's too, oldest first, in one statement."""
    rows = await session.execute(
        select(Waiver, WaiverConfirmation, Message.state)
        .outerjoin(WaiverConfirmation, WaiverConfirmation.waiver_id == Waiver.id)
        .outerjoin(WaiverMessage, WaiverMessage.waiver_id == Waiver.id)
        .outerjoin(Message, Message.id == WaiverMessage.message_id)
        .where(Waiver.order_id == order_id)
        .order_by(Waiver.id)
    )
    return [given(waiver, confirmation, mail) for waiver, confirmation, mail in rows]


def given(
    row: Waiver, confirmation: WaiverConfirmation | None = None, mail: MessageState | None = None
) -> GivenWaiver:
    same = "id source text text_sha256 locale given_at recorded_at".split()
    return GivenWaiver(
        **{name: getattr(row, name) for name in same},
        lines=tuple(WaivedLine(line["id"], line["title"]) for line in row.lines),
        confirmation=Confirmation(
            at=confirmation.confirmed_at, way=confirmation.way, recipient=confirmation.recipient
        )
        if confirmation
        else None,
        mail=mail,
    )
