"""The SQLite recipe: many readers that cannot write, one writer that never loses an update.

SQLAlchemy's default transactions start late and lose updates silently under
concurrency; `BEGIN IMMEDIATE` on the one writing connection does not, and its pool
of one is the queue in which writers wait for each other.
"""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import LRUCache

from db import one_hop

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=5000",
    "foreign_keys=ON",
    "cache_size=-16000",
    "mmap_size=1073741824",
    "temp_store=MEMORY",
    "journal_size_limit=67108864",
)
READERS = 8
# Statements as they were compiled, for every engine of this process: compiling one takes longer than executing it.
COMPILED: LRUCache[object, object] = LRUCache(1000)
QUEUED = "queued"  # in a session's `info`: this transaction leaves something in the outbox


class Transaction(Protocol):
    """Opens a write transaction: commits at the end of the block, rolls back on an exception."""

    def __call__(self) -> AbstractAsyncContextManager[AsyncSession]: ...


class Reading(Protocol):
    """Opens a consistent view of the database in which nothing can be written."""

    def __call__(self) -> AbstractAsyncContextManager[AsyncSession]: ...


class Database:
    """One SQLite file with a pool of readers and one writer. `queued` is set when something new is in the outbox."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.queued = asyncio.Event()
        self._reader = _engine(path, READERS, patience_seconds=30)
        self._writer = _engine(path, 1, patience_seconds=60)
        _prepare(self._reader, "BEGIN", (*PRAGMAS, "query_only=ON"))
        # What is deleted is overwritten: a page that is free again tells of nobody.
        _prepare(self._writer, "BEGIN IMMEDIATE", (*PRAGMAS, "secure_delete=ON"))
        self._read = async_sessionmaker(self._reader, expire_on_commit=False)
        self._write = async_sessionmaker(self._writer, expire_on_commit=False)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A consistent view; writing through it is refused by SQLite itself."""
        async with self._read() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """The one write transaction of this moment. Keep it short: no network, no PDF."""
        async with self._write() as session:
            async with session.begin():
                yield session
            if session.info.get(QUEUED):
                self.queued.set()

    async def settle(self) -> bool:
        """Moves what was written from the log into the database and empties the log; False while somebody reads on."""
        return await asyncio.to_thread(_settled, self.path)

    async def close(self) -> None:
        for engine in (self._reader, self._writer):
            await engine.dispose()
            await one_hop.ended(engine)


def is_crowded(error: BaseException) -> bool:
    """Whether no connection came free in time: nothing is wrong but that too much is asked at once."""
    return isinstance(error, PoolTimeout)


def is_out_of_room(error: BaseException) -> bool:
    """Whether something could not be written because the disk is full: the only such failure that mends itself."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _settled(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=5)) as connection:
        is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


def _engine(path: Path, connections: int, patience_seconds: int) -> AsyncEngine:
    return create_async_engine(
        f"sqlite+{one_hop.DRIVER}:///{path}",
        pool_size=connections,
        max_overflow=0,
        pool_timeout=patience_seconds,
        hide_parameters=True,
        execution_options={"compiled_cache": COMPILED},
    )


@asynccontextmanager
async def parts_first(session: AsyncSession) -> AsyncIterator[None]:
    """Within it, rows may refer to rows that come later; whoever leaves it without them fails at the commit."""
    await session.execute(text("PRAGMA defer_foreign_keys = ON"))
    yield
    await session.execute(text("PRAGMA defer_foreign_keys = OFF"))


def _prepare(engine: AsyncEngine, begin: str, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not begin on its own
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
