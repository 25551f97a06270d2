"""Draws the banner of the demo's shop: two pieces of a pattern on a cutting mat, and a thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import hypot
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]
Curve = tuple[Point, Point, Point, Point]

WIDTH, HEIGHT = 1920, 480
FINE = 2  # drawn at twice the size, then scaled down: soft edges
MAT, GRID, PAPER, THREAD = "#0d4a5b", "#1f5f6f", "#f3efe4", "#e9b949"
FONT = Path(__file__).parents[1] / "static/vendor/atkinson-hyperlegible-next-5.3.0"
FACE = "atkinson-hyperlegible-next-latin-wght-normal.woff2"
# Half of each piece as curves, from the top of its middle line round to the hem; the other half is its mirror image.
BODICE: tuple[Curve, ...] = (
    ((0, 96), (50, 96), (72, 80), (80, 40)),
    ((80, 40), (105, 50), (130, 58), (160, 66)),
    ((160, 66), (128, 110), (132, 170), (172, 186)),
    ((172, 186), (150, 250), (190, 330), (196, 520)),
)
SLEEVE: tuple[Curve, ...] = (
    ((0, 60), (70, 60), (80, 190), (150, 216)),
    ((150, 216), (118, 290), (104, 380), (98, 520)),
)
STRAY: tuple[Curve, ...] = (
    ((-40, 424), (260, 480), (520, 440), (690, 400)),
    ((690, 400), (840, 364), (880, 452), (800, 452)),
    ((800, 452), (700, 452), (800, 330), (980, 250)),
    ((980, 250), (1210, 160), (1400, 330), (1660, 300)),
    ((1660, 300), (1800, 284), (1880, 200), (1960, 190)),
)


def draw(target: Path) -> None:
    image = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), MAT)
    pen = ImageDraw.Draw(image)
    for place in range(60, WIDTH, 120):
        pen.line(_fine([(place, 0), (place, HEIGHT)]), GRID, FINE)
    for place in range(60, HEIGHT, 120):
        pen.line(_fine([(0, place), (WIDTH, place)]), GRID, FINE)
    _piece(pen, BODICE, 1230)
    _piece(pen, SLEEVE, 1650)
    pen.line(_fine(_points(STRAY)), THREAD, 6 * FINE, "curve")
    _words(pen)
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(target)


def _piece(pen: ImageDraw.ImageDraw, half: Sequence[Curve], middle: float) -> None:
    """Paper with its seam as a dashed line, the grain as an arrow."""
    edge = _points(half)
    right, left = [(middle + x, y) for x, y in edge], [(middle - x, y) for x, y in edge]
    pen.polygon(_fine(right + left[::-1]), PAPER)
    for start, end in _dashes(list(_within(edge))):
        for side in (1, -1):
            pen.line(_fine([(middle + side * x, y) for x, y in (start, end)]), MAT, 3 * FINE)
    top, bottom = (middle, 190), (middle, 360)
    pen.line(_fine([top, bottom]), MAT, 3 * FINE)
    for (x, y), way in ((top, 1), (bottom, -1)):
        pen.line(_fine([(x - 11, y + 17 * way), (x, y), (x + 11, y + 17 * way)]), MAT, 3 * FINE, "curve")


def _words(pen: ImageDraw.ImageDraw) -> None:
    for text, size, weight, place, colour in (
        ("Nähwerk", 124, 800, (100, 276), "white"),
        ("Schnittmuster zum Selbernähen", 37, 500, (106, 346), "#d9ebee"),
    ):
        font = ImageFont.truetype(str(FONT / FACE), size * FINE)
        font.set_variation_by_axes([weight])
        pen.text(_fine([place])[0], text, colour, font, anchor="ls")


def _points(curves: Sequence[Curve]) -> list[Point]:
    """Along cubic Bézier curves, in sixty steps each."""
    return [_at(curve, step / 60) for curve in curves for step in range(61)]


def _at(curve: Curve, t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    x, y = (sum(weight * point[axis] for weight, point in zip(weights, curve, strict=True)) for axis in (0, 1))
    return x, y


def _within(edge: Sequence[Point], inset: float = 16) -> Iterator[Point]:
    """The same line, `inset` to its right as one walks along it; never across the middle."""
    for (x, y), (to_x, to_y) in pairwise(edge):
        if length := hypot(to_x - x, to_y - y):
            yield max(0.0, x - inset * (to_y - y) / length), y + inset * (to_x - x) / length


def _dashes(points: Sequence[Point], length: float = 12, gap: float = 10) -> Iterator[tuple[Point, Point]]:
    """The short steps between the points that fall on a dash."""
    walked = 0.0
    for start, end in pairwise(points):
        if walked % (length + gap) < length:
            yield start, end
        walked += hypot(end[0] - start[0], end[1] - start[1])


def _fine(points: Sequence[Point]) -> list[Point]:
    return [(x * FINE, y * FINE) for x, y in points]
