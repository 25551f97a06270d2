"""Where a page's visible corner is, and the matrix that brings a line of text there."""

from dataclasses import dataclass
from decimal import Decimal

import pikepdf

from pdfkit.outcome import Style

Box = tuple[float, float, float, float]
Matrix = tuple[float, float, float, float, float, float]

_LETTER: Box = (0.0, 0.0, 612.0, 792.0)  # what readers assume where no usable box is given
_POINTS_PER_MM = 72 / 25.4
_DEEPEST = 200  # levels of a page tree; parents may run in a circle
_EDGE = 0.02  # of the page's width: what stays free where the text has to be squeezed in
_SQUEEZE = 0.5  # rather than shrinking the text further, it begins nearer to the edge


@dataclass(frozen=True)
class Sheet:
    """The visible part of a page: its box in user space, turned by `rotate` degrees clockwise
    (0, 90, 180 or 270), `unit` points to a user space unit."""

    box: Box
    rotate: int
    unit: float

    @property
    def width(self) -> float:
        """In points, as the reader sees it."""
        left, bottom, right, top = self.box
        return (top - bottom if self.rotate % 180 else right - left) * self.unit

    @property
    def height(self) -> float:
        """In points, as the reader sees it."""
        left, bottom, right, top = self.box
        return (right - left if self.rotate % 180 else top - bottom) * self.unit


@dataclass(frozen=True)
class Line:
    """A line of text: how far it reaches along, above and below its baseline, in points."""

    width: float
    ascent: float
    descent: float


@dataclass(frozen=True)
class Place:
    """Where the baseline starts, in points from the visible lower left corner, and how much the text shrinks."""

    x: float
    y: float
    scale: float
    moved: bool


def inherited(page: pikepdf.Object, key: str) -> object:
    """An attribute of a page, or else of the nearest node of the page tree above it that has it."""
    node: object = page
    for _ in range(_DEEPEST):
        if not isinstance(node, pikepdf.Dictionary):
            return None
        if key in node:
            return node.get(key)
        node = own(node, "/Parent")
    return None


def own(node: pikepdf.Object, key: str) -> object:
    """What a dictionary itself has there. A key that is not there is asked for first: get() would take twenty times
    as long to find that out."""
    return node.get(key) if key in node else None


def sheet(page: pikepdf.Object) -> Sheet:
    """The visible sheet of a page; boxes and rotation may come from the page tree."""
    media = _box(inherited(page, "/MediaBox")) or _LETTER
    crop = _box(inherited(page, "/CropBox")) or media
    visible = (max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3]))
    unit = _number(own(page, "/UserUnit")) or 1.0
    turns = int((_number(inherited(page, "/Rotate")) or 0.0) / 90)
    return Sheet(visible if _has_area(visible) else media, turns % 4 * 90, unit if unit > 0 else 1.0)


class Sheets:
    """The sheets of one PDF. Most of its pages are alike, so that each kind is worked out once."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Sheet] = {}

    def of(self, page: pikepdf.Object) -> Sheet:
        """As sheet()."""
        parent = own(page, "/Parent")
        above = parent.objgen if isinstance(parent, pikepdf.Dictionary) else (0, 0)
        if above == (0, 0):  # one that has no number cannot be told from another
            return sheet(page)
        key = (above, *(_word(own(page, name)) for name in ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit")))
        if key not in self._known:
            self._known[key] = sheet(page)
        return self._known[key]


def place(sheet: Sheet, line: Line, style: Style) -> Place:
    """Where the line goes so that all of it is on the page: as asked wherever it fits."""
    margin = _EDGE * sheet.width
    x = max(0.0, style.x_mm * _POINTS_PER_MM)
    room = sheet.width - x - min(x, margin)
    if room < _SQUEEZE * line.width:
        x = min(x, margin)
        room = sheet.width - 2 * x
    scale = min(1.0, room / line.width, sheet.height / (line.ascent + line.descent))
    asked = style.y_mm * _POINTS_PER_MM
    y = max(line.descent * scale, min(asked, sheet.height - line.ascent * scale))
    return Place(x, y, scale, moved=abs(x - style.x_mm * _POINTS_PER_MM) > 0.01 or abs(y - asked) > 0.01)


def matrix(sheet: Sheet, place: Place, origin: tuple[float, float]) -> Matrix:
    """Brings the point `origin` of the overlay to its place, upright for the reader."""
    left, bottom, right, top = sheet.box
    s = place.scale / sheet.unit
    x = place.x / sheet.unit - origin[0] * s
    y = place.y / sheet.unit - origin[1] * s
    return {
        0: (s, 0.0, 0.0, s, left + x, bottom + y),
        90: (0.0, s, -s, 0.0, right - y, bottom + x),
        180: (-s, 0.0, 0.0, -s, right - x, top - y),
        270: (0.0, -s, s, 0.0, left + y, top - x),
    }[sheet.rotate]


def _word(value: object) -> object:
    return value.unparse() if isinstance(value, pikepdf.Object) else value


def _box(value: object) -> Box | None:
    """Four numbers in the right order, or None where the box is missing, malformed or empty."""
    if not isinstance(value, pikepdf.Array) or len(value) != 4:
        return None
    numbers = [_number(item) for item in value]
    if any(number is None for number in numbers):
        return None
    x0, y0, x1, y1 = (number or 0.0 for number in numbers)
    box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return box if _has_area(box) else None


def _has_area(box: Box) -> bool:
    return box[2] > box[0] and box[3] > box[1]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float | Decimal) else None
