"""Rechnungen in the settings: where the numbers stand, what is fixed, and which invoices wait for the merchant."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

from db.settings import SellerSettings
from portal import settings
from portal.imported import Buyer
from tests.routes.admin.test_invoices import Books, books, texts_of

__all__ = ["books"]
TAB = "/admin/settings/portal/invoices"
YEAR = datetime.now(UTC).year


async def start(books: Books) -> int:
    async with books.house.database.reading() as session:
        return (await settings.of(SellerSettings, session)).invoice_start


async def test_the_next_numbers_are_shown(books):
    await books.opens()
    assert f"Nächste Rechnung RE-{YEAR}-00001" in texts_of(await books.sees(TAB))
    await books.issues("A-1")

    page = texts_of(await books.sees(TAB))
    assert f"Nächste Rechnung RE-{YEAR}-00002" in page
    assert "Nächste Stornorechnung mit den Rechnungen gezählt" in page

    await books.jana.post(TAB, {"credit_note_series": "ST-{year}-", "was.credit_note_series": ""})
    assert f"Nächste Stornorechnung ST-{YEAR}-00001" in texts_of(await books.sees(TAB))


async def test_the_first_number_can_be_chosen_until_the_series_has_begun(books):
    await books.opens()
    answer = await books.jana.post(TAB, {"invoice_start": "415", "was.invoice_start": "1"})
    assert answer.status_code == 303
    assert 'name="invoice_start"' in await books.sees(TAB)

    invoice = await books.issues("A-1")
    page = await books.sees(TAB)

    assert invoice.number == f"RE-{YEAR}-00415"
    assert 'name="invoice_start"' not in page
    assert "Steht fest, weil der Nummernkreis begonnen hat" in page
    refused = await books.jana.post(TAB, {"invoice_start": "1", "was.invoice_start": "415"})
    assert refused.status_code == 422
    assert "Dieser Nummernkreis hat schon begonnen" in unescape(refused.text)
    assert await start(books) == 415


async def test_another_series_begins_where_the_merchant_lets_it(books):
    await books.opens()
    await books.issues("A-1")
    await books.jana.post(TAB, {"invoice_series": "N{year}/", "was.invoice_series": "RE-{year}-"})

    assert 'name="invoice_start"' in await books.sees(TAB)
    assert (await books.issues("A-2")).number == f"N{YEAR}/00001"


async def test_an_invoice_that_could_not_be_made_waits_here_until_it_is(books):
    await books.opens()
    order_id = await books.sells("A-1", billing=None, buyer=Buyer(name=""))
    answer = await books.jana.post(f"/admin/orders/{order_id}/invoices")
    assert answer.status_code == 409
    page = await books.sees(TAB)

    assert f'href="/admin/orders/{order_id}/numbers-layouts"' in page
    assert re.search(r'<li class="anywhere" data-refusal="[a-z-]+"', page)
    assert "Bitte korrigieren Sie die Bestellung dort" in unescape(page)

    await books.stores("A-1", "X-1")
    assert "data-refusal" not in await books.sees(TAB)


async def test_the_seller_s_tab_fixes_the_same(books):
    await books.opens()
    await books.issues("A-1")
    page = await books.sees("/admin/settings/seller")

    assert 'name="invoice_start"' not in page
    assert "Steht fest, weil der Nummernkreis begonnen hat" in page
