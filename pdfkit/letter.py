"""A plain letter on A4: a heading, paragraphs, what was said word for word, and facts in two columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.fonts import TTFFont

from pdfkit import fonts
from pdfkit.outcome import Letter

_FACE = "letter"
# Millimetres.
_MARGIN, _TOP, _BOTTOM = 25.0, 27.0, 25.0
_LABEL_WIDTH = 38.0
_INDENT = 6.0
_GAP = 4.0
# Points, and millimetres from line to line.
_HEADING, _HEADING_LINE = 18.0, 8.5
_TEXT, _LINE = 10.5, 5.4
_SMALL, _SMALL_LINE = 8.5, 4.2
_INK, _SOFT, _RULE = (20, 20, 20), (90, 90, 90), (170, 170, 170)


def draw(letter: Letter, target: Path) -> None:
    """Write the PDF; the same letter gives the same bytes. Characters the font lacks become U+FFFD."""
    pdf = _Paper(letter)
    with _font(pdf):
        pdf.set_font(_FACE, size=_TEXT)
        pdf.set_text_shaping(True)
        pdf.add_page()
        _head(pdf, letter)
        for paragraph in letter.before:
            _paragraph(pdf, paragraph)
        _quotation(pdf, letter.quotation)
        for label, value in letter.facts:
            _fact(pdf, label, value)
        pdf.ln(_GAP)
        for paragraph in letter.after:
            _paragraph(pdf, paragraph)
        pdf.output(str(target))


class _Paper(FPDF):
    """A4 with the letter's foot on every page."""

    def __init__(self, letter: Letter) -> None:
        super().__init__(format="A4")
        self._foot = letter.foot
        self.covered: frozenset[int] = frozenset()
        self.set_creation_date(datetime(2000, 1, 1, tzinfo=UTC))  # else two seconds give two files
        self.set_title(letter.title)
        self.set_author(letter.sender)
        self.set_lang(letter.language)
        self.set_margins(_MARGIN, _TOP, _MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(True, _BOTTOM)

    def footer(self) -> None:
        self.set_y(-_BOTTOM + 8)
        self.set_font(_FACE, size=_SMALL)
        self.set_text_color(*_SOFT)
        foot = f"{self._foot}   {self.page_no()}" if self.page_no() > 1 else self._foot
        self.cell(w=0, h=_SMALL_LINE, text=self.drawable(foot))
        self.set_font(_FACE, size=_TEXT)
        self.set_text_color(*_INK)

    def drawable(self, text: str) -> str:
        return fonts.drawable(text, self.covered).text

    def write_block(self, text: str, height: float, width: float = 0) -> None:
        """From the present place down; lines as they were typed, the next thing starts at the left margin."""
        lines = [self.drawable(line) for line in unicodedata.normalize("NFC", text).splitlines()]
        self.multi_cell(w=width, h=height, text="\n".join(lines), align="L", new_x="LMARGIN", new_y="NEXT")


@contextmanager
def _font(pdf: _Paper) -> Iterator[None]:
    """The one typeface of Tresen's papers; fpdf2 would leave its file open."""
    pdf.add_font(_FACE, fname=fonts.SLIM)
    face = pdf.fonts[_FACE]
    if not isinstance(face, TTFFont):
        raise TypeError(f"{fonts.SLIM} was not loaded as TrueType")
    pdf.covered = frozenset(face.cmap)
    with closing(face):
        yield


def _head(pdf: _Paper, letter: Letter) -> None:
    pdf.set_text_color(*_SOFT)
    pdf.write_block(letter.sender, _LINE)
    pdf.ln(_GAP * 3)
    pdf.set_text_color(*_INK)
    pdf.set_font(_FACE, size=_HEADING)
    pdf.write_block(letter.title, _HEADING_LINE)
    pdf.set_font(_FACE, size=_TEXT)
    pdf.ln(_GAP)


def _paragraph(pdf: _Paper, text: str) -> None:
    pdf.write_block(text, _LINE)
    pdf.ln(_GAP)


def _quotation(pdf: _Paper, text: str) -> None:
    """Set in from the margin between two rules, so that nobody takes it for our own words."""
    if not text:
        return
    _rule(pdf)
    pdf.ln(_GAP)
    pdf.set_left_margin(_MARGIN + _INDENT)
    pdf.write_block(text, _LINE)
    pdf.set_left_margin(_MARGIN)
    pdf.set_x(_MARGIN)
    pdf.ln(_GAP)
    _rule(pdf)
    pdf.ln(_GAP * 1.5)


def _rule(pdf: _Paper) -> None:
    pdf.set_draw_color(*_RULE)
    pdf.set_line_width(0.2)
    pdf.line(_MARGIN, pdf.get_y(), pdf.w - _MARGIN, pdf.get_y())


def _fact(pdf: _Paper, label: str, value: str) -> None:
    """The label beside its value, both of which may take several lines and pages."""
    if pdf.will_page_break(2 * _LINE):
        pdf.add_page()
    top, page = pdf.get_y(), pdf.page
    pdf.set_text_color(*_SOFT)
    pdf.write_block(label, _LINE, _LABEL_WIDTH - 3)
    pdf.set_text_color(*_INK)
    below, page_below = pdf.get_y(), pdf.page
    if page_below == page:
        pdf.set_y(top)
    pdf.set_left_margin(_MARGIN + _LABEL_WIDTH)
    pdf.write_block(value, _LINE)
    pdf.set_left_margin(_MARGIN)
    pdf.set_x(_MARGIN)
    if pdf.page == page_below:
        pdf.set_y(max(pdf.get_y(), below))
    pdf.ln(1.2)
