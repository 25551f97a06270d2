"""A storage goes when nobody needs it any more, and what was downloaded from it stays in the log."""

from __future__ import annotations

import pytest

from db.storages import Storage
from portal import download_log, storages
from portal.deliveries import Ended
from portal.refusals import Conflict, NotFound
from tests.factories import NOON, SHOP
from tests.portal.selling import Customer, Shop


@pytest.fixture
async def shop(house):
    shop = Shop(house)
    await shop.opens()
    (shop.folder / "bente.zip").write_bytes(b"PK")
    return shop


@pytest.fixture
async def file(shop):
    return await shop.sells("bente.zip")


@pytest.fixture
async def customer(shop, file):
    return Customer(shop, await shop.is_ordered())


async def remove(shop: Shop) -> None:
    async with shop.house.database.writing() as session:
        await storages.remove((await storages.every(session))[0], session, SHOP)


async def test_a_storage_stays_while_its_files_are_linked(shop, file):
    with pytest.raises(Conflict):
        await remove(shop)

    assert len(await shop.every(Storage)) == 1


async def test_one_that_articles_need_no_more_goes_and_its_downloads_stay_told(shop, file, customer):
    download = await customer.clicks(file)
    await customer.fetches(download)
    await customer.has_fetched(download, download.size)
    await shop.unlinks()

    await remove(shop)

    assert await shop.every(Storage) == []
    async with shop.house.database.reading() as session:
        (told,) = await download_log.of_order(customer.order_id, session)
    assert (told.name, told.started_at, told.finished) == ("bente.zip", NOON, True)


async def test_its_addresses_and_buttons_are_dead(shop, file, customer):
    download = await customer.clicks(file)
    await shop.unlinks()
    await remove(shop)

    with pytest.raises(Ended):
        await customer.fetches(download)
    with pytest.raises(NotFound):
        await customer.clicks(file)
