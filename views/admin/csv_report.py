"""The report on a CSV file as a table that spreadsheets open, and that nothing in the file can make calculate."""

from __future__ import annotations

from babel import Locale

from db.csv_imports import CsvReportRow
from views.admin import csv_words
from views.admin.invoice_export import line_of, text
from views.papers.speech import Speech
from views.sentences import said

COLUMNS = (
    said("Line"),
    said("Order"),
    said("Result"),
    said("Column"),
    said("What was found"),
    said("Code"),
    said("Value"),
)


class Report:
    """Lines of CSV: UTF-8 with the mark that Excel wants, semicolons."""

    def __init__(self, locale: Locale) -> None:
        self._speech = Speech(locale)

    def head(self) -> bytes:
        return "\ufeff".encode() + line_of([self._speech.say(column) for column in COLUMNS])

    def line(self, row: CsvReportRow) -> bytes:
        told = self._speech.say(csv_words.finding(row)) if row.code else ""
        return line_of(
            [
                str(row.line),
                text(row.external_id),
                self._speech.say(csv_words.RESULTS[row.result]),
                text(row.column),
                text(told),
                row.code,
                text(row.value),
            ]
        )
