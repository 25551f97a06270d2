"""What the API refuses: everything wrong is named at once, and nothing is stored."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from litestar.routes import HTTPRoute
from sqlalchemy import func, select, text

from db.orders import Order
from db.sources import Source
from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import a_line, a_payment, an_order, codes


async def test_every_wrong_place_is_named_at_once(shop: Shop):
    order = an_order(
        state="pad",
        ordered_at="2026-10-25T01:30:11",
        paid_at="yesterday",
        currency="EUR\n",
        locale=None,
        dunning_level=4,
        buyer={"name": 3, "e/ma~il": "x"},
        billing=[],
        lines=[a_line(line_gross=24.9, unit_gross="24.90", digital="yes", id=""), {"title": "x"}],
        total_gross=True,
        payments=[1],
        invoice={"number": "1", "date": "2026-13-01"},
        tags="vip",
        custom={"a": 1},
        note="x" * 10_001,
        typo=1,
    )
    answer = await shop.put(order)

    assert answer.status_code == 422
    assert codes(answer.json()) == {
        "#/state": "not-allowed",
        "#/ordered_at": "timestamp-without-offset",
        "#/paid_at": "timestamp",
        "#/currency": "pattern",
        "#/locale": "wrong-type",
        "#/dunning_level": "out-of-range",
        "#/buyer/name": "wrong-type",
        "#/buyer/e~1ma~0il": "unknown-field",
        "#/billing": "wrong-type",
        "#/lines/0/line_gross": "amount-not-integer",
        "#/lines/0/unit_gross": "amount-not-integer",
        "#/lines/0/digital": "wrong-type",
        "#/lines/0/id": "too-short",
        "#/lines/1/id": "missing",
        "#/lines/1/line_gross": "missing",
        "#/lines/1/tax_rate": "missing",
        "#/total_gross": "wrong-type",
        "#/payments/0": "wrong-type",
        "#/invoice/date": "date",
        "#/tags": "wrong-type",
        "#/custom/a": "wrong-type",
        "#/note": "too-long",
        "#/typo": "unknown-field",
    }
    assert await _nothing_stored(shop)


async def test_a_problem_tells_type_title_status_detail_and_place(shop: Shop):
    answer = await shop.put({**an_order(), "total_gross": 1})

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "https://tresen.example/problems/validation",
        "title": "What was sent is not valid",
        "status": 422,
        "detail": "1 place(s) are wrong.",
        "instance": "/api/v1/orders/etsy/1",
        "errors": [
            {
                "pointer": "#/total_gross",
                "code": "sum-mismatch",
                "detail": "The lines add up to 2490, total_gross says 1.",
            }
        ],
    }
    assert await _nothing_stored(shop)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"total_gross": 2491}, {"#/total_gross": "sum-mismatch"}),
        ({"lines": []}, {"#/total_gross": "sum-mismatch"}),
        (
            {"lines": [a_line(), a_line()], "total_gross": 4980},
            {"#/lines/1/id": "repeated"},
        ),
        ({"payments": [a_payment(), a_payment()]}, {"#/payments/1/transaction_id": "repeated"}),
        ({"payments": [a_payment(currency="USD")]}, {"#/payments/0/currency": "other-currency"}),
        ({"payments": [a_payment(amount=-1)]}, {"#/payments/0/amount": "out-of-range"}),
        ({"currency": "XYZ"}, {"#/currency": "unknown-currency"}),
        ({"lines": [a_line(line_gross=-1)], "total_gross": -1}, {"#/total_gross": "negative"}),
        ({"kind": "credit"}, {"#/total_gross": "positive"}),
        ({"ordered_at": "0001-01-01T00:00:00+14:00"}, {"#/ordered_at": "out-of-range"}),
        ({"ordered_at": "9999-12-31T23:59:59Z"}, {"#/ordered_at": "out-of-range"}),
        ({"total_gross": 10**30}, {"#/total_gross": "out-of-range"}),
        ({"lines": [a_line(tax_rate="19,00")]}, {"#/lines/0/tax_rate": "pattern"}),
        ({"lines": [a_line(tax_rate=19)]}, {"#/lines/0/tax_rate": "wrong-type"}),
        ({"lines": [a_line(quantity="١")]}, {"#/lines/0/quantity": "pattern"}),
        ({"note": "a\0b"}, {"#/note": "nul-character"}),
        ({"lines": {}}, {"#/lines": "wrong-type"}),
        ({"waiver": {}}, {"#/waiver/accepted": "missing"}),
        ({"payment_state": "paid"}, {"#/payment_state": "unknown-field"}),
    ],
)
async def test_what_cannot_be_is_refused(shop: Shop, changes: dict[str, object], expected: dict[str, str]):
    answer = await shop.put(an_order(**changes))

    assert (answer.status_code, codes(answer.json())) == (422, expected)
    assert await _nothing_stored(shop)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"number": NaN}',
        b'{"total_gross": Infinity}',
        b'{"number": "\\ud800"}',
        b'{"number": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 40_000,
        b'{"number": "1", "number": "2"}',
        b'{"total_gross": 1e999}',
        b'{"total_gross": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"{} {}",
    ],
)
async def test_what_is_no_json_is_answered_with_400(shop: Shop, body: bytes):
    answer = await shop.send(body)

    assert (answer.status_code, answer.json()["type"]) == (400, "https://tresen.example/problems/malformed-json")
    assert await _nothing_stored(shop)


@pytest.mark.parametrize("body", [b"null", b"1", b'"text"', b"[]", b"true"])
async def test_json_that_is_no_object_is_not_valid(shop: Shop, body: bytes):
    answer = await shop.send(body)

    assert (answer.status_code, codes(answer.json())) == (422, {"#": "wrong-type"})


async def test_501_lines_are_too_many(shop: Shop):
    lines = [a_line(id=str(number), line_gross=0) for number in range(501)]

    answer = await shop.put(an_order(lines=lines, total_gross=0))
    fitting = await shop.put(an_order(lines=lines[:500], total_gross=0))

    assert (answer.status_code, codes(answer.json())) == (422, {"#/lines": "too-many"})
    assert fitting.status_code == 201


async def test_257_kib_are_too_large(shop: Shop):
    body = json.dumps(an_order()).encode()

    answer = await shop.send(body + b" " * (257 * 1024 - len(body)))
    fitting = await shop.send(body + b" " * (256 * 1024 - len(body)))

    assert (answer.status_code, answer.json()["type"]) == (413, "https://tresen.example/problems/too-large")
    assert fitting.status_code == 201


async def test_a_stranger_gets_401_everywhere(shop: Shop):
    """Also before the body is looked at, and also for what does not exist."""
    routes = [route for route in shop.app.routes if isinstance(route, HTTPRoute) and route.path.startswith("/api/v1")]
    for number, route in enumerate(routes):
        address = re.sub("{[^}]*}", "1", route.path)
        async with shop.somebody(number) as stranger:
            for method in route.methods - {"OPTIONS"}:
                for headers in ({}, {"Authorization": "Bearer tresen_wrong"}, {"Authorization": "Basic x"}):
                    answer = await stranger.request(method, address, headers=headers, content=b"{")
                    assert answer.status_code == 401, (method, address)
                    assert answer.headers["www-authenticate"].startswith("Bearer")
                    assert method == "HEAD" or answer.json()["status"] == 401
    assert len(routes) > 15


@pytest.mark.parametrize("key", ["", "ü", "x" * 10_000, "tresen_\udcff"])
async def test_a_strange_key_is_only_a_wrong_one(shop: Shop, key: str):
    header = b"Bearer " + key.encode("utf-8", "surrogateescape")
    answer = await shop.stranger.get("/api/v1/orders", headers=[(b"Authorization", header)])

    assert answer.status_code == 401


async def test_other_methods_and_addresses_are_problems_too(shop: Shop):
    other = await shop.call.patch("/api/v1/orders/etsy/1", json={})
    nowhere = await shop.call.get("/api/v1/nothing")

    assert (other.status_code, other.json()["type"]) == (405, "https://tresen.example/problems/method-not-allowed")
    assert "PUT" in other.headers["allow"]
    assert (nowhere.status_code, nowhere.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "orders/etsy/none"),
        ("DELETE", "orders/etsy/none"),
        ("POST", "orders/etsy/none/portal-link"),
        ("GET", "orders/etsy/none/files"),
        ("GET", "orders/etsy/none/downloads"),
        ("GET", "orders/etsy/none/activity"),
        ("GET", "invoices/1"),
        ("GET", "invoices/99999999999999999999"),
        ("GET", "invoices/x.pdf"),
        ("GET", "storages/1"),
        ("GET", "storages/99999999999999999999999"),
        ("DELETE", "storages/-1"),
        ("GET", "articles/none"),
        ("DELETE", "articles/none"),
        ("GET", "settings/none"),
    ],
)
async def test_what_does_not_exist_is_404(shop: Shop, method: str, address: str):
    assert (await shop.call.request(method, f"/api/v1/{address}")).status_code == 404


async def test_an_unforeseen_failure_tells_nothing_of_the_inside(shop: Shop):
    # A row that no code of ours would write: the database is not to be trusted blindly either.
    await shop.put(an_order())
    async with shop.house.database.writing() as session:
        await session.execute(text("UPDATE \"order\" SET state = 'broken'"))

    answer = await shop.call.get("/api/v1/orders/etsy/1")

    assert answer.status_code == 500
    assert "broken" not in answer.text
    assert "Traceback" not in answer.text


async def test_a_refused_order_spoils_no_parallel_one(shop: Shop):
    wrong = an_order(total_gross=1)
    answers = await asyncio.gather(
        *(shop.put(wrong if number % 2 else an_order(), f"etsy/{number}") for number in range(20))
    )

    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [422] * 10
    async with shop.house.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == 10


async def _nothing_stored(shop: Shop) -> bool:
    async with shop.house.database.reading() as session:
        orders = await session.scalar(select(func.count()).select_from(Order))
        sources = await session.scalar(select(func.count()).select_from(Source))
    return orders == 0 and sources == 0
