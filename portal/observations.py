"""What was seen in passing, such as an opened link: collected and written once a second, after the answers."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from db.downloads import LinkObservation
from db.engine import Transaction
from db.keys import ApiKeyObservation

LOG = logging.getLogger("tresen")
PAUSE_SECONDS = 1.0
KEYS_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Opened:
    """Who opened which link; the same again within a second is one observation."""

    order_id: int
    ip_prefix: str


class Observations:
    """No rule reads them, so a crash may lose the last second; and a flood of views is one write a second."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._seen: dict[Opened, datetime] = {}
        self._used: dict[int, datetime] = {}
        self._noted: dict[int, datetime] = {}  # by key, this process's last note of its use
        self._one_at_a_time = asyncio.Lock()

    def opened(self, seen: Opened, at: datetime) -> None:
        self._seen[seen] = at

    def key_used(self, key_id: int, at: datetime) -> None:
        """A script that calls every second costs one write an hour."""
        last = self._noted.get(key_id)
        if last is None or at - last >= KEYS_EVERY:
            self._used[key_id] = self._noted[key_id] = at

    async def run(self) -> None:
        """Writes what has come together, until it is cancelled; then what is left."""
        try:
            while True:
                await asyncio.sleep(PAUSE_SECONDS)
                try:
                    await self.write()
                except SQLAlchemyError as error:  # a full disk or a locked database may pass; what was seen is lost
                    LOG.warning("What was seen could not be noted: %s", error.__class__.__name__)
        finally:
            await self.write()

    async def write(self) -> None:
        """When it returns, all that was seen before it was called is written, by whomever."""
        async with self._one_at_a_time:
            await self._write()

    async def _write(self) -> None:
        seen, self._seen = self._seen, {}
        used, self._used = self._used, {}
        if not seen and not used:
            return
        async with self._transaction() as session:
            session.add_all(
                LinkObservation(order_id=each.order_id, at=at, ip_prefix=each.ip_prefix) for each, at in seen.items()
            )
            # Only the last use is asked for, so that is all that is kept.
            await session.execute(delete(ApiKeyObservation).where(ApiKeyObservation.key_id.in_(used)))
            session.add_all(ApiKeyObservation(key_id=key_id, at=at) for key_id, at in used.items())
