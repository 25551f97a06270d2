"""What the merchant has to mend before there can be an invoice: as it is now, once for each order."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from db.engine import Database
from db.orders import State
from portal import invoice_to_do
from portal.imported import SourceInvoice
from portal.refusals import Refusal
from tests.factories import BERLIN, NOON, a_line
from tests.portal.invoicing import Bookkeeping

WRONG_RATE: dict[str, Any] = {"lines": [a_line(tax_rate="99.99")]}


@pytest.fixture
async def books(database: Database, tmp_path: Path) -> Bookkeeping:
    found = Bookkeeping(database, tmp_path)
    await found.opens()
    return found


async def to_do(books: Bookkeeping) -> list[tuple[str, Refusal, str]]:
    async with books.database.reading() as session:
        found = await invoice_to_do.of_shop(session, NOON, BERLIN)
    return [(each.order_number, each.refusal, each.detail) for each in found]


async def test_an_order_is_listed_once_with_what_is_in_the_way_now(books: Bookkeeping):
    order_id = await books.is_ordered(**WRONG_RATE)
    await books.is_refused(order_id)
    assert await to_do(books) == [("B1", Refusal.TAX_RATE_UNKNOWN, "line 9999 S 1")]

    await books.is_ordered(lines=[a_line(), a_line(id="2", tax_rate="28")])

    assert await to_do(books) == [("B1", Refusal.TAX_RATE_UNKNOWN, "line 2800 S 2")]


@pytest.mark.parametrize(
    "mended",
    [
        {"lines": [a_line()]},
        {**WRONG_RATE, "invoice": SourceInvoice(number="X1", date=date(2026, 11, 1))},
        {**WRONG_RATE, "state": State.CANCELLED},
    ],
    ids=["mended", "issued at the source", "cancelled"],
)
async def test_what_is_no_longer_true_is_no_longer_listed(books: Bookkeeping, mended):
    await books.is_refused(await books.is_ordered(**WRONG_RATE))

    await books.is_ordered(**mended)

    assert await to_do(books) == []


async def test_what_a_setting_mended_is_no_longer_listed(books: Bookkeeping):
    await books.sets(name="")
    await books.is_refused(await books.is_ordered())
    assert [why for _, why, _ in await to_do(books)] == [Refusal.SELLER_INCOMPLETE]

    await books.sets(name="Nähwerk")

    assert await to_do(books) == []


async def test_many_refusals_of_one_order_hide_none_of_another(books: Bookkeeping):
    await books.is_refused(await books.is_ordered("quiet", **WRONG_RATE))
    for number in range(60):
        noisy = await books.is_ordered("noisy", lines=[a_line(tax_rate=f"{28 + number % 2}")], note=str(number))
        await books.is_refused(noisy)

    assert [number for number, _, _ in await to_do(books)] == ["Bnoisy", "Bquiet"]


async def test_a_reason_that_comes_back_is_news_again_and_one_that_stays_is_not(books: Bookkeeping):
    for rate in ("28", "28", "29", "28"):
        order_id = await books.is_ordered(lines=[a_line(tax_rate=rate)], note=rate)
        await books.is_refused(order_id)

    assert len(await books.notices()) == 3
