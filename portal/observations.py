"""What was seen in passing, such as an opened link: collected and written once a second, after the answers."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from db.downloads import LinkObservation
from db.engine import Transaction

LOG = logging.getLogger("tresen")
PAUSE_SECONDS = 1.0


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

    def opened(self, seen: Opened, at: datetime) -> None:
        self._seen[seen] = at

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
        seen, self._seen = self._seen, {}
        if not seen:
            return
        async with self._transaction() as session:
            session.add_all(
                LinkObservation(order_id=each.order_id, at=at, ip_prefix=each.ip_prefix) for each, at in seen.items()
            )
