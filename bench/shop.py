"""The shop that is measured: the demo's, one large file, and as many copies of one of its orders as asked for."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import assembly
import demo
from config import Config, from_environment, with_data_directory
from db.orders import State
from db.settings import FileSettings
from demo import cast
from portal import articles, order_imports, settings
from portal.activity import By
from portal.articles import ArticleBody, FileLink
from portal.house import House
from portal.imported import ImportedLine, ImportedOrder
from portal.links import Link, Links
from portal.settings import FilesChange
from portal.signing import Signer

LARGE = "large.bin"
LARGE_BYTES = 200_000_000
MODEL = order_imports.Key("etsy", "3123456789")
# What a copy has of its own; everything else is the model's.
OWN = {
    "order": {
        "id": "n",
        "external_id": "'c' || n",
        "number": "'C' || n",
        "buyer_email": "'kunde' || n || '@example.org'",
        "buyer_email_key": "'kunde' || n || '@example.org'",
    },
    "line": {"id": "NULL", "order_id": "n"},
    "payment": {"id": "NULL", "order_id": "n", "transaction_id": "'T' || n"},
    "address": {"order_id": "n"},
    "invoice": {"id": "n", "order_id": "n", "number": "'R' || n"},
    "invoice_document": {"invoice_id": "n", "content": "zeroblob(20)"},
}
FIRST_COPY = 1_000


@dataclass(frozen=True)
class Shop:
    config: Config
    model: Link
    large_order: Link
    large_file_id: int

    def path(self, link: Link) -> str:
        return f"/o/{Links(Signer(self.config.secret_keys), '').token(link)}"


async def made(data: Path) -> Shop:
    config = with_data_directory(from_environment({"TRESEN_DATA": str(data)}))
    config.files.mkdir(exist_ok=True)
    _write_large_file(config.files / LARGE)
    async with assembly.opened(config) as house:
        await demo.fill(house, config.files)
        by = By("bench", datetime.now(UTC))
        body = ArticleBody(title="Large", files=[FileLink(storage=cast.STORAGE, path=LARGE)])
        seen = await articles.look(body.files, house.database.reading, house.storages)
        await articles.put("LARGE", body, seen, house.database.writing, by)
        return await _with_large_order(config, house, by)


async def _with_large_order(config: Config, house: House, by: By) -> Shop:
    wanted = ImportedOrder(
        number="L1",
        state=State.PAID,
        ordered_at=by.at,
        currency="EUR",
        lines=[ImportedLine(id="1", title="Large", sku="LARGE", line_gross=100, tax_rate="19", digital=False)],
        total_gross=100,
    )
    async with house.database.writing() as session:
        await settings.change(FileSettings, FilesChange(limit_per_file=None), session, by)
        order, _ = await order_imports.put(order_imports.Key("bench", "large"), wanted, session, by)
    async with house.database.reading() as session:
        model = await order_imports.find(MODEL, session)
        if model is None:
            raise RuntimeError("The demo has lost the order that is copied here.")
        found = await articles.files_of([await articles.one("LARGE", session)], session)
        file_id = next(linked.file.id for files in found.values() for linked in files)
    return Shop(config, Link(model.id, model.link_version), Link(order.id, order.link_version), file_id)


def _write_large_file(place: Path) -> None:
    block = os.urandom(1_000_000)
    with place.open("wb") as file:
        for _ in range(LARGE_BYTES // len(block)):
            file.write(block)


def grown(shop: Shop, data: Path, orders: int) -> Shop:
    """The same shop in another directory, with so many copies of its model; the large file stays behind."""
    shutil.copytree(shop.config.data, data, ignore=shutil.ignore_patterns(LARGE, "*-shm", "*-wal"))
    other = replace(shop, config=replace(shop.config, data=data))
    _grow(other, orders)
    return other


def _grow(shop: Shop, orders: int) -> None:
    """Copies the model until there are so many copies. By SQL, and without the triggers that count single changes."""
    with closing(sqlite3.connect(shop.config.database, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-400000")
        connection.execute("BEGIN IMMEDIATE")
        triggers = connection.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN {tuple(OWN)}"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for table in OWN:
            _copy(connection, table, shop.model.order_id, (FIRST_COPY, FIRST_COPY + orders))
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copy(connection: sqlite3.Connection, table: str, model: int, numbers: tuple[int, int]) -> None:
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
    chosen = ", ".join(OWN[table].get(column, f'model."{column}"') for column in columns)
    connection.execute(
        f"""
        WITH RECURSIVE numbers(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?)
        INSERT INTO "{table}" ({", ".join(f'"{column}"' for column in columns)})
        SELECT {chosen} FROM numbers, "{table}" AS model WHERE {_of_model(table)}
        """,
        (*numbers, model),
    )


def _of_model(table: str) -> str:
    if table == "order":
        return "model.id = ?"
    if table == "invoice_document":
        return "model.invoice_id = (SELECT min(id) FROM invoice WHERE order_id = ?)"
    return "model.order_id = ?"


def outdate_pages(shop: Shop) -> None:
    """As a change of a setting would: no page that was rendered before is served again."""
    with closing(sqlite3.connect(shop.config.database, timeout=30)) as connection:
        connection.execute("UPDATE shop_version SET version = version + 1")
        connection.commit()


def copies(shop: Shop, numbers: Sequence[int]) -> list[str]:
    """The addresses of these copies, counted from 0."""
    return [shop.path(Link(FIRST_COPY + number, 1)) for number in numbers]
