"""Which characters documents can show, without a look into the fonts that show them."""

from contextlib import closing
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from pdfkit import letters
from pdfkit.fonts import SLIM

FACES = ("NotoSans-Paper.ttf", Path(SLIM).name, "NotoSansArabic-Paper.ttf", "NotoSansHebrew-Paper.ttf")


def test_the_ranges_are_those_of_the_faces():
    drawn: set[int] = set()
    for face in FACES:
        with closing(TTFont(Path(SLIM).parent / face, lazy=True)) as font:
            drawn |= set(font.getBestCmap())

    assert letters.covered() == drawn


@pytest.mark.parametrize(
    ("text", "unprintable"),
    [
        ("Jürgen Groß", ""),
        ("Иван Петров", ""),
        ("e\u0301\u00ad\ufe0f\n", ""),
        ("🎉 Köln 🎉 東京", "京東🎉"),
    ],
)
def test_what_no_face_has_is_named_once(text, unprintable):
    assert letters.unprintable(text) == unprintable
