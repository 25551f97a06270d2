"""The faces of a document: one for most of Europe, further ones only where a text needs them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.fonts import TTFFont

from pdfkit.fonts import SLIM
from pdfkit.invoice.sheet import FAMILY, Sheet
from pdfkit.paper import PaperCause, PaperRefused

_FILES = Path(SLIM).parent
_REGULAR, _BOLD = _FILES / "NotoSans-Paper.ttf", _FILES / "NotoSans-PaperBold.ttf"
_FURTHER = {"wide": SLIM, "arabic": _FILES / "NotoSansArabic-Paper.ttf", "hebrew": _FILES / "NotoSansHebrew-Paper.ttf"}
_RIGHT_TO_LEFT = {"R", "AL"}
_DRAWS_NOTHING = "\n\u200c\u200d"


@contextmanager
def loaded(pdf: Sheet, texts: Iterable[str]) -> Iterator[None]:
    """Gives the PDF the faces that these texts need. Raises PaperRefused(NO_GLYPH) with the characters none has.

    Shaping costs time, so it is switched on only where a script runs from right to left.
    """
    rare = {character for text in texts for character in text} - _covered(_REGULAR) - set(_DRAWS_NOTHING)
    further = {name: path for name, path in _FURTHER.items() if rare & _covered(path)}
    if uncovered := rare.difference(*(_covered(path) for path in further.values())):
        raise PaperRefused(PaperCause.NO_GLYPH, " ".join(sorted(uncovered)))
    with ExitStack() as faces:
        for family, style, path in [(FAMILY, "", _REGULAR), (FAMILY, "B", _BOLD)]:
            faces.enter_context(_added(pdf, family, style, path))
        for family, path in further.items():
            faces.enter_context(_added(pdf, family, "", path))
        if further:
            pdf.set_fallback_fonts(list(further), exact_match=False)
            pdf.mixes_faces = True
        if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in rare):
            pdf.set_text_shaping(True)
        yield


@contextmanager
def _added(pdf: FPDF, family: str, style: str, path: Path) -> Iterator[None]:
    """fpdf2 would leave the file open."""
    pdf.add_font(family, style, path)
    face = pdf.fonts[family + style]
    if not isinstance(face, TTFFont):
        raise TypeError(f"{path} was not loaded as TrueType")
    # Subsetting leaves every outline as it is; measuring each anew would take a third of the time of a page.
    face.ttfont.recalcBBoxes = False
    with closing(face):
        yield


@cache
def _covered(path: Path) -> frozenset[str]:
    with closing(TTFont(path, lazy=True)) as font:
        return frozenset(chr(code) for code in font.getBestCmap())
