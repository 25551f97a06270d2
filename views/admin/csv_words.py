"""CSV files in words: what a column may mean, what is wrong with a line, what became of an order."""

from __future__ import annotations

from collections.abc import Mapping

from db.csv_imports import CsvImport, CsvReportRow, ImportOutcome
from portal.csv_files import LARGEST_FILE
from portal.csv_findings import Code
from portal.csv_mappings import Layout
from views.sentences import Sentence, plain, said

PARTS = {
    "name": said("First and last name"),
    "company": said("Company"),
    "street": said("Street and number"),
    "extra": said("Address supplement"),
    "zip": said("Postal code"),
    "city": said("City"),
    "country": said("Country"),
}
FIELDS: Mapping[str, Sentence] = {
    "order_id": said("Order: id (the same on all its rows)"),
    "order_number": said("Order: number"),
    "order_date": said("Order: date"),
    "paid_date": said("Order: paid on"),
    "updated_at": said("Order: changed at"),
    "status": said("Order: state"),
    "currency": said("Order: currency"),
    "total_gross": said("Order: total with tax"),
    "shipping_gross": said("Order: shipping with tax"),
    "discount_gross": said("Order: discount with tax"),
    "platform": said("Order: platform"),
    "shop": said("Order: shop"),
    "source": said("Order: source"),
    "tags": said("Order: tags"),
    "waiver": said("Order: right of withdrawal waived"),
    "sku": said("Line: SKU"),
    "title": said("Line: title"),
    "quantity": said("Line: quantity"),
    "unit_gross": said("Line: price of one, with tax"),
    "line_gross": said("Line: amount with tax"),
    "tax_rate": said("Line: tax rate in percent"),
    "digital": said("Line: digital"),
    "kind": said("Line: kind"),
    "position": said("Line: id"),
    "buyer_name": said("Buyer: name"),
    "buyer_company": said("Buyer: company"),
    "email": said("Buyer: mail address"),
    "vat_id": said("Buyer: VAT identification number"),
    "language": said("Buyer: language"),
    "payment_method": said("Payment: way"),
    "paid_amount": said("Payment: amount"),
    "transaction": said("Payment: transaction"),
    **{f"billing_{part}": said("Billing address: %(part)s", part=words) for part, words in PARTS.items()},
    **{f"shipping_{part}": said("Delivery address: %(part)s", part=words) for part, words in PARTS.items()},
}
LAYOUTS = {
    Layout.OWN: said("Tresen's own format"),
    Layout.SHOPIFY: said("Export of Shopify"),
    Layout.WOOCOMMERCE: said("Export of WooCommerce"),
}
BY_HAND = said("Assign the columns by hand")
DELIMITERS = {
    ";": said("semicolon"),
    ",": said("comma"),
    "\t": said("tab"),
    "|": said("vertical bar"),
}
ENCODINGS = {
    "utf-8": plain("UTF-8"),
    "utf-8-sig": plain("UTF-8"),
    "utf-16": plain("UTF-16"),
    "cp1252": plain("Windows-1252"),
}
DECIMAL_SIGNS = {
    "": said("As each number shows; what may mean two things is refused"),
    ",": said("Comma: 1.234 is one thousand"),
    ".": said("Point: 1.234 is a little more than one"),
}
DATES = {
    "": said("As each date shows; what may mean two things is refused"),
    "dmy": said("Day first: 03/04/2026 is in April"),
    "mdy": said("Month first: 03/04/2026 is in March"),
}
# What stops a file before anything of it can be read.
FILES: Mapping[str, Sentence] = {
    "missing": said("Choose a file first."),
    "too-large": said(
        "A file has at most %(size)s MB. Split it, with the header in each part.", size=LARGEST_FILE >> 20
    ),
    Code.EMPTY: said("This file is empty."),
    Code.SPREADSHEET: said(
        "This is a workbook of a spreadsheet program. Open it there, save it as CSV (UTF-8) and upload that."
    ),
    Code.NOT_TEXT: said("This file is no text. Export the orders as CSV and upload that."),
    Code.NO_HEADER: said("The first line has to name the columns, at least two of them."),
    Code.TOO_MANY_COLUMNS: said("This file has more than 300 columns. Leave out those that nobody needs."),
    Code.LINE_TOO_LONG: said("A line of this file is longer than any table has: it is no CSV."),
    Code.QUOTE_NOT_CLOSED: said("A quotation mark in the header is never closed."),
    Code.QUOTE_IN_CELL: said("In the header, text goes on behind a closing quotation mark."),
}
NOT_CSV = said("This file cannot be read as CSV.")
CODES: Mapping[str, Sentence] = {
    Code.MISSING: said("%(column)s is empty, and it is needed."),
    Code.COLUMN_MISSING: said("The file has no column %(value)s."),
    Code.TOO_MANY_CELLS: said("The row has more cells than the header has columns."),
    Code.TOO_MANY_LINES: said("The order has more than 500 rows."),
    Code.ORDER_SCATTERED: said("Rows of order %(value)s stand in several places. Sort the file by order."),
    Code.DIFFERS_FROM_FIRST_ROW: said("%(column)s says something else than on the first row of the order: %(value)s"),
    Code.NO_LINE: said("The order has no line."),
    Code.DRAFT: said("A draft, which nobody has ordered."),
    Code.UNDECODABLE: said("%(column)s holds characters that cannot be read. Save the file as UTF-8."),
    Code.AMBIGUOUS_NUMBER: said("%(column)s: %(value)s may mean two numbers. Say below which sign is the decimal one."),
    Code.NOT_A_NUMBER: said("%(column)s: %(value)s is no number that fits here."),
    Code.TOO_MANY_DECIMALS: said("%(column)s: %(value)s has more decimals than the currency."),
    Code.AMBIGUOUS_DATE: said("%(column)s: %(value)s may mean two days. Say below what comes first."),
    Code.NOT_A_DATE: said("%(column)s: %(value)s is no date such as 20.10.2026 or 2026-10-20."),
    Code.RATE_IS_A_FRACTION: said("%(column)s: %(value)s looks like a fraction. Write 19 for 19 percent."),
    Code.UNKNOWN_WORD: said("%(column)s: nobody knows the word %(value)s here."),
    Code.UNKNOWN_CURRENCY: said("%(column)s: %(value)s is no currency such as EUR."),
    Code.NOT_UNDERSTOOD: said("%(column)s cannot be understood: %(value)s"),
    Code.NOT_TAKEN: said("Not taken: %(value)s"),
    Code.SUM_MISMATCH: said(
        "The lines do not add up to the total. The order is taken, and no invoice is made by itself."
    ),
    Code.UNKNOWN_COUNTRY: said("%(column)s: no country is called %(value)s. The order is taken without it."),
    Code.ROW_REPEATED: said("This row stands here twice. The order is taken with both."),
    Code.QUOTE_NOT_CLOSED: said("A quotation mark is never closed. Nothing behind this line can be read."),
    Code.QUOTE_IN_CELL: said(
        "Text goes on behind a closing quotation mark, or a quotation mark before it was never closed. "
        "Nothing behind this line can be read."
    ),
    Code.LINE_TOO_LONG: said("This line is longer than any table has. Nothing behind it can be read."),
}
RESULTS = {
    "created": said("new"),
    "updated": said("changed"),
    "unchanged": said("unchanged"),
    "stale": said("older than what is known"),
    "ignored": said("left out"),
    "failed": said("not taken"),
}
CANCELLED = said("Cancelled by hand")
OUTCOMES = {
    ImportOutcome.OK: said("Read to its end"),
    ImportOutcome.UNREADABLE: said("Broken off: the file cannot be read any further"),
    ImportOutcome.CANCELLED: said("Cancelled; what has been imported stays"),
    ImportOutcome.FILE_GONE: said("Broken off: the file is not here any more. Upload it again."),
    ImportOutcome.BROKEN_OFF: said("Broken off: Tresen itself failed several times. Import the file again."),
}


def finding(row: CsvReportRow) -> Sentence:
    """What is wrong with the line; an unknown code, of a newer Tresen, is better than silence."""
    if known := CODES.get(row.code):
        return Sentence(known.text, {"column": row.column, "value": row.value})
    return plain(row.code)


def outcome(row: CsvImport) -> Sentence | None:
    """None as long as it has not ended."""
    if row.outcome is ImportOutcome.CANCELLED and row.is_dry_run:
        return CANCELLED
    return OUTCOMES[row.outcome] if row.outcome else None


def file_refused(code: str) -> Sentence:
    return FILES.get(code, NOT_CSV)


def delimiter(sign: str) -> Sentence:
    """A file may name any sign as its own."""
    return DELIMITERS.get(sign) or plain(sign)
