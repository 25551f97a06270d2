"""Sources as connections: set up once, asked again and again, and watched."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from db.activity import Activity
from db.engine import Database
from db.orders import Order, OrderKind, State
from db.outbox import Job
from db.sources import RunCause, RunOutcome, Source, SourceKind, SourceRun
from portal import order_facts, order_imports, outbox, retention, source_runs, sources
from portal.activity import By
from portal.connectors import Connectors
from portal.fetching import Batch, Fetched, SourceUnavailable, Unreadable
from portal.imported import ImportedOrder
from portal.jobs import attempt
from portal.order_imports import Key
from portal.outbox import Lane
from portal.refusals import Conflict, Invalid
from portal.source_fetches import Fetches
from portal.sources import NewSource, SourceChange
from portal.vault import Vault
from tests.factories import BERLIN, KEYS, NOON, SHOP, a_line, an_imported_order
from tests.pretend import PretendShop

OPTIONS = {"username": "jana@naehwerk.example", "password": "Garn 7", "api_key": "A-KEY"}
MINUTE = timedelta(minutes=1)


class Counter:
    """A shop at Billbee, and the Tresen that asks it. `now` is both clocks."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.shop = PretendShop()
        self.connectors = Connectors({SourceKind.BILLBEE: self.shop}, Vault(KEYS))
        self.now = NOON

    @property
    def by(self) -> By:
        return By("merchant:1", self.now)

    async def connect(self, **fields: object) -> Source:
        new = NewSource(**{"name": "billbee", "kind": SourceKind.BILLBEE, "options": OPTIONS} | fields)  # type: ignore[arg-type]
        async with self.database.writing() as session:
            return await sources.add(new, self.connectors, session, self.by)

    async def change(self, row: Source, **fields: object) -> Source:
        async with self.database.writing() as session:
            wanted = SourceChange(**fields)  # type: ignore[arg-type]
            return await sources.change(await sources.one(row.id, session), wanted, self.connectors, session, self.by)

    async def ask(self, row: Source) -> SourceRun:
        async with self.database.writing() as session:
            return await source_runs.ask(await sources.one(row.id, session), RunCause.ASKED, session, self.by)

    async def work(self, **terms: timedelta) -> None:
        """Does every run that is waiting."""
        work = Fetches(self.database, self.connectors, BERLIN, clock=lambda: self.now, **terms)
        while True:
            async with self.database.writing() as session:
                job = await outbox.claim(Lane("billbee_run", source_runs.lane_of(1)), work.limit, session, self.now)
            if job is None:
                return
            await attempt(job, work, self.database.writing, lambda: self.now)

    async def fetch(self, row: Source) -> SourceRun:
        """One run, from asking to its end."""
        await self.ask(row)
        await self.work()
        async with self.database.reading() as session:
            return (await source_runs.of_source(row.id, session))[0]

    async def notices(self) -> list[str]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(Activity.kind).where(Activity.notice)))

    async def numbers(self) -> list[str]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(Order.number).order_by(Order.number)))


@pytest.fixture
def counter(database: Database) -> Counter:
    return Counter(database)


def came(*orders: tuple[str, ImportedOrder | None], minutes: int = 0) -> Batch:
    return Batch([Fetched(name, order) for name, order in orders], NOON + minutes * MINUTE)


def numbered(*numbers: str) -> Sequence[tuple[str, ImportedOrder]]:
    return [(number, an_imported_order(number=number)) for number in numbers]


# --- Setting up


async def test_a_new_source_is_asked_at_once(counter: Counter):
    counter.shop.batches = [came(*numbered("1", "2"))]

    await counter.connect()
    await counter.work()

    assert await counter.numbers() == ["1", "2"]


async def test_secrets_are_stored_sealed_and_told_of_as_set(counter: Counter):
    row = await counter.connect()

    assert row.options["username"] == OPTIONS["username"]
    assert "Garn 7" not in str(row.options)
    async with counter.database.reading() as session:
        [told] = await session.scalars(select(Activity.details).where(Activity.kind == "source_added"))
    assert "Garn 7" not in str(told)
    assert "'password_set': True" in str(told)


@pytest.mark.parametrize(
    ("options", "pointers"),
    [
        ({}, {"#/options/username", "#/options/password", "#/options/api_key"}),
        (OPTIONS | {"colour": "blue"}, {"#/options/colour"}),
        (OPTIONS | {"api_key": "a\nb"}, {"#/options/api_key"}),
        (OPTIONS | {"username": "nobody"}, {"#/options/username"}),
    ],
)
async def test_options_that_cannot_work_are_refused_each_by_its_name(counter: Counter, options, pointers):
    with pytest.raises(Invalid) as refused:
        await counter.connect(options=options)

    assert {fault.pointer for fault in refused.value.faults} == pointers
    async with counter.database.reading() as session:
        assert await sources.every(session) == []


async def test_a_secret_that_is_not_named_stays(counter: Counter):
    row = await counter.connect()

    row = await counter.change(row, options={"username": "max@naehwerk.example"})

    _, access = counter.connectors.opened(row, BERLIN)
    assert access.options == OPTIONS | {"username": "max@naehwerk.example"}


async def test_a_change_that_changes_nothing_leaves_no_trace(counter: Counter):
    row = await counter.connect()

    await counter.change(row, options={"username": OPTIONS["username"]}, active=True)

    async with counter.database.reading() as session:
        assert list(await session.scalars(select(Activity).where(Activity.kind == "source_changed"))) == []


async def test_two_sources_cannot_share_a_name(counter: Counter):
    await counter.connect()

    with pytest.raises(Conflict):
        await counter.connect()


async def test_a_source_with_orders_keeps_its_name_and_stays(counter: Counter):
    counter.shop.batches = [came(*numbered("1"))]
    row = await counter.connect()
    await counter.work()

    with pytest.raises(Conflict):
        await counter.change(row, name="another")
    with pytest.raises(Conflict):
        async with counter.database.writing() as session:
            await sources.remove(await sources.one(row.id, session), session, counter.by)


async def test_a_source_without_orders_goes_with_its_runs(counter: Counter):
    row = await counter.connect()
    await counter.work()

    async with counter.database.writing() as session:
        await sources.remove(await sources.one(row.id, session), session, counter.by)

    async with counter.database.reading() as session:
        assert await session.scalar(select(SourceRun.id)) is None


async def test_a_source_that_was_removed_and_set_up_again_is_asked_again(counter: Counter):
    counter.shop.trouble = SourceUnavailable("HTTP 401.", RunOutcome.DENIED)
    row = await counter.connect()
    await counter.work()
    async with counter.database.writing() as session:
        await sources.remove(await sources.one(row.id, session), session, counter.by)
    counter.now += MINUTE
    counter.shop.trouble = None
    counter.shop.batches = [came(*numbered("1"))]

    await counter.connect()
    await counter.work()

    assert await counter.numbers() == ["1"]


async def test_what_is_switched_off_takes_nothing(counter: Counter):
    row = await counter.connect(active=False)

    with pytest.raises(Conflict):
        await counter.ask(row)
    with pytest.raises(Conflict):
        async with counter.database.writing() as session:
            await order_imports.put(Key("billbee", "1"), an_imported_order(), session, SHOP)


async def test_switched_on_again_it_is_asked_at_once(counter: Counter):
    row = await counter.connect(active=False)
    counter.shop.batches = [came(*numbered("1"))]

    await counter.change(row, active=True)
    await counter.work()

    assert await counter.numbers() == ["1"]


async def test_the_first_order_of_an_unknown_source_makes_it(counter: Counter):
    async with counter.database.writing() as session:
        await order_imports.put(Key("etsy", "1"), an_imported_order(), session, SHOP)
        row = await sources.named("etsy", session)

    assert row is not None
    assert (row.kind, row.active, row.options) == (SourceKind.API, True, {})


# --- Runs


async def test_what_is_true_now_is_no_older_news_in_the_hour_that_comes_twice(counter: Counter):
    """Told at 02:50, then paid at 02:10 of the second coming of that hour: a local clock tells them the wrong way."""
    row = await counter.connect()
    counter.shop.batches = [came(("1", an_imported_order(updated_at=NOON - 10 * MINUTE)))]
    await counter.fetch(row)
    counter.now += 20 * MINUTE
    paid = an_imported_order(updated_at=NOON - 50 * MINUTE, state=State.PAID)
    counter.shop.batches = [came(("1", paid))]

    run = await counter.fetch(row)

    assert (run.updated, run.stale) == (1, 0)


async def test_what_was_asked_for_before_something_newer_came_is_put_aside(counter: Counter):
    row = await counter.connect()
    paid = an_imported_order(updated_at=NOON, state=State.PAID)

    async def meanwhile() -> None:
        counter.now += MINUTE
        async with counter.database.writing() as session:
            await order_imports.take(Key("billbee", "1"), paid, session, By("source:billbee", counter.now))

    counter.shop.batches = [came(("1", an_imported_order(updated_at=NOON - 10 * MINUTE)))]
    counter.shop.meanwhile = meanwhile

    run = await counter.fetch(row)

    assert (run.updated, run.stale) == (0, 1)


async def test_far_older_news_is_stale_even_where_it_was_asked_for(counter: Counter):
    row = await counter.connect()
    counter.shop.batches = [came(("1", an_imported_order(updated_at=NOON)))]
    await counter.fetch(row)
    counter.now += MINUTE
    old = an_imported_order(updated_at=NOON - 61 * MINUTE, state=State.PAID)
    counter.shop.batches = [came(("1", old))]

    assert (await counter.fetch(row)).stale == 1


async def test_two_shops_of_one_kind_do_not_wait_for_each_other(counter: Counter):
    await counter.connect()
    await counter.connect(name="zweite")

    async with counter.database.reading() as session:
        found = await outbox.lanes_due(session, counter.now)
    assert found == [Lane("billbee_run", "source:1"), Lane("billbee_run", "source:2")]


async def test_a_first_run_may_take_as_long_as_pages_come_and_one_that_never_comes_ends_it(counter: Counter):
    never = asyncio.Event()

    async def hang() -> None:
        if len(await counter.numbers()) == 2:
            await never.wait()

    counter.shop.batches = [came(*numbered("1")), came(*numbered("2")), came(*numbered("3"))]
    counter.shop.meanwhile = hang
    row = await counter.connect()

    await counter.work(a_page=timedelta(seconds=0.5))

    async with counter.database.reading() as session:
        (run,) = await source_runs.of_source(row.id, session)
    assert (run.outcome, run.created) == (RunOutcome.TIMED_OUT, 2)
    assert await counter.numbers() == ["1", "2"]
    assert Fetches.limit > timedelta(days=1)


async def test_a_run_counts_what_came_of_each_order(counter: Counter):
    row = await counter.connect()
    counter.shop.batches = [came(*numbered("1", "2", "3"))]
    await counter.work()
    counter.shop.batches = [
        came(("1", an_imported_order(number="1", note="Bitte klingeln")), *numbered("2"), ("draft", None)),
        Batch([Unreadable("9", "$.Currency", "XYZ is no currency.")], None),
    ]

    run = await counter.fetch(row)

    counts = {name: getattr(run, name) for name in "created updated unchanged stale ignored failed".split()}
    assert counts == {"created": 0, "updated": 1, "unchanged": 1, "stale": 0, "ignored": 1, "failed": 1}
    assert run.outcome is RunOutcome.OK


async def test_the_next_run_goes_on_where_the_last_one_ended_with_some_overlap(counter: Counter):
    counter.shop.batches = [came(*numbered("1"), minutes=-30), came(*numbered("2"), minutes=-20)]
    row = await counter.connect()
    await counter.work()

    await counter.fetch(row)

    assert counter.shop.asked == [None, NOON - 30 * MINUTE]


async def test_the_place_to_go_on_is_kept_where_nothing_came(counter: Counter):
    counter.shop.batches = [came(*numbered("1"), minutes=-20)]
    row = await counter.connect()
    await counter.work()
    counter.shop.batches = []

    await counter.fetch(row)
    await counter.fetch(row)

    assert counter.shop.asked[-1] == NOON - 30 * MINUTE


async def test_an_order_of_next_year_hides_none_of_today(counter: Counter):
    counter.shop.batches = [came(*numbered("1"), minutes=500_000)]
    row = await counter.connect()
    await counter.work()

    await counter.fetch(row)

    assert counter.shop.asked[-1] == NOON - 10 * MINUTE


async def test_what_came_before_the_trouble_stays_and_all_of_it_is_asked_for_again(counter: Counter):
    counter.shop.batches = [came(*numbered("1"))]
    counter.shop.trouble = SourceUnavailable("HTTP 503.", RunOutcome.BUSY)
    row = await counter.connect()
    await counter.work()

    run = await counter.fetch(row)

    assert (run.outcome, run.detail) == (RunOutcome.BUSY, "HTTP 503.")
    assert await counter.numbers() == ["1"]
    assert counter.shop.asked == [None, None]


async def test_a_second_click_asks_for_no_second_run(counter: Counter):
    row = await counter.connect()

    first, second = await counter.ask(row), await counter.ask(row)

    assert first.id == second.id


async def test_the_clock_asks_every_source_that_can_be_asked(counter: Counter):
    row = await counter.connect()
    await counter.connect(name="aus", active=False)
    async with counter.database.writing() as session:
        await order_imports.put(Key("etsy", "1"), an_imported_order(), session, SHOP)
    await counter.work()

    await source_runs.ask_all(counter.database.writing, NOON)

    async with counter.database.reading() as session:
        waiting = select(SourceRun.source_id).where(SourceRun.ended_at.is_(None))
        assert list(await session.scalars(waiting)) == [row.id]


async def test_a_run_that_the_process_left_is_over_after_the_next_start(counter: Counter):
    row = await counter.connect()
    async with counter.database.writing() as session:
        [run] = await source_runs.of_source(row.id, session)
        run.started_at = NOON

    await source_runs.break_off(counter.database.writing, NOON + MINUTE)

    run = await counter.fetch(row)
    assert run.outcome is RunOutcome.OK
    async with counter.database.reading() as session:
        assert [each.outcome for each in await source_runs.of_source(row.id, session)] == ["ok", "broken-off"]


async def test_old_runs_go_but_not_the_one_that_knows_where_to_go_on(counter: Counter):
    counter.shop.batches = [came(*numbered("1"))]
    row = await counter.connect()
    await counter.work()
    counter.shop.trouble = SourceUnavailable("HTTP 503.", RunOutcome.BUSY)
    await counter.fetch(row)

    await retention.run(counter.database, NOON + timedelta(days=31))

    async with counter.database.reading() as session:
        assert [run.outcome for run in await source_runs.of_source(row.id, session)] == [RunOutcome.OK]
        assert await source_runs.cursor_of(row.id, session) == NOON


# --- What the merchant must know


async def test_wrong_credentials_are_a_notice_at_once_and_only_once(counter: Counter):
    counter.shop.trouble = SourceUnavailable("HTTP 401.", RunOutcome.DENIED)
    row = await counter.connect()
    await counter.work()
    await counter.fetch(row)

    assert await counter.notices() == ["source_failing"]


async def test_what_may_pass_by_itself_is_a_notice_when_it_does_not(counter: Counter):
    counter.shop.trouble = SourceUnavailable("HTTP 503.", RunOutcome.BUSY)
    row = await counter.connect()
    await counter.work()
    await counter.fetch(row)
    assert await counter.notices() == []

    for _ in range(3):
        await counter.fetch(row)

    assert await counter.notices() == ["source_failing"]


async def test_an_order_that_nobody_understands_is_told_of_once_and_hides_no_other(counter: Counter):
    counter.shop.batches = [Batch([Unreadable("9", "$.Currency", "XYZ is no currency.")], NOON), came(*numbered("1"))]
    row = await counter.connect()
    await counter.work()
    await counter.fetch(row)

    assert await counter.numbers() == ["1"]
    assert await counter.notices() == ["source_orders_unread"]
    async with counter.database.reading() as session:
        assert [fault.external_id for fault in await source_runs.open_faults(row.id, session)] == ["9"]


async def test_a_fault_is_over_when_its_order_has_come(counter: Counter):
    counter.shop.batches = [Batch([Unreadable("9", "$.Currency", "XYZ is no currency.")], NOON)]
    row = await counter.connect()
    await counter.work()
    counter.now += MINUTE
    counter.shop.batches = [came(*numbered("9"))]
    await counter.fetch(row)

    async with counter.database.reading() as session:
        assert await source_runs.open_faults(row.id, session) == []


async def test_an_order_that_became_a_credit_is_a_fault_and_stays_an_order(counter: Counter):
    counter.shop.batches = [came(*numbered("1"))]
    row = await counter.connect()
    await counter.work()
    credit = an_imported_order(number="1", kind=OrderKind.CREDIT, lines=[a_line(line_gross=-2000)])
    counter.shop.batches = [came(("1", credit))]

    run = await counter.fetch(row)

    assert run.failed == 1
    async with counter.database.reading() as session:
        assert await session.scalar(select(Order.kind)) is OrderKind.ORDER


async def test_a_credit_that_names_its_order_as_the_shop_does_finds_it(counter: Counter):
    credit = an_imported_order(
        number="1-GS", kind=OrderKind.CREDIT, refers_to="etsy-77", lines=[a_line(line_gross=-2000)]
    )
    order = an_imported_order(number="1", custom={"billbee_shop_order_id": "etsy-77"})
    counter.shop.batches = [came(("501", order), ("502", credit))]
    await counter.connect()

    await counter.work()

    async with counter.database.reading() as session:
        assert await session.scalar(select(Order.refers_to).where(Order.external_id == "502")) == "501"
        order_taken_back = (await session.scalars(select(Order).where(Order.external_id == "501"))).one()
        assert (await order_facts.of_one(order_taken_back, session)).is_dead


async def test_a_job_of_a_source_that_is_gone_does_nothing(counter: Counter):
    row = await counter.connect()
    async with counter.database.writing() as session:
        await sources.remove(await sources.one(row.id, session), session, counter.by)

    await counter.work()

    async with counter.database.reading() as session:
        assert await session.scalar(select(Job.done_at)) == NOON
