"""The merchant's list of orders: whatever is typed finds what bears it, and every filter says what the rules say."""

from __future__ import annotations

import shutil
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import event, select, text

from db import migrate as migrations
from db.articles import Article, ArticleFile
from db.downloads import Download, DownloadObservation, LinkObservation
from db.engine import Database
from db.files import File
from db.migrate import migrate
from db.order_search import OrderSearch, words_of
from db.orders import PaymentMethod, State
from db.settings import GeneralSettings, PaidRule
from db.storages import Storage, StorageKind
from portal import imported_payments, order_imports, order_list
from portal.imported import Buyer, SourceInvoice
from portal.order_imports import Key
from portal.order_list import Concern, OrderFilter, Turn
from portal.orders import PaymentState, payment_state
from portal.settings import GeneralChange
from portal.settings import change as change_settings
from tests.factories import DAY, NOON, ORDERED, SHOP, a_line, an_imported_order, an_imported_payment
from tests.portal.any_order import ORDERS


@pytest.fixture
def shop(database) -> Shop:
    return Shop(database)


class Shop:
    """Takes orders in, and looks for them as the merchant does."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def sells(self, number: str = "1", source: str = "etsy", **fields) -> int:
        async with self.database.writing() as session:
            imported = an_imported_order(**{"number": number, **fields})
            order, _ = await order_imports.put(Key(source, number), imported, session, SHOP)
        return order.id

    async def pays(self, number: str, **fields) -> None:
        async with self.database.writing() as session:
            order = await order_imports.one(Key("etsy", number), session)
            await imported_payments.add(order, an_imported_payment(**fields), session, SHOP)

    async def adds(self, *rows) -> None:
        async with self.database.writing() as session:
            session.add_all(rows)

    async def links_a_file(self, sku: str = "BENTE") -> int:
        """The file's id."""
        async with self.database.writing() as session:
            storage = Storage(name="folder", kind=StorageKind.LOCAL, options={}, created_at=NOON)
            article = Article(sku=sku, created_at=NOON)
            session.add_all([storage, article])
            await session.flush()
            file = File(storage_id=storage.id, path="bente.pdf", name="bente.pdf", size=1, version="1")
            session.add(file)
            await session.flush()
            session.add(ArticleFile(article_id=article.id, file_id=file.id, linked_at=NOON))
        return file.id

    async def rules(self, paid_rule: PaidRule) -> None:
        async with self.database.writing() as session:
            await change_settings(GeneralSettings, GeneralChange(paid_rule=paid_rule), session, SHOP)

    async def page(self, turn: Turn = Turn(), **wanted) -> order_list.Found:  # noqa: B008 (frozen)
        async with self.database.reading() as session:
            return await order_list.page(OrderFilter(**wanted), turn, session, NOON)

    async def finds(self, query: str = "", **wanted) -> list[str]:
        return [row.facts.number for row in (await self.page(query=query, **wanted)).rows]


# --- Search


@pytest.fixture
async def erika(shop) -> Shop:
    """One order among others."""
    await shop.sells(
        "3123456789",
        buyer=Buyer(
            name="Jürgen Großkreutz", company="Änderungsschneiderei Šimić & Söhne", email="j.gross@example.org"
        ),
        lines=[a_line(id="1", sku="PDF-BENTE"), a_line(id="2", sku="X-17", line_gross=100)],
        payments=[an_imported_payment(transaction_id="8AB12345CD678901E")],
        invoice=SourceInvoice(number="RG/2026/77", date=NOON.date()),
        ordered_at=ORDERED + DAY,
    )
    await shop.sells("NW-10427", buyer=Buyer(name="Li Wei", email="li@example.org"), lines=[a_line(sku="OTHER")])
    return shop


@pytest.mark.parametrize(
    "query",
    [
        "3123456789", "456789", "3123", "jürgen", "JÜRGEN", "juergen", "jurgen", "großkreutz", "grosskreutz", "kreutz",
        "änderung", "aenderung", "anderung", "simic", "Šimić", "söhne & simic", "j.gross@example.org", "j.gross",
        "gross@example", "pdf-bente", "BENTE", "x-17", "8AB12345CD678901E", "cd6789", "RG/2026/77", "2026/77",
        "jürgen 3123", "3123 bente kreutz", "j", "ju", "  jürgen  ",
    ],
)  # fmt: skip
async def test_any_part_of_what_an_order_bears_finds_it(erika, query):
    assert await erika.finds(query) == ["3123456789"]


@pytest.mark.parametrize("query", ["jürgen 10427", "bente wei", "312345678999", "urgen kreutzer", "qqq", "q", "ürge q"])
async def test_words_that_stand_in_no_one_order_find_none(erika, query):
    assert await erika.finds(query) == []


@pytest.mark.parametrize("query", ["example.org", "", "   "])
async def test_what_stands_in_all_orders_finds_all_the_newest_first(erika, query):
    assert await erika.finds(query) == ["3123456789", "NW-10427"]


ODD = [
    '"', '""', "'", "*", "jürgen*", "(", ")", "a OR b", "NOT", "AND", "NEAR(a b)", "text:x", "-", "^", "{", "}", ":",
    "\\", "%", "_", "a\0b", "\0", "\ud800", "'; DROP TABLE \"order\"; --", "a" * 100_000, " ".join("abcdefghijk"),
    "🦊", "ﬁ", "İ", "你好", "ẞ", "\u0308", "\n\n", "\t", "abc\"def", "1+1", "a@", "@", "@@@@", "....", "\x7f", "\u2028",
]  # fmt: skip


@pytest.mark.parametrize("query", ODD, ids=range(len(ODD)))
async def test_nothing_that_can_be_typed_breaks_the_search(erika, query):
    assert set(await erika.finds(query)) <= {"3123456789", "NW-10427"}


# --- What triggers keep true


@pytest.fixture(scope="module")
def bare(fresh_database) -> Iterator[sqlite3.Connection]:
    """A database in memory for many small trials, each of which is rolled back."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        with closing(sqlite3.connect(fresh_database)) as template:
            template.backup(memory)
        memory.execute(A_SOURCE)
        yield memory


@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=60))
@example(name="Ärger & Öl, ÜBERGRÖẞE straße ŁÓDŹ IJ ı İ Ǆ ﬁ")
def test_query_and_name_are_folded_alike(bare, name):
    words = [word for word in words_of(name) if word.isprintable()]
    bare.execute("BEGIN")
    insert(bare, "order", AN_ORDER | {"buyer_name": unicodedata.normalize("NFC", name)})
    (made,) = bare.execute("SELECT text FROM order_search").fetchone()
    bare.execute("ROLLBACK")

    assert [word for word in words if word not in made] == []


@given(ORDERS)
def test_the_payment_state_in_the_list_is_that_of_the_rules(bare, facts):
    bare.execute("BEGIN")
    insert(bare, "order", AN_ORDER | {"state": facts.state, "paid_at": facts.paid_at, "total_gross": facts.total})
    insert(bare, "payment", A_PAYMENT | {"transaction_id": "dollars", "currency": "USD", "amount": 10**6})
    for number, fact in enumerate(facts.payments):
        row = {"transaction_id": str(number), "kind": fact.kind, "status": fact.status, "amount": fact.amount}
        insert(bare, "payment", A_PAYMENT | row)
    (told,) = bare.execute("SELECT payment_state FROM order_search").fetchone()
    bare.execute("ROLLBACK")

    assert told == payment_state(facts)


A_SOURCE = """
INSERT INTO source (id, name, kind, waiver_needs_text, invoices_elsewhere, active, created_at)
VALUES (1, 'etsy', 'api', 0, 0, 1, '2026-12-01 11:00:00')
"""
AN_ORDER = {
    "id": 1, "source_id": 1, "external_id": "1", "number": "N1", "platform": "", "shop_name": "", "kind": "order",
    "state": "ordered", "ordered_at": "2026-11-01 09:30:00.000000", "dunning_level": 0, "currency": "EUR",
    "prices_include_tax": 1, "vat_mode": "standard", "locale": "de-DE", "buyer_name": "", "buyer_company": "",
    "buyer_email": "", "buyer_phone": "", "buyer_vat_id": "", "buyer_customer_number": "", "buyer_reference": "",
    "buyer_kind": "consumer", "total_gross": 2000, "amounts_consistent": 1, "note": "", "custom": "{}",
    "content_sha256": "", "link_version": 1, "version": 1, "created_at": "2026-11-01 09:30:00.000000",
    "changed_at": "2026-11-01 09:30:00.000000",
}  # fmt: skip
A_PAYMENT = {
    "order_id": 1, "provider": "paypal", "kind": "payment", "status": "completed",
    "currency": "EUR", "at": "2026-11-01 09:30:00.000000", "origin": "api", "recorded_at": "2026-11-01 09:30:00.000000",
}  # fmt: skip


def insert(connection: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    values = [str(value) if isinstance(value, datetime) else value for value in row.values()]
    columns = ", ".join(f'"{name}"' for name in row)
    connection.execute(f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join("?" * len(values))})', values)


async def test_what_an_update_takes_away_is_no_longer_found(erika):
    await erika.sells("3123456789", buyer=Buyer(name="Max"), lines=[a_line(sku="NEU")], updated_at=NOON)

    assert await erika.finds("jürgen") == await erika.finds("bente") == []
    assert await erika.finds("max neu") == ["3123456789"]


async def test_a_payment_that_comes_later_is_found(erika):
    await erika.pays("NW-10427", transaction_id="TX-5550")

    assert await erika.finds("x-5550") == ["NW-10427"]


async def test_a_moved_date_moves_the_order_in_the_list(erika):
    await erika.sells("NW-10427", buyer=Buyer(name="Li Wei"), ordered_at=ORDERED + 2 * DAY, updated_at=NOON)

    assert await erika.finds() == ["NW-10427", "3123456789"]


async def test_the_index_is_exactly_what_the_orders_say(erika):
    """As if it were built anew: after inserts, updates and a removal."""
    await erika.sells("NW-10427", buyer=Buyer(name="Somebody Else"), updated_at=NOON)
    async with erika.database.writing() as session:
        await order_imports.bury(await order_imports.one(Key("etsy", "NW-10427"), session), session, SHOP)
        await session.execute(text("INSERT INTO order_search_index (order_search_index) VALUES ('integrity-check')"))
        kept = (await session.execute(select(OrderSearch.__table__))).fetchall()
        anew = (await session.execute(text("SELECT * FROM order_as_found ORDER BY order_id"))).fetchall()

    assert [tuple(row) for row in kept] == [tuple(row) for row in anew]


def test_a_migration_fills_the_list_with_the_orders_that_are_there(tmp_path):
    place = tmp_path / "tresen.sqlite3"
    with earlier_tresen():
        migrate(place, tmp_path)
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        connection.execute(A_SOURCE)
        insert(connection, "order", AN_ORDER | {"buyer_name": "Jürgen"})
    migrate(place, tmp_path)

    with closing(sqlite3.connect(place)) as connection:
        found = connection.execute(
            "SELECT order_id, payment_state FROM order_search JOIN order_search_index AS i ON i.rowid = order_id"
            " WHERE order_search_index MATCH '\"rge\"'"
        ).fetchall()
    assert found == [(1, "unpaid")]


@contextmanager
def earlier_tresen() -> Iterator[None]:
    """The migrations without that of the list and the later ones."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        later = [path.name for path in migrations.VERSIONS.glob("*.py") if path.name >= "0006"]
        copy = Path(shutil.copytree(migrations.VERSIONS.parent, Path(folder) / "m", ignore=lambda *_: later))
        patch.setattr(migrations, "VERSIONS", copy / "versions")
        yield


# --- Filters


async def test_orders_are_filtered_by_state_payment_and_source(shop):
    await shop.sells("open")
    await shop.sells("paid", state=State.PAID, source="ebay")
    await shop.sells("shipped", state=State.SHIPPED, ordered_at=ORDERED - DAY)

    assert await shop.finds(state=State.SHIPPED) == ["shipped"]
    assert await shop.finds(payment_state=PaymentState.PAID) == ["paid"]
    assert await shop.finds(source="etsy") == ["open", "shipped"]
    assert await shop.finds(source="nowhere") == []
    assert await shop.finds("pa", source="ebay", payment_state=PaymentState.PAID) == ["paid"]


async def test_a_removed_order_is_listed_only_when_it_is_asked_for(shop):
    await shop.sells("gone", state=State.DELETED)

    assert await shop.finds() == []
    assert await shop.finds(state=State.DELETED) == ["gone"]


async def test_paid_and_nothing_downloaded_are_orders_with_files_that_nobody_fetched(shop):
    file = await shop.links_a_file()
    for number in ("waiting", "fetched", "failed", "unpaid", "cancelled"):
        state = {"unpaid": State.ORDERED, "cancelled": State.CANCELLED}.get(number, State.PAID)
        order_id = await shop.sells(number, state=state)
        if number in {"fetched", "failed"}:
            await shop.adds(a_download(order_id, file))
    async with shop.database.reading() as session:
        download = (await session.scalars(select(Download).order_by(Download.id.desc()))).first()
    await shop.adds(DownloadObservation(download_id=download.id, at=NOON, failure="stamp-failed"))
    await shop.sells("without files", state=State.PAID, lines=[a_line(sku="MUG")])

    assert set(await shop.finds(concern=Concern.NOTHING_DOWNLOADED)) == {"waiting", "failed"}


def a_download(order_id: int, file: int) -> Download:
    return Download(order_id=order_id, file_id=file, name="bente.pdf", file_version="1", size=1, started_at=NOON)


@pytest.mark.parametrize(("rule", "found"), [(PaidRule.PIPELINE, {"shipped"}), (PaidRule.STRICT, set())])
async def test_paid_is_what_the_merchants_rule_calls_paid(shop, rule, found):
    await shop.links_a_file()
    await shop.rules(rule)
    await shop.sells("shipped", state=State.SHIPPED)
    await shop.sells("on account", state=State.SHIPPED, payment_method=PaymentMethod.INVOICE)

    assert set(await shop.finds(concern=Concern.NOTHING_DOWNLOADED)) == found


async def test_a_link_that_was_never_opened(shop):
    await shop.sells("never")
    opened = await shop.sells("opened")
    await shop.adds(LinkObservation(order_id=opened, at=NOON))

    assert await shop.finds(concern=Concern.NEVER_OPENED) == ["never"]


async def test_overdue_are_open_orders_whose_day_has_passed(shop):
    for number, due, state in (
        ("yesterday", NOON - DAY, State.ORDERED),
        ("tomorrow", NOON + DAY, State.ORDERED),
        ("paid", NOON - DAY, State.PAID),
        ("cancelled", NOON - DAY, State.CANCELLED),
        ("shipped, so paid", NOON - DAY, State.SHIPPED),
    ):
        await shop.sells(number, due_at=due, state=state)

    assert await shop.finds(concern=Concern.OVERDUE) == ["yesterday"]


# --- Pages


@pytest.fixture
async def many(shop) -> Shop:
    for number in range(2 * order_list.PAGE + 5):
        await shop.sells(f"N{number:03}", ordered_at=ORDERED + timedelta(minutes=number // 2))
    return shop


@pytest.mark.parametrize("query", ["", "n"])
async def test_turning_the_pages_shows_every_order_once_in_both_directions(many, query):
    first = await many.page(query=query)
    second = await many.page(Turn(after=first.older), query=query)
    third = await many.page(Turn(after=second.older), query=query)

    numbers = [row.facts.number for page in (first, second, third) for row in page.rows]
    assert numbers == [f"N{number:03}" for number in reversed(range(2 * order_list.PAGE + 5))]
    assert first.newer is None and third.older is None
    assert await many.page(Turn(before=third.newer), query=query) == second
    back = await many.page(Turn(before=second.newer), query=query)
    assert (back.rows, back.newer) == (first.rows, None)


async def test_a_full_page_asks_no_more_often_than_an_almost_empty_one(many):
    asked: list[str] = []
    event.listen(many.database._reader.sync_engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
    await many.page(query="n104")
    few, asked[:] = len(asked), []
    await many.page(query="n")

    assert len(asked) == few > 0


@pytest.mark.parametrize("turn", [Turn(), Turn(after=2**62), Turn(before=0)])
async def test_what_is_found_too_often_to_be_sorted_is_found_in_the_same_order(many, monkeypatch, turn):
    few = await many.page(turn, query="n0")

    monkeypatch.setattr(order_list, "FEW", 3)

    assert await many.page(turn, query="n0") == few


@pytest.mark.parametrize("turn", ["after", "before"])
async def test_a_rare_find_comes_with_a_later_page_where_much_has_to_be_looked_through(many, monkeypatch, turn):
    """As with a million orders, of which only the very last one was never opened."""
    monkeypatch.setattr(order_list, "LOOKED_THROUGH", 20)
    async with many.database.reading() as session:
        places = (await session.execute(select(OrderSearch.order_id).order_by(OrderSearch.place))).scalars().all()
    seldom = places[0] if turn == "after" else places[-1]
    await many.adds(*(LinkObservation(order_id=order, at=NOON) for order in places if order != seldom))
    at, pages = Turn() if turn == "after" else Turn(before=0), 0
    while not (found := await many.page(at, concern=Concern.NEVER_OPENED)).rows:
        at = Turn(after=found.older) if turn == "after" else Turn(before=found.newer)
        pages += 1

    assert [row.facts.id for row in found.rows] == [seldom]
    assert pages == 4


async def test_search_asks_the_index_once_and_then_each_find(erika, monkeypatch):
    asked: list[tuple[str, tuple]] = []
    event.listen(
        erika.database._reader.sync_engine,
        "before_cursor_execute",
        lambda *about: asked.append((about[2], about[3])),
    )
    await erika.finds("jürgen", state=State.ORDERED)
    (statement, values), *_ = [each for each in asked if "MATCH" in each[0]]
    with closing(sqlite3.connect(erika.database.path)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]

    asked_of_index = next(number for number, step in enumerate(plan) if "VIRTUAL TABLE" in step)
    assert plan[asked_of_index].startswith("SCAN order_search_index VIRTUAL TABLE INDEX")
    assert plan[asked_of_index + 1] == "SEARCH order_search USING INTEGER PRIMARY KEY (rowid=?)"
