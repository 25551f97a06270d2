"""Many orders in one request: each line stands or falls alone."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from sqlalchemy import text

from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import Json, an_order


def a_line_of(external_id: str, **changes: object) -> str:
    return json.dumps({**an_order(**changes), "source": "etsy", "external_id": external_id})


async def send(shop: Shop, *lines: str) -> list[Any]:
    answer = await shop.call.post("/api/v1/orders/batch", content="\n".join(lines).encode())
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


async def test_results_come_in_order_and_a_faulty_line_spoils_no_neighbour(shop: Shop):
    results = await send(
        shop,
        a_line_of("1"),
        "{",
        a_line_of("2", total_gross=1),
        a_line_of("3", kind="credit", total_gross=-1, lines=[]),
        "",
        a_line_of("1"),
        a_line_of("1", note="x"),
        json.dumps(an_order()),
        a_line_of("4"),
    )

    told = [(each["external_id"], each.get("result"), each.get("problem", {}).get("status")) for each in results]
    assert told == [
        ("1", "created", None),
        (None, None, 400),
        ("2", None, 422),
        ("3", None, 422),
        ("1", "unchanged", None),
        ("1", "updated", None),
        (None, None, 422),
        ("4", "created", None),
    ]
    assert [error["pointer"] for error in results[6]["problem"]["errors"]] == ["#/source", "#/external_id"]
    stored = (await shop.call.get("/api/v1/orders")).json()["items"]
    assert {order["external_id"] for order in stored} == {"1", "4"}


async def test_a_conflict_inside_the_database_undoes_its_own_line_alone(shop: Shop):
    await shop.put(an_order(), "etsy/2")
    credit = a_line_of("2", kind="credit", total_gross=-2490, lines=[{**_line(), "line_gross": -2490}])

    results = await send(shop, a_line_of("1"), credit, a_line_of("3"))

    assert [each.get("result") for each in results] == ["created", None, "created"]
    assert results[1]["problem"]["status"] == 409
    assert (await shop.order("etsy/2"))["kind"] == "order"
    assert (await shop.order("etsy/3"))["external_id"] == "3"


async def test_a_line_that_fails_half_way_leaves_nothing_and_tells_nothing_of_the_inside(shop: Shop):
    async with shop.house.database.writing() as session:
        poison = "CREATE TRIGGER poison BEFORE INSERT ON line WHEN NEW.title = 'x'"
        await session.execute(text(f"{poison} BEGIN SELECT RAISE(ABORT, 'inside'); END"))

    half = a_line_of("2", lines=[{**_line(), "title": "x"}])
    results = await send(shop, a_line_of("1"), half, a_line_of("3"))

    assert [each.get("result") for each in results] == ["created", None, "created"]
    assert results[1]["problem"]["status"] == 500
    assert "inside" not in str(results)
    assert (await shop.call.get("/api/v1/orders/etsy/2")).status_code == 404


async def test_the_source_of_a_faulty_first_line_is_made_by_the_next(shop: Shop):
    results = await send(shop, a_line_of("1", total_gross=1), a_line_of("2"))

    assert [each.get("result") for each in results] == [None, "created"]


async def test_a_thousand_lines_are_taken_and_one_more_is_refused(shop: Shop):
    lines = [a_line_of("1")] * 1001

    refused = await shop.call.post("/api/v1/orders/batch", content="\n".join(lines).encode())
    taken, other = await asyncio.gather(send(shop, *lines[:1000]), shop.put(an_order(), "ebay/1"))

    assert refused.status_code == 422
    assert [each["result"] for each in taken] == ["created"] + ["unchanged"] * 999
    assert other.status_code == 201  # it got its turn between two of the batch's transactions


async def test_a_line_over_256_kib_and_a_batch_over_5_mib_are_refused(shop: Shop):
    results = await send(shop, a_line_of("1", custom={"x": "y"}) + " " * 257 * 1024, a_line_of("2"))
    answer = await shop.call.post("/api/v1/orders/batch", content=b" " * (5 * 1024 * 1024 + 1))

    assert [each.get("result") for each in results] == [None, "created"]
    assert answer.status_code == 413


def _line() -> Json:
    lines = an_order()["lines"]
    assert isinstance(lines, list)
    return dict(lines[0])
