"""Page 1 of a PDF with its stamp, as a picture: what the merchant sees while typing.

The page is stamped by the very code that stamps for customers. Millimetres are drawn along the left
and the lower edge, and dashed lines lead from them to where the text begins.
"""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
from PIL import Image, ImageChops, ImageDraw, ImageFont

from pdfkit import fonts, geometry, watermark
from pdfkit.opening import opened
from pdfkit.outcome import Cause, Caution, Previewed, Report, StampFailed, Style, partial_path

_A4 = (595.276, 841.89)  # points
# Pixels of the page: for a place of 380 on a screen with two dots to a pixel; the second for very tall pages.
_WIDTH, _MOST_HEIGHT = 700, 1400
_RULER = 60  # pixels beside and below the page
_FIGURES = 26  # pixels; half of that on the page, where it still can be read
_COLOURS = 128  # of the palette; a page of text needs a few greys
_POINTS_PER_MM = 72 / 25.4
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # mm between two numbers
_ROOM = 90  # pixels that a number wants
_DASH = 8  # pixels
_LINE = 2  # pixels
_CONTRAST = 0.1  # of black on white: 3 : 1, as black on a ground of that luminance (WCAG 2.2, 1.4.11)
_INKED = 80  # of 255 steps of luminance: more than the blurred edge of a letter
_LINEAR = [round(255 * (each / 3294.6 if each <= 10 else ((each / 255 + 0.055) / 1.055) ** 2.4)) for each in range(256)]
_SHARES = (0.2126, 0.7152, 0.0722, 0)  # of red, green and blue
_LEGIBLE = 0.6  # of the ink; the rest may lie under a line or a field
_DESK, _INK, _GUIDE = "#e9ece9", "#3c4644", "#9c2623"


def draw(source: Path | None, target: Path, text: str, style: Style) -> Previewed:
    """Writes a PNG to `target`; without a source, the page is an empty A4 sheet.

    An empty text leaves the page unstamped. Lengths as in Style. Raises StampFailed, OSError, and
    ValueError where nothing visible is left of the text.
    """
    page, stamped = partial_path(target, os.getpid()), target.with_suffix(".stamped")
    try:
        pages, size = _first_page(source, page)
        done = watermark.stamp(page, stamped, text, style) if text else Report(1, ())
        picture = _rendered(stamped if text else page, size)
        warnings = done.warnings
        if source and text and not _stands_out(picture, page, stamped, size):
            warnings += (Caution.HARD_TO_SEE,)
    finally:
        page.unlink(missing_ok=True)
        stamped.unlink(missing_ok=True)
    sheet = _with_rulers(picture, size[1] / picture.height, style if text else None)
    sheet.quantize(_COLOURS, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)
    return Previewed(pages if source else 0, warnings)


def _stands_out(picture: Image.Image, page: Path, stamped: Path, size: tuple[float, float]) -> bool:
    """Whether most of the stamp can be told from what is around it.

    Its ink is where the stamp alone darkens an empty page; there, the page with it must differ from the page without.
    """
    ink = ImageChops.invert(_light(_rendered(_emptied(stamped), size)))
    change = ImageChops.difference(_light(picture), _light(_rendered(page, size)))
    seen = ImageChops.subtract(change, ink.point(lambda dark: dark * _CONTRAST))
    inked = ink.point(lambda dark: 255 if dark >= _INKED else 0)
    visible = ImageChops.multiply(inked, seen.point(lambda more: 255 if more else 0))
    return visible.histogram()[255] >= _LEGIBLE * inked.histogram()[255]


def _light(picture: Image.Image) -> Image.Image:
    """The relative luminance of each pixel in 255 steps, as WCAG reckons it from sRGB."""
    return picture.point(_LINEAR * 3).convert("L", _SHARES)


def _emptied(stamped: Path) -> BytesIO:
    """The first page without anything but the stamp, which is the last of its contents."""
    light = BytesIO()
    with pikepdf.open(stamped) as pdf:
        page = pdf.pages[0].obj
        for key in {"/Annots", "/Group"} & set(page.keys()):
            del page[key]
        before, *_, stamp = page.Contents
        page.Contents = pikepdf.Array([before, stamp])
        pdf.save(light, fix_metadata_version=False)
    light.seek(0)
    return light


def _first_page(source: Path | None, target: Path) -> tuple[int, tuple[float, float]]:
    """Writes a PDF of page 1 alone. How many pages there are, and the size of that one in millimetres."""
    with pikepdf.new() as alone:
        if source is None:
            alone.add_blank_page(page_size=_A4)
            pages = 1
        else:
            with opened(source) as paper:
                pages = len(paper.pdf.pages)
                alone.pages.append(_standing_alone(paper.pdf))
        alone.save(target)
        sheet = geometry.sheet(alone.pages[0].obj)
        return pages, (sheet.width / _POINTS_PER_MM, sheet.height / _POINTS_PER_MM)


def _standing_alone(pdf: pikepdf.Pdf) -> pikepdf.Page:
    """The first page, with what it had from the tree above it."""
    page = pdf.pages[0]
    for key in ("/Resources", "/MediaBox", "/CropBox", "/Rotate"):
        value = geometry.inherited(page.obj, key)
        if key not in page.obj and isinstance(value, pikepdf.Object | int):
            page.obj[key] = value
    return page


def _rendered(path: Path | BytesIO, size: tuple[float, float]) -> Image.Image:
    """The page in pixels; `size` in millimetres gives the scale, whatever unit the page counts in."""
    with _loaded(path) as document:
        page = document[0]
        wide, high = page.get_size()
        picture: Image.Image = page.render(scale=min(_WIDTH / wide, _MOST_HEIGHT / high), may_draw_forms=False).to_pil()
        return picture.convert("RGB")


@contextmanager
def _loaded(path: Path | BytesIO) -> Iterator[pypdfium2.PdfDocument]:
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise StampFailed(Cause.DAMAGED, str(error)) from error
    with closing(document):
        yield document


def _with_rulers(page: Image.Image, mm_per_pixel: float, style: Style | None) -> Image.Image:
    sheet = Image.new("RGB", (page.width + _RULER, page.height + _RULER), _DESK)
    sheet.paste(page, (_RULER, 0))
    drawing = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(fonts.SLIM), _FIGURES)
    step = next((each for each in _STEPS if each / mm_per_pixel >= _ROOM), _STEPS[-1])
    for mm, along in _ticks(page.height, mm_per_pixel, step):
        y = page.height - along
        drawing.line([(_RULER - 10, y), (_RULER - 1, y)], _INK, _LINE)
        drawing.text((_RULER - 13, y), str(mm), _INK, font, anchor="rm" if mm else "rb")
    for mm, along in _ticks(page.width, mm_per_pixel, step):
        x = _RULER + along
        drawing.line([(x, page.height), (x, page.height + 9)], _INK, _LINE)
        drawing.text((x, page.height + 14), str(mm), _INK, font, anchor="mt" if mm else "lt")
    if style:
        _guides(drawing, page, mm_per_pixel, style)
    return sheet


def _ticks(length: int, mm_per_pixel: float, step: int) -> Iterator[tuple[int, float]]:
    """Millimetres, and how many pixels they are from the corner."""
    for mm in range(0, int(length * mm_per_pixel) + 1, step):
        yield mm, mm / mm_per_pixel


def _guides(drawing: ImageDraw.ImageDraw, page: Image.Image, mm_per_pixel: float, style: Style) -> None:
    """Dashed lines from both edges to where the text begins."""
    x, y = _RULER + style.x_mm / mm_per_pixel, page.height - style.y_mm / mm_per_pixel
    for start in range(_RULER, int(min(x, page.width + _RULER)), 2 * _DASH):
        drawing.line([(start, y), (min(start + _DASH, x), y)], _GUIDE, _LINE)
    for start in range(page.height, int(max(y, 0)), -2 * _DASH):
        drawing.line([(x, start), (x, max(start - _DASH, y))], _GUIDE, _LINE)
