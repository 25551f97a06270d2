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
FRESH = timedelta(seconds=1)
LOOK_AGAIN = timedelta(seconds=5)  # the settings may have changed meanwhile: a pause that ends lets go soon


class MailsPerMinute:
    """At most so many in any minute as the settings say, counted over restarts. Remembers a minute, and no more."""

    def __init__(self, database: Database, kind: str) -> None:
        self._database = database
        self._kind = kind
        self._begun: deque[datetime] | None = None
        self._read: tuple[datetime, AutomationSettings] | None = None

    async def free_at(self, now: datetime) -> datetime:
        chosen = await self._chosen(now)
        if chosen.paused:  # what was written before the pause waits for its end, too
            return now + LOOK_AGAIN
        begun, most = self._begun or deque[datetime](), chosen.mails_per_minute
        while begun and begun[-1] > now:  # the clock was put back: what it said before counts for nothing
            begun.pop()
        return now if len(begun) < most else min(begun[-most] + MINUTE, now + LOOK_AGAIN)

    async def _chosen(self, now: datetime) -> AutomationSettings:
        """As they were a second ago at the most: in a lane at full speed nobody could tell, and each look costs."""
        if self._read is None or now - self._read[0] >= FRESH:
            async with self._database.reading() as session:
                self._read = now, await settings.of(AutomationSettings, session)
                if self._begun is None:
                    before = select(Job.done_at).where(Job.kind == self._kind, Job.done_at.between(now - MINUTE, now))
                    known = await session.scalars(before.order_by(Job.done_at))
                    self._begun = deque([at for at in known if at], maxlen=MOST_MAILS_PER_MINUTE)
        return self._read[1]

    def begun(self, now: datetime) -> None:
        if self._begun is not None:
            self._begun.append(now)
