"""Runs that did nothing, asked again by the merchant: a file was linked meanwhile, or an old order is written to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Automation, AutomationRun, RunState
from portal import triggers
from portal.activity import By, entry
from portal.refusals import Conflict, NotFound
from portal.skips import Skip

NOT_SKIPPED = "This run is not one that did nothing, or its automation was removed."


async def of_order(order_id: int, session: AsyncSession) -> frozenset[int]:
    """Ids of those that can be asked again."""
    skipped = (
        select(AutomationRun.id)
        .join(Automation, Automation.id == AutomationRun.automation_id)
        .where(
            AutomationRun.order_id == order_id,
            AutomationRun.state == RunState.SKIPPED,
            Automation.removed_at.is_(None),
        )
    )
    return frozenset(await session.scalars(skipped))


async def ask_those_silenced(order_id: int, session: AsyncSession, now: datetime) -> None:
    """A mail that was kept back had counted as sent: who held back its own because of that is looked at anew."""
    silenced = select(AutomationRun).where(
        AutomationRun.order_id == order_id,
        AutomationRun.state == RunState.SKIPPED,
        AutomationRun.reason == Skip.ALREADY_SENT.value,
    )
    for run in await session.scalars(silenced):
        run.state, run.reason, run.finished_at, run.due_at = RunState.NEW, "", None, now
        await triggers.enqueue(run, session, now)


async def ask_again(run_id: int, order_id: int, session: AsyncSession, by: By) -> None:
    """At once, without its delay. Raises NotFound, and Conflict for one that is no longer over, or has acted."""
    run = await session.get(AutomationRun, run_id)
    if run is None or run.order_id != order_id:
        raise NotFound
    if run_id not in await of_order(order_id, session):
        raise Conflict(NOT_SKIPPED)
    automation = await session.get_one(Automation, run.automation_id)
    run.state, run.reason, run.finished_at, run.due_at = RunState.NEW, "", None, by.at
    details: dict[str, object] = {"automation": automation.id, "name": automation.name, "run": run.id}
    session.add(entry(by, "automation_asked_again", order_id, details))
    await triggers.enqueue(run, session, by.at)
