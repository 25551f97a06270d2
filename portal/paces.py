"""How fast a kind of job may be begun: never a flood, be it that a thousand are due or that a server is back."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from sqlalchemy import select

from db.automations import AutomationSettings
from db.engine import Database
from db.outbox import Job
from portal import settings
from portal.settings import MOST_MAILS_PER_MINUTE

MINUTE = timedelta(minutes=1)
LOOK_AGAIN = timedelta(seconds=5)  # the settings may have changed meanwhile: a pause that ends lets go soon


class MailsPerMinute:
    """At most so many in any minute as the settings say, counted over restarts. Remembers a minute, and no more."""

    def __init__(self, database: Database, kind: str) -> None:
        self._database = database
        self._kind = kind
        self._begun: deque[datetime] | None = None

    async def free_at(self, now: datetime) -> datetime:
        async with self._database.reading() as session:
            chosen = await settings.of(AutomationSettings, session)
            if self._begun is None:
                before = select(Job.done_at).where(Job.kind == self._kind, Job.done_at > now - MINUTE)
                known = await session.scalars(before.order_by(Job.done_at))
                self._begun = deque([at for at in known if at], maxlen=MOST_MAILS_PER_MINUTE)
        if chosen.paused:  # what was written before the pause waits for its end, too
            return now + LOOK_AGAIN
        most = chosen.mails_per_minute
        return now if len(self._begun) < most else min(self._begun[-most] + MINUTE, now + LOOK_AGAIN)

    def begun(self, now: datetime) -> None:
        if self._begun is not None:
            self._begun.append(now)
