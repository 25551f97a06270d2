"""Once a day every linked file is looked at: what is missing is told once, and what is back is there again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from db.activity import Activity
from db.files import File
from db.outbox import Job
from integrations.local_folder import LocalFolder
from pdfkit.outcome import Inspection
from portal import file_checks
from portal.periodic_jobs import plan
from portal.storages import Entry, StorageUnavailable
from tests.factories import NOON
from tests.pdfkit import papers
from tests.portal.selling import Shop

TOMORROW = NOON + timedelta(days=1)


@pytest.fixture
async def shop(house):
    shop = Shop(house)
    await shop.opens()
    (shop.folder / "a.zip").write_bytes(b"a")
    await shop.sells("a.zip")
    return shop


async def told(shop: Shop) -> list[tuple[str, object]]:
    return [(each.kind, each.details.get("path")) for each in await shop.every(Activity) if each.notice]


async def test_a_missing_file_is_told_once_and_customers_hear_of_it_without_a_click(shop):
    order = await shop.is_ordered()
    (shop.folder / "a.zip").unlink()

    await shop.house.file_checks.run(NOON)
    await shop.house.file_checks.run(TOMORROW)

    assert await told(shop) == [("file_missing", "a.zip")]
    assert (await shop.entitlement(order)).file.missing
    assert (await shop.every(File))[0].missing_since == NOON


async def test_a_file_that_is_back_is_there_again(shop):
    (shop.folder / "a.zip").unlink()
    await shop.house.file_checks.run(NOON)
    (shop.folder / "a.zip").write_bytes(b"the second edition")

    await shop.house.file_checks.run(TOMORROW)

    (file,) = await shop.every(File)
    assert (file.missing_since, file.size, file.checked_at) == (None, 18, TOMORROW)


async def test_a_new_version_is_inspected_and_one_that_cannot_be_stamped_is_told(shop):
    papers.book(shop.folder / "b.pdf")
    await shop.sells("b.pdf", "BOOK")
    await shop.house.file_checks.run(NOON)
    assert await told(shop) == []
    papers.html(shop.folder / "b.pdf")

    await shop.house.file_checks.run(NOON)
    await shop.house.file_checks.run(TOMORROW)

    assert await told(shop) == [("file_unstampable", "b.pdf")]


async def test_nothing_is_told_of_a_file_that_is_replaced_while_it_is_looked_into(shop):
    papers.book(shop.folder / "b.pdf")
    await shop.sells("b.pdf", "BOOK")
    before = [each.version for each in await shop.every(File)]
    papers.book(shop.folder / "b.pdf", pages=5)
    child = shop.house.child
    inspect = child.inspect

    async def meanwhile(path: Path) -> Inspection:
        found = await inspect(path)
        papers.html(shop.folder / "b.pdf")
        return found

    child.inspect = meanwhile
    await shop.house.file_checks.run(NOON)

    assert [each.version for each in await shop.every(File)] == before
    child.inspect = inspect
    await shop.house.file_checks.run(TOMORROW)
    assert await told(shop) == [("file_unstampable", "b.pdf")]


@pytest.mark.parametrize("cause", ["timeout", "crashed"])
async def test_what_the_machine_had_no_time_for_is_looked_at_again(shop, cause):
    papers.book(shop.folder / "b.pdf")
    await shop.sells("b.pdf", "BOOK")
    await shop.house.file_checks.run(NOON)
    async with shop.house.database.writing() as session:
        file = (await session.scalars(select(File).where(File.path == "b.pdf"))).one()
        file.inspection = (file.inspection or {}) | {"stampable": False, "cause": cause}

    await shop.house.file_checks.run(TOMORROW)

    assert [each.inspection["stampable"] for each in await shop.every(File) if each.path == "b.pdf"] == [True]


async def test_a_storage_in_trouble_is_told_and_its_files_do_not_count_as_missing(shop):
    shop.folder.rename(shop.folder.with_name("moved"))

    await shop.house.file_checks.run(NOON)

    assert [kind for kind, _ in await told(shop)] == ["storage_unavailable"]
    assert (await shop.every(File))[0].missing_since is None


async def test_trouble_with_one_file_keeps_nobody_from_looking_at_the_next(shop, monkeypatch):
    for name in ("b.zip", "c.zip"):
        (shop.folder / name).write_bytes(b"b")
        await shop.sells(name, name.upper())
    (shop.folder / "c.zip").unlink()
    stat = LocalFolder.stat

    async def denied(folder: LocalFolder, path: str) -> Entry:
        if path != "c.zip":
            raise StorageUnavailable("HTTP 403")
        return await stat(folder, path)

    monkeypatch.setattr(LocalFolder, "stat", denied)

    await shop.house.file_checks.run(NOON)

    assert await told(shop) == [("file_missing", "c.zip"), ("storage_unavailable", None)]
    (notice,) = [each for each in await shop.every(Activity) if each.kind == "storage_unavailable"]
    assert (notice.details["detail"], notice.details["files"]) == ("a.zip: HTTP 403", 2)


async def test_a_storage_in_which_nothing_answers_is_given_up(shop, monkeypatch):
    for number in range(9):
        (shop.folder / f"{number}.zip").write_bytes(b"b")
        await shop.sells(f"{number}.zip", f"SKU-{number}")
    asked = []

    async def silent(_folder: LocalFolder, path: str) -> Entry:
        asked.append(path)
        raise StorageUnavailable("no answer")

    monkeypatch.setattr(LocalFolder, "stat", silent)

    await shop.house.file_checks.run(NOON)

    assert len(asked) == file_checks.MOST_IN_A_ROW


async def test_what_is_not_linked_is_not_looked_for(shop):
    await shop.unlinks()
    (shop.folder / "a.zip").unlink()

    await shop.house.file_checks.run(NOON)

    assert await told(shop) == []


async def test_it_comes_every_day_by_itself(shop):
    house = shop.house
    async with house.database.writing() as session:
        await plan(house.worker._periodic, session, NOON)
        await plan(house.worker._periodic, session, TOMORROW)

    assert file_checks.KIND in {job.kind for job in await shop.every(Job)}
