"""CSV files come in: looked at without effect first, then imported once, however often the process is killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy import func, select

from db.activity import Activity
from db.csv_imports import CsvFile, CsvImport, CsvReportRow, ImportOutcome
from db.engine import Database
from db.orders import Order
from db.outbox import Job
from db.sources import Source, SourceKind
from integrations import order_csv
from portal import csv_files, csv_imports, csv_mappings, csv_presets, outbox
from portal.activity import By
from portal.csv_files import ARE_KEPT, CsvFiles
from portal.csv_import_jobs import LOOKED_AT_ONCE, MOST_ORDERS, CsvImports
from portal.csv_mappings import CsvMapping
from portal.csv_reading import Read, Sheet, Shop
from portal.jobs import attempt
from portal.order_batches import AT_ONCE
from portal.outbox import Lane
from portal.refusals import Conflict, Invalid, NotFound
from tests.factories import BERLIN, NOON

HEADER = "bestell_id;bestelldatum;waehrung;titel;menge;positionssumme_brutto;steuersatz"
DAY = timedelta(days=1)
MANY = 4 * AT_ONCE - 10


def a_row(external_id: str | int, gross: str = "24,90", title: str = "Kleid") -> str:
    return f"{external_id};20.10.2026;EUR;{title};1;{gross};19"


def a_table(*rows: str, header: str = HEADER) -> str:
    return "\r\n".join([header, *rows, ""])


class Killed(BaseException):
    """What no handler of exceptions sees, as with a process that ends."""


class DyingReader:
    """Reads as the real one does, and dies after so many orders."""

    def __init__(self, lives: int) -> None:
        self.lives = lives
        self.sniffed, self.samples = order_csv.sniffed, order_csv.samples
        self.recognised, self.begun = order_csv.recognised, order_csv.begun
        self.fields, self.template = order_csv.fields, order_csv.template

    def orders(self, file: BinaryIO, sheet: Sheet, mapping: CsvMapping, shop: Shop) -> Iterator[Read]:
        for place, read in enumerate(order_csv.orders(file, sheet, mapping, shop)):
            if place == self.lives:
                raise Killed
            yield read


class Desk:
    """Where Jana brings her files. `now` is its clock."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.files = CsvFiles(folder, order_csv)
        self.now = NOON

    @property
    def by(self) -> By:
        return By("merchant:1", self.now)

    async def bring(self, content: str | bytes, name: str = "bestellungen.csv", source: str = "messe") -> CsvFile:
        arrived = await self.files.looked_at(await self.files.received(in_pieces(content), name))
        async with self.database.writing() as session:
            row = await session.scalar(select(Source).where(Source.name == source))
            if row is None:
                row = Source(name=source, kind=SourceKind.CSV, created_at=self.now)
                session.add(row)
                await session.flush()
            return await self.files.add(arrived, row, session, self.by)

    async def ask(self, file: CsvFile, is_dry_run: bool = False) -> CsvImport:
        async with self.database.writing() as session:
            return await csv_imports.ask(await csv_files.one(file.id, session), is_dry_run, session, self.by)

    async def read(self, content: str | bytes, is_dry_run: bool = False) -> CsvImport:
        row = await self.ask(await self.bring(content), is_dry_run)
        await self.work()
        return await self.look(row)

    async def work(self, files: CsvFiles | None = None) -> None:
        work = CsvImports(self.database, files or self.files, BERLIN, clock=lambda: self.now)
        for kind in (csv_imports.DRY_RUN_JOB, csv_imports.IMPORT_JOB):
            while job := await self._claimed(kind, work):
                await attempt(job, work, self.database.writing, lambda: self.now)

    async def _claimed(self, kind: str, work: CsvImports) -> outbox.Claimed | None:
        async with self.database.writing() as session:
            return await outbox.claim(Lane(kind), work.limit, session, self.now)

    async def look(self, row: CsvImport) -> CsvImport:
        async with self.database.reading() as session:
            return await csv_imports.one(row.id, session)

    async def report(self, row: CsvImport) -> list[tuple[int, str, str, str]]:
        async with self.database.reading() as session:
            rows = await csv_imports.report(row, session, 100_000)
        return [(each.line, each.external_id, each.result, each.code) for each in rows]

    async def numbers(self) -> list[str]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(Order.number).order_by(Order.id)))

    async def happened(self, kind: str) -> list[Activity]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(Activity).where(Activity.kind == kind)))


async def in_pieces(content: str | bytes) -> AsyncIterator[bytes]:
    data = content.encode() if isinstance(content, str) else content
    for start in range(0, len(data), 50_000):
        yield data[start : start + 50_000]


def counts(row: CsvImport) -> dict[str, int]:
    return {name: count for name in csv_imports.RESULTS if (count := getattr(row, name))}


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path / "csv")


# --- A dry run


async def test_a_dry_run_tells_what_would_be_new_changed_and_unchanged_and_stores_no_order(desk: Desk):
    await desk.read(a_table(a_row(1), a_row(2)))

    row = await desk.read(a_table(a_row(1), a_row(2, "30,00"), a_row(3), a_row(4, "x")), is_dry_run=True)

    assert row.outcome is ImportOutcome.OK
    assert counts(row) == {"created": 1, "updated": 1, "unchanged": 1, "failed": 1}
    assert await desk.report(row) == [
        (2, "1", "unchanged", ""),
        (3, "2", "updated", ""),
        (4, "3", "created", ""),
        (5, "4", "failed", "not-a-number"),
    ]
    assert await desk.numbers() == ["1", "2"]
    assert len(await desk.happened("csv_imported")) == 1


async def test_what_the_source_refuses_is_told_by_the_dry_run_already(desk: Desk):
    file = await desk.bring(a_table(a_row(1)))
    async with desk.database.writing() as session:
        (await session.get_one(Source, file.source_id)).active = False

    row = await desk.ask(file, is_dry_run=True)
    await desk.work()

    assert await desk.report(row) == [(2, "1", "failed", "not-taken")]


# --- An import


async def test_orders_are_imported_and_the_others_reported_each_with_its_line(desk: Desk):
    row = await desk.read(a_table(a_row(1), a_row(2, "1.234"), a_row(3)))

    assert await desk.numbers() == ["1", "3"]
    assert counts(row) == {"created": 2, "failed": 1}
    assert (3, "2", "failed", "ambiguous-number") in await desk.report(row)
    [told] = await desk.happened("csv_imported")
    assert (told.details["created"], told.details["failed"], told.notice) == (2, 1, True)


async def test_the_same_file_once_more_changes_nothing(desk: Desk):
    table = a_table(*(a_row(number) for number in range(60)))
    await desk.read(table)

    again = await desk.read(table)

    assert counts(again) == {"unchanged": 60}
    assert len(await desk.numbers()) == 60


async def test_an_order_whose_rows_are_spread_over_the_file_is_not_taken_by_halves(desk: Desk):
    row = await desk.read(a_table(a_row(1), a_row(2), a_row(1, "5,00", "Bluse")))

    assert await desk.numbers() == ["2"]
    assert [each for each in await desk.report(row) if each[3]] == [
        (2, "1", "failed", "order-scattered"),
        (4, "1", "failed", "order-scattered"),
    ]


async def test_a_file_from_windows_with_decimal_commas_is_read_as_it_was_meant(desk: Desk):
    content = a_table(a_row(1, "1.234,50", "Größe für Mädchen €")).encode("cp1252")

    await desk.read(content)

    async with desk.database.reading() as session:
        assert await session.scalar(select(Order.total_gross)) == 123450


async def test_a_column_may_say_which_source_an_order_is_of(desk: Desk):
    rows = [f"{a_row(1)};etsy", f"{a_row(2)};", f"{a_row(3)};Etsy Laden"]

    row = await desk.read(a_table(*rows, header=f"{HEADER};quelle"))

    async with desk.database.reading() as session:
        found = await session.execute(select(Order.number, Source.name).join(Source, Source.id == Order.source_id))
        assert sorted((number, name) for number, name in found) == [("1", "etsy"), ("2", "messe")]
    assert (4, "3", "failed", "not-taken") in await desk.report(row)


@pytest.mark.parametrize("is_dry_run", [True, False])
async def test_no_line_of_a_file_changes_an_order_that_a_service_is_asked_for(desk: Desk, is_dry_run: bool):
    async with desk.database.writing() as session:
        session.add(Source(name="billbee", kind=SourceKind.BILLBEE, created_at=desk.now))

    row = await desk.read(a_table(f"{a_row(1)};billbee", f"{a_row(2)};", header=f"{HEADER};quelle"), is_dry_run)

    assert (2, "1", "failed", "not-taken") in await desk.report(row)
    assert await desk.numbers() == ([] if is_dry_run else ["2"])


async def test_what_could_be_read_before_the_file_breaks_is_imported_and_the_break_is_told_once(desk: Desk):
    table = a_table(a_row(1), a_row(2), '3;20.10.2026;EUR;"Kleid;1;1,00;19', a_row(4))

    row = await desk.read(table)

    assert row.outcome is ImportOutcome.UNREADABLE
    assert await desk.numbers() == ["1"]  # the second one may go on in what cannot be read
    assert await desk.report(row) == [
        (2, "1", "created", ""),
        (4, "2", "failed", "quote-not-closed"),
    ]
    assert row.findings == 1


async def test_a_break_that_is_in_no_order_is_told_too(desk: Desk):
    row = await desk.read(a_table('"Foo" bar;20.10.2026;EUR;Kleid;1;1,00;19'))

    assert await desk.report(row) == [(2, "", "failed", "quote-in-cell")]


async def test_a_report_is_capped_and_a_late_finding_is_in_it_all_the_same(desk: Desk):
    rows = [a_row(number) for number in range(MOST_ORDERS + 100)]

    row = await desk.read(a_table(*rows, a_row("zuletzt", "x")), is_dry_run=True)

    told = await desk.report(row)
    assert counts(row) == {"created": MOST_ORDERS + 100, "failed": 1}
    assert len([each for each in told if not each[3]]) == MOST_ORDERS
    assert (MOST_ORDERS + 102, "zuletzt", "failed", "not-a-number") in told


# --- Killed, cancelled, asked twice


@pytest.mark.parametrize("lives", [0, 1, AT_ONCE, AT_ONCE + 5, 3 * AT_ONCE])
async def test_killed_in_the_middle_it_goes_on_where_it_was_and_doubles_nothing(desk: Desk, lives: int):
    row = await desk.ask(await desk.bring(a_table(*(a_row(number) for number in range(MANY)), a_row("x", "?"))))
    with pytest.raises(Killed):
        await desk.work(CsvFiles(desk.files.folder, DyingReader(lives)))
    assert (await desk.look(row)).ended_at is None

    await csv_imports.take_up(desk.database.writing)
    await desk.work()

    row = await desk.look(row)
    assert (row.outcome, counts(row)) == (ImportOutcome.OK, {"created": MANY, "failed": 1})
    assert len(await desk.report(row)) == MANY + 1
    assert await desk.numbers() == [str(number) for number in range(MANY)]


async def test_cancelled_it_takes_no_further_order_and_keeps_those_it_has(desk: Desk):
    row = await desk.ask(await desk.bring(a_table(*(a_row(number) for number in range(MANY)))))
    with pytest.raises(Killed):
        await desk.work(CsvFiles(desk.files.folder, DyingReader(2 * AT_ONCE)))
    async with desk.database.writing() as session:
        csv_imports.cancel(await csv_imports.one(row.id, session), desk.by)
    await csv_imports.take_up(desk.database.writing)

    await desk.work()

    assert (await desk.look(row)).outcome is ImportOutcome.CANCELLED
    assert len(await desk.numbers()) == 2 * AT_ONCE


async def test_asking_twice_is_one_import(desk: Desk):
    file = await desk.bring(a_table(a_row(1)))

    first, second = await desk.ask(file), await desk.ask(file)

    assert first.id == second.id


async def test_only_what_a_dry_run_has_shown_is_imported_on_confirmation(desk: Desk):
    file = await desk.bring(a_table(a_row(1)))
    looked_at = await desk.ask(file, is_dry_run=True)

    async def confirm() -> CsvImport:
        async with desk.database.writing() as session:
            return await csv_imports.confirm(await csv_files.one(file.id, session), looked_at.id, session, desk.by)

    with pytest.raises(Conflict):
        await confirm()  # it has not ended
    await desk.work()
    first = await confirm()
    await desk.work()
    assert (await confirm()).id == first.id
    async with desk.database.writing() as session:
        row = await csv_files.one(file.id, session)
        row.mapping = row.mapping | {"decimal_sign": "."}  # in another tab
        await session.flush()
        again = await csv_imports.ask(row, True, session, desk.by)
    await desk.work()
    looked_at_before, looked_at = looked_at, again
    assert (await confirm()).id != first.id
    looked_at = looked_at_before
    with pytest.raises(Conflict):
        await confirm()


async def test_a_dry_run_of_one_file_confirms_no_other(desk: Desk):
    one, other = await desk.bring(a_table(a_row(1))), await desk.bring(a_table(a_row(2)))
    looked_at = await desk.ask(one, is_dry_run=True)
    await desk.work()

    with pytest.raises(NotFound):
        async with desk.database.writing() as session:
            await csv_imports.confirm(await csv_files.one(other.id, session), looked_at.id, session, desk.by)


async def test_a_file_whose_columns_nobody_has_assigned_is_not_read(desk: Desk):
    file = await desk.bring("Auftrag;Ware\n1;Kleid\n")

    with pytest.raises(Conflict):
        await desk.ask(file)


# --- The file


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 xl/workbook.xml", "spreadsheet"),
        (b"%PDF-1.7\n\0\0\0", "not-text"),
        (b"nur eine Spalte\n", "no-header"),
    ],
)
async def test_what_is_no_csv_is_refused_and_does_not_stay(desk: Desk, content: bytes, code: str):
    with pytest.raises(Invalid) as refused:
        await desk.bring(content)

    assert [fault.code for fault in refused.value.faults] == [code]
    assert list(desk.files.folder.iterdir()) == []


async def test_a_file_that_is_too_large_is_refused_while_it_comes(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(csv_files, "LARGEST_FILE", 100_000)

    with pytest.raises(Invalid) as refused:
        await desk.bring("a;b\n" * 50_000)

    assert [fault.code for fault in refused.value.faults] == ["too-large"]
    assert list(desk.files.folder.iterdir()) == []


async def test_a_file_is_kept_for_a_week_and_its_counts_for_longer(desk: Desk):
    row = await desk.read(a_table(a_row(1)))
    desk.now += ARE_KEPT + DAY

    await desk.files.clear(desk.database, desk.now)

    assert list(desk.files.folder.iterdir()) == []
    assert await desk.report(row) == []
    assert counts(await desk.look(row)) == {"created": 1}
    async with desk.database.reading() as session:
        file = await session.scalar(select(CsvFile))
        assert file is not None
        assert file.removed_at is not None
    with pytest.raises(Conflict):
        await desk.ask(file)


async def test_a_file_that_is_being_read_is_not_removed(desk: Desk):
    file = await desk.bring(a_table(a_row(1)))
    await desk.ask(file)
    desk.now += ARE_KEPT + DAY

    await desk.files.clear(desk.database, desk.now)

    assert len(list(desk.files.folder.iterdir())) == 1
    with pytest.raises(Conflict):
        async with desk.database.writing() as session:
            await csv_files.remove(await csv_files.one(file.id, session), session, desk.by)


async def test_a_restored_shop_has_no_files_and_says_so(desk: Desk):
    file = await desk.bring(a_table(a_row(1)))
    row = await desk.ask(file)
    await desk.files.discard(file)

    await desk.work()

    assert (await desk.look(row)).outcome is ImportOutcome.FILE_GONE


async def test_the_event_loop_stays_free_while_a_long_file_is_read(desk: Desk):
    table = a_table(*(a_row(number) for number in range(2000)))
    row = await desk.ask(await desk.bring(table), is_dry_run=True)
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    await desk.work()
    ticking.cancel()

    assert turns > 2000 / LOOKED_AT_ONCE
    assert counts(await desk.look(row)) == {"created": 2000}


async def test_an_import_leaves_no_job_behind(desk: Desk):
    await desk.read(a_table(a_row(1)))

    async with desk.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Job).where(Job.done_at.is_(None))) == 0
        assert await session.scalar(select(func.count()).select_from(CsvReportRow)) == 1


# --- Mappings that are kept


async def test_a_kept_mapping_is_taken_for_the_next_file_of_its_kind(desk: Desk):
    mapping = CsvMapping(
        name="",
        columns={"order_id": "Auftrag", "order_date": "Tag", "title": "Ware", "line_gross": "Preis"},
        constants={"currency": "EUR", "tax_rate": "19"},
    )
    async with desk.database.writing() as session:
        await csv_presets.keep("Messe", mapping, session, desk.by)

    row = await desk.read("Tag;Auftrag;Ware;Preis;Farbe\n20.10.2026;7;Kleid;24,90;rot\n")

    assert counts(row) == {"created": 1}
    assert csv_mappings.of(row.mapping).name == "Messe"
    assert await desk.numbers() == ["7"]


async def test_a_mapping_of_the_same_name_takes_the_place_of_the_old_one_and_names_are_told_apart(desk: Desk):
    mapping = CsvMapping(name="", columns={"order_id": "Auftrag"})
    async with desk.database.writing() as session:
        await csv_presets.keep("Messe", mapping, session, desk.by)
        await csv_presets.keep("Messe", CsvMapping(name="", columns={"order_id": "Nr"}), session, desk.by)
        laden = await csv_presets.keep("Laden", mapping, session, desk.by)

        with pytest.raises(Conflict):
            await csv_presets.rename(laden, "Messe", session, desk.by)
        await csv_presets.rename(laden, "Hofladen", session, desk.by)

        kept = {row.name: csv_mappings.of(row.mapping) for row in await csv_presets.every(session)}
    assert {name: dict(each.columns) for name, each in kept.items()} == {
        "Hofladen": {"order_id": "Auftrag"},
        "Messe": {"order_id": "Nr"},
    }
    assert {each.name for each in kept.values()} == set(kept)
