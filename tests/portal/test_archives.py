"""All files as one ZIP: each is spent like a single download, and what cannot be had is left out and not spent."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from db.archives import Archive
from db.downloads import Download
from pdfkit.outcome import Style
from portal import storages
from portal.activity import TRESEN, By
from portal.archive_bytes import Note
from portal.archives import ArchiveAddress as Address
from portal.archives import Archives, at_address, read, token
from portal.deliveries import Ended
from portal.downloads import Attempt
from portal.links import Link
from portal.meters import CapReached
from portal.preparations import Preparations
from portal.refusals import Refusal, Refused
from portal.stamps import Stamps, Wish
from tests.factories import NOON, a_line
from tests.pdfkit import papers, reading
from tests.portal.selling import STAMP, Customer, Shop

ZIP = b"PK, or so it says" * 40
OTHERS = count()
LINES = [a_line(id="1", sku="BENTE", line_gross=1000), a_line(id="2", sku="EXTRA", line_gross=1490)]


@pytest.fixture
async def shop(house):
    shop = Shop(house)
    await shop.opens(watermark_text=STAMP, limit_per_file=2)
    papers.book(shop.folder / "bente.pdf")
    (shop.folder / "extra.bin").write_bytes(ZIP)
    return shop


@pytest.fixture
async def files(shop):
    return await shop.sells("bente.pdf"), await shop.sells("extra.bin", "EXTRA")


@pytest.fixture
async def customer(shop, files):
    return Buyer(shop, await shop.is_ordered(lines=LINES, total_gross=2490))


class Buyer(Customer):
    def __init__(self, shop: Shop, order_id: int) -> None:
        super().__init__(shop, order_id)
        self.archives = shop.house.archives
        self.told: Sequence[tuple[str, Refusal]] = ()

    async def takes_all(self, mark: str = "", at=NOON) -> Archive:
        return await self.archives.start(self.order_id, Attempt(mark=mark, ip_prefix="", at=at))

    async def unpacks(self, archive: Archive, note: Note | None = None, at=NOON) -> dict[str, bytes]:
        """`note` joins the files; what is to stand in it is remembered as `told`."""

        def noted(left_out: Sequence[tuple[str, Refusal]]) -> Note | None:
            self.told = left_out
            return note

        content = await self.archives.opened(archive, noted, By(TRESEN, at))
        whole = b"".join([piece async for piece in content.read(0, content.size)])
        await content.close()
        assert len(whole) == content.size
        with zipfile.ZipFile(io.BytesIO(whole)) as found:
            assert found.testzip() is None
            return {name: found.read(name) for name in found.namelist()}

    async def left(self) -> list[int | None]:
        async with self.house.database.reading() as session:
            from portal import dossiers

            return [each.downloads_left for each in (await dossiers.of(self.order_id, session)).entitlements]


async def another_is_stamped(stamps: Stamps, shop: Shop) -> None:
    """A copy for somebody else, whose making drops what is too much."""
    async with shop.house.database.reading() as session:
        row = (await storages.every(session))[0]
    storage = shop.house.storages.opened(row)
    original = await storage.stat("bente.pdf")
    wish = Wish(4711, f"Kauf {next(OTHERS)}", Style(11, 10, 10))
    await (await stamps.make(stamps.name(row.id, original, wish), storage, original, wish)).close()


async def why(click) -> Refusal | None:
    try:
        await click
    except Refused as refused:
        return refused.refusal
    return None


async def test_everything_is_in_it_stamped_and_each_file_is_spent_once(shop, customer, tmp_path):
    found = await customer.unpacks(await customer.takes_all())

    assert list(found) == ["bente.pdf", "extra.bin"]
    assert found["extra.bin"] == ZIP
    (tmp_path / "fetched.pdf").write_bytes(found["bente.pdf"])
    assert all("Kauf 12345678" in page for page in reading.words(tmp_path / "fetched.pdf"))
    assert await customer.left() == [1, 1]


async def test_a_double_click_gets_the_same_archive_and_spends_nothing_more(customer, shop):
    first, second = await customer.takes_all("a page"), await customer.takes_all("a page")

    assert first.id == second.id
    assert await customer.left() == [1, 1]


async def test_a_download_of_the_same_page_counts_for_the_archive_too(customer, files, shop):
    await customer.clicks(files[1], "a page")
    await customer.takes_all("a page")

    assert await customer.left() == [1, 1]


async def test_a_file_that_is_used_up_is_left_out_and_told(customer, files, shop):
    await customer.clicks(files[1])
    await customer.clicks(files[1])

    archive = await customer.takes_all()

    assert list(await customer.unpacks(archive)) == ["bente.pdf"]
    assert customer.told == [("extra.bin", Refusal.LIMIT_REACHED)]
    assert await customer.left() == [1, 0]


async def test_a_missing_file_is_left_out_and_not_spent_and_the_merchant_is_told(customer, files, shop):
    (shop.folder / "extra.bin").unlink()

    archive = await customer.takes_all()
    found = await customer.unpacks(archive, Note("Nicht enthalten.txt", b"extra.bin"))

    assert list(found) == ["bente.pdf", "Nicht enthalten.txt"]
    assert await customer.left() == [1, 2]
    assert await shop.notices() == [("download_failed", "file-missing")]


async def test_a_file_that_cannot_be_stamped_is_never_in_it_unstamped(customer, files, shop):
    papers.html(shop.folder / "bente.pdf")

    assert list(await customer.unpacks(await customer.takes_all())) == ["extra.bin"]
    assert await customer.left() == [2, 1]


async def test_where_nothing_is_to_be_had_nothing_is_spent(customer, files, shop):
    for name in ("bente.pdf", "extra.bin"):
        (shop.folder / name).unlink()

    assert await why(customer.takes_all()) is Refusal.FILE_MISSING
    assert await shop.count(Download) == 0
    assert await shop.every(Archive) == []


async def test_many_clicks_at_once_spend_exactly_the_limit_of_every_file(customer, shop):
    outcomes = await asyncio.gather(*(why(customer.takes_all()) for _ in range(20)))

    assert outcomes.count(None) == 2
    assert set(outcomes) == {None, Refusal.LIMIT_REACHED}
    assert await customer.left() == [0, 0]


async def test_clicks_on_a_file_and_on_the_archive_at_once_never_exceed_the_limit(customer, files, shop):
    await asyncio.gather(
        *(why(customer.takes_all()) for _ in range(5)), *(why(customer.clicks(files[1])) for _ in range(5))
    )

    spent = [download.file_id for download in await shop.every(Download)]
    assert [spent.count(file) for file in files] == [2, 2]


async def test_equal_names_are_told_apart(customer, shop, files):
    (shop.folder / "more").mkdir()
    (shop.folder / "more" / "bente.pdf").write_bytes(b"not a PDF")
    await shop.rules(watermark_text="")
    await shop.sells("more/bente.pdf", "EXTRA")

    assert list(await customer.unpacks(await customer.takes_all())) == ["bente.pdf", "bente (2).pdf"]


# --- What has changed between the click and the fetching


async def test_a_file_replaced_meanwhile_is_left_out_told_and_given_back(customer, shop):
    archive = await customer.takes_all()
    (shop.folder / "extra.bin").write_bytes(b"the second edition")

    assert list(await customer.unpacks(archive)) == ["bente.pdf"]
    assert customer.told == [("extra.bin", Refusal.REPLACED)]
    assert await customer.left() == [1, 2]


async def test_a_file_that_vanished_meanwhile_comes_with_the_next_fetch_if_it_is_back(customer, shop):
    archive = await customer.takes_all()
    place = shop.folder / "extra.bin"
    place.rename(shop.folder / "elsewhere.bin")
    assert list(await customer.unpacks(archive)) == ["bente.pdf"]
    assert await customer.left() == [1, 2]

    (shop.folder / "elsewhere.bin").rename(place)

    assert list(await customer.unpacks(archive)) == ["bente.pdf", "extra.bin"]
    assert await customer.left() == [1, 1]


async def test_what_was_given_back_and_spent_elsewhere_is_not_in_it_any_more(customer, files, shop):
    await shop.rules(limit_per_file=1)
    archive = await customer.takes_all()
    place = shop.folder / "extra.bin"
    place.rename(shop.folder / "elsewhere.bin")
    await customer.unpacks(archive)
    (shop.folder / "elsewhere.bin").rename(place)
    await customer.clicks(files[1])

    assert list(await customer.unpacks(archive)) == ["bente.pdf"]
    assert customer.told == [("extra.bin", Refusal.LIMIT_REACHED)]


async def test_a_file_that_was_unlinked_meanwhile_is_left_out(customer, shop):
    archive = await customer.takes_all()
    await shop.unlinks("EXTRA")

    assert list(await customer.unpacks(archive)) == ["bente.pdf"]
    assert customer.told == [("extra.bin", Refusal.UNLINKED)]


async def test_an_archive_of_which_nothing_is_left_has_ended_and_is_given_back(customer, shop):
    await shop.rules(watermark_text="")
    archive = await customer.takes_all()
    for name in ("bente.pdf", "extra.bin"):
        (shop.folder / name).unlink()

    with pytest.raises(Ended):
        await customer.unpacks(archive)
    assert await customer.left() == [2, 2]


async def test_a_dead_order_ends_its_archives_for_good(customer, shop):
    archive = await customer.takes_all()
    await shop.rules(download_enabled=False)

    with pytest.raises(Ended):
        await customer.unpacks(archive)
    await shop.rules(download_enabled=True)
    assert await customer.left() == [1, 1]


async def test_what_had_arrived_before_stays_spent(customer, shop):
    archive = await customer.takes_all()
    for download in await shop.every(Download):
        await customer.has_fetched(download, download.size)
    (shop.folder / "extra.bin").write_bytes(b"the second edition")

    assert list(await customer.unpacks(archive)) == ["bente.pdf"]
    assert await customer.left() == [1, 1]


async def test_who_only_looks_at_it_gets_nothing_back(customer, shop):
    archive = await customer.takes_all()
    (shop.folder / "extra.bin").unlink()

    await (await customer.archives.opened(archive, lambda _: None, None)).close()

    assert await customer.left() == [1, 1]


# --- How often it may be fetched


async def test_an_archive_is_served_three_times_as_a_whole(customer, shop):
    archive = await customer.takes_all()
    for _ in range(3):
        await customer.unpacks(archive)

    with pytest.raises(CapReached):
        await customer.unpacks(archive)


async def test_a_file_that_was_fetched_often_on_its_own_is_still_in_it(customer, files, shop):
    small = await customer.clicks(files[1], "a page")
    for _ in range(3):
        await customer.has_fetched(small, small.size)

    assert list(await customer.unpacks(await customer.takes_all("a page"))) == ["bente.pdf", "extra.bin"]


async def test_what_never_had_its_turn_before_the_end_is_given_back(customer, shop):
    archive = await customer.takes_all()
    first, _ = await shop.every(Download)
    for _ in range(4):
        await customer.has_fetched(first, first.size, is_cut=True)

    with pytest.raises(CapReached):
        await customer.unpacks(archive)
    assert await customer.left() == [1, 2]


# --- What takes long


async def test_a_copy_is_kept_as_long_as_its_archive_is_being_sent(customer, shop, house):
    archive = await customer.takes_all()
    crowded = Stamps(shop.copies, house.child, most_bytes=0)
    counter = replace(house.counter, stamps=crowded)
    content = await Archives(counter, Preparations()).opened(archive, lambda _: None, By(TRESEN, NOON))
    (stamped,) = (each for each in await shop.every(Download) if each.stamp)

    await another_is_stamped(crowded, shop)
    assert (shop.copies / f"{stamped.stamp}.pdf").exists()

    await content.close()
    await another_is_stamped(crowded, shop)
    assert not (shop.copies / f"{stamped.stamp}.pdf").exists()


async def test_where_stamping_takes_too_long_nothing_is_spent_and_it_goes_on(customer, shop):
    hasty = replace(customer.archives, preparations=Preparations(patience=0))
    attempt = Attempt(mark="a page", ip_prefix="", at=NOON)

    assert await why(hasty.start(customer.order_id, attempt)) is Refusal.BEING_PREPARED
    assert await shop.count(Download) == 0

    while await why(hasty.start(customer.order_id, attempt)):
        await asyncio.sleep(0.01)
    assert await customer.left() == [1, 1]


async def test_two_clicks_wait_for_one_preparation():
    begun = []

    async def made() -> str:
        begun.append(1)
        await asyncio.sleep(0)
        return "made"

    preparations: Preparations[str] = Preparations()

    assert await asyncio.gather(*(preparations.of("one", made) for _ in range(3))) == ["made"] * 3
    assert begun == [1]


async def test_its_address_lives_for_a_day_and_dies_with_the_link(customer, shop):
    archive = await customer.takes_all()
    signer = shop.house.signer
    address = read(token(Address(archive.id, customer.link), signer), signer)
    assert address is not None

    async with shop.house.database.reading() as session:
        assert (await at_address(address, session, archive.started_at + timedelta(hours=24))).id == archive.id
        with pytest.raises(Ended):
            await at_address(address, session, archive.started_at + timedelta(hours=24, seconds=1))
        with pytest.raises(Ended):
            await at_address(Address(archive.id, replace(customer.link, version=2)), session, NOON)
        with pytest.raises(Ended):
            await at_address(Address(archive.id, replace(customer.link, order_id=archive.order_id + 1)), session, NOON)


async def test_an_archive_and_a_download_never_take_each_other_s_address(customer, shop):
    from portal import downloads

    archive = await customer.takes_all()

    assert downloads.read(token(Address(archive.id, Link(1, 1)), shop.house.signer), shop.house.signer) is None
