"""How long each kind of record is kept, and which rows its time is over for. Nothing here acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql import Delete, Update

from db.automations import AutomationRun
from db.downloads import Download, DownloadObservation, LinkObservation
from db.erasures import ErasedOrder
from db.messages import Attachment, Bounce, Message, MessageState
from db.orders import Order
from db.outbox import Job
from db.settings import GeneralSettings, RetentionSettings
from db.sources import SourceFault, SourceRun
from db.waivers import Waiver, WaiverConfirmation, WaiverMessage
from db.webhooks import DeliveryOutcome, WebhookDelivery
from portal import settings
from portal.windows import local_day, start_of

FORGED_ARE_KEPT = timedelta(days=1)
INVOICES_STAY_YEARS = 8  # § 147 (3) AO, § 14b (1) UStG: from the end of the year in which the document was issued
Visited = type[LinkObservation] | type[DownloadObservation] | type[Download]


class Clock(StrEnum):
    VISITS = "visits"
    WORK = "work"
    RUNS = "runs"
    MESSAGES = "messages"
    ORDERS = "orders"
    WAIVERS = "waivers"


@dataclass(frozen=True)
class Step:
    """What becomes of the rows of one table. `parts` name in other tables the columns that refer to them."""

    deed: Delete | Update
    key: InstrumentedAttribute[int]
    condition: ColumnElement[bool]
    parts: tuple[InstrumentedAttribute[int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The merchant's clocks, read at `now`."""

    general: GeneralSettings
    retention: RetentionSettings
    zone: ZoneInfo
    now: datetime

    @property
    def orders_before(self) -> datetime:
        return first_of_year(self.now, self.retention.order_retention_years, self.zone)

    def steps(self, clock: Clock) -> list[Step]:
        """None for orders: each is asked whether a right behind its link is left."""
        kept, zone, now = self.retention, self.zone, self.now
        match clock:
            case Clock.VISITS:
                return _visits(kept_from(now, self.general.log_retention_days, zone))
            case Clock.WORK:
                return _work(kept_from(now, kept.work_retention_days, zone), now - FORGED_ARE_KEPT)
            case Clock.RUNS:
                return _runs(kept_from(now, kept.run_retention_days, zone))
            case Clock.MESSAGES:
                return _messages(first_of_year(now, kept.message_retention_years, zone))
            case Clock.WAIVERS:
                return _waivers(first_of_year(now, kept.waiver_retention_years, zone))
            case Clock.ORDERS:
                return []


async def terms(session: AsyncSession, now: datetime, fixed_zone: ZoneInfo | None) -> Terms:
    general = await settings.of(GeneralSettings, session)
    retention = await settings.of(RetentionSettings, session)
    return Terms(general=general, retention=retention, zone=settings.zone_of(general, fixed_zone), now=now)


def kept_from(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The first moment that is still kept whole: whole days of the merchant's zone, like every window."""
    return start_of(local_day(now, zone) - timedelta(days=days), zone)


def first_of_year(now: datetime, years: int, zone: ZoneInfo) -> datetime:
    """The first moment that is still kept: what came before is over since as many whole calendar years."""
    return start_of(date(local_day(now, zone).year - years, 1, 1), zone)


def last_day(day: date, years: int) -> date:
    """The last day on which what came to be on that day is kept: periods of the law run to the end of a year."""
    return date(day.year + years, 12, 31)


def still_told(before: datetime) -> ColumnElement[bool]:
    """Orders of before then that still tell of their buyers."""
    erased = exists().where(ErasedOrder.order_id == Order.id, ErasedOrder.erased_at.is_not(None))
    return (Order.ordered_at < before) & ~erased


def _visits(before: datetime) -> list[Step]:
    """Of openings the last of each order stays, as of every download what became of it: without an address."""
    pieces = (DownloadObservation.at < before) & (func.json_array_length(DownloadObservation.pieces) > 0)
    addresses: list[tuple[Visited, InstrumentedAttribute[datetime]]] = [
        (LinkObservation, LinkObservation.at),
        (DownloadObservation, DownloadObservation.at),
        (Download, Download.started_at),
    ]
    return [
        Step(delete(LinkObservation), LinkObservation.id, _opened_again(before)),
        Step(update(DownloadObservation).values(pieces=[]), DownloadObservation.id, pieces),
        *(
            Step(update(table).values(ip_prefix=""), table.id, (moment < before) & (table.ip_prefix != ""))
            for table, moment in addresses
        ),
    ]


def _opened_again(before: datetime) -> ColumnElement[bool]:
    later = aliased(LinkObservation)
    again = exists().where(
        later.order_id == LinkObservation.order_id,
        (later.at > LinkObservation.at) | ((later.at == LinkObservation.at) & (later.id > LinkObservation.id)),
    )
    return (LinkObservation.at < before) & again


def _work(before: datetime, forged_before: datetime) -> list[Step]:
    """What services called and what jobs did. Of a source's runs the newest stays that has seen everything: it holds
    where to go on. Jobs that were given up stay for the merchant to see."""
    forged = (WebhookDelivery.outcome == DeliveryOutcome.FORGED) & (WebhookDelivery.received_at < forged_before)
    newest = select(func.max(SourceRun.id)).where(SourceRun.cursor.is_not(None)).group_by(SourceRun.source_id)
    ended = (SourceRun.ended_at < before) & SourceRun.id.not_in(newest)
    return [
        Step(delete(WebhookDelivery), WebhookDelivery.id, or_(forged, WebhookDelivery.received_at < before)),
        Step(delete(SourceRun), SourceRun.id, ended, (SourceFault.run_id,)),
        Step(delete(Job), Job.id, Job.done_at < before),
    ]


def _runs(before: datetime) -> list[Step]:
    """None of their events comes again: each is an order's first, or has a number."""
    return [Step(delete(AutomationRun), AutomationRun.id, AutomationRun.finished_at < before)]


def _messages(before: datetime) -> list[Step]:
    """Those that bear a consent go with it."""
    over = (Message.created_at < before) & (Message.state != MessageState.QUEUED) & ~_confirms()
    return [Step(delete(Message), Message.id, over, (Attachment.message_id, Bounce.message_id))]


def _confirms() -> ColumnElement[bool]:
    return exists().where(WaiverMessage.message_id == Message.id)


def _waivers(before: datetime) -> list[Step]:
    """Only of orders that tell nothing else any more: before, the consent opens the files. Its mails follow it."""
    erased = select(ErasedOrder.order_id).where(ErasedOrder.erased_at.is_not(None))
    over = (Waiver.recorded_at < before) & Waiver.order_id.in_(erased)
    left = (Message.created_at < before) & Message.order_id.in_(erased) & ~_confirms()
    return [
        Step(delete(Waiver), Waiver.id, over, (WaiverConfirmation.waiver_id, WaiverMessage.waiver_id)),
        Step(delete(Message), Message.id, left, (Attachment.message_id, Bounce.message_id)),
    ]
