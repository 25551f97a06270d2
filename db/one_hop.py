"""aiosqlite with one journey to its thread for each statement, where SQLAlchemy's own adapter makes four.

A cursor is made, filled, emptied and closed there at once. Pages of a dozen statements spent half of their time on the
way between the threads.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Sequence
from threading import Thread
from typing import Any
from weakref import WeakSet

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import immutabledict

DRIVER = "onehop"
PATIENCE_SECONDS = 2.0  # at the end, with threads that do not come to theirs


class OneHopCursor(AsyncAdapt_aiosqlite_cursor):
    """`_cursor` is closed already when anybody looks at it: what it tells of its statement stays."""

    __slots__ = ()

    def __init__(self, adapt_connection: OneHopConnection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._soft_closed_memoized = immutabledict()
        self._rows = deque()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        return await self._done(sqlite3.Connection.execute, operation, () if parameters is None else parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        return await self._done(sqlite3.Connection.executemany, operation, seq_of_parameters)

    async def _done(self, how: Any, operation: Any, parameters: Any) -> Any:
        async with self._adapt_connection._execute_mutex:
            connection: Any = self._connection
            self._cursor, rows = await connection._execute(_executed, connection._conn, how, operation, parameters)
            self._rows = deque(rows)
            return self._cursor

    async def _async_soft_close(self) -> None:
        """There is nothing left to close."""

    def close(self) -> None:
        self._rows.clear()


class OneHopConnection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls: type[AsyncAdapt_aiosqlite_cursor] = OneHopCursor


class OneHopModule(AsyncAdapt_aiosqlite_dbapi):
    """Knows the threads of its connections, so that whoever closes the database can wait for them."""

    def __init__(self, *modules: Any) -> None:
        super().__init__(*modules)
        self.threads: WeakSet[Thread] = WeakSet()

    def connect(self, *arg: Any, **kw: Any) -> OneHopConnection:
        return OneHopConnection(self, super().connect(*arg, async_creator_fn=self._begun, **kw)._connection)

    def _begun(self, *arg: Any, **kw: Any) -> Any:
        connection = self.aiosqlite.connect(*arg, **kw)
        connection._thread.daemon = True  # as the adapter does it
        self.threads.add(connection._thread)
        return connection


class OneHopDialect(SQLiteDialect_aiosqlite):
    """Every engine speaks the same: what was compiled for one, a cache that they share gives to the others."""

    driver = DRIVER
    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def import_dbapi(cls) -> OneHopModule:
        import aiosqlite

        return OneHopModule(aiosqlite, sqlite3)


async def ended(engine: AsyncEngine) -> None:
    """Waits until no thread of a disposed engine has anything left to tell the event loop, which may end then.

    A statement whose task was cancelled is still executed there.
    """
    module: Any = engine.sync_engine.dialect.dbapi
    await asyncio.to_thread(_join, list(module.threads))


def _join(threads: Sequence[Thread]) -> None:
    last = time.monotonic() + PATIENCE_SECONDS
    for thread in threads:
        if thread.is_alive():
            thread.join(max(0.0, last - time.monotonic()))


def _executed(
    connection: sqlite3.Connection, how: Any, operation: str, parameters: Any
) -> tuple[sqlite3.Cursor, Sequence[Any]]:
    """On the connection's own thread."""
    cursor: sqlite3.Cursor = how(connection, operation, parameters)
    try:
        return cursor, cursor.fetchall() if cursor.description else ()
    finally:
        cursor.close()


registry.register(f"sqlite.{DRIVER}", __name__, OneHopDialect.__name__)
