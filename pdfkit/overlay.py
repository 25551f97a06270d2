"""The stamp itself: one line of text as a tiny one-page PDF, drawn once for the whole book."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from fpdf import FPDF
from fpdf.fonts import TTFFont

from pdfkit import faces, fonts

_FAMILY = "stamp"
# Of the font size: room round the line that no glyph of the font leaves.
_SIDE, _BELOW, _HEIGHT = 0.5, 1.0, 2.6
# What stands above and below the baseline, for keeping the line on the page.
ASCENT, DESCENT = 1.07, 0.3


@dataclass(frozen=True)
class Overlay:
    """A one-page PDF as large as its line; all lengths in points.

    The baseline starts at (`origin_x`, `origin_y`) of that page and is `width` long.
    """

    pdf: bytes
    width: float
    size: float
    origin_x: float
    origin_y: float
    replaced: bool


def drawn(text: str, size: float) -> Overlay:
    """Draw the text in black, `size` points high; the same arguments give the same bytes.

    Raises ValueError if nothing visible is left of the text.
    """
    pdf = FPDF(unit="pt", format=(size, size))
    pdf.set_creation_date(datetime(2000, 1, 1, tzinfo=UTC))  # else two seconds give two files
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    line = _line(text)
    with _fonts(pdf, set(line.text)):
        pdf.set_font(_FAMILY, size=size)
        pdf.set_text_shaping(True)
        return _drawn(pdf, line, size)


def _line(text: str) -> fonts.Line:
    wanted = set(fonts.cleaned(text)) | {fonts.REPLACEMENT}
    line = fonts.drawable(text, {ord(each) for has in faces.needed(wanted).values() for each in has})
    if not line.text:
        raise ValueError("the text to stamp is empty")
    return line


@contextmanager
def _fonts(pdf: FPDF, characters: set[str]) -> Iterator[None]:
    """Every font that the line needs; fpdf2 would leave their files open."""
    with TemporaryDirectory(prefix="pdfkit-") as folder, ExitStack() as still_open:
        families = []
        for number, (path, has) in enumerate(faces.needed(characters).items()):
            families.append(f"{_FAMILY}{number or ''}")
            faces.cut(path, has, place := Path(folder) / f"{number}{path.suffix}")
            pdf.add_font(families[-1], fname=place)
            face = pdf.fonts[families[-1]]
            if not isinstance(face, TTFFont):  # a core font, which knows no Łukasz
                raise TypeError(f"{path} was not loaded as a font")
            still_open.enter_context(closing(face))
            face.ttfont.recalcBBoxes = False  # cutting it once more leaves every outline as it is
        pdf.set_fallback_fonts(families[1:], exact_match=False)
        yield


def _drawn(pdf: FPDF, line: fonts.Line, size: float) -> Overlay:
    width = pdf.get_string_width(line.text)
    height = _HEIGHT * size
    pdf.add_page(format=(width + 2 * _SIDE * size, height))
    pdf.set_xy(_SIDE * size, 0)
    # cell(), not text(), because only cell() can fall back to a second font.
    # It sets the baseline 0.5 h + 0.3 size below its upper edge: here 1.6 sizes.
    pdf.cell(w=width, h=height, text=line.text)
    return Overlay(bytes(pdf.output()), width, size, _SIDE * size, _BELOW * size, line.replaced)
