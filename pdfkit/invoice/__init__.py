"""Draws a paper as pages: an invoice, a cancellation or a correction that is worth printing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from pdfkit.archive import archived
from pdfkit.invoice import foot, head, payment, sums
from pdfkit.invoice.sheet import Sheet
from pdfkit.invoice.table import Table
from pdfkit.invoice.typefaces import loaded
from pdfkit.paper import Paper
from pdfkit.words import Words


def draw(paper: Paper, xml: bytes, target: Path) -> int:
    """Write the PDF/A-3b with the XML in it, and answer its pages; the same paper gives the same bytes.

    The paper has to be normal and consistent (consistency.py). Raises PaperRefused(NO_GLYPH, LOGO_DAMAGED).
    """
    words = Words.of[paper.locale]
    sheet = Sheet(paper.locale, head.title(paper, words))
    with loaded(sheet, _texts(paper)):
        sheet.add_page()
        head.write(sheet, paper, words)
        Table(sheet, paper, words).write()
        sums.write(sheet, paper, words)
        payment.write(sheet, paper, words)
        foot.write(sheet, paper.seller, words)
        archived(sheet, paper, xml, target)
    return sheet.pages_count


def _texts(paper: Paper) -> Iterator[str]:
    """Every text that may be drawn."""
    yield from head.drawn(paper)
    yield from _strings(msgspec.to_builtins(paper, builtin_types=(bytes,)))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)
