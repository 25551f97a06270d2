"""Whoever guesses is told to wait from the 60th refusal in a minute on; whoever has a link or key never notices."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp, Receive, Scope, Send

from portal.activity import By
from portal.keys import add
from routes.limits import REFUSALS, Limit, Moments, RefusalLimit, network
from tests.factories import NOON
from tests.routes.customer.conftest import BASE, Running, running, sell


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def tresen(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path / "data") as found:
        yield found


@asynccontextmanager
async def from_address(tresen: Running, address: str) -> AsyncIterator[httpx.AsyncClient]:
    own = tresen.client._transport
    assert isinstance(own, httpx.ASGITransport)
    transport = httpx.ASGITransport(app=own.app, client=(address, 50000))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


async def used_up(client: httpx.AsyncClient) -> None:
    for _ in range(59):
        assert (await client.get("/o/forged")).status_code == 404


# --- What is counted, and what takes its place


@pytest.mark.parametrize("path", ["/o/forged", "/o/forged/invoices/1.pdf", "/d/forged/file.pdf"])
async def test_the_sixtieth_unknown_token_of_a_minute_is_told_to_wait(tresen, path):
    answers = [await tresen.client.get(path) for _ in range(61)]

    assert [answer.status_code for answer in answers] == [404] * 59 + [429] * 2
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert "content-security-policy" in answers[-1].headers


async def test_the_sixtieth_wrong_key_is_told_to_wait_with_a_problem(tresen):
    wrong = {"Authorization": "Bearer tresen_guessed"}
    answers = [await tresen.client.get("/api/v1/orders", headers=wrong) for _ in range(60)]

    assert [answer.status_code for answer in answers] == [401] * 59 + [429]
    assert answers[-1].json()["status"] == 429
    assert "Retry-After" in answers[-1].headers


async def test_the_sixtieth_post_from_another_site_is_told_to_wait(tresen):
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answers = [await tresen.client.post("/o/forged/archives", headers=foreign) for _ in range(60)]

    assert [answer.status_code for answer in answers] == [403] * 59 + [429]


async def test_all_kinds_of_refusals_count_together(tresen):
    await used_up(tresen.client)

    assert (await tresen.client.get("/api/v1/orders")).status_code == 429


# --- Honest use


async def test_valid_links_and_keys_of_the_same_network_are_served_all_the_while(tresen):
    sale = await sell(tresen, "1")
    async with tresen.house.database.writing() as session:
        key = await add("shop", session, By("test", NOON))
    await used_up(tresen.client)
    assert (await tresen.client.get("/o/forged")).status_code == 429

    assert (await tresen.client.get(sale.link)).status_code == 200
    assert (await tresen.client.get(f"{sale.link}/invoices/{sale.invoice.id}.pdf")).status_code == 200
    assert (await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads")).status_code == 303
    bearer = {"Authorization": f"Bearer {key}"}
    assert (await tresen.client.get("/api/v1/orders", headers=bearer)).status_code == 200


async def test_honest_use_counts_nothing_however_much_there_is(tresen):
    sale = await sell(tresen, "1")
    for _ in range(70):
        assert (await tresen.client.get(sale.link)).status_code == 200

    assert (await tresen.client.get("/o/forged")).status_code == 404


async def test_a_page_that_does_not_exist_is_no_guess(tresen):
    answers = {(await tresen.client.get("/favicon.ico")).status_code for _ in range(70)}

    assert answers == {404}


async def test_another_network_does_not_wait(tresen):
    async with from_address(tresen, "203.0.113.7") as one, from_address(tresen, "203.0.113.8") as other:
        await used_up(one)

        assert (await one.get("/o/forged")).status_code == 429
        assert (await other.get("/o/forged")).status_code == 404


async def test_an_attacker_cannot_hide_among_the_addresses_of_his_own_ipv6_network(tresen):
    for number in range(59):
        async with from_address(tresen, f"2001:db8:1:2::{number:x}") as client:
            assert (await client.get("/o/forged")).status_code == 404

    async with (
        from_address(tresen, "2001:db8:1:2:ffff::1") as same,
        from_address(tresen, "2001:db8:1:3::1") as next_one,
    ):
        assert (await same.get("/o/forged")).status_code == 429
        assert (await next_one.get("/o/forged")).status_code == 404


@pytest.mark.parametrize(
    ("host", "counts_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("not an address", ""),
    ],
)
def test_who_counts_as_one(host, counts_as):
    assert network(host) == counts_as


# --- Time and memory


def test_the_window_moves_with_every_second():
    clock = Clock()
    limit = Limit("3/minute", Moments(clock))

    waits = []
    for second in (0, 20, 40, 50, 59, 60, 61, 80):
        clock.now = 1000.0 + second
        waits.append(limit.wait("a"))

    assert waits == [0, 0, 0, 10, 1, 0, 19, 0]


def test_told_to_wait_is_not_counted_so_patience_is_rewarded():
    clock = Clock()
    limit = Limit("1/minute", Moments(clock))
    limit.wait("a")
    clock.now += 59
    assert limit.wait("a") == 1
    clock.now += 1
    assert limit.wait("a") == 0


def test_networks_that_went_quiet_are_forgotten():
    clock = Clock()
    moments = Moments(clock)
    limit = Limit(REFUSALS, moments)
    for number in range(500):
        limit.wait(str(number))
    clock.now += 61
    limit.wait("one more")

    assert len(moments.moments) == 1


def test_however_many_networks_attack_only_so_many_are_remembered():
    moments = Moments(Clock(), most=100)
    limit = Limit(REFUSALS, moments)
    for number in range(10_000):
        limit.wait(str(number))

    assert len(moments.moments) == 100


async def test_not_one_byte_of_a_refusal_leaves_before_it_is_decided():
    """The answer that 429 stands for is swallowed whole, head and body."""
    sent: list[str] = []

    def answering(status: int, text: bytes) -> ASGIApp:
        async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": text, "more_body": False})

        return answer

    async def send(message) -> None:
        sent.append(str(message.get("status", message.get("body"))))

    async def receive():
        return {"type": "http.disconnect"}

    scope: Any = {"type": "http", "path": "/o/x", "client": ("192.0.2.1", 1)}
    limited = RefusalLimit(lambda _path, status: answering(status, b"wait"), Limit("1/minute"))
    await limited(answering(404, b"unknown"), scope, receive, send)
    await limited(answering(404, b"unknown"), scope, receive, send)

    assert sent == ["404", "b'unknown'", "429", "b'wait'"]
