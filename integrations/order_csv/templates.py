"""A file of the own format to fill in: its header in one language, and one order as an example."""

from __future__ import annotations

import codecs
import csv
import io

from integrations.order_csv.mappings import OWN

ORDER = {
    "order_id": "1001",
    "order_number": "1001",
    "order_date": "2026-11-02",
    "paid_date": "2026-11-03",
    "currency": "EUR",
    "buyer_name": "Erika Mustermann",
    "email": "erika@example.org",
    "billing_name": "Erika Mustermann",
    "billing_street": "Heidestraße 17",
    "billing_zip": "51147",
    "billing_city": "Köln",
    "billing_country": "DE",
    "position": "1",
    "sku": "PDF-1",
    "quantity": "1",
    "line_gross": "24,90",
    "tax_rate": "19",
}
WORDS = {
    "de": {"title": "Schnittmuster (PDF)", "digital": "ja", "status": "bezahlt", "payment_method": "Vorkasse"},
    "en": {"title": "Sewing pattern (PDF)", "digital": "yes", "status": "paid", "payment_method": "prepayment"},
}


def template(language: str) -> bytes:
    """UTF-8 with the mark that Excel wants, semicolons. `language` is `de` or `en`."""
    values = ORDER | WORDS[language]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    place = 0 if language == "de" else 1  # where a name is the same in both, it stands once
    writer.writerow([names[min(place, len(names) - 1)] for names in OWN.names.values()])
    writer.writerow([values.get(name, "") for name in OWN.names])
    return codecs.BOM_UTF8 + text.getvalue().encode()
