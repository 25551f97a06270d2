"""One look at one order without a thread: what every opened link needs first, in a few microseconds.

aiosqlite hops to a thread for each statement, which costs fifty times what this indexed read
takes. It stays the way for everything else; see docs/adr/0011.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

LOOK = """
SELECT link_version, state, locale, ordered_at, "order".version, shop_version.version
FROM "order", shop_version WHERE "order".id = ?
"""


@dataclass(frozen=True)
class Sighting:
    """What is seen of an order: `version` changes with the order, `shop_version` with settings, articles and files."""

    link_version: int
    state: str
    locale: str
    ordered_at: datetime
    version: int
    shop_version: int


class Glance:
    """A connection of its own that only reads. In WAL mode it waits for no writer."""

    def __init__(self, database: Path) -> None:
        self._connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)
        self._connection.execute("PRAGMA query_only=ON")
        self._connection.execute("PRAGMA mmap_size=134217728")

    def at(self, order_id: int) -> Sighting | None:
        row = self._connection.execute(LOOK, (order_id,)).fetchone()
        if row is None:
            return None
        link_version, state, locale, ordered_at, version, shop_version = row
        ordered = datetime.fromisoformat(ordered_at).replace(tzinfo=UTC)
        return Sighting(link_version, state, locale, ordered, version, shop_version)

    def close(self) -> None:
        self._connection.close()
