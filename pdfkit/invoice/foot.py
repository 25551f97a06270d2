"""At the bottom of every page: who the seller is, in columns, and the page's number."""

from __future__ import annotations

from pdfkit.invoice.payment import in_fours
from pdfkit.invoice.sheet import BOTTOM, LEFT, RIGHT, TINY, WIDTH, Sheet
from pdfkit.paper import Seller
from pdfkit.words import Words

_TOP = BOTTOM + 8
_LINES = 4


def write(sheet: Sheet, seller: Seller, words: Words) -> None:
    """On all pages at once, when it is known how many there are."""
    for number in range(1, sheet.pages_count + 1):
        sheet.go_to(number)
        _foot(sheet, seller, words)


def _foot(sheet: Sheet, seller: Seller, words: Words) -> None:
    sheet.set_y(_TOP - TINY.line - 1.2)
    if sheet.page_no() > 1:
        sheet.put(LEFT, WIDTH - 45, str(sheet.title), TINY)
    sheet.put(RIGHT - 40, 40, words.page.format(sheet.page_no(), sheet.pages_count), TINY, "R")
    sheet.set_y(_TOP)
    sheet.rule()
    columns = [lines for lines in _columns(seller, words) if lines]
    width = WIDTH / len(columns)
    for index, lines in enumerate(columns):
        sheet.set_y(_TOP + 1.4)
        for line in lines[:_LINES]:
            sheet.put(LEFT + index * width, width - 3, line, TINY)
            sheet.down(TINY.line)


def _columns(seller: Seller, words: Words) -> list[list[str]]:
    columns = [
        [seller.name, seller.street, f"{seller.zip} {seller.city}"],
        [seller.contact_name, words.phone.format(seller.phone) if seller.phone else "", seller.email],
        [
            words.vat_id.format(seller.vat_id) if seller.vat_id else "",
            words.tax_number.format(seller.tax_number) if seller.tax_number else "",
        ],
        [
            seller.bank_name,
            f"IBAN {in_fours(seller.iban)}" if seller.iban else "",
            f"BIC {seller.bic}" if seller.bic else "",
        ],
    ]
    return [[line for line in column if line] for column in columns]
