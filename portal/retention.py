"""What was seen in passing is kept for `log_retention_days`, then shortened to what rules and merchants still need.

An order keeps the moment at which its link was opened last; a download keeps what became of it, because that decides
whether it was spent, and because the merchant's list shows it. Which pieces of it left when, and the address of every
visitor, do not outlast their days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql import Delete, Update

from db.downloads import Download, DownloadObservation, LinkObservation
from db.engine import Transaction
from db.settings import GeneralSettings
from portal import settings
from portal.windows import local_day, start_of

Table = type[LinkObservation] | type[DownloadObservation] | type[Download]
AT_ONCE = 5000  # rows of one transaction, so that nobody waits long for the writer


@dataclass(frozen=True)
class Counts:
    """How many rows were deleted, and how many lost the visitor's address."""

    deleted: int
    shortened: int


async def run(transaction: Transaction, now: datetime, fixed_zone: ZoneInfo | None = None) -> Counts:
    """Deletes and shortens what is older than the merchant's days, in short transactions; harmless to repeat."""
    async with transaction() as session:
        general = await settings.of(GeneralSettings, session)
    before = kept_from(now, general.log_retention_days, settings.zone_of(general, fixed_zone))
    deleted = await _in_pieces(delete(LinkObservation), LinkObservation.id, _dispensable(before), transaction)
    pieces = (DownloadObservation.at < before) & (func.json_array_length(DownloadObservation.pieces) > 0)
    await _in_pieces(update(DownloadObservation).values(pieces=[]), DownloadObservation.id, pieces, transaction)
    shortened = 0
    for table, moment in _with_addresses():
        old = (moment < before) & (table.ip_prefix != "")
        shortened += await _in_pieces(update(table).values(ip_prefix=""), table.id, old, transaction)
    return Counts(deleted, shortened)


def kept_from(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The first moment that is still kept whole: whole days of the merchant's zone, like every window."""
    return start_of(local_day(now, zone) - timedelta(days=days), zone)


def _dispensable(before: datetime) -> ColumnElement[bool]:
    later = aliased(LinkObservation)
    opened_again = exists().where(
        later.order_id == LinkObservation.order_id,
        (later.at > LinkObservation.at) | ((later.at == LinkObservation.at) & (later.id > LinkObservation.id)),
    )
    return (LinkObservation.at < before) & opened_again


def _with_addresses() -> list[tuple[Table, InstrumentedAttribute[datetime]]]:
    return [
        (LinkObservation, LinkObservation.at),
        (DownloadObservation, DownloadObservation.at),
        (Download, Download.started_at),
    ]


async def _in_pieces(
    deed: Delete | Update, key: InstrumentedAttribute[int], condition: ColumnElement[bool], transaction: Transaction
) -> int:
    """How many rows it reached. Each piece goes on behind the ids of the last one: nothing is looked through twice."""
    reached, behind = 0, 0
    while True:
        async with transaction() as session:
            ids = list(await session.scalars(select(key).where(key > behind, condition).order_by(key).limit(AT_ONCE)))
            if not ids:
                return reached
            await session.execute(deed.where(key.between(behind + 1, ids[-1]), condition))
        reached, behind = reached + len(ids), ids[-1]
