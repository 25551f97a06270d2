"""From the click to the bytes: what is delivered is what was promised, and what cannot be delivered is not spent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from db.activity import Activity
from db.downloads import Download
from db.files import File
from db.orders import State
from db.settings import SellerSettings
from portal import links, order_imports, settings
from portal.deliveries import Ended
from portal.downloads import BYTE_CAP
from portal.imported import Buyer
from portal.meters import CapReached
from portal.refusals import Refusal
from portal.settings import SellerChange
from tests.factories import NOON, SHOP, a_line, an_imported_order
from tests.pdfkit import papers, reading
from tests.portal.selling import KEY, STAMP, Customer, Shop, refusal_of

BYTES = b"one pattern, not a PDF" * 40
STAMPED = "Kauf 12345678 vom 01.11.2026 - Max Mustermann"
HOUR = timedelta(hours=1)


@pytest.fixture
async def shop(house):
    shop = Shop(house)
    await shop.opens()
    return shop


@pytest.fixture
async def plain(shop):
    (shop.folder / "bente.zip").write_bytes(BYTES)
    return await shop.sells("bente.zip")


@pytest.fixture
async def book(shop):
    """A PDF in a shop that stamps."""
    papers.book(shop.folder / "bente.pdf")
    await shop.rules(watermark_text=STAMP)
    return await shop.sells("bente.pdf")


@pytest.fixture
async def customer(shop):
    return Customer(shop, await shop.is_ordered())


def words_of(content: bytes, tmp_path) -> list[str]:
    (tmp_path / "fetched.pdf").write_bytes(content)
    return reading.words(tmp_path / "fetched.pdf")


# --- What is delivered


async def test_what_is_no_pdf_goes_out_as_it_is(shop, plain, customer):
    await shop.rules(watermark_text=STAMP)

    assert await customer.fetches(await customer.clicks(plain)) == BYTES


async def test_every_page_of_a_pdf_is_stamped_for_this_order(book, customer, tmp_path):
    content = await customer.fetches(await customer.clicks(book))

    pages = words_of(content, tmp_path)
    assert len(pages) == 3
    assert all(STAMPED in page for page in pages)


async def test_a_pdf_under_another_name_is_stamped_too(shop, customer, tmp_path):
    papers.book(shop.folder / "bente.pdf").rename(shop.folder / "bente.jpg")
    await shop.rules(watermark_text=STAMP)
    file = await shop.sells("bente.jpg")

    download = await customer.clicks(file)

    assert download.name == "bente.jpg"
    assert STAMPED in words_of(await customer.fetches(download), tmp_path)[0]


async def test_without_a_text_nothing_is_stamped(shop, book, customer):
    await shop.rules(watermark_text="  ")

    content = await customer.fetches(await customer.clicks(book))

    assert content == (shop.folder / "bente.pdf").read_bytes()


@pytest.mark.parametrize(
    "name",
    ["", "\u200b", "\u00a0", "\ufe0f", "\u0301", "\u2800"],
    ids=["none", "of no width", "a space", "a selector", "a mark alone", "no dot"],
)
async def test_a_text_that_comes_out_empty_is_no_way_around_the_stamp(shop, book, tmp_path, name):
    await shop.rules(watermark_text="{UserName}")
    anonymous = Customer(shop, await shop.is_ordered(buyer=Buyer(name=name)))

    content = await anonymous.fetches(await anonymous.clicks(book))

    assert all("#12345678" in page for page in words_of(content, tmp_path))


async def test_two_buyers_never_get_the_same_copy(shop, book, customer, tmp_path):
    fields = {"number": "999", "buyer": Buyer(name="Erika Mustermann")}
    other = Customer(shop, await shop.is_ordered(key=order_imports.Key("etsy", "2"), **fields))

    mine, theirs = await customer.clicks(book), await other.clicks(book)

    assert mine.stamp != theirs.stamp
    assert "Kauf 999 vom 01.11.2026 - Erika Mustermann" in words_of(await other.fetches(theirs), tmp_path)[0]
    assert "Erika" not in words_of(await customer.fetches(mine), tmp_path)[0]


async def test_an_empty_file_can_be_had(shop, customer):
    (shop.folder / "empty.txt").write_bytes(b"")
    download = await customer.clicks(await shop.sells("empty.txt"))

    assert await customer.fetches(download) == b""


async def test_a_new_version_reaches_old_buyers(shop, plain, customer):
    (shop.folder / "bente.zip").write_bytes(b"the second edition")

    assert await customer.fetches(await customer.clicks(plain)) == b"the second edition"


# --- What cannot be delivered


async def test_a_vanished_file_spends_nothing_and_the_merchant_is_told(shop, plain, customer):
    (shop.folder / "bente.zip").unlink()

    assert await refusal_of(customer.clicks(plain)) is Refusal.FILE_MISSING
    assert await shop.count(Download) == 0
    assert await shop.notices() == [("download_failed", "file-missing")]
    assert (await shop.every(File))[0].missing_since == NOON


async def test_a_file_that_is_back_can_be_had_again(shop, plain, customer):
    (shop.folder / "bente.zip").unlink()
    await refusal_of(customer.clicks(plain))
    (shop.folder / "bente.zip").write_bytes(BYTES)

    assert await customer.fetches(await customer.clicks(plain)) == BYTES
    assert not (await shop.entitlement(customer.order_id)).file.missing


async def test_a_pdf_that_is_none_is_never_handed_out_unstamped(shop, book, customer):
    papers.html(shop.folder / "bente.pdf")

    assert await refusal_of(customer.clicks(book)) is Refusal.STAMP_FAILED
    assert await shop.count(Download) == 0
    assert await shop.notices() == [("download_failed", "stamp-failed")]


@pytest.mark.parametrize("paper", [papers.empty, papers.html, papers.truncated, papers.without_pages])
async def test_whatever_cannot_be_stamped_is_refused_at_the_first_click_too(shop, customer, paper):
    await shop.rules(watermark_text=STAMP)
    paper(shop.folder / "bente.pdf")

    outcome = await refusal_of(customer.clicks(await shop.sells("bente.pdf")))

    assert outcome is Refusal.STAMP_FAILED or all(STAMPED in page for page in await served(customer))
    assert await shop.count(Download) == (0 if outcome else 1)


async def served(customer: Customer) -> list[str]:
    (download,) = await customer.shop.every(Download)
    place = customer.shop.folder / "served.pdf"
    place.write_bytes(await customer.fetches(download))
    return reading.words(place)


async def test_a_locked_pdf_is_refused(shop, customer):
    await shop.rules(watermark_text=STAMP)
    papers.protected(shop.folder / "bente.pdf", owner="o", user="u")

    assert await refusal_of(customer.clicks(await shop.sells("bente.pdf"))) is Refusal.STAMP_FAILED


async def test_a_broken_pdf_that_was_replaced_by_a_good_one_is_stamped(shop, customer, tmp_path):
    await shop.rules(watermark_text=STAMP)
    papers.html(shop.folder / "bente.pdf")
    file = await shop.sells("bente.pdf")
    assert await refusal_of(customer.clicks(file)) is Refusal.STAMP_FAILED

    papers.book(shop.folder / "bente.pdf")

    assert STAMPED in words_of(await customer.fetches(await customer.clicks(file)), tmp_path)[0]
    assert not (await shop.entitlement(customer.order_id)).file.unstampable


# --- Addresses: identical bytes, as long as they live


async def test_an_address_serves_the_same_bytes_again_and_again(book, customer):
    download = await customer.clicks(book)

    assert await customer.fetches(download) == await customer.fetches(download, NOON + 23 * HOUR)


async def test_a_replaced_original_ends_the_address_and_gives_the_download_back(shop, plain, customer):
    await shop.rules(limit_per_file=1)
    download = await customer.clicks(plain)
    (shop.folder / "bente.zip").write_bytes(b"the second edition")

    with pytest.raises(Ended):
        await customer.fetches(download)

    assert (await shop.entitlement(customer.order_id)).downloads_left == 1
    assert await customer.fetches(await customer.clicks(plain)) == b"the second edition"


async def test_a_vanished_original_gives_the_download_back(shop, plain, customer):
    await shop.rules(limit_per_file=1)
    download = await customer.clicks(plain, "a page")
    (shop.folder / "bente.zip").unlink()

    with pytest.raises(Ended):
        await customer.fetches(download)

    assert (await shop.entitlement(customer.order_id)).downloads_left == 1


# --- What is given back


@pytest.fixture
async def scarce(shop, plain):
    """The file of one download."""
    await shop.rules(limit_per_file=1)
    return plain


async def left(customer: Customer) -> int | None:
    return (await customer.shop.entitlement(customer.order_id)).downloads_left


async def is_gone_for_a_while(customer: Customer, download: Download) -> None:
    """The storage has lost the file, the customer asks for it in vain, and then it is back."""
    place, elsewhere = customer.shop.folder / "bente.zip", customer.shop.folder.parent / "elsewhere"
    place.rename(elsewhere)
    with pytest.raises(Ended):
        await customer.fetches(download)
    elsewhere.rename(place)


async def test_an_address_that_works_again_takes_its_download_again(scarce, customer):
    download = await customer.clicks(scarce)
    await is_gone_for_a_while(customer, download)
    assert await left(customer) == 1

    assert await customer.fetches(download) == BYTES
    assert await left(customer) == 0


async def test_nobody_has_what_was_given_back_and_the_old_address_too(scarce, customer):
    old = await customer.clicks(scarce)
    await is_gone_for_a_while(customer, old)
    await customer.clicks(scarce)

    with pytest.raises(Ended):
        await customer.fetches(old)


async def test_who_only_looks_gets_nothing_back_and_takes_nothing_again(shop, scarce, customer):
    download = await customer.clicks(scarce)
    place, elsewhere = shop.folder / "bente.zip", shop.folder.parent / "elsewhere"
    place.rename(elsewhere)
    with pytest.raises(Ended):
        await customer.opens(download, None)
    assert await left(customer) == 0

    with pytest.raises(Ended):
        await customer.fetches(download)
    elsewhere.rename(place)
    await (await customer.opens(download, None)).close()
    assert await left(customer) == 1


@pytest.mark.parametrize(
    ("pieces", "outcome"),
    [
        ([(0, len(BYTES))], 0),
        ([(len(BYTES) - 1, 1)], 1),
        ([(0, len(BYTES) - 1)], 0),
        ([(0, 500), (500, len(BYTES) - 500)], 0),
        ([(400, len(BYTES) - 400), (0, 500)], 0),
        ([(0, 500), (600, len(BYTES) - 600)], 1),
        ([(0, 400)] * 3, 1),
    ],
    ids=["whole", "its last byte", "all but a byte", "two halves", "overlapping", "with a hole", "three times a half"],
)
async def test_a_failure_gives_back_what_has_not_left_in_any_number_of_pieces(scarce, customer, pieces, outcome):
    download = await customer.clicks(scarce)
    for start, sent in pieces:
        await customer.has_fetched(download, sent, start)
    (customer.shop.folder / "bente.zip").unlink()

    with pytest.raises(Ended):
        await customer.fetches(download)
    assert await left(customer) == outcome


async def test_what_was_handed_off_as_a_whole_is_not_given_back(shop, scarce, customer):
    download = await customer.clicks(scarce)
    await customer.has_fetched(download, len(BYTES), handed_off=True)
    (shop.folder / "bente.zip").write_bytes(b"the second edition")

    with pytest.raises(Ended):
        await customer.fetches(download)
    assert await left(customer) == 0


async def test_a_download_that_was_given_back_is_not_reused_by_its_page(shop, plain, customer):
    first = await customer.clicks(plain, "a page")
    (shop.folder / "bente.zip").write_bytes(b"the second edition")
    with pytest.raises(Ended):
        await customer.fetches(first)

    assert (await customer.clicks(plain, "a page")).id != first.id


async def test_a_stamped_copy_stays_the_same_when_its_original_is_replaced(shop, book, customer):
    download = await customer.clicks(book)
    before = await customer.fetches(download)
    papers.book(shop.folder / "bente.pdf", pages=5)

    assert await customer.fetches(download) == before


async def test_a_stamped_copy_that_was_lost_is_made_again_with_the_same_bytes(shop, book, customer):
    download = await customer.clicks(book)
    before = await customer.fetches(download)
    lose_copies(shop)

    assert await customer.fetches(download) == before


async def test_a_lost_copy_of_a_replaced_original_ends_and_is_given_back(shop, book, customer):
    await shop.rules(limit_per_file=1)
    download = await customer.clicks(book)
    lose_copies(shop)
    papers.book(shop.folder / "bente.pdf", pages=5)

    with pytest.raises(Ended):
        await customer.fetches(download)
    assert (await shop.entitlement(customer.order_id)).downloads_left == 1


def lose_copies(shop: Shop) -> None:
    copies = list((shop.folder.parent / "cache" / "stamped").iterdir())
    assert copies
    for copy in copies:
        copy.unlink()


async def test_a_changed_text_concerns_the_next_click_alone(shop, book, customer, tmp_path):
    download = await customer.clicks(book)
    await shop.rules(watermark_text="Nur für {UserName}")

    assert STAMPED in words_of(await customer.fetches(download), tmp_path)[0]
    assert "Nur für Max Mustermann" in words_of(await customer.fetches(await customer.clicks(book)), tmp_path)[0]


async def test_the_merchant_is_told_once_of_characters_that_no_font_draws(shop, book, customer):
    await shop.rules(watermark_text="Für {UserName} 書")

    await customer.clicks(book)
    await shop.rules(watermark_text="Nur für {UserName} 書")
    await customer.clicks(book)

    told = [row for row in await shop.every(Activity) if row.kind == "characters_replaced"]
    assert [(row.notice, row.details["text"]) for row in told] == [
        (True, "Für Max Mustermann 書"),
        (False, "Nur für Max Mustermann 書"),
    ]


async def test_an_address_lives_for_a_day(plain, customer):
    download = await customer.clicks(plain)

    assert await customer.fetches(download, NOON + 24 * HOUR) == BYTES
    with pytest.raises(Ended):
        await customer.fetches(download, NOON + 24 * HOUR + timedelta(seconds=1))


async def test_an_address_serves_at_most_three_times_its_bytes(plain, customer):
    download = await customer.clicks(plain)
    for _ in range(BYTE_CAP):
        assert await customer.fetches(download) == BYTES
        await customer.has_fetched(download, len(BYTES))

    with pytest.raises(CapReached):
        await customer.fetches(download)


async def test_limit_and_window_are_not_asked_again(shop, plain, customer):
    await shop.rules(limit_per_file=1, window_days=1)
    late = NOON + 10 * HOUR
    download = await customer.clicks(plain, at=late)
    tomorrow = late + 23 * HOUR

    assert await refusal_of(customer.clicks(plain, at=tomorrow)) is Refusal.LIMIT_REACHED
    assert await customer.fetches(download, tomorrow) == BYTES


async def test_an_address_opens_no_download_of_another_order(shop, plain, customer):
    """As would happen after a restore, when the same number is given anew."""
    download = await customer.clicks(plain)
    customer.link = replace(customer.link, order_id=customer.order_id + 1)

    with pytest.raises(Ended):
        await customer.fetches(download)


async def test_a_renewed_link_ends_every_address_made_from_the_old_one(shop, plain, customer):
    download = await customer.clicks(plain)
    async with shop.house.database.writing() as session:
        order = await order_imports.find(KEY, session)
        assert order is not None
        await links.renew(order, session, SHOP)

    with pytest.raises(Ended):
        await customer.fetches(download)


@pytest.mark.parametrize("state", [State.CANCELLED, State.RETURNED, State.DELETED])
async def test_a_dead_order_ends_its_addresses(shop, plain, customer, state):
    download = await customer.clicks(plain)
    async with shop.house.database.writing() as session:
        await order_imports.put(KEY, an_imported_order(state=state), session, SHOP)

    with pytest.raises(Ended):
        await customer.fetches(download)


async def test_switching_downloads_off_ends_addresses_for_as_long_as_they_are_off(shop, plain, customer):
    download = await customer.clicks(plain)
    await shop.rules(download_enabled=False)
    with pytest.raises(Ended):
        await customer.fetches(download)

    await shop.rules(download_enabled=True)
    assert await customer.fetches(download) == BYTES


async def test_an_unlinked_file_ends_its_addresses(shop, plain, customer):
    download = await customer.clicks(plain)
    await shop.unlinks()

    with pytest.raises(Ended):
        await customer.fetches(download)


async def test_a_refunded_line_ends_its_addresses(shop, plain, customer):
    download = await customer.clicks(plain)
    await shop.is_ordered(lines=[a_line(refunded_quantity="1")])

    with pytest.raises(Ended):
        await customer.fetches(download)


async def test_what_ended_for_a_reason_of_the_order_stays_spent(shop, plain, customer):
    """Given back is what we failed to deliver, nothing else."""
    await shop.rules(limit_per_file=1)
    download = await customer.clicks(plain)
    await shop.rules(download_enabled=False)
    with pytest.raises(Ended):
        await customer.fetches(download)
    await shop.rules(download_enabled=True)

    assert (await shop.entitlement(customer.order_id)).downloads_left == 0


async def test_other_settings_do_not_end_anything(shop, plain, customer):
    download = await customer.clicks(plain)
    async with shop.house.database.writing() as session:
        await settings.change(SellerSettings, SellerChange(name="Nähwerk"), session, SHOP)

    assert await customer.fetches(download) == BYTES
