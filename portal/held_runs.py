"""Runs held back by a pause or for want of a mail server: looked at anew afterwards, or dropped."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.automations import Automation, AutomationRun, AutomationSettings, RunState
from portal import triggers
from portal.activity import By, entry
from portal.skips import Skip

HELD = AutomationRun.state == RunState.HELD


async def count(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(AutomationRun).where(HELD)) or 0


async def release(session: AsyncSession, at: datetime) -> None:
    """After a pause: everything that was held is looked at anew."""
    for run in await session.scalars(select(AutomationRun).where(HELD).order_by(AutomationRun.id)):
        run.state = RunState.WAITING if run.due_at else RunState.NEW
        await triggers.enqueue(run, session, at)


async def release_unless_paused(session: AsyncSession, at: datetime) -> None:
    """After a mail server has been set up again."""
    if not await session.scalar(select(AutomationSettings.paused)):
        await release(session, at)


async def discard(session: AsyncSession, by: By) -> int:
    """How many. Each order's history tells of it, so that nobody waits for a mail that never comes."""
    held = (
        select(AutomationRun.id, AutomationRun.order_id, Automation.id, Automation.name)
        .join(Automation, Automation.id == AutomationRun.automation_id)
        .where(HELD)
        .order_by(AutomationRun.id)
    )
    notes = [
        {
            "at": by.at,
            "actor": by.actor,
            "kind": "automation_skipped",
            "order_id": order_id,
            "details": {"automation": automation, "name": name, "run": run, "reason": Skip.DISCARDED.value},
            "notice": False,
        }
        for run, order_id, automation, name in await session.execute(held)
    ]
    if notes:
        await session.execute(insert(Activity), notes)
        values = {"state": RunState.SKIPPED, "reason": Skip.DISCARDED.value, "finished_at": by.at}
        dropped = update(AutomationRun).where(HELD).values(values)
        await session.execute(dropped.execution_options(synchronize_session=False))
        session.add(entry(by, "held_runs_discarded", details={"count": len(notes)}))
    return len(notes)
