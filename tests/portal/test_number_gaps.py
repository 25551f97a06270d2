"""After an older backup was restored: what customers hold is not issued a second time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from db.engine import Database
from portal import number_gaps
from portal.activity import By, entry
from portal.number_gaps import RESTORED, NewNumberGap, NumberGap
from portal.refusals import Conflict, Invalid
from tests.factories import NOON, SHOP
from tests.portal.invoicing import Bookkeeping

WANTED = NewNumberGap(prefix="RE-2026-", next=5, reason="Sicherung vom Vortag")


@pytest.fixture
async def books(database: Database, tmp_path: Path) -> Bookkeeping:
    books = Bookkeeping(database, tmp_path)
    await books.opens()
    await books.asks(await books.is_ordered("1"))
    return books


async def is_restored(books: Bookkeeping) -> None:
    async with books.database.writing() as session:
        session.add(entry(SHOP, RESTORED, notice=True))


async def skips(books: Bookkeeping, wanted: NewNumberGap = WANTED, by: By = SHOP) -> NumberGap:
    async with books.database.writing() as session:
        return await number_gaps.skip(wanted, session, by)


async def test_numbers_are_skipped_once_and_on_record(books: Bookkeeping):
    await is_restored(books)

    gap = await skips(books)
    with pytest.raises(Conflict):
        await skips(books, NewNumberGap(prefix="RE-2026-", next=9, reason="noch einmal"))
    await books.asks(await books.is_ordered("2"))

    assert (gap.first, gap.last) == (2, 4)
    assert await books.numbers() == ["RE-2026-00001", "RE-2026-00005"]
    assert [kind for kind, _ in await books.notices()] == ["backup_restored", "numbers_skipped"]


async def test_without_a_restore_nothing_is_skipped(books: Bookkeeping):
    with pytest.raises(Conflict):
        await skips(books)


async def test_a_restore_long_ago_is_over(books: Bookkeeping):
    await is_restored(books)

    with pytest.raises(Conflict):
        await skips(books, by=By("merchant:1", NOON + timedelta(days=31)))


@pytest.mark.parametrize("number", [2, 1003])
async def test_it_goes_forwards_and_not_far(books: Bookkeeping, number: int):
    await is_restored(books)

    with pytest.raises(Invalid):
        await skips(books, NewNumberGap(prefix="RE-2026-", next=number, reason="x"))
