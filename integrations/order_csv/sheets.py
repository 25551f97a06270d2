"""How a file is written: its encoding, what separates its cells, and the names in its header.

A file is read twice from its beginning and never held: once for its encoding, once for its rows.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from portal.csv_findings import Code, Unreadable
from portal.csv_reading import Sheet

PIECE = 1024 * 1024
BEGINNING = 4096  # bytes; what is no text mostly shows it there
LONGEST_LINE = 256 * 1024  # characters; a file without line ends must not be held whole
MOST_COLUMNS = 300
# Reading keeps the interpreter to itself; whatever else the process does, such as serving customers, gets its turns.
LINES_IN_A_BREATH, BREATH = 50, 0.0002
DELIMITERS = ";,\t|"
# How a workbook of Excel or LibreOffice begins: a ZIP archive, or the compound file of older versions.
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
BEYOND_ASCII = re.compile("[^\\x00-\\x7f]+")
SEPARATOR_HINT = "sep="  # how Excel says which delimiter a file has


@dataclass(frozen=True)
class Row:
    """`line` is that on which the row begins; a quoted cell may go on for several."""

    line: int
    cells: tuple[str, ...]


def sniffed(file: BinaryIO) -> Sheet:
    """Raises Unreadable."""
    encoding = _encoding(file)
    with _opened(file, encoding) as lines:
        first = next((line for line in lines if line.strip()), None)
        if first is None:
            raise Unreadable(Code.EMPTY)
        delimiter = ""
        if first.lower().startswith(SEPARATOR_HINT):
            delimiter = first[len(SEPARATOR_HINT) :].strip("\r\n")[:1]
            first = next(lines, "")
        delimiter = delimiter or max(DELIMITERS, key=lambda each: _width(first, each))
        return Sheet(encoding, delimiter, _header(first, lines, delimiter), lines.count)


def rows(file: BinaryIO, sheet: Sheet) -> Iterator[Row]:
    """All rows behind the header, empty ones left out. Raises Unreadable where nothing more can be told apart."""
    with _opened(file, sheet.encoding) as lines:
        for _ in range(sheet.header_line):
            next(lines, None)
        # strict, because a quote that nobody closes would otherwise swallow all rows behind it without a word
        reader = csv.reader(lines, delimiter=sheet.delimiter, strict=True)
        while True:
            begins = lines.count + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise Unreadable(_quote(error), begins) from error
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield Row(begins, tuple(cells))


def samples(file: BinaryIO, sheet: Sheet, count: int) -> list[tuple[str, ...]]:
    """The first rows behind the header, as far as they can be read."""
    found: list[tuple[str, ...]] = []
    with suppress(Unreadable):  # it is told when the file is read as a whole
        found.extend(row.cells for row in islice(rows(file, sheet), count))
    return found


class _Lines:
    """The lines of a text, counted, and none of them longer than memory should bear."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.count += 1
        if self.count % LINES_IN_A_BREATH == 0:
            time.sleep(BREATH)
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise Unreadable(Code.LINE_TOO_LONG, self.count)
        return line


def _quote(error: csv.Error) -> Code:
    """What is wrong with a quotation mark; the reader of csv says so in words alone."""
    return Code.QUOTE_IN_CELL if "expected after" in str(error) else Code.QUOTE_NOT_CLOSED


def _encoding(file: BinaryIO) -> str:
    """That of its byte order mark, else UTF-8 where nearly all bytes are, else what Windows has always written."""
    file.seek(0)
    start = file.read(4)
    for mark, encoding in BOMS:
        if start.startswith(mark):
            return encoding
    if start in SPREADSHEETS:
        raise Unreadable(Code.SPREADSHEET)
    if b"\0" in start + file.read(BEGINNING):
        raise Unreadable(Code.NOT_TEXT)
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "utf-8" if _is_mostly_utf8(file) else "cp1252"
    return "utf-8"


def _is_mostly_utf8(file: BinaryIO) -> bool:
    """Whether more characters were met that are UTF-8 and nothing else than bytes that are not.

    In what Windows writes, two such bytes hardly ever make a character: a few that are broken spoil no whole file.
    """
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = bad = 0
    while piece := file.read(PIECE):
        text = decoder.decode(piece)
        broken = text.count("\ufffd")
        bad += broken
        good += sum(map(len, BEYOND_ASCII.findall(text))) - broken
    return good > bad


@contextmanager
def _opened(file: BinaryIO, encoding: str) -> Iterator[_Lines]:
    """What no character stands for becomes U+FFFD, which a cell is refused for.

    The file itself stays open: it belongs to whoever opened it.
    """
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    try:
        yield _Lines(text)
    finally:
        if not file.closed:  # as it is where reading was broken off
            text.detach()


def _width(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return 0


def _header(first: str, lines: _Lines, delimiter: str) -> tuple[str, ...]:
    def together() -> Iterator[str]:
        yield first
        yield from lines

    try:
        cells = next(csv.reader(together(), delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise Unreadable(_quote(error)) from error
    header = tuple(cell.strip() for cell in cells)
    if len([name for name in header if name]) < 2:
        raise Unreadable(Code.NO_HEADER, lines.count)
    if len(header) > MOST_COLUMNS:
        raise Unreadable(Code.TOO_MANY_COLUMNS, lines.count, str(len(header)))
    return header
