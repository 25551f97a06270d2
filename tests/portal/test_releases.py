"""Files that wait: rebuilt ones, and those whose owner forbade changes. None leaves stamped before somebody said so."""

from __future__ import annotations

import pytest

from db.files import File
from portal import releases
from portal.articles import FileLink
from portal.refusals import Conflict, NotFound, Refusal
from portal.releases import Confirmed
from tests.factories import SHOP
from tests.pdfkit import papers
from tests.portal.selling import STAMP, Customer, Shop, refusal_of


@pytest.fixture
async def shop(house):
    shop = Shop(house)
    await shop.opens(watermark_text=STAMP)
    return shop


@pytest.fixture
async def protected(shop: Shop) -> int:
    papers.protected(shop.folder / "a.pdf", owner="secret")
    return await shop.sells("a.pdf")


async def customer_of(shop: Shop) -> Customer:
    return Customer(shop, await shop.is_ordered())


async def confirmed(shop: Shop, file_id: int, **seen: object) -> None:
    (file,) = await shop.every(File)
    wanted = Confirmed(**{"version": file.version, "pages": 1, **seen})
    async with shop.house.database.writing() as session:
        await releases.confirm(1, file_id, wanted, session, SHOP)


async def test_a_file_that_forbids_changes_waits_until_it_is_released(shop, protected):
    customer = await customer_of(shop)
    assert await refusal_of(customer.clicks(protected)) is Refusal.STAMP_FAILED

    await confirmed(shop, protected)

    assert (await customer.fetches(await customer.clicks(protected))).startswith(b"%PDF-")


async def test_the_merchant_may_let_all_files_out_that_forbid_changes(shop, protected):
    customer = await customer_of(shop)
    await shop.rules(deliver_protected=True)

    assert not (await shop.entitlement(customer.order_id)).file.unstampable
    assert (await customer.fetches(await customer.clicks(protected))).startswith(b"%PDF-")

    await shop.rules(deliver_protected=False)
    assert await refusal_of(customer.clicks(protected, mark="later")) is Refusal.STAMP_FAILED


async def test_what_had_to_be_rebuilt_waits_even_so(shop):
    papers.with_broken_index(shop.folder / "b.pdf")
    file = await shop.sells("b.pdf")
    await shop.rules(deliver_protected=True)

    assert await refusal_of((await customer_of(shop)).clicks(file)) is Refusal.STAMP_FAILED


async def test_a_portfolio_whose_files_no_stamp_reaches_waits_until_it_is_released(shop):
    papers.with_files_inside(shop.folder / "b.pdf", is_portfolio=True)
    file = await shop.sells("b.pdf")
    customer = await customer_of(shop)
    assert await refusal_of(customer.clicks(file)) is Refusal.STAMP_FAILED

    await confirmed(shop, file)

    assert (await customer.fetches(await customer.clicks(file))).startswith(b"%PDF-")


async def test_without_a_watermark_nothing_waits(shop, protected):
    await shop.rules(watermark_text="")
    customer = await customer_of(shop)

    assert await customer.fetches(await customer.clicks(protected)) == (shop.folder / "a.pdf").read_bytes()


@pytest.mark.parametrize("make", [papers.with_broken_index, lambda path: papers.protected(path, owner="secret")])
async def test_a_new_version_that_nobody_has_seen_waits_as_well(shop, make):
    papers.book(shop.folder / "a.pdf")
    file = await shop.sells("a.pdf")
    customer = await customer_of(shop)
    await customer.clicks(file)
    make(shop.folder / "a.pdf")

    assert await refusal_of(customer.clicks(file, mark="second")) is Refusal.STAMP_FAILED
    assert (await shop.entitlement(customer.order_id)).file.unstampable
    assert list(shop.copies.glob("*.part")) == []


async def test_a_release_is_of_the_very_bytes_and_pages_that_were_seen(shop, protected):
    with pytest.raises(Conflict):
        await confirmed(shop, protected, pages=2)
    with pytest.raises(Conflict):
        await confirmed(shop, protected, version="another")
    with pytest.raises(NotFound):
        await confirmed(shop, protected + 1)

    await confirmed(shop, protected)
    with pytest.raises(Conflict):
        await confirmed(shop, protected)


async def test_a_file_that_nobody_has_looked_into_is_looked_into_before_its_first_copy(shop, house):
    papers.sheets(shop.folder / "a.pdf", [(papers.FRAME, {}), (b"q BT", {})])
    file = await shop.links(FileLink(storage="folder", path="a.pdf"))
    customer = await customer_of(shop)
    assert (await shop.every(File))[0].inspection is None

    download = await customer.clicks(file)

    assert (await customer.fetches(download)).startswith(b"%PDF-")
    (row,) = await shop.every(File)
    assert row.inspection["stampable"] is True
    assert row.inspection["unclosed"] == [2]


async def test_a_file_that_cannot_be_stamped_is_refused_to_who_comes_before_the_worker(shop):
    papers.html(shop.folder / "a.pdf")
    file = await shop.links(FileLink(storage="folder", path="a.pdf"))

    assert await refusal_of((await customer_of(shop)).clicks(file)) is Refusal.STAMP_FAILED
    assert (await shop.every(File))[0].inspection["cause"] == "not-a-pdf"
