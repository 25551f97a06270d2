"""Which font files a line of text needs, and each of them cut down to the characters of that line.

Most lines need the slim font alone. What it lacks is looked for in the other files of font_files.py; none is opened
before it is needed. HarfBuzz cuts a font of 65,000 glyphs down to a name in a few milliseconds; drawing with the whole
font would take a second.
"""

import os
from functools import cache
from pathlib import Path

import uharfbuzz as harfbuzz

from pdfkit import font_files
from pdfkit.fonts import SLIM

FOLDER = "PDFKIT_FONTS"
_OUTLINES, _COLOURS = {"glyf", "CFF ", "CFF2"}, {"CBDT", "COLR", "SVG ", "sbix"}
_REGULAR = {"wght": 400.0, "wdth": 100.0}  # where a variable font leaves the choice


def needed(characters: set[str]) -> dict[Path, set[str]]:
    """The files that have these characters between them, each with those that it is to draw; the slim font is always
    the first. What no file has is in none of them."""
    wanted, found = set(characters), {SLIM: set[str]()}
    for path in font_files.offered(os.environ.get(FOLDER)):
        if has := {character for character in wanted if ord(character) in _covered(path)}:
            found[path] = has
            wanted -= has
        if not wanted:
            break
    return found


def cut(path: Path, characters: set[str], target: Path) -> None:
    """Writes a font with the glyphs of these characters alone, upright and of regular weight."""
    face = _face(path)
    wish = harfbuzz.SubsetInput()
    wish.flags = harfbuzz.SubsetFlags.NOTDEF_OUTLINE | harfbuzz.SubsetFlags.NO_HINTING
    for character in characters | {" "}:
        wish.unicode_set.add(ord(character))
    for axis in face.axis_infos:
        wish.pin_axis_location(face, axis.tag, _REGULAR.get(axis.tag, axis.default_value))
    target.write_bytes(harfbuzz.subset(face, wish).blob.data)


@cache
def _covered(path: Path) -> frozenset[int]:
    """What the font can draw in outlines of one colour; nothing where it is no such font."""
    tables = set((face := _face(path)).table_tags)
    return frozenset(face.unicodes) if tables & _OUTLINES and not tables & _COLOURS else frozenset()


def _face(path: Path) -> harfbuzz.Face:
    return harfbuzz.Face(harfbuzz.Blob.from_file_path(str(path)))
