"""The demo's cast: each situation that a visitor should be able to look at is played by an order."""

from __future__ import annotations

from demo import cast
from tests.factories import NOON


def test_one_order_of_the_demo_asks_for_consent_and_all_others_brought_it_from_the_shop():
    asking = [scene.title for scene in cast.scenes(NOON) if scene.order.waiver is None]

    assert cast.FILES.waiver_required is True
    assert asking == ["paid, asks for consent before the files"]


def test_a_visitor_may_have_an_invoice_created_and_finds_one_that_was_taken_back():
    titles = [scene.title for scene in cast.scenes(NOON)]

    assert cast.INVOICES.auto_create is True
    assert "paid: the invoice is made on the click" in titles
    assert [scene.title for scene in cast.scenes(NOON) if scene.taken_back] == [
        "paid: an invoice that was cancelled, and room for the right one"
    ]
