"""Orders that no automation writes to, because what would set it off had happened long before it was told.

That is decided where the event is written: such a run is over at once, and no customer of today waits behind it. One
notice for each source and day says how many orders it were.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.automations import Automation, AutomationRun, RunState, Trigger
from db.orders import Order
from db.outbox import WAITING, Job
from db.sources import Source
from portal import old_news, outbox, triggers
from portal.activity import TRESEN, By, entry
from portal.jobs import Record
from portal.outbox import Claimed, NewJob
from portal.skips import Skip

JOB = "orders_left_alone"
NOTICE = "orders_left_alone"
QUIET = timedelta(minutes=15)  # an import goes on for a while; then all of it is told at once
TELL_AGAIN = timedelta(days=1)
SOURCE, FIRST_RUN = "source", "first_run"  # in the payload


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """What happened to an order, and when; `note` tells events apart that come more than once for an order."""

    trigger: Trigger
    order: Order
    is_old: bool
    note: Activity | None = None


async def fire(occasion: Occasion, session: AsyncSession, by: By) -> None:
    """As triggers.fire, unless it is old."""
    if not occasion.is_old:
        await triggers.fire(occasion.trigger, occasion.order.id, session, by, occasion.note)
    elif (await triggers.listeners(session)).get(occasion.trigger):
        event = await triggers.event_of(occasion.trigger, occasion.note, session)
        await _pass_over(occasion.trigger, event, [occasion.order.id], session, by)


async def fire_all(
    trigger: Trigger, order_ids: Sequence[int], old: Collection[int], session: AsyncSession, by: By
) -> None:
    """As triggers.fire_all, but for those that are old."""
    await triggers.fire_all(trigger, [each for each in order_ids if each not in old], session, by)
    await _pass_over(trigger, trigger.value, [each for each in order_ids if each in old], session, by)


async def _pass_over(trigger: Trigger, event: str, order_ids: Sequence[int], session: AsyncSession, by: By) -> None:
    """The history of each order tells of it, so that nobody waits for a mail that never comes."""
    listening = (await triggers.listeners(session)).get(trigger, ())
    if not listening or not order_ids:
        return
    asked = [(automation_id, order_id) for order_id in order_ids for automation_id in listening]
    over = {"state": RunState.SKIPPED, "reason": Skip.INITIAL_IMPORT.value, "finished_at": by.at}
    runs = await triggers.begun(asked, event, session, by, over)
    if not runs:
        return
    rows = await session.execute(select(Automation.id, Automation.name).where(Automation.id.in_(listening)))
    names = {automation_id: name for automation_id, name in rows}
    notes = [
        {
            "at": by.at,
            "actor": f"automation:{run.automation_id}",
            "kind": "automation_skipped",
            "order_id": run.order_id,
            "details": {
                "automation": run.automation_id,
                "name": names[run.automation_id],
                "run": run.id,
                "reason": run.reason,
            },
            "notice": False,
        }
        for run in runs
    ]
    await session.execute(insert(Activity), notes)
    await _promise_notices(runs, session, by)


async def _promise_notices(runs: Sequence[AutomationRun], session: AsyncSession, by: By) -> None:
    """One for each source, unless it is to come already. Of a source's first whole run nobody expects anything else."""
    rows = await session.execute(select(Order.id, Order.source_id).where(Order.id.in_({run.order_id for run in runs})))
    sources = {order_id: source_id for order_id, source_id in rows}
    watches = await old_news.watches(set(sources.values()), session)
    promised = {
        payload.get(SOURCE) for payload in await session.scalars(select(Job.payload).where(WAITING, Job.kind == JOB))
    }
    for source_id in {sources[run.order_id] for run in runs} - promised:
        if not watches[source_id].is_first_run:
            first = min(run.id for run in runs if sources[run.order_id] == source_id)
            due = await _due(source_id, session, by.at)
            payload = {SOURCE: source_id, FIRST_RUN: first}
            job = NewJob(kind=JOB, key=outbox.key_of(JOB, first, by.at), payload=payload, run_at=due)
            await outbox.enqueue(job, session, by.at)


async def _due(source_id: int, session: AsyncSession, now: datetime) -> datetime:
    mine = select(func.max(Activity.at)).where(
        Activity.notice, Activity.kind == NOTICE, Activity.details[SOURCE].as_integer() == source_id
    )
    last = await session.scalar(mine)
    return max(now + QUIET, last + TELL_AGAIN) if last else now + QUIET


@dataclass(frozen=True)
class Notices:
    """How the job is done: counts what was left alone since it was promised."""

    limit: timedelta = timedelta(minutes=1)

    async def do(self, job: Claimed) -> Record:
        source_id, first = int(str(job.payload[SOURCE])), int(str(job.payload[FIRST_RUN]))

        async def record(session: AsyncSession, now: datetime) -> None:
            await _tell(source_id, first, session, now)

        return record

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """There is nothing to add."""


async def _tell(source_id: int, first_run: int, session: AsyncSession, now: datetime) -> None:
    source = await session.get(Source, source_id)
    alone = (
        select(func.count(func.distinct(AutomationRun.order_id)))
        .join(Order, Order.id == AutomationRun.order_id)
        .where(
            AutomationRun.id >= first_run,
            AutomationRun.reason == Skip.INITIAL_IMPORT.value,
            Order.source_id == source_id,
        )
    )
    if source and (count := await session.scalar(alone)):
        details: dict[str, object] = {SOURCE: source_id, "name": source.name, "count": count}
        session.add(entry(By(TRESEN, now), NOTICE, details=details, notice=True))
