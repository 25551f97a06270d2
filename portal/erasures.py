"""Erasing what there is of a person (Art. 17 DSGVO): order by order, then what else holds the address or the name.

The wish is a row and a job: a process that dies in the middle goes on where it was. Each step is a short transaction.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from db import order_search
from db.activity import Activity
from db.csv_imports import CsvFile, CsvReportRow
from db.downloads import Download
from db.engine import Database
from db.erasures import ErasedOrder, Erasure
from db.messages import Message
from db.order_search import ASCII_LOWER
from db.orders import Order
from db.outbox import Job
from db.sources import SourceFault
from db.webhooks import WebhookDelivery
from portal import csv_files, lost_links, order_erasures, outbox, subjects
from portal.activity import TRESEN, By, entry
from portal.csv_files import CsvFiles
from portal.jobs import Clock, Record, utc_now
from portal.order_erasures import Telling, deleted
from portal.outbox import Claimed, NewJob, NotDone
from portal.refusals import Conflict, NotFound
from portal.stamps import Stamps

KIND = "erasure"
LIMIT = timedelta(minutes=10)
MOST_STEPS = 100_000  # of 200 pages of the index: more than any disk holds
PIECE = 1024 * 1024
TELLING = 8  # a single shorter word, such as a first name, tells of too many others to be looked for everywhere
Holding = InstrumentedAttribute[str] | InstrumentedAttribute[bytes] | InstrumentedAttribute[dict[str, object]]


async def ask(address: str, session: AsyncSession, by: By) -> Erasure:
    """Queues it; asking again while it is under way changes nothing. `address` as lost_links.normal() writes it."""
    for row in await session.scalars(select(Erasure).where(Erasure.ended_at.is_(None))):
        if row.words[:1] == [address]:
            return row
    orders = await subjects.orders_of(address, session)
    words = {word for order in orders for word in (order.buyer_name, order.buyer_company)}
    names = [word for word in Telling.of(words).words if " " in word or len(word) >= TELLING]
    row = Erasure(words=[address, *names], asked_at=by.at, asked_by=by.actor)
    session.add(row)
    await session.flush()
    session.add_all(ErasedOrder(order_id=order.id, erasure_id=row.id) for order in orders)
    await outbox.enqueue(NewJob(kind=KIND, key=f"{KIND}:{row.id}", payload={"erasure": row.id}), session, by.at)
    session.add(entry(by, "erasure_asked", details={"erasure": row.id, "orders": len(orders)}))
    return row


async def one(erasure_id: int, session: AsyncSession) -> Erasure:
    """Raises NotFound."""
    row = await session.get(Erasure, erasure_id)
    if row is None:
        raise NotFound
    return row


async def latest(session: AsyncSession, limit: int = 20) -> list[Erasure]:
    """The newest first."""
    return list(await session.scalars(select(Erasure).order_by(Erasure.id.desc()).limit(limit)))


async def order_ids(erasure_id: int, session: AsyncSession) -> list[int]:
    mine = select(ErasedOrder.order_id).where(ErasedOrder.erasure_id == erasure_id)
    return list(await session.scalars(mine.order_by(ErasedOrder.order_id)))


@dataclass(frozen=True, kw_only=True)
class Erasures:
    """How the job `erasure` is done."""

    database: Database
    csv_files: CsvFiles
    stamps: Stamps
    clock: Clock = utc_now
    limit: timedelta = LIMIT

    async def do(self, job: Claimed) -> Record:
        """Raises NotDone while a file that holds the address is being read."""
        erasure_id = int(str(job.payload["erasure"]))
        async with self.database.reading() as session:
            row = await one(erasure_id, session)
            orders = await order_ids(erasure_id, session)
        if row.ended_at is None:
            for order_id in orders:
                await self._erase(order_id, erasure_id)
                await self._drop_copies(order_id)
            await self._sweep(erasure_id, row.words)
            await self._clear_files(erasure_id, row.words)
            await self._end(erasure_id)
        await self.clean_up()
        return _nothing

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """The outbox tells the merchant of what was given up; there is nothing to add."""

    async def clean_up(self) -> None:
        """What was deleted leaves the index and the log, too."""
        for step in range(MOST_STEPS):
            async with self.database.writing() as session:
                if not await order_search.merge_a_little(session, is_first=step == 0):
                    break
        if not await self.database.settle():
            raise NotDone("Somebody was reading the database all the time; its log is emptied later.")

    async def _erase(self, order_id: int, erasure_id: int) -> None:
        async with self.database.writing() as session:
            order = await session.get_one(Order, order_id)
            counts = await order_erasures.erase(order, erasure_id, session, By(TRESEN, self.clock()))
            await _note(counts, erasure_id, session)

    async def _drop_copies(self, order_id: int) -> None:
        """Stamped files bear the name on every page."""
        async with self.database.reading() as session:
            names = set(await session.scalars(select(Download.stamp).where(Download.order_id == order_id)))
        for name in names - {""}:
            await self.stamps.drop(name)

    async def _sweep(self, erasure_id: int, words: Sequence[str]) -> None:
        """Mails, jobs, calls of services, reports and histories of no order."""
        address, telling = words[0], Telling(tuple(words))
        to_them = func.lower(Message.to_address) == address
        of_them = Message.order_id.is_(None) & _holds((Message.subject, Message.text, Message.html), words)
        given_up = WebhookDelivery.outcome.is_not(None) & _holds((WebhookDelivery.body,), words)
        asked = (Job.kind == lost_links.KIND) & (Job.payload["email"].as_string() == address)
        async with self.database.reading() as session:  # looks through long texts, and keeps no writer waiting
            mails = await _ids(Message.id, to_them | of_them, session)
            calls = await _ids(WebhookDelivery.id, given_up, session)
            faults = await _ids(SourceFault.id, _holds((SourceFault.why,), words), session)
            reports = await _ids(CsvReportRow.id, _holds((CsvReportRow.value,), words), session)
            told = await _ids(Activity.id, Activity.order_id.is_(None) & _holds((Activity.details,), words), session)
        async with self.database.writing() as session:
            counts = await order_erasures.forget_messages(Message.id.in_(mails), session)
            counts["outbox"] += await deleted(Job, asked, session)
            counts["webhook_delivery"] += await deleted(WebhookDelivery, WebhookDelivery.id.in_(calls), session)
            counts["source_fault"] += await deleted(SourceFault, SourceFault.id.in_(faults), session)
            counts["csv_report_row"] += await deleted(CsvReportRow, CsvReportRow.id.in_(reports), session)
            for each in await session.scalars(select(Activity).where(Activity.id.in_(told))):
                each.details = {name: telling.taken_out(value) for name, value in each.details.items()}
            await _note(counts, erasure_id, session)

    async def _clear_files(self, erasure_id: int, words: Sequence[str]) -> None:
        """CSV files that hold one of the words go as a whole: their orders came in long ago."""
        async with self.database.reading() as session:
            rows = list(await session.scalars(select(CsvFile).where(CsvFile.removed_at.is_(None))))
        for row in rows:
            if await asyncio.to_thread(_file_holds, self.csv_files.path(row), row.encoding, words):
                await self._remove(row, erasure_id)

    async def _remove(self, found: CsvFile, erasure_id: int) -> None:
        async with self.database.writing() as session:
            row = await session.get_one(CsvFile, found.id)
            try:
                await csv_files.remove(row, session, By(TRESEN, self.clock()))
            except Conflict as conflict:
                raise NotDone("A CSV file that holds the address is being imported.") from conflict
            await _note(Counter(csv_file=1), erasure_id, session)
        await self.csv_files.discard(found)

    async def _end(self, erasure_id: int) -> None:
        async with self.database.writing() as session:
            row = await one(erasure_id, session)
            row.words, row.ended_at = [], self.clock()
            session.add(entry(By(TRESEN, row.ended_at), "erasure_ended", details={"erasure": erasure_id}))


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """Everything is written already, step by step."""


async def _ids(key: InstrumentedAttribute[int], condition: ColumnElement[bool], session: AsyncSession) -> list[int]:
    return list(await session.scalars(select(key).where(condition)))


async def _note(counts: Counter[str], erasure_id: int, session: AsyncSession) -> None:
    """In the transaction of what it counts."""
    row = await one(erasure_id, session)
    before = Counter({name: count for name, count in row.removed.items() if isinstance(count, int)})
    row.removed = {name: count for name, count in (before + counts).items() if count}


def _holds(columns: Sequence[Holding], words: Sequence[str]) -> ColumnElement[bool]:
    """Whatever letters are capitals. JSON writes other letters than those of ASCII in a way of its own."""
    needles = {form.translate(ASCII_LOWER) for word in words for form in (word, json.dumps(word)[1:-1])}
    return or_(*(func.instr(func.lower(cast(column, Text)), needle) > 0 for column in columns for needle in needles))


def _file_holds(path: Path, encoding: str, words: Sequence[str]) -> bool:
    """Piece by piece; the end of each is looked at once more with the next one."""
    overlap = max(map(len, words))
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            tail = ""
            while piece := file.read(PIECE):
                text = (tail + piece).lower()
                if any(word.lower() in text for word in words):
                    return True
                tail = piece[-overlap:]
    except FileNotFoundError:
        return False
    return False
