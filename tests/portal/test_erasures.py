"""A person is forgotten: nothing in the data directory holds the address or the name, but for what the law keeps."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from db.csv_imports import CsvFile
from db.erasures import Erasure
from db.files import File
from db.messages import Message
from db.orders import Order, State
from db.outbox import Job
from db.sources import Source
from db.waivers import Waiver
from portal import consents, dossiers, erasures, file_inspections, lost_links, order_imports, outbox, subjects
from portal.activity import By, entry
from portal.consents import Consent
from portal.erasures import Erasures
from portal.imported import Buyer, PostalAddress
from portal.jobs import attempt
from portal.order_imports import ImportResult, Key
from portal.outbox import Lane
from portal.refusals import NotFound
from portal.subjects import KeptKind
from tests.factories import BERLIN, NOON, SHOP, an_imported_order, berlin
from tests.pdfkit import papers
from tests.portal.invoicing import Bookkeeping
from tests.portal.selling import STAMP, Customer, Shop

ADDRESS = "änne.feinstich@garnkiste.example"
WRITTEN = "Änne.Feinstich@GARNKISTE.example".replace("Ä", "ä")
NAME, STREET = "Änne Feinstich-Wollweber", "Spulenweg 177"
BUYER = Buyer(name=NAME, email=WRITTEN, phone="+49 171 5550123", customer_number="KD-88123")
HOME = PostalAddress(name=NAME, line1=STREET, zip="50667", city="Köln", country="DE")
WORDS = ("feinstich", "wollweber", "spulenweg", "5550123", "kd-88123")
BY = By("merchant:1", NOON)


class Office:
    """Where a wish to be forgotten is fulfilled."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.house = shop, shop.house
        self.work = Erasures(
            database=self.house.database,
            csv_files=self.house.csv_files,
            stamps=self.house.counter.stamps,
            clock=lambda: NOON,
        )

    async def orders(self, name: str = "1", **fields) -> int:
        told = {"number": f"B-{name}", "buyer": BUYER, "billing": HOME, "shipping": HOME, "note": f"Für {NAME}"}
        return await self.shop.is_ordered(Key("etsy", name), **{**told, **fields})

    async def asks(self, address: str = ADDRESS) -> int:
        async with self.house.database.writing() as session:
            return (await erasures.ask(lost_links.normal(address), session, BY)).id

    async def works(self) -> None:
        async with self.house.database.writing() as session:
            job = await outbox.claim(Lane(erasures.KIND), timedelta(minutes=10), session, NOON)
        assert job
        await attempt(job, self.work, self.house.database.writing, lambda: NOON)

    async def forgets(self) -> Erasure:
        erasure_id = await self.asks()
        await self.works()
        async with self.house.database.reading() as session:
            return await erasures.one(erasure_id, session)

    async def every(self, table):
        return await self.shop.every(table)


@pytest.fixture
async def office(house) -> AsyncIterator[Office]:
    shop = Shop(house)
    papers.book(shop.folder / "bente.pdf")
    await shop.opens(watermark_text=STAMP)
    await shop.sells("bente.pdf")
    yield Office(shop)


def files_that_tell(data: Path, words=WORDS) -> list[str]:
    """Of the whole data directory, byte by byte, whatever letters are capitals."""
    found = []
    for path in sorted(path for path in data.rglob("*") if path.is_file()):
        content = path.read_bytes().lower()
        found += [f"{path.name}: {word}" for word in words if word.encode() in content]
    return found


def tables_that_tell(database: Path, words=WORDS) -> set[str]:
    """Every column of every table, those of the index too."""
    found = set()
    with closing(sqlite3.connect(database)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                text = " ".join(each.decode(errors="replace") if isinstance(each, bytes) else str(each) for each in row)
                if any(word in text.lower() for word in words):
                    found.add(table)
    return found


async def a_full_life(office: Office) -> int:
    """An order with everything that a name gets into."""
    order_id = await office.orders(tags=[NAME])
    (file,) = await office.every(File)
    customer = Customer(office.shop, order_id)
    await customer.fetches(await customer.clicks(file.id))
    database = office.house.database
    async with database.writing() as session:
        session.add(
            Message(
                order_id=order_id,
                kind="portal_link",
                locale="de",
                to_address=WRITTEN,
                to_name=NAME,
                subject=f"Hallo {NAME}",
                text=f"Guten Tag {NAME}",
                html=f"<p>{NAME}</p>",
                message_id="<1@x>",
                created_at=NOON,
            )
        )
        session.add(
            Message(
                kind="notices",
                locale="de",
                to_address="jana@naehwerk.example",
                subject="Hinweis",
                text=f"Bestellung von {NAME.upper()}",
                message_id="<2@x>",
                created_at=NOON,
            )
        )
        await session.flush()
        await outbox.enqueue(outbox.NewJob(kind="mail", key="mail:1", payload={"message_id": 1}), session, NOON)
        await lost_links.ask(ADDRESS, session, NOON)
        session.add(
            entry(BY, "allowance_given", order_id, {"downloads": 1, "file_name": "x", "reason": f"Bitte von {NAME}"})
        )
        session.add(entry(BY, "sign_in_failed", None, {"email": WRITTEN}))
        source = await session.get_one(Source, 1)
        folder = office.house.csv_files.folder
        folder.mkdir(parents=True, exist_ok=True)
        for place, text in (("mine.csv", f"Nummer;Mail\n1;{WRITTEN}\n"), ("other.csv", "Nummer;Mail\n2;x@y.example\n")):
            (folder / place).write_text(text, encoding="cp1252")
            session.add(
                CsvFile(
                    source_id=source.id,
                    name=place,
                    place=place,
                    size=1,
                    sha256="",
                    lines=2,
                    encoding="cp1252",
                    delimiter=";",
                    header=[],
                    header_line=1,
                    mapping={},
                    uploaded_at=NOON,
                    uploaded_by="merchant:1",
                )
            )
    return order_id


async def test_nothing_tells_of_a_person_who_was_forgotten(office: Office):
    order_id = await a_full_life(office)
    data = office.house.database.path.parent
    assert files_that_tell(data)

    row = await office.forgets()

    assert row.ended_at == NOON
    assert row.words == []
    assert tables_that_tell(office.house.database.path) == set()
    assert files_that_tell(data) == []
    assert not list(office.shop.copies.glob("*.pdf"))
    async with office.house.database.reading() as session:
        order = await session.get_one(Order, order_id)
        assert (order.state, order.number, order.buyer_email_key) == (State.DELETED, "B-1", "")


async def test_others_keep_what_is_theirs(office: Office):
    await a_full_life(office)
    other = await office.orders("2", buyer=Buyer(name="Max Mustermann", email="max@example.org"), billing=None, note="")

    row = await office.forgets()

    async with office.house.database.reading() as session:
        assert (await session.get_one(Order, other)).buyer_name == "Max Mustermann"
    assert (office.house.csv_files.folder / "other.csv").exists()
    assert row.removed["order"] == 1
    assert row.removed["csv_file"] == 1


async def test_mails_that_wait_are_not_sent_any_more(office: Office):
    await a_full_life(office)

    await office.forgets()

    assert await office.every(Message) == []
    waiting = {job.kind for job in await office.every(Job) if job.done_at is None}
    assert waiting <= {file_inspections.KIND}  # what is looked into belongs to the shop


async def test_a_second_wish_finds_nothing_and_harms_nothing(office: Office):
    await a_full_life(office)
    first = await office.forgets()
    second = await office.forgets()

    assert second.id != first.id
    assert second.removed == {}


async def test_asking_twice_is_asking_once(office: Office):
    await a_full_life(office)

    assert await office.asks() == await office.asks(ADDRESS.upper().replace("Ä", "ä"))


async def test_what_died_in_the_middle_goes_on(office: Office, monkeypatch):
    await a_full_life(office)
    await office.orders("2")
    erasure_id = await office.asks()
    async with office.house.database.writing() as session:
        job = await outbox.claim(Lane(erasures.KIND), timedelta(minutes=10), session, NOON)
    assert job
    drop = office.house.counter.stamps.drop
    monkeypatch.setattr(office.house.counter.stamps, "drop", None)  # the first order is done, then everything ends
    with pytest.raises(TypeError):
        await office.work.do(job)
    monkeypatch.setattr(office.house.counter.stamps, "drop", drop)

    await office.work.do(job)

    async with office.house.database.reading() as session:
        row = await erasures.one(erasure_id, session)
    assert row.removed["order"] == 2
    assert files_that_tell(office.house.database.path.parent) == []


async def test_no_source_tells_of_them_again(office: Office):
    await office.orders()
    await office.forgets()

    async with office.house.database.writing() as session:
        told = an_imported_order(number="B-1", buyer=BUYER, updated_at=NOON + timedelta(days=9))
        order, result = await order_imports.put(Key("etsy", "1"), told, session, SHOP)

    assert result is ImportResult.STALE
    assert order.buyer_name == ""


# --- What the law keeps


async def test_documents_money_and_consents_stay_and_are_named_with_their_last_day(office: Office, tmp_path):
    books = Bookkeeping(office.house.database, tmp_path)
    await books.opens()
    await office.shop.rules(waiver_required=True)
    order_id = await office.orders(ordered_at=berlin(2026, 11, 25), paid_at=berlin(2026, 11, 25))
    invoice = await books.asks(order_id)
    async with office.house.database.writing() as session:
        given = Consent(accepted=True, locale="de-DE")
        dossier = await dossiers.of(order_id, session, BERLIN)
        await consents.give(given, dossier, session, By("customer", NOON))
    async with office.house.database.reading() as session:
        before = await subjects.about(ADDRESS, session, BERLIN)

    row = await office.forgets()

    async with office.house.database.reading() as session:
        kept = await subjects.kept_of(await erasures.order_ids(row.id, session), session, BERLIN)
    assert kept == before.kept
    assert {(each.kind, each.until) for each in kept} >= {
        (KeptKind.INVOICE, date(2034, 12, 31)),
        (KeptKind.WAIVER, date(2029, 12, 31)),
    }
    assert len(await office.every(Waiver)) == 1
    assert (await books.snapshot(invoice)).paper.number == invoice.number
    assert tables_that_tell(office.house.database.path) <= {
        "invoice_snapshot",
        "invoice_document",
        "waiver_confirmation",
    }


async def test_what_is_frozen_stays_frozen_for_all_others(office: Office):
    await office.orders()
    with closing(sqlite3.connect(office.house.database.path)) as connection:
        connection.execute(
            "INSERT INTO billing_correction (order_id, name, company, line1, line2, zip, city, country, corrected_by,"
            " corrected_at) VALUES (1, 'x', '', '', '', '', '', 'DE', 'customer', '2026-11-01 10:00:00.000000')"
        )
        with pytest.raises(sqlite3.IntegrityError, match="frozen"):
            connection.execute("DELETE FROM billing_correction")


async def test_nobody_has_an_erasure_of_that_number(office: Office):
    async with office.house.database.reading() as session:
        with pytest.raises(NotFound):
            await erasures.one(1, session)
