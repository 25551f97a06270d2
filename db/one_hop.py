"""aiosqlite with one journey to its thread for each statement, where SQLAlchemy's own adapter makes four.

A cursor is made, filled, emptied and closed there at once. Pages of a dozen statements spent half of their time on the
way between the threads.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.util import immutabledict

DRIVER = "onehop"


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
    def connect(self, *arg: Any, **kw: Any) -> OneHopConnection:
        return OneHopConnection(self, super().connect(*arg, **kw)._connection)


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
