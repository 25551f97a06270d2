"""What is linked is looked into by the worker; who links it waits for nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db.files import File
from db.outbox import Job
from portal import file_inspections, outbox
from portal.articles import FileLink
from portal.file_inspections import KIND
from portal.jobs import attempt
from portal.outbox import Lane
from tests.factories import NOON
from tests.pdfkit import papers
from tests.portal.selling import Shop

LINK = FileLink(storage="folder", path="a.pdf")


@pytest.fixture
async def shop(house):
    shop = Shop(house)
    await shop.opens()
    papers.book(shop.folder / "a.pdf", pages=4)
    return shop


async def works(shop: Shop) -> None:
    """The worker's next job of this kind, in the lane of the storage."""
    house = shop.house
    async with house.database.writing() as session:
        job = await outbox.claim(Lane(KIND, "storage:1"), timedelta(minutes=1), session, NOON + timedelta(days=1))
    assert job is not None
    await attempt(job, house.worker._works[KIND], house.database.writing)


async def awaited(shop: Shop) -> dict[int, str]:
    async with shop.house.database.reading() as session:
        return dict(await file_inspections.awaited([1], session))


async def test_a_file_is_linked_unseen_and_then_looked_into(shop):
    file = await shop.links(LINK)
    assert await awaited(shop) == {file: ""}
    assert (await shop.every(File))[0].inspection is None

    await works(shop)

    assert await awaited(shop) == {}
    assert (await shop.every(File))[0].inspection["pages"] == 4


async def test_what_was_looked_into_is_not_looked_into_again_when_it_is_linked_once_more(shop):
    await shop.links(LINK)
    await works(shop)

    await shop.links(LINK, "ANOTHER")

    assert await awaited(shop) == {}
    assert (await shop.every(File))[0].inspection["pages"] == 4


async def test_new_bytes_under_the_old_name_are_looked_into_when_they_are_linked(shop):
    await shop.links(LINK)
    await works(shop)
    papers.book(shop.folder / "a.pdf", pages=5)

    file = await shop.links(LINK, at=NOON + timedelta(hours=1))

    assert await awaited(shop) == {file: ""}
    assert (await shop.every(File))[0].inspection is None


async def test_a_storage_that_does_not_answer_is_asked_again_and_at_once_if_somebody_wants_to_know(shop):
    file = await shop.links(LINK)
    shop.folder.rename(shop.folder.with_name("moved"))

    await works(shop)
    assert (await awaited(shop))[file] != ""

    async with shop.house.database.writing() as session:
        await file_inspections.ask(await session.get_one(File, file), session, NOON)
    (job,) = [each for each in await shop.every(Job) if each.kind == KIND]
    assert job.run_at == NOON

    shop.folder.with_name("moved").rename(shop.folder)
    await works(shop)
    assert await awaited(shop) == {}
    assert (await shop.every(File))[0].inspection["pages"] == 4


async def test_a_file_that_is_missing_by_then_is_told_as_missing(shop):
    await shop.links(LINK)
    (shop.folder / "a.pdf").unlink()

    await works(shop)

    assert await awaited(shop) == {}
    assert (await shop.every(File))[0].missing_since is not None
