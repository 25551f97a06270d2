"""A filled shop to look at: what `tresen demo` serves. It goes the same ways as a real shop's data."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from config import Config
from db.invoices import Invoice
from db.settings import AppearanceSettings, FileSettings, InvoiceSettings, SellerSettings
from db.storages import StorageKind
from demo import by_itself, cast, shops
from demo.shops import Shops
from portal import (
    articles,
    foreign_invoices,
    images,
    keys,
    merchants,
    order_imports,
    payment_providers,
    settings,
    storages,
)
from portal.activity import DEMO, By
from portal.credit_notes import NewCreditNote
from portal.foreign_invoices import ForeignInvoice
from portal.house import House
from portal.images import NewImage
from portal.links import Link
from portal.refusals import Conflict
from portal.settings import AppearanceChange

KEY = "demo"


@contextmanager
def directory(given: Path | None) -> Iterator[Path]:
    """The given data directory, or one that vanishes with the demo."""
    if given:
        yield given.absolute()
        return
    with TemporaryDirectory(prefix="tresen-demo-") as place:
        yield Path(place) / "data"


def config(config: Config, place: Path, paypal_origin: str, billbee_base: str) -> Config:
    """The demo's own data directory, PayPal and Billbee; nothing of the environment is touched, no money moved."""
    files = place / "files"
    return replace(
        config,
        data=place,
        local_roots=(files,),
        secret_keys=(),
        keys_given=False,
        paypal_api_base=paypal_origin,
        billbee_api_base=billbee_base,
    )


async def fill(house: House, files: Path, connected: Shops | None = None) -> str:
    """Fills the shop; what to tell whoever started it. Orders of the shops `connected` come in once it is served."""
    now = datetime.now(UTC)
    by = By(DEMO, now)
    banner = await _make_papers(files, house)
    password = secrets.token_urlsafe(9)
    merchant = await merchants.newly(cast.MERCHANT, password)
    async with house.database.writing() as session:
        await merchants.put(merchant, session, by)
        await _set_up(session, by)
        await house.storefront.refresh(session)
        key = await _key(session, by)
        await _storage(house, files, session, by)
        await _hang(banner, session, by)
        await _open_accounts(house, session, by)
        await by_itself.set_up(session, by)
        if connected:
            await shops.connect(connected, house.connectors, session, by)
    for sku, article in cast.ARTICLES.items():
        seen = await articles.look(article.files, house.database.reading, house.storages)
        await articles.put(sku, article, seen, house.database.writing, by)
    told = [
        f"Tresen demo at {house.base_url}",
        "",
        f"Back office  {house.base_url}/admin",
        f"  Sign in as {cast.MERCHANT} with the password {password}",
        "",
        "Portal links",
    ]
    for scene in cast.scenes(now):
        told += [f"  {scene.title}", f"    {await _play(scene, house, files, by)}"]
    told += ["", "PayPal is a stand-in on this machine: open orders can be paid, and no money moves."]
    if connected:
        told += ["A Billbee and a WooCommerce on this machine bring two orders each; see Einstellungen / Quellen."]
    told += [
        "",
        "Things to try",
        f"  {house.base_url}/admin/settings/sources/imports   orders from a table; the mapping Stoffmarkt is kept",
        f"  {house.base_url}/admin/automations   one marks whoever buys files; the others wait for a mail server",
        f"  {house.base_url}/admin/messages   the wordings of mails, with a preview of a real order",
        f"  {house.base_url}/admin/settings/health   how the shop is: what needs a look, and what to do about it",
        f"  {house.base_url}/admin/settings/backups   backups by the clock, to a folder or a storage",
        f"  {house.base_url}/admin/settings/privacy   what is known about somebody, and to forget them",
    ]
    told += ["", f"API key  {key}", f"API      {house.base_url}/api/docs", "", "Ctrl-C ends the demo."]
    return "\n".join(told)


async def _make_papers(folder: Path, house: House) -> NewImage:
    """In a process of its own: what draws PDFs is not needed any more once the shop is open. The banner comes back."""
    with TemporaryDirectory(dir=house.scratch) as place:
        banner = Path(place, cast.BANNER)
        drawing = await asyncio.create_subprocess_exec(sys.executable, "-m", "demo.papers", str(folder), str(banner))
        if await drawing.wait():
            raise RuntimeError("The demo's papers could not be drawn.")
        return await images.looked_through(banner.read_bytes(), banner.name, house.child, house.scratch)


async def _hang(banner: NewImage, session: AsyncSession, by: By) -> None:
    """Above the portal page, unless some image was uploaded when the demo was started on this directory before."""
    if not await images.every(session):
        image = await images.add(banner, session, by)
        await settings.change(AppearanceSettings, AppearanceChange(image=image.id), session, by)


async def _open_accounts(house: House, session: AsyncSession, by: By) -> None:
    """Through whom customers will pay, unless the demo was started on this directory before."""
    if not await payment_providers.every(session):
        for provider in cast.PROVIDERS:
            await payment_providers.add(provider, house.vault, session, by)


async def _set_up(session: AsyncSession, by: By) -> None:
    await settings.change(AppearanceSettings, cast.APPEARANCE, session, by)
    await settings.change(FileSettings, cast.FILES, session, by)
    await settings.change(SellerSettings, cast.SELLER, session, by)
    await settings.change(InvoiceSettings, cast.INVOICES, session, by)


async def _key(session: AsyncSession, by: By) -> str:
    """That of a demo started on this directory before cannot be told again, so it goes."""
    for old in await keys.every(session):
        if old.name == KEY:
            await keys.revoke(old.id, session, by)
    return await keys.add(KEY, session, by)


async def _storage(house: House, files: Path, session: AsyncSession, by: By) -> None:
    new = storages.NewStorage(name=cast.STORAGE, kind=StorageKind.LOCAL, options={"root": str(files)})
    try:
        await storages.add(new, house.storages, session, by)
    except Conflict:
        return  # the demo was started on this directory before


async def _play(scene: cast.Scene, house: House, files: Path, by: By) -> str:
    """Brings one order in, with its invoice if it has one; its portal link."""
    key = order_imports.Key(scene.order.platform.lower(), scene.external_id)
    content = (files / cast.INVOICE).read_bytes()
    inspection = await house.child.inspect(files / cast.INVOICE)
    async with house.database.writing() as session:
        order, _ = await order_imports.put(key, scene.order, session, by)
        if scene.invoice:
            day = by.at.date() - timedelta(days=scene.invoice_age)
            await foreign_invoices.store(
                ForeignInvoice(number=scene.invoice, issued_on=day, content=content, inspection=inspection),
                order,
                session,
                by,
            )
        had_one = await session.scalar(select(Invoice.id).where(Invoice.order_id == order.id).limit(1))
    if scene.taken_back and had_one is None:
        issued = await house.issuing.invoice(order.id, by)
        await house.issuing.credit_note(issued, NewCreditNote(reason=scene.taken_back), by)
    return house.links.url(Link(order.id, order.link_version))
