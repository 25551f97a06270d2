"""Mails of automations that a pause keeps in the queue: counted, and dropped if the merchant wants it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.automations import AutomationSettings
from db.messages import Message, MessageState
from db.outbox import WAITING, Job
from portal import kept_back, settings
from portal.activity import By, entry
from portal.kept_back import Kept
from portal.messages import AUTOMATIC
from portal.refusals import Conflict

NOT_PAUSED = "The automations are not paused; what they have written is leaving."
QUEUED = WAITING & (Job.kind == AUTOMATIC)
AT_ONCE = 500


async def count(session: AsyncSession) -> int:
    """How many a pause holds; 0 where there is none."""
    if not (await settings.of(AutomationSettings, session)).paused:
        return 0
    return await session.scalar(select(func.count()).select_from(Job).where(QUEUED)) or 0


async def discard(session: AsyncSession, by: By) -> int:
    """How many; one that is being sent at this moment is not among them. Raises Conflict where nothing is paused."""
    if not (await settings.of(AutomationSettings, session)).paused:
        raise Conflict(NOT_PAUSED)
    free = or_(Job.locked_until.is_(None), Job.locked_until <= by.at)
    jobs = (await session.execute(select(Job.id, Job.payload).where(QUEUED, free))).all()
    for first in range(0, len(jobs), AT_ONCE):
        some = jobs[first : first + AT_ONCE]
        await _drop([int(str(job.payload["message_id"])) for job in some], session, by)
        over = update(Job).where(Job.id.in_([job.id for job in some])).values(done_at=by.at, locked_until=None)
        await session.execute(over.execution_options(synchronize_session=False))
    if jobs:
        session.add(entry(by, "held_mails_discarded", details={"count": len(jobs)}))
    return len(jobs)


async def _drop(message_ids: Sequence[int], session: AsyncSession, by: By) -> None:
    """The history of each order tells of it, so that nobody waits for a mail that never comes."""
    chosen = select(Message.id, Message.order_id, Message.subject).where(Message.id.in_(message_ids))
    notes = [
        {
            "at": by.at,
            "actor": by.actor,
            "kind": kept_back.HISTORY,
            "order_id": order_id,
            "details": {"message_id": message_id, "subject": subject, "reason": Kept.DISCARDED.value},
            "notice": False,
        }
        for message_id, order_id, subject in await session.execute(chosen)
    ]
    await session.execute(insert(Activity), notes)
    values = {
        "state": MessageState.FAILED,
        "kept_back": Kept.DISCARDED.value,
        "error": kept_back.SENTENCES[Kept.DISCARDED],
    }
    dropped = update(Message).where(Message.id.in_(message_ids)).values(values)
    await session.execute(dropped.execution_options(synchronize_session=False))
