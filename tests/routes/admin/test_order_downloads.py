"""What happened to the files of an order: the log, and the same numbers for merchant, customer and script."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal import keys, retention
from portal.activity import By
from tests.routes.admin.conftest import Browser
from tests.routes.customer.conftest import Running, Sale, running, sell


@pytest.fixture
async def tresen(tmp_path: Path) -> AsyncIterator[Running]:
    """One that leaves unstamped files to its web server."""
    async with running(tmp_path / "data", TRESEN_ACCEL_PREFIX="/tresen-files") as found:
        yield found


@pytest.fixture
async def sale(tresen: Running) -> Sale:
    return await sell(tresen, "1")


async def takes(tresen: Running, sale: Sale, place: str) -> bytes:
    started = await tresen.client.post(f"{sale.link}/{place}")
    return (await tresen.client.get(started.headers["location"])).content


async def log_of(jana: Browser, sale: Sale) -> str:
    return (await jana.get(f"/admin/orders/{sale.order.id}/downloads")).text


async def told(tresen: Running) -> list[dict[str, object]]:
    async with tresen.house.database.writing() as session:
        key = await keys.add("a script", session, By("test", datetime.now(UTC)))
    answer = await tresen.client.get("/api/v1/orders/shop/1/downloads", headers={"Authorization": f"Bearer {key}"})
    items: list[dict[str, object]] = answer.json()["items"]
    return items


async def test_merchant_customer_and_script_read_the_same_numbers(jana: Browser, tresen: Running, sale: Sale):
    await takes(tresen, sale, "archives")
    await takes(tresen, sale, f"files/{sale.pattern}/downloads")
    await takes(tresen, sale, f"files/{sale.extras}/downloads")

    left = r'data-file="(\d+)"[^>]*data-downloads-left="(\d+)"'
    customer = re.findall(left, (await tresen.client.get(sale.link)).text)
    merchant = re.findall(left, await log_of(jana, sale))

    assert customer == merchant == [(str(sale.pattern), "3"), (str(sale.extras), "3")]
    assert len(await told(tresen)) == 4


async def test_the_log_tells_what_arrived_and_what_somebody_else_sends(jana: Browser, tresen: Running, sale: Sale):
    content = await takes(tresen, sale, f"files/{sale.pattern}/downloads")
    await takes(tresen, sale, f"files/{sale.extras}/downloads")

    page = await log_of(jana, sale)
    extras, pattern = await told(tresen)

    assert "angekommen" in page
    assert "zum Senden abgegeben" in page
    assert "127.0.0.0/24" in page
    assert (pattern["bytes_served"], pattern["finished"], pattern["handed_off"]) == (len(content), True, False)
    assert (extras["bytes_served"], extras["finished"], extras["handed_off"]) == (2002, False, True)


async def test_after_the_days_of_the_log_no_address_is_left_and_no_right_changes(
    jana: Browser, tresen: Running, sale: Sale
):
    await takes(tresen, sale, "archives")
    before = (await tresen.client.get(sale.link)).text.count('data-downloads-left="4"')

    await retention.run(tresen.house.database, datetime.now(UTC) + timedelta(days=1000))

    assert {each["ip_prefix"] for each in await told(tresen)} == {""}
    assert "127.0.0" not in await log_of(jana, sale)
    assert before == (await tresen.client.get(sale.link)).text.count('data-downloads-left="4"') == 2
