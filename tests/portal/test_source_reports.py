"""What happens here is reported to Billbee, in the order it happened in, as long as it is true, until it got there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from db.activity import Activity
from db.engine import Database
from db.orders import Order
from db.outbox import Job
from db.sources import Source, SourceKind
from demo.billbee_stand_in import API_KEY, PASSWORD, USERNAME, StandIn, standing_in
from integrations.asking import Pace
from integrations.billbee.client import Billbee
from integrations.billbee.reports import BillbeeReports
from integrations.clouds.wire import Patience, Wire
from portal import order_imports, outbox, payment_receipts, source_reports, source_runs, sources
from portal.activity import By
from portal.connectors import Connectors
from portal.jobs import attempt
from portal.order_imports import Key
from portal.outbox import Lane
from portal.payment_receipts import NewReceipt
from portal.source_reports import Reports
from portal.sources import NewSource, SourceChange
from portal.vault import Vault
from tests.factories import BERLIN, KEYS, NOON, an_imported_order
from tests.integrations.test_billbee_orders import an_order
from tests.portal.invoicing import ERIKA, HOME, Bookkeeping

LANE = Lane(source_reports.KIND, source_runs.lane_of(1))
NUMBER = 300000000000042
JANA = By("merchant:1", NOON)


class Account:
    """A Billbee with one open order of 20,00 EUR, and a Tresen that has it."""

    def __init__(self, database: Database, books: Bookkeeping, billbee: Billbee, stand_in: StandIn) -> None:
        self.database, self.books, self.stand_in = database, books, stand_in
        reporters = {SourceKind.BILLBEE: BillbeeReports(billbee)}
        self.connectors = Connectors({SourceKind.BILLBEE: billbee}, Vault(KEYS), {}, reporters)
        self.reports = Reports(database, self.connectors, BERLIN)
        self.now = NOON

    async def connect(self) -> None:
        options = {"username": USERNAME, "password": PASSWORD, "api_key": API_KEY}
        new = NewSource(name="billbee", kind=SourceKind.BILLBEE, options=options)
        async with self.database.writing() as session:
            await sources.add(new, self.connectors, session, JANA)

    async def switch(self, *, on: bool) -> None:
        async with self.database.writing() as session:
            row = await sources.named("billbee", session)
            assert row
            await sources.change(row, SourceChange(active=on), self.connectors, session, JANA)

    async def is_ordered(self, **told: object) -> Order:
        self.stand_in.account.put(an_order(TotalCost=20.0, **told))
        return await self.order("billbee", billing=HOME, number="B1")

    async def order(self, source: str, **fields: object) -> Order:
        async with self.database.writing() as session:
            row, _ = await order_imports.take(Key(source, str(NUMBER)), an_imported_order(**fields), session, JANA)
            return row

    async def receives(self, order: Order, amount: int = 2000, seen: int = 0) -> int:
        new = NewReceipt(amount=amount, on=NOON.date(), reference="", seen=seen)
        async with self.database.writing() as session:
            row = await session.get_one(Order, order.id)
            payment = await payment_receipts.book(new, row, BERLIN, session, JANA)
            return payment.id

    async def work(self) -> None:
        while True:
            async with self.database.writing() as session:
                job = await outbox.claim(LANE, self.reports.limit, session, self.now)
            if job is None:
                return
            await attempt(job, self.reports, self.database.writing, lambda: self.now)

    async def jobs(self) -> list[Job]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(Job).where(Job.kind == source_reports.KIND)))

    async def history(self, order: Order) -> list[str]:
        async with self.database.reading() as session:
            told = select(Activity.kind).where(Activity.order_id == order.id, Activity.kind.startswith("source_"))
            return list(await session.scalars(told.order_by(Activity.id)))

    @property
    def told(self) -> dict[str, object]:
        return self.stand_in.account.orders[NUMBER]

    @property
    def written(self) -> list[str]:
        asked = (each.rstrip("?").replace("/api/v1/orders/", "") for each in self.stand_in.account.asked)
        return [each for each in asked if not each.startswith("GET")]


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with standing_in() as found:
        found.account.is_limited = False
        yield found


@pytest.fixture
async def account(database: Database, tmp_path: Path, stand_in: StandIn) -> AsyncIterator[Account]:
    wire = Wire(Patience(connect=2, silence=2, whole=5))
    books = Bookkeeping(database, tmp_path)
    await books.opens()
    found = Account(database, books, Billbee(wire, stand_in.base, Pace(pauses=())), stand_in)
    await found.connect()
    yield found
    await wire.close()


# --- Money


async def test_money_that_came_in_makes_the_order_paid_there(account: Account):
    order = await account.is_ordered()

    await account.receives(order)
    await account.work()

    assert account.told["State"] == 3
    assert account.told["PayedAt"] == "2026-12-01T12:00:00"
    assert account.told["PaymentMethod"] == 1
    assert account.told["Tags"] == ["Tresen: bezahlt"]
    assert await account.history(order) == ["source_payment_reported"]


async def test_a_part_of_the_money_is_told_by_a_tag_and_the_order_goes_on_waiting(account: Account):
    order = await account.is_ordered()

    await account.receives(order, 500)
    await account.work()

    assert (account.told["State"], account.told["PayedAt"]) == (1, None)
    assert account.told["Tags"] == ["Tresen: teilweise bezahlt"]


async def test_with_the_rest_of_it_the_order_is_paid(account: Account):
    order = await account.is_ordered()

    await account.receives(order, 500)
    await account.receives(order, 1500, seen=1)
    await account.work()

    assert account.told["State"] == 3


@pytest.mark.parametrize("state", [3, 4, 7, 8, 13, 14, 17])
async def test_a_state_that_says_more_than_paid_stays(account: Account, state: int):
    order = await account.is_ordered(State=state)

    await account.receives(order)
    await account.work()

    assert account.told["State"] == state


async def test_the_day_that_stands_there_stays(account: Account):
    order = await account.is_ordered(PayedAt="2026-11-30T08:00:00")

    await account.receives(order)
    await account.work()

    assert account.told["PayedAt"] == "2026-11-30T08:00:00"
    assert not [each for each in account.written if each.startswith("PATCH")]


async def test_what_billbee_lets_nobody_write_is_left_out(account: Account):
    account.stand_in.account.patchable = ["SellerComment"]
    order = await account.is_ordered()

    await account.receives(order)
    await account.work()

    assert account.written == [f"PUT {NUMBER}/orderstate", f"POST {NUMBER}/tags"]


async def test_a_payment_that_was_taken_back_meanwhile_is_not_reported(account: Account):
    order = await account.is_ordered()
    payment_id = await account.receives(order)
    async with account.database.writing() as session:
        await payment_receipts.take_back(payment_id, await session.get_one(Order, order.id), session, JANA)

    await account.work()

    assert account.written == []


# --- Invoices


async def test_the_number_of_an_invoice_is_told_by_a_tag(account: Account):
    order = await account.is_ordered()
    await account.receives(order)

    await account.books.issuing.invoice(order.id, ERIKA)
    await account.work()

    assert account.told["Tags"] == ["Tresen: bezahlt", "Tresen: Rechnung RE-2026-00001"]
    assert account.told["InvoiceNumber"] is None
    assert await account.history(order) == ["source_payment_reported", "source_invoice_reported"]


# --- Once, and only where somebody listens


async def test_a_crash_after_the_report_repeats_it_without_a_trace(account: Account):
    order = await account.is_ordered()
    await account.receives(order)
    async with account.database.writing() as session:
        job = await outbox.claim(LANE, account.reports.limit, session, account.now)
    assert job
    await account.reports.do(job)
    written = list(account.written)

    account.now += timedelta(hours=1)
    await account.work()

    assert account.written == written
    assert await account.history(order) == ["source_payment_reported"]


async def test_other_sources_are_told_nothing(account: Account):
    order = await account.order("etsy")

    await account.receives(order)

    assert await account.jobs() == []


@pytest.mark.parametrize("first", [True, False])
async def test_a_source_that_is_switched_off_is_told_when_it_is_on_again(account: Account, *, first: bool):
    order = await account.is_ordered()
    if first:
        await account.switch(on=False)
    await account.receives(order)
    await account.switch(on=False)
    await account.work()
    assert account.stand_in.account.asked == []

    await account.switch(on=True)
    account.now += timedelta(minutes=2)
    await account.work()

    assert await account.history(order) == ["source_payment_reported"]


# --- Trouble


async def test_a_billbee_that_is_down_is_told_later(account: Account):
    order = await account.is_ordered()
    account.stand_in.account.troubles = [(503, "")]
    await account.receives(order)

    await account.work()
    assert account.written == []
    account.now += timedelta(minutes=2)
    await account.work()

    assert account.told["State"] == 3


async def test_an_error_in_a_good_answer_is_none_the_less_one(account: Account):
    order = await account.is_ordered()
    account.stand_in.account.troubles = [(200, "8")]
    await account.receives(order)

    await account.work()
    assert [job.done_at for job in await account.jobs()] == [None]
    account.now += timedelta(minutes=2)
    await account.work()

    assert account.told["State"] == 3


async def test_what_billbee_refuses_for_good_stands_in_the_history_of_the_order(account: Account):
    order = await account.is_ordered()
    account.stand_in.account.troubles = [(200, "6")]
    await account.receives(order)

    await account.work()

    async with account.database.reading() as session:
        [notice] = await session.scalars(select(Activity).where(Activity.kind == "source_report_failed"))
    assert (notice.order_id, notice.notice) == (order.id, True)
    assert "error 6" in str(notice.details["error"])


@pytest.mark.parametrize("trouble", [(200, "page"), (200, "10"), (400, ""), (404, ""), (405, ""), (410, "")])
async def test_what_may_pass_is_no_refusal_for_good(account: Account, trouble: tuple[int, str]):
    order = await account.is_ordered()
    account.stand_in.account.troubles = [trouble]
    await account.receives(order)

    await account.work()
    assert [(job.done_at, job.dead_at) for job in await account.jobs()] == [(None, None)]
    account.now += timedelta(minutes=2)
    await account.work()

    assert account.told["State"] == 3


async def test_without_keys_it_waits_for_new_ones(account: Account):
    order = await account.is_ordered()
    await account.receives(order)
    async with account.database.writing() as session:
        row = await session.scalar(select(Source).where(Source.name == "billbee"))
        assert row
        row.options = {**row.options, "api_key": "sealed by another house"}

    await account.work()

    [job] = await account.jobs()
    assert job.done_at is None
    assert job.dead_at is None
