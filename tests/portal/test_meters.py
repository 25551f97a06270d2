"""One cap for all transfers of a download, however many run at once."""

from __future__ import annotations

import pytest

from portal.byte_ranges import HeldBytes
from portal.meters import MOST_TRANSFERS, CapReached, MeteredBytes, Meters, TooManyTransfers


async def drained(content: MeteredBytes) -> int:
    return sum([len(piece) async for piece in content.read(0, content.size)])


async def test_three_whole_transfers_are_served_and_the_fourth_is_cut():
    meters = Meters()
    copies = [MeteredBytes(HeldBytes(bytes(1000)), meters.of("1", cap=3000, on_record=0)) for _ in range(4)]

    assert [await drained(copy) for copy in copies[:3]] == [1000, 1000, 1000]
    with pytest.raises(CapReached):
        await drained(copies[3])
    assert copies[3].meter.reached


async def test_transfers_at_once_share_the_cap():
    meters = Meters()
    copies = [MeteredBytes(HeldBytes(bytes(100_000)), meters.of("1", cap=150_000, on_record=0)) for _ in range(5)]
    readers = [copy.read(0, copy.size) for copy in copies]
    sent = 0

    with pytest.raises(CapReached):
        while True:
            for reader in readers:
                sent += len(await anext(reader))

    assert sent <= 150_000


async def test_what_is_on_record_counts_for_a_download_that_is_not_known_yet():
    content = MeteredBytes(HeldBytes(bytes(10)), Meters().of("1", cap=30, on_record=30))

    with pytest.raises(CapReached):
        await drained(content)


async def test_each_download_has_a_count_of_its_own():
    meters = Meters()
    meters.of("1", cap=30, on_record=30)

    assert meters.of("2", cap=30, on_record=0).sent == 0


async def test_only_so_many_transfers_run_at_once_and_the_next_begins_when_one_has_ended():
    meters = Meters()
    copies = [MeteredBytes(HeldBytes(bytes(100_000)), meters.of("1", cap=10**9, on_record=0)) for _ in range(9)]
    readers = [copy.read(0, copy.size) for copy in copies]
    running, more = readers[:MOST_TRANSFERS], copies[MOST_TRANSFERS]
    for reader in running:
        await anext(reader)

    with pytest.raises(TooManyTransfers):
        await drained(more)
    await running[0].aclose()

    assert await drained(more) == 100_000


async def test_a_download_that_is_being_served_is_not_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("portal.meters.REMEMBERED", 2)
    meters = Meters()
    served = MeteredBytes(HeldBytes(bytes(100_000)), meters.of("1", cap=10**9, on_record=0))
    reader = served.read(0, served.size)
    await anext(reader)

    for other in range(2, 6):
        meters.of(str(other), cap=1, on_record=0)

    assert meters.of("1", cap=10**9, on_record=0) is served.meter
    await reader.aclose()
