"""The merchant's one colour, made readable on paper, on the counter, in light and in dark."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b

READABLE = 4.5  # WCAG 2.2 AA for writing
COMFORTABLE = 5.5  # for links, which are read in the middle of a sentence
STEP = 0.01


@dataclass(frozen=True)
class Colour:
    """OKLCH: lightness 0 to 1, chroma from 0, hue in degrees."""

    lightness: float
    chroma: float
    hue: float

    def __str__(self) -> str:
        return f"oklch({self.lightness * 100:.1f}% {self.chroma:.3f} {self.hue:.1f})"


# The surfaces of tokens.css that writing may stand on.
PAPER, WELL, COUNTER = Colour(0.992, 0.003, 120), Colour(0.965, 0.006, 140), Colour(0.915, 0.013, 155)
DARK_PAPER, DARK_WELL = Colour(0.245, 0.012, 170), Colour(0.285, 0.013, 170)
WHITE = Colour(1, 0, 0)


@dataclass(frozen=True)
class Accent:
    """Three tokens in both schemes: the fill, what is written on it, and the colour of links."""

    fill: Colour
    on: Colour
    text: Colour
    dark_fill: Colour
    dark_on: Colour
    dark_text: Colour


def accent_of(colour: str) -> Accent:
    """The tokens of a colour such as `#0d596d`. No colour is refused: what cannot be read is moved until it can."""
    chosen = oklch(colour)
    ink = Colour(0.24, 0.02, chosen.hue)
    writable = max(contrast(chosen, WHITE), contrast(chosen, ink)) >= READABLE
    fill = chosen if writable else _until(chosen, -STEP, (WHITE,))
    dark_fill = replace(chosen, lightness=max(chosen.lightness, 0.72), chroma=min(chosen.chroma, 0.14))
    start = replace(chosen, lightness=min(chosen.lightness, 0.60))
    dark_start = replace(dark_fill, lightness=max(chosen.lightness, 0.74))
    return Accent(
        fill=fill,
        on=WHITE if contrast(fill, WHITE) >= READABLE else ink,
        text=_until(start, -STEP, (PAPER, WELL, COUNTER), COMFORTABLE),
        dark_fill=dark_fill,
        dark_on=Colour(0.20, 0.02, chosen.hue),
        dark_text=_until(dark_start, STEP, (DARK_PAPER, DARK_WELL), COMFORTABLE),
    )


@lru_cache(maxsize=256)
def theme_css(colour: str) -> str:
    """The stylesheet that goes last, for a colour such as `#0d596d`."""
    accent = accent_of(colour)
    return (
        "@layer tokens{:root{"
        f"--accent:light-dark({accent.fill},{accent.dark_fill});"
        f"--accent-on:light-dark({accent.on},{accent.dark_on});"
        f"--accent-text:light-dark({accent.text},{accent.dark_text})"
        "}}\n"
    )


@lru_cache(maxsize=256)
def address(colour: str) -> str:
    """Where that stylesheet is served: it changes with its content."""
    return f"/theme/{blake2b(theme_css(colour).encode(), digest_size=8).hexdigest()}.css"


def contrast(one: Colour, other: Colour) -> float:
    """The ratio of WCAG 2, 1 to 21, of the colours as a screen shows them."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def oklch(colour: str) -> Colour:
    """From `#rrggbb`."""
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Colour(lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)


def _until(colour: Colour, step: float, grounds: tuple[Colour, ...], floor: float = READABLE) -> Colour:
    """The colour, lighter or darker by steps, until it can be read on every ground."""
    while 0 < colour.lightness < 1 and min(contrast(colour, ground) for ground in grounds) < floor:
        colour = replace(colour, lightness=min(1.0, max(0.0, colour.lightness + step)))
    return colour


def _luminance(colour: Colour) -> float:
    """Relative luminance; what lies outside of sRGB is clipped, as a screen would."""
    a, b = colour.chroma * math.cos(math.radians(colour.hue)), colour.chroma * math.sin(math.radians(colour.hue))
    long = (colour.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (colour.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (colour.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return sum(part * min(1.0, max(0.0, light)) for part, light in ((0.2126, red), (0.7152, green), (0.0722, blue)))


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
