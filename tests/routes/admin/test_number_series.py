"""The tab Rechnungen: where the numbers stand, where they may begin, and which invoices could not be made."""

from __future__ import annotations

from datetime import datetime

from portal.imported import Buyer
from tests.factories import BERLIN
from tests.routes.admin.test_invoices import Books, books, texts_of

__all__ = ["books"]
YEAR = datetime.now(BERLIN).year
TAB = "/admin/settings/portal/invoices"


async def test_the_next_numbers_are_said_and_go_on_with_every_invoice(books: Books):
    await books.opens()
    assert f"Die nächste Rechnung bekommt die Nummer RE-{YEAR}-00001" in texts_of(await books.sees(TAB))

    await books.issues("A-1")

    page = texts_of(await books.sees(TAB))
    assert f"die Nummer RE-{YEAR}-00002, die nächste Stornorechnung RE-{YEAR}-00002." in page


async def test_a_series_may_begin_where_the_merchant_says_until_it_has_begun(books: Books):
    await books.opens()
    first = await books.jana.post(TAB, {"was.invoice_start": "1", "invoice_start": "500"})
    await books.issues("A-1")

    late = await books.jana.post(TAB, {"was.invoice_start": "500", "invoice_start": "7"})

    assert first.status_code == 303
    assert late.status_code == 422
    assert "Dieser Nummernkreis hat schon begonnen" in texts_of(late.text)
    (invoice,) = await books.every()
    assert invoice.number == f"RE-{YEAR}-00500"


async def test_credit_notes_may_have_a_series_of_their_own(books: Books):
    await books.opens()

    await books.jana.post(TAB, {"was.credit_note_series": "", "credit_note_series": "ST-{year}-"})

    assert f"die nächste Stornorechnung ST-{YEAR}-00001" in texts_of(await books.sees(TAB))


async def test_what_could_not_be_made_stays_to_do_until_there_is_an_invoice(books: Books):
    await books.opens()
    order_id = await books.sells("A-1", buyer=Buyer(name="\U0001f9f5 Faden"), billing=None)
    await books.jana.post(f"/admin/orders/{order_id}/invoices")

    page = await books.sees(TAB)

    assert "Rechnungen, die nicht erstellt werden konnten" in page
    assert f'href="/admin/orders/{order_id}/numbers-layouts"' in page
    await books.stores("A-1", "X-1")
    assert "Rechnungen, die nicht erstellt werden konnten" not in await books.sees(TAB)
