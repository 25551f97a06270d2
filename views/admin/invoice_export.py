"""What the tax adviser gets: a table that German spreadsheets open as it is, and names for the documents."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from decimal import Decimal

from babel import Locale
from babel.numbers import get_currency_precision

from db.invoices import DocumentFormat, Issuer
from pdfkit.paper import TaxGroup
from portal.invoice_list import ListedInvoice
from views.admin.invoices import ISSUERS, kind_of
from views.papers.speech import Speech
from views.sentences import plain, said

EXPORTED = tuple(DocumentFormat)
INDEX = "index.csv"
COLUMNS = (
    said("Number"),
    said("Kind"),
    said("Issued by"),
    said("Date"),
    said("Order number"),
    said("Buyer"),
    said("VAT identification number"),
    said("Country"),
    said("Destination"),
    said("Net"),
    said("Tax"),
    said("Amount"),
    said("Tax by rate"),
    said("Currency"),
    said("Refers to"),
)
FILE_COLUMNS = (said("File"), plain("SHA-256"))
# What a spreadsheet takes for a formula (OWASP, CSV Injection); the quote makes it a text again.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
UNSAFE = re.compile(r"[^\w.+-]+")
LONGEST_NAME = 80


class Register:
    """Lines of CSV: UTF-8 with the mark that Excel wants, semicolons, decimal commas.

    `of_files` adds the name of a file and its SHA-256, for the index of an archive.
    """

    def __init__(self, locale: Locale, *, of_files: bool = False) -> None:
        self._speech = Speech(locale)
        self._columns = COLUMNS + FILE_COLUMNS if of_files else COLUMNS

    def head(self) -> bytes:
        return "\ufeff".encode() + line_of([self._speech.say(column) for column in self._columns])

    def line(self, row: ListedInvoice, *file: str) -> bytes:
        return line_of(
            [
                text(row.number),
                self._speech.say(kind_of(row)),
                self._speech.say(ISSUERS[row.issuer]),
                row.issued_on.strftime("%d.%m.%Y"),
                text(row.order_number),
                text(row.buyer),
                text(row.taxation.vat_id),
                text(row.taxation.country),
                text(row.taxation.destination),
                amount(row.basis, row.currency),
                amount(row.tax, row.currency),
                amount(row.total, row.currency),
                by_rate(row.taxation.taxes, row.currency),
                text(row.currency),
                text(row.takes_back.number if row.takes_back else ""),
                *file,
            ]
        )


def text(value: str) -> str:
    """What others wrote, on one line and never as a formula."""
    flat = " ".join(value.split())
    return f"'{flat}" if value.startswith(FORMULA) or flat.startswith(FORMULA) else flat


def amount(minor_units: int | None, currency: str) -> str:
    """`-1234,50`: not grouped, so that every spreadsheet reads a number."""
    if minor_units is None:
        return ""
    exponent = get_currency_precision(currency)
    return f"{Decimal(minor_units).scaleb(-exponent):.{exponent}f}".replace(".", ",")


def by_rate(taxes: Sequence[TaxGroup], currency: str) -> str:
    """`S 19 %: 20,92 + 3,98; S 7 %: …`: category as EN 16931 names it, rate, net and tax."""
    return "; ".join(
        f"{each.category.value} {_rate(each.rate)} %: {amount(each.basis, currency)} + {amount(each.tax, currency)}"
        for each in taxes
    )


def _rate(basis_points: int) -> str:
    return f"{Decimal(basis_points) / 100:f}".replace(".", ",")


def member_name(row: ListedInvoice, form: DocumentFormat) -> str:
    """`2026-11/RE-2026-00001.pdf`; numbers of others may repeat and may be anything, so those bear an id, too."""
    name = UNSAFE.sub("_", row.number)[:LONGEST_NAME].strip("._") or "_"
    if row.issuer is Issuer.ELSEWHERE or name != row.number:
        name = f"{name}_{row.id}"
    return f"{row.issued_on:%Y-%m}/{name}.{form.value}"


def line_of(cells: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, delimiter=";", lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode()
