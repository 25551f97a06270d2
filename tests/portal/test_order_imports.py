"""Orders come in: created, updated, unchanged or stale. What an import owns, and what it never touches."""

from __future__ import annotations

import asyncio
from dataclasses import replace as other_moment
from datetime import timedelta, timezone

import pytest
from msgspec.structs import fields, replace
from sqlalchemy import func, select, update

from db.activity import Activity
from db.orders import Address, Line, Order, OrderKind, OrderTag, State
from db.payments import Payment, PaymentKind, PaymentStatus
from db.settings import GeneralSettings, PaidRule
from portal import dossiers, imported_payments, order_imports, settings
from portal.imported import INSTANTS, SUM_ALONE, ImportedOrder, PostalAddress, ShopWaiver, SourceInvoice, canonical
from portal.order_imports import ImportResult, Key
from portal.orders import PaymentState
from portal.refusals import Conflict, Invalid
from portal.settings import GeneralChange
from tests.factories import DAY, NOON, ORDERED, SHOP, a_line, an_imported_order, an_imported_payment

CREATED, UPDATED, UNCHANGED, STALE = ImportResult
KEY = Key("etsy", "3123456789")
EARLY, LATER, LATEST = NOON - timedelta(hours=2), NOON - timedelta(hours=1), NOON


@pytest.fixture
def shop(database):
    return Shop(database)


class Shop:
    """A source that sends orders, and a look at what became of them."""

    def __init__(self, database) -> None:
        self.database = database

    async def puts(self, order=None, key=KEY, by=SHOP, **fields) -> ImportResult:
        async with self.database.writing() as session:
            _, result = await order_imports.put(key, order or an_imported_order(**fields), session, by)
        return result

    async def pays(self, by=SHOP, **fields) -> bool:
        async with self.database.writing() as session:
            order = await self._order(session)
            return await imported_payments.add(order, an_imported_payment(**fields), session, by)

    async def buries(self) -> None:
        async with self.database.writing() as session:
            await order_imports.bury(await self._order(session), session, SHOP)

    async def order(self) -> Order:
        async with self.database.reading() as session:
            return await self._order(session)

    async def facts(self):
        async with self.database.reading() as session:
            order = await self._order(session)
            return (await dossiers.of(order.id, session)).order

    async def every(self, table) -> list:
        async with self.database.reading() as session:
            return list(await session.scalars(select(table)))

    async def _order(self, session) -> Order:
        order = await order_imports.find(KEY, session)
        assert order is not None
        return order


# --- created, updated, unchanged, stale


async def test_the_first_time_an_order_is_created_and_its_source_with_it(shop):
    assert await shop.puts() is CREATED
    assert [order.number for order in await shop.every(Order)] == ["12345678"]


async def test_the_same_again_is_unchanged_and_leaves_no_trace(shop):
    await shop.puts()
    before = await shop.order(), await shop.every(Activity)

    assert await shop.puts() is UNCHANGED
    assert (await shop.order()).version == before[0].version
    assert len(await shop.every(Activity)) == len(before[1])


async def test_the_same_instant_told_with_another_offset_is_the_same_content(shop):
    await shop.puts(ordered_at=ORDERED)

    there = ORDERED.astimezone(timezone(timedelta(hours=-7)))

    assert await shop.puts(ordered_at=there) is UNCHANGED


def test_no_instant_of_an_order_is_content_by_its_offset():
    summer = timezone(timedelta(hours=2))
    told = an_imported_order(
        **dict.fromkeys(INSTANTS, ORDERED.astimezone(summer)),
        waiver=ShopWaiver(accepted=True, at=ORDERED.astimezone(summer)),
        payments=[an_imported_payment(at=ORDERED.astimezone(summer))],
    )

    assert b"+02:00" not in canonical(told)
    assert [each.name for each in fields(ImportedOrder) if each.name.endswith("_at")] == [*INSTANTS, "updated_at"]


async def test_another_content_is_an_update(shop):
    await shop.puts(updated_at=EARLY)
    before = await shop.order()

    assert await shop.puts(updated_at=LATER, state=State.PAID) is UPDATED
    after = await shop.order()
    assert (after.id, after.state, after.source_updated_at) == (before.id, "paid", LATER)
    assert after.version > before.version


async def test_an_older_clock_is_stale_and_changes_nothing(shop):
    await shop.puts(updated_at=LATER, state=State.PAID)

    assert await shop.puts(updated_at=EARLY, state=State.ORDERED) is STALE
    assert (await shop.order()).state is State.PAID


async def test_a_clock_from_the_future_counts_as_now(shop):
    await shop.puts(updated_at=NOON + 365 * DAY)

    assert (await shop.order()).source_updated_at == NOON
    assert await shop.puts(updated_at=NOON, state=State.PAID) is UPDATED


async def test_a_clock_from_the_future_that_was_stored_before_hides_nothing(shop):
    await shop.puts(updated_at=EARLY)
    async with shop.database.writing() as session:
        await session.execute(update(Order).values(source_updated_at=NOON + 365 * DAY))

    assert await shop.puts(updated_at=LATER, state=State.CANCELLED) is UPDATED


async def test_the_same_clock_with_another_content_is_an_update(shop):
    await shop.puts(updated_at=EARLY)

    assert await shop.puts(updated_at=EARLY, state=State.PAID) is UPDATED


async def test_a_newer_clock_with_the_same_content_is_unchanged(shop):
    await shop.puts(updated_at=EARLY)

    assert await shop.puts(updated_at=LATER) is UNCHANGED


async def test_news_that_arrives_after_something_newer_is_stale_even_if_that_said_nothing_new(shop):
    await shop.puts(updated_at=EARLY, state=State.PAID)
    await shop.puts(updated_at=LATEST, state=State.PAID)

    assert await shop.puts(updated_at=LATER, state=State.ORDERED) is STALE
    assert (await shop.order()).state is State.PAID


async def test_without_a_clock_other_content_counts_as_news(shop):
    await shop.puts(updated_at=EARLY)

    assert await shop.puts() is UNCHANGED
    assert await shop.puts(state=State.PAID) is UPDATED
    assert (await shop.order()).source_updated_at == EARLY


async def test_a_state_goes_backwards_only_by_a_newer_clock(shop):
    await shop.puts(updated_at=LATER, state=State.PAID)

    assert await shop.puts(updated_at=EARLY, state=State.CONFIRMED) is STALE
    assert await shop.puts(updated_at=LATEST, state=State.CONFIRMED) is UPDATED


async def test_the_same_id_of_another_source_is_another_order(shop):
    await shop.puts()

    assert await shop.puts(key=Key("ebay", KEY.external_id)) is CREATED
    assert len(await shop.every(Order)) == 2


async def test_twenty_deliveries_at_once_create_one_order(shop):
    results = await asyncio.gather(*(shop.puts() for _ in range(20)))

    assert sorted(results) == [CREATED] + [UNCHANGED] * 19


async def test_an_order_never_becomes_a_credit(shop):
    await shop.puts()

    with pytest.raises(Conflict):
        await shop.puts(kind=OrderKind.CREDIT, lines=[a_line(line_gross=-2000)])

    assert (await shop.order()).kind is OrderKind.ORDER


async def test_sums_that_do_not_add_up_are_refused_and_nothing_is_stored(shop):
    with pytest.raises(Invalid, match="#/total_gross sum-mismatch"):
        await shop.puts(total_gross=2001)

    assert await shop.every(Order) == []


async def test_a_connector_may_bring_them_and_they_are_flagged(shop):
    async with shop.database.writing() as session:
        await order_imports.take(KEY, an_imported_order(total_gross=2001), session, SHOP)

    assert not (await shop.facts()).amounts_consistent


# --- Parts


async def test_lines_keep_their_row_as_long_as_their_id_lives(shop):
    await shop.puts(lines=[a_line(id="a"), a_line(id="b"), a_line(id="c")])
    before = {line.external_id: line.id for line in await shop.every(Line)}

    await shop.puts(lines=[a_line(id="c", title="Neu", tax_rate="7.00"), a_line(id="new"), a_line(id="a")])

    after = {line.external_id: line for line in await shop.every(Line)}
    assert (after["a"].id, after["c"].id) == (before["a"], before["c"])
    assert [after[name].position for name in ("c", "new", "a")] == [0, 1, 2]
    assert (after["c"].title, after["c"].tax_rate) == ("Neu", 700)
    assert "b" not in after


async def test_addresses_and_tags_are_those_of_the_last_import(shop):
    await shop.puts(billing=PostalAddress(city="Köln"), shipping=PostalAddress(city="Bonn"), tags=["a", "b", "a"])
    await shop.puts(billing=PostalAddress(city="Aachen"), tags=["b", "c"])

    assert [address.city for address in await shop.every(Address)] == ["Aachen"]
    assert {tag.tag for tag in await shop.every(OrderTag)} == {"b", "c"}


async def test_what_is_told_no_more_is_gone(shop):
    await shop.puts(
        paid_at=ORDERED,
        note="bitte schnell",
        invoice=SourceInvoice(number="R1", date=ORDERED.date()),
        waiver=ShopWaiver(accepted=True),
        custom={"farbe": "blau"},
    )
    await shop.puts()

    order = await shop.order()
    assert (order.paid_at, order.note, order.source_invoice_number, order.waiver_accepted, order.custom) == (
        None,
        "",
        None,
        None,
        {},
    )


# --- Tombstones


async def test_a_buried_order_keeps_what_belongs_to_it(shop):
    await shop.puts(payments=[an_imported_payment()])
    await shop.buries()
    await shop.buries()

    order = await shop.order()
    assert (order.state, order.number) == ("deleted", "12345678")
    assert len(await shop.every(Payment)) == 1
    assert [entry.kind for entry in await shop.every(Activity)].count("order_deleted") == 1


async def test_only_something_newer_revives_a_buried_order(shop):
    await shop.puts(updated_at=LATER)
    await shop.buries()

    assert await shop.puts(updated_at=EARLY) is STALE
    assert await shop.puts(updated_at=LATER) is STALE
    assert await shop.puts(updated_at=LATER, note="anders") is STALE
    assert (await shop.order()).state is State.DELETED


async def test_a_revived_order_has_its_old_link(shop):
    await shop.puts(updated_at=EARLY)
    before = await shop.order()
    await shop.buries()

    assert await shop.puts(updated_at=LATER) is UPDATED
    after = await shop.order()
    assert (after.id, after.link_version, after.state) == (before.id, before.link_version, "ordered")


async def test_an_order_that_its_source_reports_deleted_stays_unchanged_when_told_again(shop):
    await shop.puts(updated_at=EARLY)
    assert await shop.puts(updated_at=LATER, state=State.DELETED) is UPDATED
    assert await shop.puts(updated_at=LATEST, state=State.DELETED) is UNCHANGED
    assert await shop.puts(updated_at=LATER, state=State.PAID) is STALE


# --- Payments


async def test_a_payment_told_here_survives_an_import_that_does_not_know_of_it(shop):
    await shop.puts()
    assert await shop.pays() is True
    await shop.puts(note="noch nicht bezahlt")

    assert (await shop.facts()).payment_state is PaymentState.PAID


async def test_a_payment_from_an_import_vanishes_when_it_is_listed_no_more(shop):
    await shop.puts(payments=[an_imported_payment()])
    await shop.puts(payments=[])

    assert (await shop.facts()).payment_state is PaymentState.UNPAID


async def test_a_payment_that_was_imported_and_then_told_here_survives_too(shop):
    await shop.puts(payments=[an_imported_payment()])
    assert await shop.pays() is False
    await shop.puts(payments=[])

    assert (await shop.facts()).payment_state is PaymentState.PAID


async def test_the_same_payment_is_booked_once_however_often_it_is_told(shop):
    await shop.puts(payments=[an_imported_payment()])

    assert [await shop.pays(), await shop.pays()] == [False, False]
    assert len(await shop.every(Payment)) == 1


@pytest.mark.parametrize(
    ("here", "told", "state"),
    [
        (2000, 2000, PaymentState.PAID),  # an echo
        (1500, 500, PaymentState.PAID),  # the source has not heard of ours yet
        (1500, 2000, PaymentState.PAID),  # now it has
        (2000, 2500, PaymentState.OVERPAID),
        (500, 500, PaymentState.PARTIALLY_PAID),
    ],
)
async def test_a_source_that_knows_the_sum_alone_counts_our_money_once(shop, here, told, state):
    await shop.puts()
    await shop.pays(amount=here)
    total = an_imported_payment(told, provider="billbee", transaction_id=SUM_ALONE)

    for note in ("it was told", "and tells it again"):
        await shop.puts(payments=[total], note=note)

    assert (await shop.facts()).payment_state is state


async def test_a_payment_and_its_refund_share_a_transaction(shop):
    await shop.puts()

    assert await shop.pays() is True
    assert await shop.pays(kind=PaymentKind.REFUND) is True
    assert (await shop.facts()).payment_state is PaymentState.REFUNDED


async def test_a_known_payment_takes_over_its_newer_status(shop):
    await shop.puts()
    await shop.pays(status=PaymentStatus.PENDING)
    assert (await shop.facts()).payment_state is PaymentState.PENDING

    assert await shop.pays(status=PaymentStatus.COMPLETED) is False
    assert (await shop.facts()).payment_state is PaymentState.PAID


async def test_an_import_completes_a_payment_that_was_told_here_as_pending(shop):
    await shop.puts()
    await shop.pays(status=PaymentStatus.PENDING)
    await shop.puts(payments=[an_imported_payment()])

    assert (await shop.facts()).payment_state is PaymentState.PAID


async def test_an_import_that_lags_behind_does_not_take_a_payment_back(shop):
    await shop.puts()
    await shop.pays()
    await shop.puts(payments=[an_imported_payment(status=PaymentStatus.PENDING)])

    assert (await shop.facts()).payment_state is PaymentState.PAID


async def test_another_amount_under_a_known_name_is_a_conflict(shop):
    await shop.puts()
    await shop.pays()

    with pytest.raises(Conflict):
        await shop.pays(amount=1)


async def test_money_in_another_currency_is_refused(shop):
    await shop.puts()

    with pytest.raises(Invalid, match="#/currency other-currency"):
        await shop.pays(currency="USD")


async def test_money_in_the_currency_of_before_does_not_pay_the_order_of_now(shop):
    await shop.puts(currency="JPY")
    await shop.pays(currency="JPY")
    await shop.puts(currency="EUR")

    assert (await shop.facts()).payment_state is PaymentState.UNPAID


# --- The day it was first seen paid


async def test_the_first_day_an_order_was_seen_paid_stays(shop):
    await shop.puts(state=State.SHIPPED)
    tomorrow = other_moment(SHOP, at=NOON + DAY)
    await shop.puts(state=State.COMPLETED, by=tomorrow)

    assert (await shop.facts()).became_paid_at == NOON


async def test_an_unpaid_order_has_no_such_day_until_it_is_paid(shop):
    await shop.puts()
    assert (await shop.order()).first_seen_paid_at is None

    await shop.puts(state=State.PAID, by=other_moment(SHOP, at=NOON + DAY))
    assert (await shop.facts()).became_paid_at == NOON + DAY


async def test_an_order_that_a_changed_setting_makes_paid_is_first_seen_paid_then(shop):
    async with shop.database.writing() as session:
        await settings.change(GeneralSettings, GeneralChange(paid_rule=PaidRule.STRICT), session, SHOP)
    await shop.puts(state=State.SHIPPED)
    assert (await shop.facts()).became_paid_at is None

    async with shop.database.writing() as session:
        change, then = GeneralChange(paid_rule=PaidRule.PIPELINE), other_moment(SHOP, at=NOON + DAY)
        await settings.change(GeneralSettings, change, session, then)

    assert (await shop.facts()).became_paid_at == NOON + DAY


# --- Credits


async def test_a_credit_takes_off_what_is_due_of_its_order_and_of_no_other(shop):
    await shop.puts()
    credit = an_imported_order(kind=OrderKind.CREDIT, lines=[a_line(line_gross=-500)], refers_to=KEY.external_id)
    await shop.puts(replace(credit, refers_to="another"), key=Key("etsy", "G2"))
    await shop.puts(credit, key=Key("ebay", "G3"))
    assert (await shop.facts()).due == 2000

    await shop.puts(credit, key=Key("etsy", "G1"))
    assert (await shop.facts()).due == 1500


async def test_a_cancelled_credit_takes_off_nothing(shop):
    await shop.puts()
    fields = {"kind": OrderKind.CREDIT, "lines": [a_line(line_gross=-500)], "refers_to": KEY.external_id}
    await shop.puts(key=Key("etsy", "G1"), state=State.CANCELLED, **fields)

    assert (await shop.facts()).due == 2000


async def test_what_failed_in_the_middle_left_nothing(shop):
    with pytest.raises(RuntimeError):
        async with shop.database.writing() as session:
            await order_imports.put(KEY, an_imported_order(), session, SHOP)
            raise RuntimeError

    async with shop.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == 0


# --- money that is taken back


async def notices(shop) -> list[Activity]:
    return [row for row in await shop.every(Activity) if row.notice]


async def test_a_payment_that_is_reversed_is_a_notice_once(shop):
    await shop.puts(state=State.SHIPPED)
    await shop.pays()
    assert await notices(shop) == []

    for _ in range(2):
        await shop.pays(status=PaymentStatus.REVERSED)

    (notice,) = await notices(shop)
    assert notice.kind == "payment_reversed"
    assert notice.details == {"provider": "paypal", "amount": 2000, "currency": "EUR"}


async def test_an_import_that_tells_of_a_reversal_is_a_notice_once(shop):
    await shop.puts(payments=[an_imported_payment()])
    for note in ("a", "b"):
        await shop.puts(payments=[an_imported_payment(status=PaymentStatus.REVERSED)], note=note)

    (notice,) = await notices(shop)
    assert notice.kind == "payment_reversed"


async def test_an_import_s_reversal_counts_for_what_was_told_here_too(shop):
    await shop.puts()
    await shop.pays()
    for note in ("a", "b"):
        await shop.puts(payments=[an_imported_payment(status=PaymentStatus.REVERSED)], note=note)

    assert (await shop.facts()).payment_state is PaymentState.REVERSED
    assert len(await notices(shop)) == 1


async def test_a_refund_that_the_merchant_gave_is_no_notice(shop):
    await shop.puts()
    await shop.pays()
    await shop.pays(kind=PaymentKind.REFUND)

    assert await notices(shop) == []
