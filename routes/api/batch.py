"""Many orders in one request, each on a line of its own; a faulty line never spoils its neighbours."""

from __future__ import annotations

import asyncio

from litestar import post
from litestar.params import RawBody
from msgspec import UNSET, Struct, UnsetType

from portal import order_batches, order_imports
from portal.imported import BatchOrder
from portal.order_batches import Taken
from portal.order_imports import ImportResult, Key, Told
from portal.refusals import Fault, Invalid
from routes.api import problems
from routes.api.body import MalformedJson, decoded, parsed
from routes.api.calls import NDJSON, Call, told
from routes.api.problems import Problem
from routes.given import ApiKeyHolder, House

MOST_LINES = 1000
LONGEST_LINE = 256 * 1024
LARGEST_BATCH = 5 * 1024 * 1024
KEY_FIELDS = ("source", "external_id")


class BatchResult(Struct, kw_only=True, frozen=True):
    """What became of one line: `result`, or `problem`. Source and id are null where the line did not tell them."""

    source: str | None
    external_id: str | None
    result: ImportResult | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class BatchResults(Struct, kw_only=True, frozen=True):
    results: list[BatchResult]


EntryKey = tuple[str | None, str | None]  # as far as the line told it
Entry = tuple[EntryKey, Told | Exception]  # what the line tells, or what is wrong with it


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
    for start in range(0, len(lines), order_batches.AT_ONCE):
        chunk = lines[start : start + order_batches.AT_ONCE]
        entries = [await _understood(line) for line in chunk]
        async with house.database.writing() as session:
            taken = iter(await order_batches.take([each for _, each in entries if isinstance(each, Told)], session, by))
        results += [_result(key, next(taken) if isinstance(each, Told) else each) for key, each in entries]
    return BatchResults(results=results)


async def _understood(line: bytes) -> Entry:
    await asyncio.sleep(0)  # a long batch leaves others their turn while it is read, too
    if len(line) > LONGEST_LINE:
        return (None, None), Invalid(Fault("#", "too-long", f"A line has at most {LONGEST_LINE} bytes."))
    try:
        order = decoded(BatchOrder, line)
        key = Key(order.source, order.external_id)
        return (key.source, key.external_id), order_imports.checked(key, order)
    except Exception as error:
        return _told_key(line), error


def _told_key(line: bytes) -> EntryKey:
    try:
        value = parsed(line)
    except MalformedJson:
        return None, None
    told = value if isinstance(value, dict) else {}
    source, external_id = (told.get(name) if isinstance(told.get(name), str) else None for name in KEY_FIELDS)
    return source, external_id


def _result(key: EntryKey, taken: Taken) -> BatchResult:
    source, external_id = key
    if isinstance(taken, Exception):
        return BatchResult(source=source, external_id=external_id, problem=problems.of(taken))
    return BatchResult(source=source, external_id=external_id, result=taken)
