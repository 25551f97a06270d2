"""A shop that may issue invoices, and the customers who ask for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select

from db.activity import Activity
from db.engine import Database
from db.invoices import Invoice, InvoiceDocument, InvoiceSnapshot
from db.settings import InvoiceSettings, SellerSettings
from portal import order_imports, settings, snapshots
from portal.activity import CUSTOMER, By
from portal.credit_notes import NewCreditNote, ReturnedLine
from portal.imported import PostalAddress
from portal.issuing import Issuing, Press
from portal.order_imports import Key
from portal.refusals import Refusal, Refused
from portal.settings import InvoicesChange, SellerChange
from portal.snapshots import Snapshot
from tests.factories import BERLIN, NOON, ORDERED, SHOP, an_imported_order
from tests.pretend import PretendPress

SELLER: dict[str, Any] = {
    "name": "Nähwerk Musterfrau",
    "street": "Nadelgasse 3",
    "zip": "50667",
    "city": "Köln",
    "country": "DE",
    "vat_id": "DE123456788",
}
HOME = PostalAddress(name="Max Mustermann", line1="Heidestraße 17", zip="51147", city="Köln", country="DE")
ERIKA = By(CUSTOMER, NOON)


class Bookkeeping:
    """Everything happens at noon, and is drawn by a pretend press, unless told otherwise."""

    def __init__(self, database: Database, scratch: Path, press: Press | None = None) -> None:
        self.database = database
        self.press = press or PretendPress()
        self.issuing = Issuing(database, self.press, scratch, BERLIN)

    async def opens(self, **seller: Any) -> None:
        await self.sets(**{**SELLER, **seller})
        await self.rules(auto_create=True)

    async def sets(self, **seller: Any) -> None:
        async with self.database.writing() as session:
            await settings.change(SellerSettings, SellerChange(**seller), session, SHOP)

    async def rules(self, **rules: Any) -> None:
        async with self.database.writing() as session:
            await settings.change(InvoiceSettings, InvoicesChange(**rules), session, SHOP)

    async def is_ordered(self, name: str = "1", **fields: Any) -> int:
        """A paid order of one file, unless told otherwise; its id."""
        ordinary = {"number": f"B{name}", "paid_at": ORDERED, "billing": HOME}
        async with self.database.writing() as session:
            imported = an_imported_order(**{**ordinary, **fields})
            order, _ = await order_imports.take(Key("etsy", name), imported, session, SHOP)
        return order.id

    async def asks(self, order_id: int, by: By = ERIKA) -> Invoice:
        return await self.invoice(await self.issuing.invoice(order_id, by))

    async def issues_by_hand(self, order_id: int, by: By = SHOP) -> Invoice:
        return await self.invoice(await self.issuing.by_hand(order_id, by))

    async def takes_back(
        self, invoice: Invoice, lines: dict[str, str] | None = None, by: By = SHOP, reason: str = "falsche Adresse"
    ) -> Invoice:
        returned = [ReturnedLine(line=line, quantity=quantity) for line, quantity in (lines or {}).items()] or None
        wanted = NewCreditNote(lines=returned, reason=reason)
        return await self.invoice(await self.issuing.credit_note(invoice.id, wanted, by))

    async def is_refused(self, order_id: int, by: By = ERIKA) -> Refusal | None:
        try:
            await self.issuing.invoice(order_id, by)
        except Refused as refused:
            return refused.refusal
        return None

    async def invoice(self, invoice_id: int) -> Invoice:
        async with self.database.reading() as session:
            return await session.get_one(Invoice, invoice_id)

    async def snapshot(self, invoice: Invoice) -> Snapshot:
        async with self.database.reading() as session:
            return snapshots.restored((await session.get_one(InvoiceSnapshot, invoice.id)).content)

    async def every(self, table: type[Any] = Invoice) -> list[Any]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(table)))

    async def numbers(self) -> list[str]:
        return sorted(invoice.number for invoice in await self.every() if invoice.series)

    async def documents(self) -> list[InvoiceDocument]:
        return await self.every(InvoiceDocument)

    async def notices(self) -> list[tuple[str, object]]:
        return [(entry.kind, entry.details.get("refusal")) for entry in await self.every(Activity) if entry.notice]
