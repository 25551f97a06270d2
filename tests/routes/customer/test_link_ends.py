"""A link whose time is over answers 410, whatever is asked of it; one with anything left to do goes on."""

from datetime import UTC, datetime, timedelta

import pytest

from db.orders import State
from db.settings import GeneralSettings
from portal import order_imports, settings
from portal.activity import By
from portal.imported import ImportedLine
from portal.settings import GeneralChange
from tests.routes.customer.conftest import Running, an_imported_order

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=500)
A_COAT = ImportedLine(id="1", title="Mantel", sku="MANTEL", line_gross=2490, tax_rate="19")


async def link_of_an_old_order(tresen: Running, **facts: object) -> str:
    """Bought 500 days ago, without files and without an invoice: nothing is to be had behind it any more."""
    values: dict[str, object] = {"ordered_at": LONG_AGO, "paid_at": LONG_AGO, "lines": [A_COAT]}
    async with tresen.house.database.writing() as session:
        key = order_imports.Key("shop", "old")
        order, _ = await order_imports.put(key, an_imported_order(**(values | facts)), session, By("test", NOW))
    return tresen.link(order)


@pytest.mark.parametrize(
    ("method", "below"),
    [
        ("GET", ""),
        ("HEAD", ""),
        ("GET", "/invoices/1.pdf"),
        ("POST", "/files/1/downloads"),
    ],
)
async def test_after_400_days_everything_behind_the_link_is_gone(tresen: Running, method, below):
    link = await link_of_an_old_order(tresen)

    assert (await tresen.client.request(method, link + below)).status_code == 410


async def test_what_is_still_to_be_paid_keeps_the_link_alive(tresen: Running):
    link = await link_of_an_old_order(tresen, state=State.ORDERED, paid_at=None)

    assert (await tresen.client.get(link)).status_code == 200


async def test_another_number_of_days_counts_at_once_and_for_everybody(tresen: Running):
    link = await link_of_an_old_order(tresen)
    async with tresen.house.database.writing() as session:
        change = GeneralChange(link_retention_days=501)
        await settings.change(GeneralSettings, change, session, By("test", NOW))

    assert (await tresen.client.get(link)).status_code == 200
