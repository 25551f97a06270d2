"""Articles and their files: by exact SKU or by how it begins, one by one or as a whole, and what the list shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, update

from db.activity import Activity
from db.articles import ArticleFile
from db.files import File
from db.orders import State
from portal import article_files, article_list, articles, dossiers, file_reach, order_list
from portal.activity import By
from portal.article_list import Wanted
from portal.articles import FileLink
from portal.order_imports import Key
from portal.order_list import OrderFilter, Turn
from portal.refusals import Conflict
from tests.factories import BERLIN, NOON, ORDERED, a_line
from tests.portal.selling import Customer, Shop

LATER = By("merchant:1", NOON + timedelta(days=3))


@pytest.fixture
async def shop(house):
    shop = Shop(house)
    await shop.opens()
    for name in ("a.zip", "b.zip", "c.zip"):
        (shop.folder / name).write_bytes(name.encode())
    return shop


async def names(shop: Shop, order_id: int) -> list[str]:
    async with shop.house.database.reading() as session:
        return [each.file.name for each in (await dossiers.of(order_id, session)).entitlements]


async def seen(shop: Shop, path: str):
    house = shop.house
    (found,) = await articles.look([FileLink(storage="folder", path=path)], house.database.reading, house.storages)
    return found


async def reach(shop: Shop, file_id: int, at=NOON) -> int:
    async with shop.house.database.reading() as session:
        return (await file_reach.counts([file_id], session, at, BERLIN))[file_id]


def bought(*skus: str):
    lines = [a_line(id=str(place), sku=sku, line_gross=100) for place, sku in enumerate(skus, 1)]
    return {"lines": lines, "total_gross": 100 * len(skus)}


# --- SKUs that begin alike


async def test_an_asterisk_stands_for_every_sku_that_begins_so(shop):
    await shop.sells("a.zip", "PDF-*")

    assert await names(shop, await shop.is_ordered(Key("etsy", "1"), **bought("PDF-BENTE"))) == ["a.zip"]
    assert await names(shop, await shop.is_ordered(Key("etsy", "2"), **bought("PDF-"))) == ["a.zip"]
    assert await names(shop, await shop.is_ordered(Key("etsy", "3"), **bought("pdf-x", "PD", "XPDF-", ""))) == []


async def test_a_sku_of_its_own_comes_first_and_the_longer_beginning_before_the_shorter(shop):
    await shop.sells("c.zip", "*")
    await shop.sells("b.zip", "PDF-*")
    await shop.sells("a.zip", "PDF-BENTE")

    assert await names(shop, await shop.is_ordered(**bought("PDF-BENTE"))) == ["a.zip", "b.zip", "c.zip"]


async def test_a_file_that_is_linked_both_ways_is_there_once_from_the_first_day_on(shop):
    await shop.rules(limit_per_file=2, limit_times_quantity=True, window_days=7)
    await shop.sells("a.zip", "PDF-*", at=ORDERED)
    await shop.sells("a.zip", "PDF-BENTE", at=NOON)

    order = await shop.is_ordered(**bought("PDF-BENTE"))

    entitlement = await shop.entitlement(order)
    assert entitlement.limit == 2
    assert entitlement.file.linked_at == ORDERED


async def test_signs_of_sql_in_a_beginning_stand_for_themselves(shop):
    await shop.sells("a.zip", "P_%*")

    assert await names(shop, await shop.is_ordered(Key("etsy", "1"), **bought("PDF-BENTE"))) == []
    assert await names(shop, await shop.is_ordered(Key("etsy", "2"), **bought("P_%1"))) == ["a.zip"]


async def test_the_list_of_orders_counts_what_an_asterisk_brings(shop):
    await shop.sells("a.zip", "PDF-*")
    await shop.sells("b.zip", "PDF-BENTE")
    await shop.is_ordered(**bought("PDF-BENTE", "PDF-TILDA"))

    async with shop.house.database.reading() as session:
        wanted = OrderFilter(concern=order_list.Concern.NOTHING_DOWNLOADED)
        found = await order_list.page(wanted, Turn(), session, NOON)

    assert [row.files for row in found.rows] == [2]


async def test_an_order_that_has_files_by_a_beginning_alone_is_one_with_files(shop):
    await shop.sells("a.zip", "PDF-*")
    await shop.is_ordered(**bought("PDF-TILDA"))

    async with shop.house.database.reading() as session:
        wanted = OrderFilter(concern=order_list.Concern.NOTHING_DOWNLOADED)
        assert len((await order_list.page(wanted, Turn(), session, NOON)).rows) == 1


# --- How many can get it


async def test_paid_orders_within_the_window_can_get_a_file(shop):
    file = await shop.sells("a.zip", "PDF-*", at=ORDERED)
    await shop.is_ordered(Key("etsy", "1"), **bought("PDF-BENTE", "PDF-TILDA"))
    await shop.is_ordered(Key("etsy", "2"), **bought("PDF-TILDA"))
    await shop.is_ordered(Key("etsy", "3"), **bought("OTHER"))
    await shop.is_ordered(Key("etsy", "4"), paid_at=None, state=State.ORDERED, **bought("PDF-BENTE"))
    await shop.is_ordered(Key("etsy", "5"), state=State.CANCELLED, **bought("PDF-BENTE"))
    refunded = {"lines": [a_line(sku="PDF-BENTE", refunded_quantity="1", line_gross=100)], "total_gross": 100}
    await shop.is_ordered(Key("etsy", "6"), **refunded)

    assert await reach(shop, file) == 2

    await shop.rules(window_days=7)
    assert await reach(shop, file, ORDERED + timedelta(days=7)) == 2
    assert await reach(shop, file, ORDERED + timedelta(days=8)) == 0


async def test_who_had_a_file_by_another_article_before_keeps_that_window(shop):
    file = await shop.sells("a.zip", "PDF-BENTE", at=ORDERED)
    await shop.is_ordered(Key("etsy", "1"), **bought("PDF-BENTE"))
    await shop.is_ordered(Key("etsy", "2"), **bought("PDF-TILDA"))
    await shop.sells("a.zip", "PDF-*", at=ORDERED + timedelta(days=20))
    await shop.unlinks("PDF-BENTE")
    await shop.rules(window_days=7)

    assert await reach(shop, file, ORDERED + timedelta(days=21)) == 1


async def test_nobody_can_get_a_file_that_is_missing_or_cannot_be_stamped(shop):
    (shop.folder / "broken.pdf").write_bytes(b"<html>")
    missing, broken = await shop.sells("a.zip", "TILDA"), await shop.sells("broken.pdf", "BENTE")
    await shop.is_ordered(**bought("BENTE", "TILDA"))
    async with shop.house.database.writing() as session:
        await session.execute(update(File).where(File.id == missing).values(missing_since=ORDERED))
    await shop.rules(watermark_text="Kauf {OrderNumber}")

    assert [await reach(shop, missing), await reach(shop, broken)] == [0, 0]


async def test_nobody_can_get_what_was_bought_not_at_all(shop):
    file = await shop.sells("a.zip")
    await shop.is_ordered(lines=[a_line(quantity="0")])

    assert await reach(shop, file) == 0


async def test_nobody_can_get_what_is_not_linked_any_more(shop):
    file = await shop.sells("a.zip")
    await shop.is_ordered()
    await shop.unlinks()

    assert await reach(shop, file) == 0


# --- One file at a time


async def test_files_are_added_behind_the_others_and_moved_by_one_place(shop):
    await shop.sells("a.zip")
    order = await shop.is_ordered()
    house = shop.house
    others = [await seen(shop, name) for name in ("b.zip", "c.zip")]
    async with house.database.writing() as session:
        bente = await articles.one("BENTE", session)
        b, c = [(await article_files.add(bente, each, session, LATER)).id for each in others]

    assert await names(shop, order) == ["a.zip", "b.zip", "c.zip"]
    for file, step, expected in [
        (c, -1, ["a.zip", "c.zip", "b.zip"]),
        (c, -1, ["c.zip", "a.zip", "b.zip"]),
        (c, -1, ["c.zip", "a.zip", "b.zip"]),
        (b, 1, ["c.zip", "a.zip", "b.zip"]),
        (c, 1, ["a.zip", "c.zip", "b.zip"]),
    ]:
        async with house.database.writing() as session:
            await article_files.move(await articles.one("BENTE", session), file, step, session)
        assert await names(shop, order) == expected


async def test_linking_again_keeps_the_first_day_and_is_no_second_link(shop):
    file = await shop.sells("a.zip")
    again = await seen(shop, "a.zip")
    async with shop.house.database.writing() as session:
        bente = await articles.one("BENTE", session)
        await article_files.take_away(bente, file, session, LATER)
        assert (await article_files.add(bente, again, session, LATER)).id == file
        await article_files.add(bente, again, session, LATER)

    (link,) = await shop.every(ArticleFile)
    assert (link.linked_at, link.unlinked_at, link.position) == (NOON, None, 0)
    kinds = [entry.kind for entry in await shop.every(Activity)][-2:]
    assert kinds == ["file_unlinked", "file_linked"]


async def test_a_replaced_file_reaches_old_buyers_and_no_link_or_download_changes(shop):
    await shop.rules(limit_per_file=3)
    file = await shop.sells("a.zip")
    customer = Customer(shop, await shop.is_ordered())
    first = await customer.clicks(file)
    second_edition = await seen(shop, "b.zip")

    async with shop.house.database.writing() as session:
        await article_files.replace(file, second_edition, session, LATER)

    entitlement = await shop.entitlement(customer.order_id)
    assert (entitlement.file.id, entitlement.file.name, entitlement.downloads_left) == (file, "b.zip", 2)
    assert await customer.fetches(await customer.clicks(file)) == b"b.zip"
    assert first.file_id == file


async def test_a_file_is_not_replaced_by_one_that_is_known_as_another(shop):
    file = await shop.sells("a.zip")
    await shop.sells("b.zip", "TILDA")
    other = await seen(shop, "b.zip")

    with pytest.raises(Conflict):
        async with shop.house.database.writing() as session:
            await article_files.replace(file, other, session, LATER)

    assert sorted(each.path for each in await shop.every(File)) == ["a.zip", "b.zip"]


async def test_a_title_is_noted_with_what_it_was(shop):
    file = await shop.sells("a.zip")
    async with shop.house.database.writing() as session:
        await article_files.name(await articles.one("BENTE", session), file, "Bogen A4", session, LATER)

    assert (await shop.entitlement(await shop.is_ordered())).file.title == "Bogen A4"
    assert (await shop.every(Activity))[-2].details["new"] == {"title": "Bogen A4"}


# --- The list


async def listed(shop: Shop, **wanted):
    async with shop.house.database.reading() as session:
        found = await article_list.page(Wanted(**wanted), session)
    return [(row.sku, row.files) for row in found.rows]


async def test_the_list_has_what_was_made_and_what_was_ordered_by_sku(shop):
    await shop.sells("a.zip", "BENTE")
    await shop.is_ordered(Key("etsy", "1"), **bought("BENTE", "TILDA", "ADA", ""))
    await shop.is_ordered(Key("etsy", "2"), **bought("TILDA"))

    assert await listed(shop) == [("ADA", 0), ("BENTE", 1), ("TILDA", 0)]
    assert await listed(shop, after="ADA") == [("BENTE", 1), ("TILDA", 0)]
    assert await listed(shop, query="ild") == [("TILDA", 0)]
    assert await listed(shop, query="100%") == []
    assert await listed(shop, only_without=True) == [("ADA", 0), ("TILDA", 0)]


async def test_what_an_asterisk_covers_needs_no_file_of_its_own(shop):
    await shop.sells("a.zip", "PDF-*")
    await shop.is_ordered(**bought("PDF-TILDA", "OTHER"))

    assert await listed(shop, only_without=True) == [("OTHER", 0)]


async def test_a_removed_article_stays_in_the_list_as_long_as_it_was_ordered(shop):
    await shop.sells("a.zip", "BENTE")
    await shop.sells("b.zip", "NEVER")
    await shop.is_ordered(**bought("BENTE"))
    for sku in ("BENTE", "NEVER"):
        await shop.unlinks(sku)

    assert await listed(shop) == [("BENTE", 0)]


async def test_an_article_without_a_title_is_called_as_it_was_ordered(shop):
    await shop.is_ordered(lines=[a_line(sku="TILDA", title="Tilda, alt", line_gross=2490)], total_gross=2490)
    async with shop.house.database.reading() as session:
        (row,) = (await article_list.page(Wanted(), session)).rows
    assert (row.id, row.title) == (None, "Tilda, alt")


async def test_a_long_list_turns_page_by_page_with_as_many_statements_as_a_short_one(shop):
    asked = []
    engine = shop.house.database._reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _c, _cu, statement, *_: asked.append(statement))
    await shop.is_ordered(Key("etsy", "1"), **bought("A"))
    await listed(shop)
    few = len(asked)
    await shop.is_ordered(Key("etsy", "2"), **bought(*(f"S{number:03}" for number in range(120))))
    asked.clear()

    async with shop.house.database.reading() as session:
        first = await article_list.page(Wanted(), session)
        number = len(asked)
        second = await article_list.page(Wanted(after=first.next_sku), session)
        third = await article_list.page(Wanted(after=second.next_sku), session)

    assert number == few
    assert [len(page.rows) for page in (first, second, third)] == [50, 50, 21]
    assert third.next_sku == ""
    assert len({row.sku for page in (first, second, third) for row in page.rows}) == 121
