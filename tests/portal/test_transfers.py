"""What is noted of transfers: however a file is cut into pieces, they are all of it or not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.downloads import Download, DownloadObservation
from portal.pieces import MOST, covered, joined
from tests.portal.selling import Customer, Shop

SIZE = 100
CUTS = st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)), max_size=MOST)


@given(CUTS)
def test_the_pieces_are_exactly_the_bytes_that_left(cuts):
    found: list[list[int]] = []
    for start, end in cuts:
        found = joined(found, start, end)

    assert covered(found) == len({byte for start, end in cuts for byte in range(start, end)})
    assert all(before[1] < after[0] for before, after in pairwise(found))


def test_single_bytes_do_not_make_the_row_grow_without_end():
    found: list[list[int]] = []
    for at in range(0, 10_000, 2):
        found = joined(found, at, at + 1)

    assert len(found) == MOST
    assert covered(found) >= 5000


@pytest.fixture
async def download(house):
    shop = Shop(house)
    await shop.opens()
    (shop.folder / "bente.zip").write_bytes(bytes(SIZE))
    file = await shop.sells("bente.zip")
    customer = Customer(shop, await shop.is_ordered())
    return customer, await customer.clicks(file)


async def seen(customer: Customer) -> DownloadObservation:
    (found,) = await customer.shop.every(DownloadObservation)
    assert isinstance(found, DownloadObservation)
    return found


async def test_many_pieces_are_one_row_with_their_sum(download: tuple[Customer, Download]):
    customer, one = download
    for at in range(SIZE):
        await customer.has_fetched(one, 1, at)
        assert (await seen(customer)).finished == (at == SIZE - 1)
    await customer.has_fetched(one, SIZE)

    assert (await seen(customer)).sent == 2 * SIZE


async def test_a_transfer_that_broke_off_has_not_brought_its_last_byte(download: tuple[Customer, Download]):
    customer, one = download
    await customer.has_fetched(one, SIZE, is_cut=True)
    assert not (await seen(customer)).finished

    await customer.has_fetched(one, 1, SIZE - 1)
    assert (await seen(customer)).finished


async def test_an_empty_file_has_arrived_when_its_end_has(house):
    shop = Shop(house)
    await shop.opens()
    (shop.folder / "empty.txt").write_bytes(b"")
    file = await shop.sells("empty.txt")
    customer = Customer(shop, await shop.is_ordered())
    one = await customer.clicks(file)

    await customer.has_fetched(one, 0, is_cut=True, failure="broken")
    assert not (await seen(customer)).finished
    await customer.has_fetched(one, 0)
    assert (await seen(customer)).finished
