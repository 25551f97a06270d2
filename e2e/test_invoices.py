"""Invoices in a browser, with and without scripts: the customer's click issues one, for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Shop
from e2e.merchant import complaints, let_in
from e2e.papers import texts
from e2e.test_main_job import ORDER

HOME = {"name": "Max Mustermann", "line1": "Heidestraße 17", "zip": "51147", "city": "Köln", "country": "DE"}
SELLER = {"name": "Nähwerk", "street": "Nadelgasse 3", "zip": "50667", "city": "Köln", "vat_id": "DE123456788"}


@pytest.fixture
def link(shop: Shop) -> str:
    """The portal link of a paid order without invoice, in a shop that may issue them."""
    assert shop.api("PATCH", "/settings/seller", json=SELLER).status_code == 200
    assert shop.api("PATCH", "/settings/invoices", json={"auto_create": True}).status_code == 200
    let_in(shop)
    return shop.put_order("1", **ORDER, billing=HOME)


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def desk(shop: Shop, open_page: Callable[..., Page], request: pytest.FixtureRequest) -> Iterator[Page]:
    page = open_page(java_script_enabled=request.param, viewport={"width": 390, "height": 844})
    said = complaints(page)
    yield page
    assert said == []


def got(page: Page) -> bytes:
    """What the click on the invoice's button brings: the browser is led to the document itself."""
    page.locator("form[data-deed=get-invoice] button").click()
    page.wait_for_url("**/invoices/*.pdf")
    return page.request.get(page.url).body()


def test_a_click_issues_the_invoice_and_the_next_one_brings_the_same(desk: Page, shop: Shop, link: str) -> None:
    desk.goto(link)
    first = got(desk)
    desk.goto(link)

    assert any("Max Mustermann" in text and "24,90" in text for text in texts(first))
    expect(desk.locator("form[data-deed=get-invoice]")).to_have_count(0)
    address = desk.locator("section[data-section=invoice] a[href$='.pdf']").get_attribute("href")
    assert desk.request.get(shop.url + str(address)).body() == first
