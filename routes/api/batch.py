"""Many orders in one request, each on a line of its own; a faulty line never spoils its neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from litestar import post
from litestar.params import RawBody
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from portal import order_imports
from portal.activity import By
from portal.imported import BatchOrder, ImportedOrder
from portal.order_imports import ImportResult, Key
from portal.refusals import Fault, Invalid
from routes.api import problems
from routes.api.body import converted, parsed
from routes.api.calls import NDJSON, Call, told
from routes.api.problems import Problem
from routes.given import ApiKeyHolder, House

MOST_LINES = 1000
LONGEST_LINE = 256 * 1024
LARGEST_BATCH = 5 * 1024 * 1024
AT_ONCE = 25  # lines in one transaction: between two of them, other writers get their turn
KEY_FIELDS = ("source", "external_id")


class BatchResult(Struct, kw_only=True, frozen=True):
    """What became of one line: `result`, or `problem`. Source and id are null where the line did not tell them."""

    source: str | None
    external_id: str | None
    result: ImportResult | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class BatchResults(Struct, kw_only=True, frozen=True):
    results: list[BatchResult]


@dataclass(frozen=True)
class Entry:
    """A line as far as it was understood: an order, or else what is wrong with it."""

    key: tuple[str | None, str | None]
    order: ImportedOrder | Exception


@post(
    "/orders/batch",
    status_code=200,
    request_max_body_size=LARGEST_BATCH,
    opt=told(Call(summary="Store up to 1000 orders, one a line", takes=NDJSON, gives={200: BatchResults})),
)
async def put_batch(body: RawBody, house: House, by: ApiKeyHolder) -> BatchResults:
    lines = [line for line in body.split(b"\n") if line.strip()]
    if len(lines) > MOST_LINES:
        raise Invalid(Fault("#", "too-many", f"A batch has at most {MOST_LINES} lines; this one has {len(lines)}."))
    results: list[BatchResult] = []
    for chunk in _chunks(lines):
        entries = [await _understood(line) for line in chunk]
        async with house.database.writing() as session:
            results += [await _taken(entry, session, by) for entry in entries]
    return BatchResults(results=results)


def _chunks(lines: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(lines), AT_ONCE):
        yield lines[start : start + AT_ONCE]


async def _understood(line: bytes) -> Entry:
    await asyncio.sleep(0)  # a long batch leaves others their turn while it is read, too
    key: tuple[str | None, str | None] = (None, None)
    try:
        if len(line) > LONGEST_LINE:
            raise Invalid(Fault("#", "too-long", f"A line has at most {LONGEST_LINE} bytes."))
        value = parsed(line)
        key = _told_key(value)
        return Entry(key, converted(BatchOrder, value))
    except Exception as error:
        return Entry(key, error)


def _told_key(value: object) -> tuple[str | None, str | None]:
    told = value if isinstance(value, dict) else {}
    source, external_id = (told.get(name) if isinstance(told.get(name), str) else None for name in KEY_FIELDS)
    return source, external_id


async def _taken(entry: Entry, session: AsyncSession, by: By) -> BatchResult:
    source, external_id = entry.key
    if isinstance(entry.order, Exception):
        return BatchResult(source=source, external_id=external_id, problem=problems.of(entry.order))
    try:
        async with session.begin_nested():
            key = Key(source or "", external_id or "")
            _, result = await order_imports.put(key, entry.order, session, by)
    except Exception as error:
        return BatchResult(source=source, external_id=external_id, problem=problems.of(error))
    return BatchResult(source=source, external_id=external_id, result=result)
