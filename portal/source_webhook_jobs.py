"""What the outbox is asked to do about our address at a source's service."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from db.sources import Source
from portal import outbox, source_runs
from portal.activity import By
from portal.outbox import NewJob

REGISTRATION = "source_webhook_registration"


async def ask_to_register(row: Source, session: AsyncSession, by: By) -> None:
    payload: dict[str, object] = {"source_id": row.id, "name": row.name}
    key = f"{REGISTRATION}:{row.id}:{by.at.isoformat()}"
    job = NewJob(kind=REGISTRATION, key=key, payload=payload, lane=source_runs.lane_of(row.id))
    await outbox.enqueue(job, session, by.at)
