"""A whole running Tresen in this process, with a shop that has sold something."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path

import httpx
import msgspec
import pytest
from fpdf import FPDF
from litestar import Litestar
from sqlalchemy import select

from assembly import origins_of, working
from config import Config, from_environment, with_data_directory
from db.files import File
from db.invoices import Invoice
from db.migrate import migrate
from db.orders import Order, State
from db.settings import FileSettings
from db.storages import StorageKind
from handover import Ending
from pdfkit.inspect import inspect
from pdfkit.outcome import Inspection
from portal import articles, file_inspections, foreign_invoices, order_imports, settings, storages
from portal.activity import By
from portal.articles import ArticleBody, FileLink, Seen
from portal.house import House
from portal.imported import Buyer, ImportedLine, ImportedOrder
from portal.links import Link
from portal.settings import FilesChange
from portal.storages import NewStorage
from routes import application, protected

BASE = "http://127.0.0.1:8000"


@dataclass
class Running:
    """The application, its house, and a client who sends what browsers send."""

    config: Config
    app: Litestar
    house: House
    client: httpx.AsyncClient

    def link(self, order: Order) -> str:
        return self.house.links.url(Link(order.id, order.link_version))

    @property
    def files(self) -> Path:
        return self.config.files


class Table:
    """One table of all addresses, which takes a third of a second to lay out, for one running Tresen after another."""

    def __init__(self) -> None:
        self.app = application(self.open)
        self.opened: Callable[[], AbstractAsyncContextManager[House]] | None = None

    def open(self) -> AbstractAsyncContextManager[House]:
        assert self.opened is not None
        return self.opened()


@cache
def first_table() -> Table:
    return Table()


@asynccontextmanager
async def running(data: Path, **environment: str) -> AsyncIterator[Running]:
    """What `app.create_app` makes of that directory; a new one gets the schema by a copy."""
    config = with_data_directory(from_environment({"TRESEN_DATA": str(data)} | environment))
    if not config.database.exists():
        shutil.copyfile(an_empty_database(), config.database)
    table = first_table()
    if table.opened is not None:  # another Tresen runs beside this one
        table = Table()
    table.opened = partial(working, config, Ending())
    protection = protected(table.app, origins_of(config))
    transport = httpx.ASGITransport(app=protection)  # type: ignore[arg-type]  # httpx and Litestar spell ASGI differently
    try:
        async with alive(table.app), httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            yield Running(config, table.app, table.app.state.house, client)
    finally:
        table.opened = None


@cache
def an_empty_database() -> Path:
    """A file of the newest schema, only to be copied."""
    place = Path(tempfile.mkdtemp()) / "tresen.sqlite3"
    atexit.register(shutil.rmtree, place.parent)
    migrate(place, place.parent / "backups")
    return place


@asynccontextmanager
async def alive(app: Litestar) -> AsyncIterator[None]:
    """The application's life in a task of its own: fixtures are begun and ended in different ones."""
    ready, over = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            ready.set()
            await over.wait()

    life = asyncio.create_task(live())
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({life, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if life.done():
        life.result()
    try:
        yield
    finally:
        over.set()
        await life


@pytest.fixture
async def tresen(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path / "data") as found:
        yield found


@dataclass(frozen=True)
class Sale:
    """One paid order with two files, and an invoice issued elsewhere."""

    order: Order
    link: str
    invoice: Invoice
    pattern: int
    extras: int


@pytest.fixture
async def sale(tresen: Running) -> Sale:
    return await sell(tresen, "1")


async def sell(tresen: Running, external_id: str, **changes: object) -> Sale:
    by = By("test", datetime.now(UTC))
    pdf = _a_pdf()
    (tresen.files / "bente.pdf").write_bytes(pdf)
    (tresen.files / "extras.zip").write_bytes(b"PK" + bytes(2000))
    database = tresen.house.database
    async with database.writing() as session:
        if not await storages.every(session):
            new = NewStorage(name="files", kind=StorageKind.LOCAL, options={"root": str(tresen.files)})
            await storages.add(new, tresen.house.storages, session, by)
        wanted = FilesChange(limit_per_file=5, window_days=30, watermark_text="Kauf {OrderNumber} - {UserName}")
        await settings.change(FileSettings, wanted, session, by)
    body = ArticleBody(
        title="Bente",
        files=[FileLink(storage="files", path="bente.pdf"), FileLink(storage="files", path="extras.zip")],
    )
    seen = await articles.look(body.files, database.reading, tresen.house.storages)
    inspection = _inspected(pdf)
    async with database.writing() as session:  # somebody looked into them before: a child begins in half a second
        if not await session.scalar(select(File.id)):
            session.add_all(_looked_into(each, inspection) for each in seen)
    await articles.put("PDF-BENTE", body, seen, database.writing, by)
    async with database.writing() as session:
        key = order_imports.Key("shop", external_id)
        order, _ = await order_imports.put(key, an_imported_order(**changes), session, by)
        new_invoice = foreign_invoices.ForeignInvoice(
            number="RE-1", issued_on=by.at.date() - timedelta(days=1), content=pdf, inspection=inspection
        )
        invoice, _ = await foreign_invoices.store(new_invoice, order, session, by)
    async with database.reading() as session:
        found = await articles.files_of([await articles.one("PDF-BENTE", session)], session)
    ids = [linked.file.id for files in found.values() for linked in files]
    await file_inspections.over(ids, database.reading, patience=60)
    return Sale(order, tresen.link(order), invoice, *ids)


def an_imported_order(**changes: object) -> ImportedOrder:
    now = datetime.now(UTC)
    values: dict[str, object] = {
        "number": "4711",
        "state": State.PAID,
        "ordered_at": now - timedelta(days=2),
        "paid_at": now - timedelta(days=1),
        "currency": "EUR",
        "buyer": Buyer(name="Erika Mustermann", email="erika@example.org"),
        "lines": [ImportedLine(id="1", title="Bente", sku="PDF-BENTE", line_gross=2490, tax_rate="19")],
        "total_gross": 2490,
    }
    return ImportedOrder(**(values | changes))  # type: ignore[arg-type]


def _looked_into(seen: Seen, inspection: Inspection) -> File:
    entry = seen.entry
    told = {"kind": "pdf", **msgspec.to_builtins(inspection)} if entry.name == "bente.pdf" else {"kind": "other"}
    told = msgspec.json.decode(msgspec.json.encode(told))  # as it will be read again
    file = File(storage_id=seen.storage.id, path=entry.path, name=entry.name, version=entry.version, size=entry.size)
    file.inspection = {"stampable": True} | told
    return file


@cache
def _inspected(pdf: bytes) -> Inspection:
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        return inspect(Path(file.name))


@cache
def _a_pdf() -> bytes:
    paper = FPDF()
    paper.add_page()
    paper.set_font("Helvetica", "", 14)
    paper.text(40, 60, "Bogen 1")
    return bytes(paper.output())
