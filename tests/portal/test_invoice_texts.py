"""Why a document shows no tax is always said in words."""

from __future__ import annotations

from db.orders import TaxCategory, VatMode
from portal import invoice_texts


def test_a_reason_that_was_stored_blank_is_told_in_the_words_of_the_default():
    texts = invoice_texts.defaults()
    texts.reverse_charge_de = " \u200b "

    why = invoice_texts.reason(TaxCategory.REVERSE_CHARGE, VatMode.REVERSE_CHARGE, texts, "de")

    assert why == {"reason": "Steuerschuldnerschaft des Leistungsempfängers", "reason_code": "VATEX-EU-AE"}
