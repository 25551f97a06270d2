"""One look at one order without a thread: what every opened link needs first, in a few microseconds.

aiosqlite hops to a thread for each statement, which costs fifty times what this indexed read
takes. It stays the way for everything else; see docs/adr/0011.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

LOOK = """
SELECT link_version, state, locale, "order".version, shop_version.version
FROM "order", shop_version WHERE "order".id = ?
"""


@dataclass(frozen=True)
class Sighting:
    """What is seen of an order: `version` changes with the order, `shop_version` with settings, articles and files."""

    link_version: int
    state: str
    locale: str
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
        return Sighting(*row) if row else None

    def close(self) -> None:
        self._connection.close()
