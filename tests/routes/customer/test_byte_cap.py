"""A download's address serves three times its bytes, however they are cut; then it has ended."""

from __future__ import annotations

from portal.meters import MOST_TRANSFERS
from tests.routes.customer.conftest import Running, Sale


async def test_what_would_go_beyond_the_cap_is_told_as_ended_and_not_as_our_failure(tresen: Running, sale: Sale):
    started = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads")
    address = started.headers["location"]
    part = await tresen.client.get(address, headers={"Range": "bytes=0-9"})

    answers = [(await tresen.client.get(address)).status_code for _ in range(4)]

    assert part.status_code == 206
    assert answers == [200, 200, 410, 410]


async def test_one_transfer_too_many_is_told_to_wait_and_is_no_failure_of_ours(tresen: Running, sale: Sale):
    started = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads")
    meter = tresen.house.counter.meters.of("download 1", cap=10**9, on_record=0)
    meter.running = MOST_TRANSFERS

    answer = await tresen.client.get(started.headers["location"])

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert 'data-downloads-left="4"' in (await tresen.client.get(sale.link)).text
