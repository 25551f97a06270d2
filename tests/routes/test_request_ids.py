"""By which number a request is found again: in the answer, on the page, in the log; and whose word is taken for it."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

import logs
from assembly import origins_of
from portal import keys
from portal.activity import By
from routes import protected, request_ids
from tests.routes.customer.conftest import BASE, Running, running, sell

PROXY, STRANGER = "10.0.0.9", "203.0.113.7"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = list(root.handlers)
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture
async def tresen(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path / "data") as found:
        yield found


def lose(table: str, tresen: Running) -> None:
    """What nobody foresees."""
    with closing(sqlite3.connect(tresen.config.database)) as connection:
        connection.execute(f'ALTER TABLE "{table}" RENAME TO gone')


async def asked(tresen: Running, peer: str, *given: str) -> str:
    """The number of a request that comes from `peer`, where `PROXY` is trusted."""
    app = protected(tresen.app, origins_of(tresen.config), PROXY)
    transport = httpx.ASGITransport(app=app, client=(peer, 1))  # type: ignore[arg-type]  # as in `running`
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        answer = await client.get("/up", headers=[(b"X-Request-ID", number.encode()) for number in given])
    [number] = answer.headers.get_list("x-request-id")
    return number


@pytest.mark.parametrize("path", ["/up", "/nowhere", "/api/v1/orders", "/admin", "/o/x"])
async def test_every_answer_has_a_number_of_its_own(tresen: Running, path: str):
    first, second = [(await tresen.client.get(path)).headers["x-request-id"] for _ in range(2)]

    assert first != second
    assert len(first) == len(second) == 16


async def test_what_is_refused_before_any_address_has_one_too(tresen: Running):
    answer = await tresen.client.get("/up/", headers={"Host": "evil.example"})

    assert answer.status_code == 421
    assert answer.headers["x-request-id"]


async def test_a_page_that_failed_shows_the_number_that_stands_in_the_log(tresen: Running, capfd):
    logs.set_up("warning", "text")
    sale = await sell(tresen, "1")
    lose("line", tresen)

    answer = await tresen.client.get(sale.link, headers={"Accept-Language": "de"})

    number = answer.headers["x-request-id"]
    assert answer.status_code == 500
    assert "nennen Sie bitte diese Nummer:" in answer.text
    assert number in answer.text
    [line] = [line for line in capfd.readouterr().err.splitlines() if line.startswith("ERROR")]
    assert line == f"ERROR tresen [{number}]: a page failed"


async def test_a_call_that_failed_tells_the_number_that_stands_in_the_log(tresen: Running, capfd):
    logs.set_up("warning", "json")
    async with tresen.house.database.writing() as session:
        key = await keys.add("shop", session, By("test", datetime.now(UTC)))
    lose("automation", tresen)

    answer = await tresen.client.get("/api/v1/automations", headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == 500
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    [line] = [json.loads(line) for line in capfd.readouterr().err.splitlines() if "unforeseen" in line]
    assert line["request"] == answer.headers["x-request-id"]


async def test_what_is_only_refused_shows_no_number(tresen: Running):
    page = await tresen.client.get("/o/x")
    problem = await tresen.client.get("/api/v1/orders")

    assert page.headers["x-request-id"] not in page.text
    assert "request_id" not in problem.json()


async def test_a_line_of_what_no_request_asked_for_bears_no_number(capfd):
    assert request_ids.current() == request_ids.OUTSIDE
    logs.set_up("info", "text")
    logging.getLogger("tresen").warning("plainly")
    logs.set_up("info", "json")
    logging.getLogger("tresen").warning("as JSON")

    plainly, as_json = capfd.readouterr().err.splitlines()

    assert plainly == "WARNING tresen: plainly"
    assert "request" not in json.loads(as_json)


async def test_the_number_of_a_trusted_proxy_is_taken(tresen: Running):
    assert await asked(tresen, PROXY, "3f2a-9_b.C") == "3f2a-9_b.C"


async def test_the_number_that_a_stranger_gives_is_not_taken(tresen: Running):
    assert await asked(tresen, STRANGER, "3f2a") != "3f2a"


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\tb", "erika@example.org", "<b>", "ä"])
async def test_a_number_that_could_do_harm_is_not_taken_from_a_proxy_either(tresen: Running, given: str):
    number = await asked(tresen, PROXY, given)

    assert number != given
    assert len(number) == 16


async def test_of_two_numbers_none_is_taken(tresen: Running):
    assert len(await asked(tresen, PROXY, "first", "second")) == 16
