"""The merchant's invoices in HTTP: found, filtered, taken away for the tax adviser, taken back."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import unescape
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import event, select

from db.invoices import DocumentFormat, Invoice, InvoiceDocument, Issuer
from db.settings import InvoiceSettings, SellerSettings
from pdfkit.outcome import Inspection
from portal import foreign_invoices, invoices, order_imports, settings
from portal.activity import By
from portal.credit_notes import NewCreditNote
from portal.foreign_invoices import ForeignInvoice
from portal.imported import Buyer, PostalAddress
from portal.settings import InvoicesChange, SellerChange
from tests.portal.invoicing import SELLER
from tests.routes.admin.conftest import Browser
from tests.routes.customer.conftest import an_imported_order
from views.admin.invoices import CSV, PATH, ZIP

HOME = PostalAddress(name="Erika Mustermann", line1="Heidestraße 17", zip="51147", city="Köln", country="DE")
PDF = Inspection(
    pages=1, encrypted="none", repaired=False, signed=False, pdf_version="1.7", stampable=True, cause=None, warnings=()
)
HOSTILE = ['"><script>alert(1)</script>', "' onfocus='alert(1)", "{{ 7*7 }}%(number)s"]


@dataclass
class Books:
    """Jana's invoices, as she sees them and as they are stored."""

    jana: Browser

    @property
    def house(self) -> Any:
        return self.jana.tresen.house

    @property
    def by(self) -> By:
        return By("test", datetime.now(UTC))

    async def opens(self, **rules: Any) -> None:
        async with self.house.database.writing() as session:
            await settings.change(SellerSettings, SellerChange(**SELLER), session, self.by)
            wanted = InvoicesChange(**{"auto_create": True, **rules})
            await settings.change(InvoiceSettings, wanted, session, self.by)

    async def sells(self, number: str, **changes: Any) -> int:
        """A paid order; its id."""
        ordinary = {"number": number, "billing": HOME}
        async with self.house.database.writing() as session:
            key = order_imports.Key("shop", number)
            order, _ = await order_imports.put(key, an_imported_order(**{**ordinary, **changes}), session, self.by)
        return order.id

    async def issues(self, number: str, **changes: Any) -> Invoice:
        return await self.row(await self.house.issuing.invoice(await self.sells(number, **changes), self.by))

    async def takes_back(self, invoice: Invoice) -> Invoice:
        wanted = NewCreditNote(reason="falsche Adresse")
        return await self.row(await self.house.issuing.credit_note(invoice.id, wanted, self.by))

    async def stores(self, order: str, number: str, issued_on: date = date(2026, 3, 5), **changes: Any) -> Invoice:
        """An invoice from elsewhere, whose bytes are its number."""
        order_id = await self.sells(order, **changes)
        new = ForeignInvoice(number=number, issued_on=issued_on, content=number.encode(), inspection=PDF)
        async with self.house.database.writing() as session:
            row = await order_imports.one(order_imports.Key("shop", order), session)
            assert row.id == order_id
            stored, _ = await foreign_invoices.store(new, row, session, self.by)
        return stored

    async def stores_many(self, count: int) -> None:
        """So many documents of one order, on the days of one January."""
        order_id = await self.sells("A-many")
        rows = [
            Invoice(
                order_id=order_id,
                number=f"X-{number:03}",
                issuer=Issuer.ELSEWHERE,
                issued_on=date(2026, 1, 1 + number % 28),
                total_gross=2490,
                currency="EUR",
                stored_at=self.by.at,
            )
            for number in range(count)
        ]
        async with self.house.database.writing() as session:
            session.add_all(rows)

    async def row(self, invoice_id: int) -> Invoice:
        async with self.house.database.reading() as session:
            return await session.get_one(Invoice, invoice_id)

    async def every(self, table: type[Any] = Invoice) -> list[Any]:
        async with self.house.database.reading() as session:
            return list(await session.scalars(select(table)))

    async def content(self, invoice: Invoice, form: DocumentFormat = DocumentFormat.PDF) -> bytes:
        async with self.house.database.reading() as session:
            return await invoices.document(invoice.id, form, session)

    async def sees(self, path: str, status: int = 200) -> str:
        answer = await self.jana.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    async def lists(self, query: str = "") -> list[str]:
        found = re.findall(r'data-cell="number"><span[^>]*>([^<]*)<', await self.sees(f"{PATH}{query}"))
        return [unescape(number) for number in found]

    async def exports(self, query: str = "") -> list[dict[str, str]]:
        answer = await self.jana.get(f"{CSV}{query}")
        assert answer.content.startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 by this mark alone"
        return table_of(answer.content)

    async def archive(self, query: str = "") -> ZipFile:
        return ZipFile(io.BytesIO((await self.jana.get(f"{ZIP}{query}")).content))


def table_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def texts_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.fixture
def books(jana: Browser) -> Books:
    return Books(jana)


# --- The door


@pytest.mark.parametrize("path", [PATH, CSV, ZIP])
async def test_a_stranger_is_sent_to_the_door(stranger, path):
    answer = await stranger.get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/admin/sign-in")


@pytest.mark.parametrize("path", [PATH, CSV, ZIP])
async def test_whoever_only_looks_changes_nothing_and_nothing_is_kept(books, path):
    await books.stores("A-1", "X-1")
    answer = await books.jana.tresen.client.head(path, headers={"Cookie": books.jana.cookie})

    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["cache-control"] == "no-store"


# --- The list


async def test_an_empty_list_says_how_invoices_come(books):
    page = await books.sees(PATH)

    assert "Noch keine Rechnungen" in page
    assert "/admin/settings/portal/invoices" in page
    assert 'type="search"' not in page


async def test_the_newest_document_stands_first_with_everything_that_is_known_of_it(books):
    await books.stores("A-1", "X-1", date(2025, 12, 31))
    await books.stores("A-2", "X-2", date(2026, 1, 1), buyer=Buyer(name="Jürgen Groß"))
    page = await books.sees(PATH)

    assert await books.lists() == ["X-2", "X-1"]
    for told in ("Jürgen Groß", "01.01.2026", "anderswo ausgestellt", "24,90", ">A-2<"):
        assert told in page
    assert re.search(r'href="/admin/orders/\d+/invoices/\d+\.pdf"', page)


async def test_what_is_typed_finds_number_order_and_buyer(books):
    await books.stores("A-100", "X-7711", buyer=Buyer(name="Jürgen Groß"))
    await books.stores("B-200", "Y-8822", buyer=Buyer(name="Zoë"))

    assert await books.lists("?q=771") == ["X-7711"]
    assert await books.lists("?q=b-200") == ["Y-8822"]
    assert await books.lists("?q=juergen") == ["X-7711"]
    assert await books.lists("?q=nobody") == []


async def test_filters_choose_kind_issuer_and_months(books):
    await books.stores("A-1", "X-1", date(2026, 1, 31))
    await books.stores("A-2", "X-2", date(2026, 2, 1))
    await books.stores("A-3", "X-3", date(2026, 3, 1))

    assert await books.lists("?since=2026-02&until=2026-02") == ["X-2"]
    assert await books.lists("?since=02.2026") == ["X-3", "X-2"]
    assert await books.lists("?until=2026-02&kind=invoice&issuer=elsewhere") == ["X-2", "X-1"]
    assert await books.lists("?since=2026&until=2026") == ["X-3", "X-2", "X-1"]
    assert await books.lists("?issuer=tresen") == []
    assert await books.lists("?kind=credit_note") == []


@pytest.mark.parametrize(
    "query",
    ["?after=x", "?after=2026-99-99.1", "?before=2026-01-01.99999999999999999999", "?since=+&kind="],
)
async def test_an_address_that_makes_no_sense_shows_the_list(books, query):
    await books.stores("A-1", "X-1")

    assert await books.lists(query) == ["X-1"]


@pytest.mark.parametrize("query", ["?since=13.2026", "?until=2026-1l", "?kind=no", "?issuer=no&since=2026-01"])
async def test_a_filter_that_cannot_be_read_chooses_nothing_and_exports_nothing(books, query):
    await books.stores("A-1", "X-1")

    page = await books.jana.get(f"/admin/invoices{query}")
    exports = [await books.jana.get(f"/admin/invoices/export.{form}{query}") for form in ("csv", "zip")]

    assert page.status_code == 422
    assert "Dieser Filter ist nicht zu lesen" in page.text
    assert "X-1" not in page.text
    assert [answer.status_code for answer in exports] == [422, 422]


async def test_pages_turn_both_ways_and_keep_the_filters(books):
    await books.stores_many(53)
    first = await books.lists("?issuer=elsewhere")
    older = unescape(re.findall(r'href="([^"]*after=[^"]*)"', await books.sees(f"{PATH}?issuer=elsewhere"))[0])
    second = await books.lists(older.removeprefix(PATH))
    newer = unescape(re.findall(r'href="([^"]*before=[^"]*)"', await books.sees(older))[0])

    assert "issuer=elsewhere" in older
    assert (len(first), len(second)) == (50, 3)
    assert len({*first, *second}) == 53
    assert await books.lists(newer.removeprefix(PATH)) == first


async def test_a_search_while_typing_gets_the_list_alone(books):
    await books.stores("A-1", "X-1")
    answer = await books.jana.get(f"{PATH}?q=x", HX_Request="true", HX_Target="div#invoices")

    assert answer.text.lstrip().startswith('<div id="invoices">')


@pytest.mark.parametrize("attack", HOSTILE)
async def test_hostile_names_stay_words(books, attack):
    await books.stores(f"A{attack}", f"X{attack}", buyer=Buyer(name=attack))
    page = await books.sees(f"{PATH}?q={attack[:3]}")

    assert "<script>alert" not in page
    assert attack in unescape(await books.sees(PATH))


async def test_many_documents_cost_no_more_statements_than_one(books):
    said: list[str] = []
    engine = books.house.database._reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    await books.stores("A-0", "X-0")
    await books.sees(PATH)
    for_one = len(said)
    await books.stores_many(20)
    said.clear()
    await books.sees(PATH)

    assert len(said) == for_one


# --- Of our own: cancelled, and with all forms


async def test_a_cancelled_invoice_names_what_cancelled_it_and_the_other_way_round(books):
    await books.opens()
    invoice = await books.issues("A-1")
    note = await books.takes_back(invoice)
    page = texts_of(await books.sees(PATH))

    assert f"storniert durch {note.number}" in page
    assert f"Storno zu {invoice.number}" in page
    assert "-24,90" in page.replace("−", "-")


# --- For the tax adviser


async def test_the_list_leaves_as_a_table_that_german_spreadsheets_read(books):
    await books.opens()
    invoice = await books.issues("A-1")
    note = await books.takes_back(invoice)
    first, second = await books.exports()

    assert list(first) == [
        "Nummer", "Art", "Ausgestellt von", "Datum", "Bestellnummer", "Käufer",
        "Umsatzsteuer-Identifikationsnummer", "Land", "Bestimmungsland", "Netto", "Steuer", "Betrag",
        "Steuer nach Satz", "Währung",
        "Bezieht sich auf",
    ]  # fmt: skip
    assert (first["Nummer"], first["Art"], first["Käufer"]) == (invoice.number, "Rechnung", "Erika Mustermann")
    assert (first["Netto"], first["Steuer"], first["Betrag"]) == ("20,92", "3,98", "24,90")
    assert (second["Netto"], second["Steuer"], second["Betrag"]) == ("-20,92", "-3,98", "-24,90")
    assert (first["Steuer nach Satz"], second["Steuer nach Satz"]) == ("S 19 %: 20,92 + 3,98", "S 19 %: -20,92 + -3,98")
    assert (first["Land"], first["Bestimmungsland"]) == ("DE", "DE")
    assert second["Bezieht sich auf"] == invoice.number
    assert second["Nummer"] == note.number
    assert re.fullmatch(r"\d\d\.\d\d\.\d{4}", first["Datum"])


@pytest.mark.parametrize("attack", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '="a;b"'])
async def test_no_cell_becomes_a_formula(books, attack):
    await books.stores("=A1", f"x{attack}" if attack[0] in "\t\r" else attack, buyer=Buyer(name=attack))
    (row,) = await books.exports()

    for cell in (row["Nummer"], row["Käufer"], row["Bestellnummer"]):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell


async def test_the_filters_hold_for_the_exports(books):
    await books.stores("A-1", "X-1", date(2026, 1, 31))
    await books.stores("A-2", "X-2", date(2026, 2, 1))

    assert [row["Nummer"] for row in await books.exports("?since=2026-02")] == ["X-2"]
    assert (await books.archive("?since=2026-02")).namelist()[0].startswith("2026-02/X-2")


async def test_the_archive_holds_every_document_as_it_was_stored_and_an_index_with_its_hash(books):
    await books.opens()
    own = await books.issues("A-1")
    foreign = await books.stores("A-2", "../../etc/passwd", date(2026, 2, 1))
    archive = await books.archive()
    index = {row["Datei"]: row for row in table_of(archive.read("index.csv"))}
    documents = [name for name in archive.namelist() if name != "index.csv"]

    assert archive.testzip() is None
    assert sorted(index) == sorted(documents)
    assert all(".." not in name.split("/") and not name.startswith("/") for name in documents)
    for name in documents:
        assert hashlib.sha256(archive.read(name)).hexdigest() == index[name]["SHA-256"]
    (pdf,) = [name for name in documents if name.endswith(f"/{own.number}.pdf")]
    assert archive.read(pdf) == await books.content(own)
    assert {name.rpartition(".")[2] for name in documents} == {"pdf", "xml"}
    (other,) = [name for name in documents if str(foreign.id) in name and name.startswith("2026-02/")]
    assert archive.read(other) == await books.content(foreign)


async def test_the_archive_holds_the_xrechnung_too(books):
    invoice = await books.stores("A-1", "X-1")
    async with books.house.database.writing() as session:
        form, content = DocumentFormat.XRECHNUNG, b"<Invoice/>"
        sum_of_it = hashlib.sha256(content).hexdigest()
        session.add(InvoiceDocument(invoice_id=invoice.id, format=form, content=content, sha256=sum_of_it))

    archive = await books.archive()
    (name,) = [name for name in archive.namelist() if name.endswith(".xrechnung.xml")]
    assert archive.read(name) == content
    assert name in archive.read("index.csv").decode()


async def test_two_foreign_documents_of_one_number_both_lie_in_the_archive(books):
    await books.stores("A-1", "X-1")
    await books.stores("A-2", "X-1")

    assert len(set((await books.archive()).namelist())) == 3


async def test_an_export_of_nothing_is_an_empty_table(books):
    assert await books.exports() == []
    assert (await books.archive()).namelist() == ["index.csv"]


async def test_more_documents_than_one_batch_all_leave_once(books):
    await books.stores_many(205)
    numbers = [row["Nummer"] for row in await books.exports()]

    assert len(numbers) == len(set(numbers)) == 205
