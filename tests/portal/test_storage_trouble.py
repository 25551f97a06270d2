"""What a storage can do to a delivery: nothing of it spends a download or hands out a wrong byte."""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from db.activity import Activity
from db.downloads import Download
from db.files import File
from db.storages import StorageKind
from pdfkit.outcome import Style
from portal import failed_deliveries, inspections
from portal.deliveries import Ended
from portal.downloads import Attempt
from portal.failed_deliveries import Failure
from portal.refusals import Refusal, Refused
from portal.stamps import FileChanged, Stamps, Wish
from portal.storages import Entry, FileMissing, Storages
from portal.vault import Vault
from tests import pretend
from tests.factories import KEYS, NOON, SHOP
from tests.pdfkit import papers
from tests.portal.selling import STAMP, Customer, Shop, refusal_of

STYLE = Style(11, 10, 10)


@pytest.fixture
def storage(tmp_path):
    storage = pretend.PretendStorage()
    storage.files["bente.pdf"] = papers.book(tmp_path / "bente.pdf").read_bytes()
    storage.files["bente.zip"] = b"not a PDF"
    return storage


@pytest.fixture
def storages(storage):
    """The house of these tests knows this storage alone."""
    return Storages({StorageKind.LOCAL: storage.opener}, Vault(KEYS))


@pytest.fixture
async def shop(house):
    shop = Shop(house)
    await shop.opens(watermark_text=STAMP, limit_per_file=1)
    return shop


@pytest.fixture(params=["bente.pdf", "bente.zip"])
async def file(request, shop):
    return await shop.sells(request.param)


@pytest.fixture
async def customer(shop):
    return Customer(shop, await shop.is_ordered())


def gone(_deed: str, path: str) -> None:
    raise FileMissing(path)


TROUBLES = [pretend.out_of_reach, pretend.out_of_order, pretend.changing]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_before_the_download_spends_nothing(shop, storage, file, customer, trouble):
    storage.trouble = trouble

    assert await refusal_of(customer.clicks(file)) is Refusal.STORAGE_UNAVAILABLE
    assert await shop.count(Download) == 0
    assert await shop.notices() == [("download_failed", "storage-unavailable")]


async def test_many_clicks_on_a_file_in_trouble_are_one_notice_a_day_that_tells_how_many(shop, storage, customer):
    file = await shop.sells("bente.pdf")
    storage.trouble = pretend.out_of_reach
    for hours in (0, 1, 2, 30):
        await refusal_of(customer.clicks(file, at=NOON + timedelta(hours=hours)))
    storage.trouble = gone
    await refusal_of(customer.clicks(file, at=NOON + timedelta(hours=30)))

    told = [entry.details for entry in await shop.every(Activity) if entry.notice]

    assert [(each["refusal"], each.get("times")) for each in told] == [
        ("storage-unavailable", None), ("storage-unavailable", 3), ("file-missing", None)
    ]  # fmt: skip
    assert len([entry for entry in await shop.every(Activity) if entry.kind == "download_failed"]) == 5


async def test_what_was_seen_of_a_file_is_not_noted_for_another_that_took_its_place(shop, customer):
    await shop.sells("bente.zip")
    (seen,) = await shop.every(File)
    failure = Failure(order_id=customer.order_id, file=seen, refusal=Refusal.FILE_MISSING)
    async with shop.house.database.writing() as session:
        await session.execute(update(File).values(path="other.zip"))

    async with shop.house.database.writing() as session:
        await failed_deliveries.tell(failure, session, SHOP)

    assert (await shop.every(File))[0].missing_since is None


async def test_a_storage_that_takes_for_ever_is_given_up_before_a_proxy_hangs_up(shop, storage, file, customer, house):
    async def for_ever(_path: str) -> Entry:
        await asyncio.Event().wait()
        raise AssertionError

    storage.stat = for_ever
    hasty = replace(house.counter, patience=0.05)

    with pytest.raises(Refused) as refused:
        await hasty.start(customer.order_id, file, Attempt(mark="", ip_prefix="", at=NOON))

    assert refused.value.refusal is Refusal.STORAGE_UNAVAILABLE
    assert await shop.count(Download) == 0


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_after_it_gives_the_download_back(shop, storage, customer, trouble):
    download = await customer.clicks(await shop.sells("bente.zip"))
    storage.trouble = trouble

    with pytest.raises(Ended):
        await customer.fetches(download)
    assert (await shop.entitlement(customer.order_id)).downloads_left == 1


async def test_a_stamped_copy_needs_its_storage_no_more(shop, storage, customer):
    download = await customer.clicks(await shop.sells("bente.pdf"))
    storage.trouble = pretend.out_of_reach

    assert (await customer.fetches(download)).startswith(b"%PDF-")


async def test_an_original_that_changes_while_it_is_stamped_is_not_delivered(tmp_path, house, storage):
    """Its copy would bear the name of bytes it was not made of."""
    stamps = Stamps(tmp_path / "stamped", house.child)
    original = await storage.stat("bente.pdf")
    wish = Wish(1, "Kauf 1", STYLE)
    name = stamps.name(1, original, wish)
    storage.files["bente.pdf"] += b"% and more"

    with pytest.raises(FileChanged):
        await stamps.make(name, storage, original, wish)

    assert await stamps.opened(name) is None
    assert list((tmp_path / "stamped").iterdir()) == []


async def stamped(stamps: Stamps, storage, order: int):
    """The place of that order's copy."""
    original = await storage.stat("bente.pdf")
    wish = Wish(order, f"Kauf {order}", STYLE)
    copy = await stamps.make(stamps.name(1, original, wish), storage, original, wish)
    await copy.close()
    return copy.path


async def test_many_customers_are_stamped_for_at_once_without_getting_into_each_others_way(tmp_path, house, storage):
    stamps = Stamps(tmp_path / "stamped", house.child)

    places = await asyncio.gather(*(stamped(stamps, storage, order) for order in [*range(12)] * 3))

    assert len({place.read_bytes() for place in places}) == 12
    assert {place.name for place in (tmp_path / "stamped").iterdir()} == {place.name for place in places}


async def test_many_customers_get_their_copies_however_little_room_there_is(tmp_path, house, storage):
    """Each has it in hand before another one can take its place."""
    crowded = Stamps(tmp_path / "stamped", house.child, most_bytes=0)
    original = await storage.stat("bente.pdf")

    async def customer(order: int) -> bytes:
        wish = Wish(order, f"Kauf {order}", STYLE)
        copy = await crowded.make(crowded.name(1, original, wish), storage, original, wish)
        try:
            return b"".join([piece async for piece in copy.read(0, copy.size)])
        finally:
            await copy.close()

    got = await asyncio.gather(*map(customer, [*range(6)] * 2))

    assert len(set(got)) == 6


async def test_copies_that_nobody_can_ask_for_any_more_are_dropped(tmp_path, house, storage):
    place = await stamped(Stamps(tmp_path / "stamped", house.child), storage, 1)
    set_last_read(place, place.stat().st_mtime - 2 * 24 * 3600)

    await stamped(Stamps(tmp_path / "stamped", house.child), storage, 2)

    assert not place.exists()


async def test_what_a_killed_process_had_begun_is_dropped_at_the_next_start(tmp_path, house, storage):
    place = await stamped(Stamps(tmp_path / "stamped", house.child), storage, 1)
    for name in ("abc.draft", ".abc.draft.4711.part", "tmpxyz.part"):
        (tmp_path / "stamped" / name).write_bytes(b"half")
    (house.scratch / "tmp4711").mkdir()
    (house.scratch / "tmp4711" / "preview.png").write_bytes(b"half")

    await Stamps(tmp_path / "stamped", house.child).take_up()
    await inspections.clear(house.scratch)

    assert list((tmp_path / "stamped").iterdir()) == [place]
    assert list(house.scratch.iterdir()) == []


@pytest.mark.parametrize("mark", ["of an earlier start", ""])
async def test_a_copy_from_before_the_machine_was_started_is_made_anew(tmp_path, house, storage, mark, monkeypatch):
    place = await stamped(Stamps(tmp_path / "stamped", house.child), storage, 1)
    whole = place.read_bytes()
    place.write_bytes(whole[:900])  # what a disk without power keeps of what nobody waited for
    if mark:
        (tmp_path / "stamped.boot").write_text(mark)
    else:
        monkeypatch.setattr("portal.stamped_copies.BOOT", tmp_path / "no such machine")

    again = await stamped(Stamps(tmp_path / "stamped", house.child), storage, 1)

    assert again.read_bytes() == whole


async def test_another_edition_of_the_stamp_makes_a_copy_of_its_own(tmp_path, house, storage, monkeypatch):
    stamps = Stamps(tmp_path / "stamped", house.child)
    original, wish = await storage.stat("bente.pdf"), Wish(1, "Kauf 1", STYLE)
    before = stamps.name(1, original, wish)

    monkeypatch.setattr("portal.stamps.edition", lambda fonts: "the next one")

    assert Stamps(tmp_path / "stamped", house.child).name(1, original, wish) != before


async def test_a_full_disk_is_told_as_what_it_is(shop, storage, customer, house, monkeypatch):
    async def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = await shop.sells("bente.pdf")
    monkeypatch.setattr(house.child, "stamp", full)

    assert await refusal_of(customer.clicks(file)) is Refusal.DISK_FULL
    assert await shop.notices() == [("download_failed", "disk-full")]
    assert await shop.count(Download) == 0


async def test_beyond_their_size_the_copies_go_that_were_asked_for_longest_ago(tmp_path, house, storage):
    first = await stamped(Stamps(tmp_path / "stamped", house.child), storage, 1)
    room = Stamps(tmp_path / "stamped", house.child, most_bytes=int(first.stat().st_size * 2.5))
    second = await stamped(room, storage, 2)
    copy = await room.opened(first.stem)
    assert copy is not None
    await copy.close()

    third = await stamped(room, storage, 3)

    assert [place.exists() for place in (first, second, third)] == [True, False, True]


async def test_the_newest_copy_stays_however_little_room_there_is(tmp_path, house, storage):
    crowded = Stamps(tmp_path / "stamped", house.child, most_bytes=0)

    first, second = await stamped(crowded, storage, 1), await stamped(crowded, storage, 2)

    assert [place.exists() for place in (first, second)] == [False, True]


async def test_a_copy_that_had_to_go_is_made_again_with_the_same_bytes_and_whoever_reads_it_reads_on(
    tmp_path, house, storage
):
    crowded = Stamps(tmp_path / "stamped", house.child, most_bytes=0)
    first = await stamped(crowded, storage, 1)
    before, copy = first.read_bytes(), await crowded.opened(first.stem)
    assert copy is not None

    await stamped(crowded, storage, 2)

    assert b"".join([piece async for piece in copy.read(0, copy.size)]) == before
    await copy.close()
    assert (await stamped(crowded, storage, 1)).read_bytes() == before


def set_last_read(place, at: float) -> None:
    os.utime(place, (at, place.stat().st_mtime))
