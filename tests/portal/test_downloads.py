"""One click spends one download, whatever happens at the same time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from db.downloads import Download
from db.orders import LineKind
from portal.order_imports import Key
from portal.refusals import NotFound, Refusal
from tests.factories import DAY, NOON, a_line
from tests.portal.selling import Customer, Shop, refusal_of

BYTES = b"one pattern, not a PDF" * 40


@pytest.fixture
async def shop(house):
    shop = Shop(house)
    await shop.opens()
    (shop.folder / "bente.zip").write_bytes(BYTES)
    return shop


@pytest.fixture
async def file(shop):
    return await shop.sells("bente.zip")


@pytest.fixture
async def customer(shop, file):
    return Customer(shop, await shop.is_ordered())


async def test_two_hundred_clicks_at_once_spend_exactly_the_limit(shop, file, customer):
    await shop.rules(limit_per_file=5)

    outcomes = await asyncio.gather(*(refusal_of(customer.clicks(file)) for _ in range(200)))

    assert outcomes.count(None) == 5
    assert outcomes.count(Refusal.LIMIT_REACHED) == 195
    assert await shop.count(Download) == 5


async def test_two_hundred_clicks_of_one_page_spend_one(shop, file, customer):
    await shop.rules(limit_per_file=5)

    spent = await asyncio.gather(*(customer.clicks(file, "the same page") for _ in range(200)))

    assert len({download.id for download in spent}) == 1
    assert await shop.count(Download) == 1


async def test_many_clients_and_many_files_at_once_spend_exactly_the_limit_of_each(shop):
    """Twelve clients click on each of four files of three orders; each file may be had three times by each order."""
    await shop.rules(limit_per_file=3)
    files = []
    for number in range(4):
        (shop.folder / f"{number}.zip").write_bytes(BYTES)
        files.append(await shop.sells(f"{number}.zip", f"SKU-{number}"))
    lines = [a_line(id=str(number), sku=f"SKU-{number}", line_gross=100) for number in range(4)]
    orders = [await shop.is_ordered(Key("etsy", str(n)), lines=lines, total_gross=400) for n in range(3)]

    await asyncio.gather(
        *(refusal_of(Customer(shop, order).clicks(file)) for _ in range(12) for order in orders for file in files)
    )

    spent = [(download.order_id, download.file_id) for download in await shop.every(Download)]
    assert {pair: spent.count(pair) for pair in set(spent)} == {(order, file): 3 for order in orders for file in files}


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(hours=-3), timedelta(hours=3)], ids=str)
async def test_a_clock_that_jumps_gives_nothing_away_and_breaks_no_address(shop, file, customer, jump):
    await shop.rules(limit_per_file=2)
    download = await customer.clicks(file, "a page")

    assert await customer.fetches(download, NOON + jump) == BYTES
    await customer.clicks(file, "another page", NOON + jump)
    assert await refusal_of(customer.clicks(file, "a third page", NOON + jump)) is Refusal.LIMIT_REACHED


async def test_a_page_is_the_same_for_five_minutes(file, customer):
    first = await customer.clicks(file, "a page")

    assert (await customer.clicks(file, "a page", NOON + timedelta(minutes=4, seconds=59))).id == first.id
    assert (await customer.clicks(file, "a page", NOON + timedelta(minutes=5))).id != first.id


async def test_another_page_spends_anew(file, customer):
    assert (await customer.clicks(file, "a page")).id != (await customer.clicks(file, "another page")).id


async def test_without_a_page_every_click_spends_anew(shop, file, customer):
    await customer.clicks(file)
    await customer.clicks(file)

    assert await shop.count(Download) == 2


async def test_the_same_page_still_has_its_last_download_when_the_limit_is_reached(shop, file, customer):
    await shop.rules(limit_per_file=1)
    first = await customer.clicks(file, "a page")

    assert (await customer.clicks(file, "a page")).id == first.id
    assert await refusal_of(customer.clicks(file, "another page")) is Refusal.LIMIT_REACHED


async def test_a_page_of_one_order_says_nothing_of_another(shop, file, customer):
    first = await customer.clicks(file, "guessed")
    stranger = Customer(shop, await shop.is_ordered(key=Key("etsy", "2")))

    assert (await stranger.clicks(file, "guessed")).id != first.id


async def test_a_page_of_one_file_says_nothing_of_another(shop, file, customer):
    (shop.folder / "other.zip").write_bytes(BYTES)
    other = await shop.sells("other.zip", "OTHER")
    order = await shop.is_ordered(lines=[a_line(), a_line(id="2", sku="OTHER")])
    customer = Customer(shop, order)

    assert (await customer.clicks(file, "a page")).id != (await customer.clicks(other, "a page")).id


async def test_a_file_of_another_order_is_as_unknown_as_none(shop, customer):
    (shop.folder / "other.zip").write_bytes(BYTES)
    other = await shop.sells("other.zip", "OTHER")

    for file_id in (other, 4711):
        with pytest.raises(NotFound):
            await customer.clicks(file_id)


async def test_an_unpaid_order_spends_nothing(shop, file):
    customer = Customer(shop, await shop.is_ordered(paid_at=None))

    assert await refusal_of(customer.clicks(file)) is Refusal.NOT_PAID
    assert await shop.count(Download) == 0


async def test_changed_rules_count_at_once(shop, file, customer):
    await customer.clicks(file)
    await shop.rules(limit_per_file=1)
    assert await refusal_of(customer.clicks(file)) is Refusal.LIMIT_REACHED

    await shop.rules(limit_per_file=None)
    assert await refusal_of(customer.clicks(file)) is None


async def test_an_allowance_reopens_an_exhausted_file(shop, file, customer):
    await shop.rules(limit_per_file=1)
    await customer.clicks(file)
    await shop.allows(customer.order_id, file, 2)

    assert (await shop.entitlement(customer.order_id)).downloads_left == 2
    await customer.clicks(file)
    await customer.clicks(file)
    assert await refusal_of(customer.clicks(file)) is Refusal.LIMIT_REACHED


async def test_a_file_of_two_articles_is_one_file_with_one_limit(shop, file):
    assert await shop.sells("bente.zip", "BUNDLE") == file
    await shop.rules(limit_per_file=1)
    customer = Customer(shop, await shop.is_ordered(lines=[a_line(), a_line(id="2", sku="BUNDLE")]))

    await customer.clicks(file)
    assert await refusal_of(customer.clicks(file)) is Refusal.LIMIT_REACHED


async def test_a_refunded_line_locks_its_files_and_no_others(shop, file):
    (shop.folder / "other.zip").write_bytes(BYTES)
    other = await shop.sells("other.zip", "OTHER")
    given_back = a_line(quantity="2", refunded_quantity="2.0")
    customer = Customer(shop, await shop.is_ordered(lines=[given_back, a_line(id="2", sku="OTHER")]))

    assert await refusal_of(customer.clicks(file)) is Refusal.REFUNDED
    assert await refusal_of(customer.clicks(other)) is None


async def test_a_file_that_came_by_another_line_too_stays(shop, file):
    await shop.sells("bente.zip", "BUNDLE")
    lines = [a_line(refunded_quantity="1"), a_line(id="2", sku="BUNDLE")]
    customer = Customer(shop, await shop.is_ordered(lines=lines))

    assert await refusal_of(customer.clicks(file)) is None


async def test_a_discount_with_the_number_of_an_article_brings_no_file(shop, file):
    await shop.rules(limit_per_file=1, limit_times_quantity=True)
    discount = a_line(id="2", kind=LineKind.DISCOUNT)
    customer = Customer(shop, await shop.is_ordered(lines=[a_line(), discount]))
    refunded = Customer(shop, await shop.is_ordered(Key("etsy", "2"), lines=[a_line(refunded_quantity="1"), discount]))

    await customer.clicks(file)
    assert await refusal_of(customer.clicks(file)) is Refusal.LIMIT_REACHED
    assert await refusal_of(refunded.clicks(file)) is Refusal.REFUNDED


@pytest.mark.parametrize("quantity", ["0", "-1", "0.00"])
async def test_a_line_of_nothing_brings_no_file(shop, file, quantity):
    order = await shop.is_ordered(lines=[a_line(quantity=quantity)])

    with pytest.raises(NotFound):
        await Customer(shop, order).clicks(file)


async def test_a_line_that_takes_something_back_adds_nothing_to_the_one_that_brought_it(shop, file):
    await shop.rules(limit_per_file=2, limit_times_quantity=True)
    order = await shop.is_ordered(lines=[a_line(quantity="3"), a_line(id="2", quantity="-1", line_gross=0)])

    assert (await shop.entitlement(order)).downloads_left == 6


async def test_the_limit_counts_once_for_each_piece_where_the_merchant_says_so(shop, file):
    await shop.rules(limit_per_file=2, limit_times_quantity=True)
    order = await shop.is_ordered(lines=[a_line(quantity="3")])

    assert (await shop.entitlement(order)).downloads_left == 6


async def test_a_download_that_we_failed_to_deliver_is_given_back_until_it_was_finished_after_all(shop, file, customer):
    await shop.rules(limit_per_file=1)
    download = await customer.clicks(file)
    await customer.has_fetched(download, 10, is_cut=True, failure="broken")
    assert (await shop.entitlement(customer.order_id)).downloads_left == 1

    await customer.has_fetched(download, len(BYTES))
    assert (await shop.entitlement(customer.order_id)).downloads_left == 0


async def test_a_transfer_that_the_customer_broke_off_stays_spent(shop, file, customer):
    await shop.rules(limit_per_file=1)
    await customer.has_fetched(await customer.clicks(file), 10, is_cut=True)

    assert (await shop.entitlement(customer.order_id)).downloads_left == 0


async def test_linking_a_file_again_keeps_its_first_day(shop, file, customer):
    await shop.unlinks()
    await shop.sells("bente.zip", at=NOON + DAY)

    assert (await shop.entitlement(customer.order_id)).file.linked_at == NOON


async def test_moving_a_file_to_all_articles_that_begin_alike_keeps_its_first_day(shop, file, customer):
    """Else a window that is over would begin anew for everybody."""
    await shop.sells("bente.zip", "BEN*", at=NOON + DAY)
    await shop.unlinks()

    assert (await shop.entitlement(customer.order_id)).file.linked_at == NOON


async def test_another_article_s_first_day_is_not_that_of_this_one(shop, file):
    await shop.sells("bente.zip", "OTHER", at=NOON + DAY)
    order = await shop.is_ordered(lines=[a_line(sku="OTHER")])

    assert (await shop.entitlement(order)).file.linked_at == NOON + DAY
