"""A backup taken while the shop is busy restores into a shop that serves the same bytes."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from db.automations import AutomationSettings
from portal import backup, order_imports, restore
from portal.activity import By
from portal.backup import Shop
from portal.links import Link
from tests.routes.customer.conftest import Running, Sale, an_imported_order, running


@asynccontextmanager
async def orders_coming_in(tresen: Running) -> AsyncIterator[list[str]]:
    """The addresses of orders that were acknowledged, growing as long as this lasts."""
    told: list[str] = []

    async def import_orders(writer: int) -> None:
        for number in range(100_000):
            by = By("test", datetime.now(UTC))
            key = order_imports.Key(f"writer-{writer}", str(number))
            async with tresen.house.database.writing() as session:
                order, _ = await order_imports.put(key, an_imported_order(number=str(number)), session, by)
            told.append(tresen.house.links.url(Link(order.id, order.link_version)))

    writers = [asyncio.create_task(import_orders(writer)) for writer in range(3)]
    while len(told) < 5:
        await asyncio.sleep(0.01)
    yield told
    for writer in writers:
        writer.cancel()
    await asyncio.gather(*writers, return_exceptions=True)


async def test_links_documents_and_files_of_a_backup_under_load_are_the_same(
    tresen: Running, sale: Sale, tmp_path: Path
):
    config = tresen.config
    (tresen.files / "large.bin").write_bytes(os.urandom(20_000_000))  # long enough for some orders to come meanwhile
    shop = Shop(data=config.data, database=config.database, keys_inside=True, version="0.1.0")
    invoice = f"{sale.link}/invoices/{sale.invoice.id}.pdf"

    async with orders_coming_in(tresen) as told:
        acknowledged = list(told)
        await backup.save(shop, tmp_path / "shop.tar.gz", datetime.now(UTC))
        assert len(told) > len(acknowledged)  # nobody had to wait for the backup
    document = (await tresen.client.get(invoice)).content
    config.data.rename(tmp_path / "lost")
    await restore.restore(tmp_path / "shop.tar.gz", config.data, config.database.name)

    async with running(config.data) as again:
        assert (await again.client.get(invoice)).content == document
        for link in acknowledged:
            assert (await again.client.get(link)).status_code == 200
        clicked = await again.client.post(f"{sale.link}/files/{sale.extras}/downloads")
        file = await again.client.get(clicked.headers["Location"])
        assert file.content == (tmp_path / "lost" / "files" / "extras.zip").read_bytes()


async def test_a_link_of_an_order_that_was_lost_does_not_open_the_one_that_takes_its_place(
    tresen: Running, sale: Sale, tmp_path: Path
):
    shop = Shop(data=tresen.config.data, database=tresen.config.database, keys_inside=True, version="0")
    await backup.save(shop, tmp_path / "shop.tar.gz", datetime.now(UTC))
    lost = await imported(tresen, "lost")
    await restore.restore(tmp_path / "shop.tar.gz", tmp_path / "again", tresen.config.database.name)

    async with running(tmp_path / "again") as again:
        other = await imported(again, "other")
        assert other.order_id == lost.order_id
        assert (await again.client.get(again.house.links.url(lost))).status_code == 404
        assert (await again.client.get(again.house.links.url(other))).status_code == 200
        assert (await again.client.get(sale.link)).status_code == 200


async def imported(tresen: Running, number: str) -> Link:
    async with tresen.house.database.writing() as session:
        key, by = order_imports.Key("shop", number), By("test", datetime.now(UTC))
        order, _ = await order_imports.put(key, an_imported_order(number=number), session, by)
    return Link(order.id, order.link_version)


async def test_after_a_restore_no_automation_writes_before_somebody_has_looked(
    tresen: Running, sale: Sale, tmp_path: Path
):
    data = tresen.config.data
    shop = Shop(data=data, database=tresen.config.database, keys_inside=True, version="0")
    await backup.save(shop, tmp_path / "shop.tar.gz", datetime.now(UTC))
    await restore.restore(tmp_path / "shop.tar.gz", tmp_path / "again", tresen.config.database.name)

    async with running(tmp_path / "again") as again, again.house.database.reading() as session:
        assert (await session.scalars(select(AutomationSettings.paused))).one()
    async with tresen.house.database.reading() as session:
        assert not (await session.scalars(select(AutomationSettings.paused))).one()
