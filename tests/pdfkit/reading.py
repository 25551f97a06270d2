"""What a reader sees in a PDF, told by PDFium, which has no part in making the stamp."""

from ctypes import byref, c_double, c_int
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageDraw
from pypdfium2 import raw

from pdfkit.outcome import Style

TEXT = "Kauf 12345678 vom 05.06.2014 - Max Mustermann"
STYLE = Style(font_size_pt=11, x_mm=10, y_mm=10)
STAMPS_BOX = (9, 8, 120, 16)  # mm: what TEXT in STYLE may cover

_FINE = 100  # device pixels to a user space unit, as PDFium answers in whole pixels
_MM = 25.4 / 72
_CAP_HEIGHT = 0.714  # of the stamp's font


@dataclass(frozen=True)
class Line:
    """Where a line starts, in mm from the visible left and bottom edge; its size in points."""

    x_mm: float
    y_mm: float
    size_pt: float
    is_upright: bool
    right_mm: float
    page_width_mm: float


def assert_in_place(path: Path, style: Style = STYLE, page: int = 0, unit: float = 1, text: str = TEXT) -> None:
    seen = line(path, text, page, unit)
    assert seen.x_mm == pytest.approx(style.x_mm, abs=0.5)
    assert seen.y_mm == pytest.approx(style.y_mm, abs=0.5)
    assert seen.size_pt == pytest.approx(style.font_size_pt, rel=0.02)
    assert seen.is_upright


def words(path: Path) -> list[str]:
    """The text of every page."""
    with pypdfium2.PdfDocument(path) as document:
        return ["".join(_characters(page.get_textpage())) for page in document]


def line(path: Path, text: str, page: int = 0, unit: float = 1) -> Line:
    """Finds the one occurrence of `text`, which begins with a capital; PDFium itself ignores UserUnit."""
    with pypdfium2.PdfDocument(path) as document:
        said = characters(document[page])
        assert said.count(text) == 1, f"{text!r} stands {said.count(text)} times in {said!r}"
        found = last_line(document[page], text, unit)
        assert found
        return found


def last_line(page: pypdfium2.PdfPage, text: str, unit: float = 1) -> Line | None:
    """Where `text` stands that was drawn last; None where it is not to be found in one piece."""
    textpage = page.get_textpage()
    first = "".join(_characters(textpage)).rfind(text)
    if first < 0:
        return None
    x, y = _device(page, *_origin(textpage, first))
    further = _device(page, *_origin(textpage, first + len(text) - 1))
    left, bottom, right, top = textpage.get_charbox(first)
    ends = textpage.get_charbox(first + len(text) - 1)
    height = abs(_device(page, left, bottom)[1] - _device(page, right, top)[1])
    end = max(_device(page, ends[0], ends[1])[0], _device(page, ends[2], ends[3])[0])
    return Line(
        x_mm=x * unit * _MM,
        y_mm=(page.get_height() - y) * unit * _MM,
        size_pt=height * unit / _CAP_HEIGHT,
        is_upright=further[0] > x and abs(further[1] - y) < 0.05,
        right_mm=end * unit * _MM,
        page_width_mm=page.get_width() * unit * _MM,
    )


def last_box(page: pypdfium2.PdfPage, text: str, size: tuple[int, int]) -> tuple[float, float, float, float] | None:
    """Which part of a picture of that many pixels the characters of `text` cover: left, top, right, bottom."""
    textpage = page.get_textpage()
    first = "".join(_characters(textpage)).rfind(text)
    if first < 0:
        return None
    across, down = size[0] / page.get_width(), size[1] / page.get_height()
    boxes = [textpage.get_charbox(index) for index in range(first, first + len(text))]
    corners = [_device(page, *corner) for box in boxes for corner in (box[:2], box[2:])]
    xs, ys = [x * across for x, _ in corners], [y * down for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def characters(page: pypdfium2.PdfPage) -> str:
    return "".join(_characters(page.get_textpage()))


def picture(path: Path, page: int = 0) -> Image.Image:
    """The page at 144 dots an inch."""
    with pypdfium2.PdfDocument(path) as document:
        return document[page].render(scale=2).to_pil().convert("RGB")


def ink(path: Path, box: tuple[float, float, float, float], page: int = 0) -> int:
    """How many dark pixels stand in a box of mm (left, bottom, right, top from the lower left corner)."""
    image = picture(path, page)
    left, bottom, right, top = (side / _MM * 2 for side in box)
    cut = image.crop((int(left), int(image.height - top), int(right), int(image.height - bottom)))
    return sum(count for shade, count in enumerate(cut.convert("L").histogram()) if shade < 100)


def differs_outside(one: Path, other: Path, box: tuple[float, float, float, float], page: int = 0) -> bool:
    """Whether any pixel outside a box of mm is different."""
    difference = ImageChops.difference(picture(one, page), picture(other, page))
    left, bottom, right, top = (side / _MM * 2 for side in box)
    area = (left, difference.height - top, right, difference.height - bottom)
    ImageDraw.Draw(difference).rectangle(area, fill=(0, 0, 0))
    return difference.getbbox() is not None


def _characters(textpage: pypdfium2.PdfTextPage) -> list[str]:
    return [chr(raw.FPDFText_GetUnicode(textpage, index)) for index in range(textpage.count_chars())]


def _origin(textpage: pypdfium2.PdfTextPage, index: int) -> tuple[float, float]:
    x, y = c_double(), c_double()
    raw.FPDFText_GetCharOrigin(textpage, index, byref(x), byref(y))
    return x.value, y.value


def _device(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    """User space to the visible page, from its upper left corner: PDFium knows rotation and boxes."""
    across, down = c_int(), c_int()
    size = int(page.get_width() * _FINE), int(page.get_height() * _FINE)
    raw.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, byref(across), byref(down))
    return across.value / _FINE, down.value / _FINE
