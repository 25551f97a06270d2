"""What is in the way of an invoice, as the merchant reads it: in words, in both languages."""

from __future__ import annotations

import pytest
from babel import Locale

from portal.refusals import Refusal
from views.admin.invoice_words import SETTINGS, Obstacle
from views.papers.speech import Speech

DETAILS = {
    (Refusal.SELLER_INCOMPLETE, "name seller/vat_id"): "Name oder Firma, Umsatzsteuer-Identifikationsnummer",
    (Refusal.ADDRESS_INCOMPLETE, "line1 zip city"): "Straße und Hausnummer, Postleitzahl, Ort",
    (Refusal.ADDRESS_INCOMPLETE, "buyer/address/name"): "Name oder Firma",
    (Refusal.AMOUNTS_INCONSISTENT, "sums 2000 1999 EUR"): "Positionen zusammen 20,00 €, Gesamtbetrag 19,99 €",
    (Refusal.AMOUNTS_INCONSISTENT, "quantity 0 a b"): "Position a b: Menge 0",
    (Refusal.AMOUNTS_INCONSISTENT, "nothing"): "keine Position hat eine Menge oder einen Betrag",
    (Refusal.TAX_RATE_UNKNOWN, "line 550 S 1"): "Position 1: 5,5 % (S)",
    (Refusal.TAX_RATE_UNKNOWN, "rate 1600"): "16 % gelten nicht",
    (Refusal.EXEMPTION_UNFOUNDED, "export AT"): "Ausfuhr, aber es ging nach AT",
    (Refusal.CHARACTER_UNPRINTABLE, "buyer/address/city 🎉"): "Bestellung, Ort: 🎉",
    (Refusal.CHARACTER_UNPRINTABLE, "seller/name 🎉\nlines/1/title 東"): (
        "Einstellungen, Name oder Firma: 🎉, Position 2, Titel: 東"
    ),
    (Refusal.FOREIGN_CURRENCY, "CHF"): "CHF",
}


@pytest.mark.parametrize(("found", "words"), DETAILS.items(), ids=[detail for _, detail in DETAILS])
def test_a_detail_is_told_in_words(found, words):
    detail = Obstacle.of(*found).detail

    assert detail is not None
    assert Speech(Locale("de")).say(detail).replace("\xa0", " ") == words
    if words != "CHF":
        assert Speech(Locale("en")).say(detail).replace("\xa0", " ") != words


def test_a_character_says_whether_the_order_or_a_setting_is_to_be_mended():
    order = Obstacle.of(Refusal.CHARACTER_UNPRINTABLE, "buyer/address/city 🎉")
    setting = Obstacle.of(Refusal.CHARACTER_UNPRINTABLE, "seller/name 🎉")

    assert (order.url, setting.url) == ("", SETTINGS)
    assert order.remedy != setting.remedy
