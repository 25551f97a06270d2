"""A shop that sells files from a folder, and a customer who clicks."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from db.activity import Activity
from db.articles import ArticleFile
from db.downloads import Download, DownloadObservation
from db.files import File
from db.orders import Order
from db.settings import FileSettings
from db.storages import StorageKind
from portal import allowances, articles, dossiers, order_imports, settings, storages, transfers
from portal.activity import TRESEN, By
from portal.allowances import NewAllowance
from portal.articles import ArticleBody, FileLink
from portal.downloads import Address, Attempt
from portal.entitlements import Entitlement
from portal.house import House
from portal.links import Link
from portal.meters import MeteredBytes
from portal.order_imports import Key
from portal.refusals import Refusal, Refused
from portal.settings import FilesChange
from portal.storages import NewStorage
from portal.transfers import Transfer
from tests.factories import NOON, ORDERED, SHOP, an_imported_order

KEY = Key("etsy", "1")
STAMP = "Kauf {OrderNumber} vom {OrderDate} - {UserName}"


class Shop:
    """Sells each file as an article of its own; everything happens at noon unless told otherwise."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.folder = house.database.path.parent / "files"
        self.copies = house.database.path.parent / "cache" / "stamped"

    async def opens(self, **rules: Any) -> None:
        new = NewStorage(name="folder", kind=StorageKind.LOCAL, options={"root": str(self.folder)})
        async with self.house.database.writing() as session:
            await storages.add(new, self.house.storages, session, SHOP)
        await self.rules(**rules)

    async def rules(self, **rules: Any) -> None:
        async with self.house.database.writing() as session:
            await settings.change(FileSettings, FilesChange(**rules), session, SHOP)

    async def sells(self, name: str, *skus: str, at: datetime = NOON) -> int:
        """Links the file with these articles, one named BENTE if none is given; the file's id."""
        for sku in skus or ("BENTE",):
            found = await self.links(FileLink(storage="folder", path=name), sku, at)
        await self.house.file_checks.one(found, By(TRESEN, at))  # as the worker does, which does not run here
        return found

    async def links(self, link: FileLink, sku: str = "BENTE", at: datetime = NOON) -> int:
        """The file's id; nobody has looked into it then."""
        house = self.house
        seen = await articles.look([link], house.database.reading, house.storages)
        await articles.put(sku, ArticleBody(files=[link]), seen, house.database.writing, By("key:shop", at))
        async with house.database.reading() as session:
            found = await session.scalar(select(File.id).where(File.path == link.path))
        assert found is not None
        return found

    async def unlinks(self, sku: str = "BENTE") -> None:
        async with self.house.database.writing() as session:
            await articles.remove(sku, session, SHOP)

    async def is_ordered(self, key: Key = KEY, **fields: Any) -> int:
        """A paid order, unless told otherwise; its id."""
        async with self.house.database.writing() as session:
            imported = an_imported_order(**{"paid_at": ORDERED, **fields})
            order, _ = await order_imports.put(key, imported, session, SHOP)
        return order.id

    async def allows(self, order_id: int, file_id: int, more: int) -> None:
        new = NewAllowance(file=file_id, downloads=more, reason="sie hat gefragt")
        async with self.house.database.writing() as session:
            order = await session.get_one(Order, order_id)
            await allowances.give(new, order, await dossiers.of(order_id, session), session, SHOP)

    async def entitlement(self, order_id: int) -> Entitlement:
        async with self.house.database.reading() as session:
            (found,) = (await dossiers.of(order_id, session)).entitlements
        return found

    async def count(self, table: type[Download | DownloadObservation | File | ArticleFile]) -> int:
        return len(await self.every(table))

    async def every(self, table: type[Any]) -> list[Any]:
        async with self.house.database.reading() as session:
            return list(await session.scalars(select(table)))

    async def notices(self) -> list[tuple[str, object]]:
        return [(entry.kind, entry.details["refusal"]) for entry in await self.every(Activity) if entry.notice]


class Customer:
    """Whoever holds the link of one order."""

    def __init__(self, shop: Shop, order_id: int) -> None:
        self.shop = shop
        self.house = shop.house
        self.order_id = order_id
        sighting = shop.house.glance.at(order_id)
        assert sighting
        self.link = Link(order_id, sighting.link_version)

    async def clicks(self, file_id: int, mark: str = "", at: datetime = NOON) -> Download:
        attempt = Attempt(mark=mark, ip_prefix="192.0.2.0/24", at=at)
        return await self.house.counter.start(self.order_id, file_id, attempt)

    async def fetches(self, download: Download, at: datetime = NOON) -> bytes:
        """Goes to the download's address as it was given out at first; raises Ended where that is dead."""
        content = await self.opens(download, By(TRESEN, at))
        pieces = [piece async for piece in content.read(0, content.size)]
        await content.close()
        return b"".join(pieces)

    async def opens(self, download: Download, by: By | None) -> MeteredBytes:
        """Raises Ended, CapReached."""
        counter = self.house.counter
        address = Address(download.id, self.link)
        return await counter.bytes_of(await counter.at(address, by.at if by else NOON), by)

    async def has_fetched(self, download: Download, sent: int, start: int = 0, **fields: Any) -> None:
        """As the answer notes it when it is over."""
        async with self.house.database.writing() as session:
            await transfers.note(download, Transfer(at=NOON, start=start, sent=sent, **fields), session)


async def refusal_of(click: Awaitable[Download]) -> Refusal | None:
    try:
        await click
    except Refused as refused:
        return refused.refusal
    return None


def path_of(shop: Shop, name: str) -> Path:
    return shop.folder / name
