"""What automations wait for: told in the transaction of the change itself, so that neither stands without the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.automations import Automation, AutomationRun, RunState, Trigger
from db.downloads import Download
from db.orders import Order, OrderKind
from portal import outbox
from portal.activity import By
from portal.outbox import ORDER_ID, NewJob

JOB = "automation_run"
NOT_YET: Mapping[str, object] = {"state": RunState.NEW, "reason": ""}
Asked = tuple[int, int]  # automation and order
LISTENING = "listening automations"  # looked up once for each transaction: an import tells of thousands of orders


async def fire(
    trigger: Trigger, order_id: int, session: AsyncSession, by: By, happening: Activity | Download | None = None
) -> None:
    """Asks every active automation that waits for this, in their order, at most once for each event.

    `happening` tells events apart that come more than once for an order; without it there is one of them for ever.
    """
    if listening := (await listeners(session)).get(trigger, ()):
        await ask(listening, order_id, await event_of(trigger, happening, session), session, by)


async def event_of(trigger: Trigger, happening: Activity | Download | None, session: AsyncSession) -> str:
    if happening is None:
        return trigger.value
    await session.flush()
    return f"{trigger.value}:{happening.id}"


async def fire_all(trigger: Trigger, order_ids: Sequence[int], session: AsyncSession, by: By) -> None:
    """For what happens to an order once only, to many of them: a handful of statements."""
    if listening := (await listeners(session)).get(trigger, ()):
        await ask_all([(each, order_id) for order_id in order_ids for each in listening], trigger.value, session, by)


async def ask(automation_ids: Sequence[int], order_id: int, event: str, session: AsyncSession, by: By) -> None:
    """A run for each of them that was not asked because of this very event."""
    await ask_all([(automation_id, order_id) for automation_id in automation_ids], event, session, by)


async def ask_all(asked: Sequence[Asked], event: str, session: AsyncSession, by: By) -> None:
    """The same for many."""
    if runs := await begun(asked, event, session, by):
        await outbox.add([_job(run, by.at) for run in runs], session, by.at)


async def begun(
    asked: Sequence[Asked], event: str, session: AsyncSession, by: By, outcome: Mapping[str, object] = NOT_YET
) -> Sequence[AutomationRun]:
    """The new runs, with that outcome. Nobody is written to because of a credit: it is no order."""
    order_ids = {order_id for _, order_id in asked}
    of_credits = select(Order.id).where(Order.id.in_(order_ids), Order.kind == OrderKind.CREDIT)
    credits = set(await session.scalars(of_credits))
    because = select(AutomationRun).where(AutomationRun.order_id.in_(order_ids), AutomationRun.event == event)
    before = {(run.automation_id, run.order_id): run.id for run in await session.scalars(because)}
    new = [
        {"automation_id": automation_id, "order_id": order_id, "event": event, "depth": by.depth, "created_at": by.at,
         **outcome}
        for automation_id, order_id in asked
        if (automation_id, order_id) not in before and order_id not in credits
    ]  # fmt: skip
    if not new:
        return []
    await session.execute(insert(AutomationRun), new)
    runs = await session.scalars(because.where(AutomationRun.id.not_in(before.values())).order_by(AutomationRun.id))
    return runs.all()


async def enqueue(run: AutomationRun, session: AsyncSession, at: datetime, run_at: datetime | None = None) -> None:
    """Looks at the run at `run_at`, or at once."""
    await outbox.enqueue(_job(run, at, run_at), session, at)


def _job(run: AutomationRun, at: datetime, run_at: datetime | None = None) -> NewJob:
    key = f"{JOB}:{run.id}:{run.state.value}:{at.isoformat()}"
    return NewJob(kind=JOB, key=key, payload={"run": run.id, ORDER_ID: run.order_id}, run_at=run_at)


def forget_listening(session: AsyncSession) -> None:
    """After a change of an automation, within its transaction."""
    session.info.pop(LISTENING, None)


async def listeners(session: AsyncSession) -> Mapping[Trigger, Sequence[int]]:
    known: dict[Trigger, list[int]] | None = session.info.get(LISTENING)
    if known is None:
        known = {}
        active = select(Automation.trigger, Automation.id).where(Automation.active)
        for trigger, automation_id in await session.execute(active.order_by(Automation.position, Automation.id)):
            known.setdefault(trigger, []).append(automation_id)
        session.info[LISTENING] = known
    return known
