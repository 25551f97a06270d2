"""Everything about one mail address (Art. 15 and 20 DSGVO): each order with whatever refers to it, and its documents.

Which tables refer to an order is read from the schema, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Reading
from db.invoices import Invoice, InvoiceDocument
from db.messages import Attachment, Message
from db.tables import METADATA
from portal import subjects

OURS = frozenset({"order_search", "open_payment", "erased_order", "invoice_document", "invoice_seal"})  # how it works
ORDER, MAILS = METADATA.tables["order"], METADATA.tables["message"]
MOST_IDS = 500
SUFFIXES = {"application/pdf": "pdf", "text/xml": "xml", "application/xml": "xml"}
Told = dict[str, object]
Member = tuple[str, bytes]


async def members(address: str, reading: Reading, now: datetime) -> AsyncIterator[Member]:
    """Names and contents for an archive, each read when it is its turn."""
    async with reading() as session:
        ids = [order.id for order in await subjects.orders_of(address, session)]
        alone = await _rows(MAILS, Message.order_id.is_(None) & _to(address), session)
    about: Told = {"address": address, "exported_at": now.isoformat(), "orders": len(ids)}
    yield "about.json", _written(about)
    if alone:
        yield "mails.json", _written({"message": alone})
    for order_id in ids:
        async with reading() as session:
            yield f"order-{order_id}/order.json", _written(await of_order(order_id, session))
        async for member in _documents(order_id, reading):
            yield member


async def of_order(order_id: int, session: AsyncSession) -> Told:
    """Its own row, and below the name of each table the rows that refer to it, directly or by another one."""
    (told,) = await _rows(ORDER, ORDER.c.id == order_id, session)
    found: dict[str, list[Told]] = {}
    for table, column in _referring("order"):
        found[table.name] = await _rows(table, column == order_id, session)
    for name, rows in list(found.items()):
        ids = [row["id"] for row in rows if "id" in row]
        for table, column in _referring(name):
            if ids and table.name not in found:
                found[table.name] = await _of_ids(table, column, ids, session)
    return told | {name: rows for name, rows in found.items() if rows}


@cache
def _referring(name: str) -> tuple[tuple[Table, Column[int]], ...]:
    """The tables with a column that refers to that one, of which anything is told."""
    return tuple(_of_schema(name))


def _of_schema(name: str) -> Iterator[tuple[Table, Column[int]]]:
    for table in METADATA.sorted_tables:
        if table.name in OURS or table.name == name:
            continue
        for column in table.columns:
            if any(key.column.table.name == name for key in column.foreign_keys):
                yield table, column
                break


async def _of_ids(table: Table, column: Column[int], ids: Sequence[object], session: AsyncSession) -> list[Told]:
    rows: list[Told] = []
    for start in range(0, len(ids), MOST_IDS):
        rows += await _rows(table, column.in_(ids[start : start + MOST_IDS]), session)
    return rows


async def _rows(table: Table, condition: ColumnElement[bool], session: AsyncSession) -> list[Told]:
    """Everything but bytes, which are documents of their own."""
    told = [column for column in table.columns if not isinstance(column.type, LargeBinary)]
    return [dict(row) for row in (await session.execute(select(*told).where(condition))).mappings()]


def _to(address: str) -> ColumnElement[bool]:
    return func.lower(Message.to_address) == address


async def _documents(order_id: int, reading: Reading) -> AsyncIterator[Member]:
    """Invoices as they were issued, and what went with the mails."""
    async with reading() as session:
        issued = await session.execute(
            select(Invoice.id, InvoiceDocument.format)
            .join(InvoiceDocument, InvoiceDocument.invoice_id == Invoice.id)
            .where(Invoice.order_id == order_id)
            .order_by(Invoice.id, InvoiceDocument.format)
        )
        attached = await session.execute(
            select(Attachment.message_id, Attachment.position, Attachment.media_type)
            .join(Message, Message.id == Attachment.message_id)
            .where(Message.order_id == order_id)
            .order_by(Attachment.message_id, Attachment.position)
        )
        documents, attachments = issued.all(), attached.all()
    for invoice_id, form in documents:
        wanted = (InvoiceDocument.invoice_id == invoice_id) & (InvoiceDocument.format == form)
        async with reading() as session:
            content = await session.scalar(select(InvoiceDocument.content).where(wanted))
        yield f"order-{order_id}/invoice-{invoice_id}.{form}", content or b""
    for message_id, position, media_type in attachments:
        part = (Attachment.message_id == message_id) & (Attachment.position == position)
        async with reading() as session:
            content = await session.scalar(select(Attachment.content).where(part))
        suffix = SUFFIXES.get(media_type, "bin")
        yield f"order-{order_id}/mail-{message_id}-{position}.{suffix}", content or b""


def _written(told: Mapping[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=2, default=_plain).encode()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
