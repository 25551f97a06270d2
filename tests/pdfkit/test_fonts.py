"""Which text a stamp can bear."""

import hashlib
import re

import pytest
import uharfbuzz

from pdfkit.fonts import REPLACEMENT, SLIM, drawable

EVERYTHING = range(0x110000)
LATIN = {ord(character) for character in "aemrxsM ()"} | {0xE9}


@pytest.mark.parametrize(
    ("written", "drawn"),
    [
        ("e\u0301", "é"),
        ("Max\u202egnortS", "MaxgnortS"),
        ("M\u200ba\u200dx\ufeff", "Max"),
        ("Max\x00\x1b\x7f", "Max"),
        ("Max\r\n\tMeier", "Max   Meier"),
        ("Max\u00a0\u2009Meier", "Max  Meier"),
        ("Max\u00ad\ufe0f", "Max"),
        ("Max\ud800", "Max"),
        ("  Max  ", "Max"),
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"),
        ("\u200c\u0639\u200d", "\u0639"),
    ],
    ids=[
        *("NFC", "override", "zero width", "controls", "line breaks", "spaces"),
        *("selectors", "surrogate", "edges", "Persian", "joining nothing"),
    ],
)
def test_a_name_is_one_clean_line(written, drawn):
    line = drawable(written, EVERYTHING)

    assert line.text == drawn
    assert not line.replaced


def test_a_character_the_font_lacks_is_replaced_and_told():
    line = drawable("Max 李", LATIN)

    assert line.text == f"Max {REPLACEMENT}"
    assert line.replaced


def test_a_decomposed_letter_that_the_font_has_composed_is_covered():
    assert not drawable("e\u0301", LATIN).replaced


def test_the_shipped_font_covers_europe_and_its_own_replacement_mark():
    covered = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(SLIM))).unicodes

    wanted = "ÄÖÜäöüßẞ ąćęłńóśźż ěščřžýůťďň őű șț ğışç æøåþð „“”‚‘’»«–—…€£№™·•"
    wanted += "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ абвгдеёжзийъыьэюяіїєґ"
    assert {character for character in wanted + REPLACEMENT if ord(character) not in covered} == set()


def test_the_fonts_are_those_their_readme_tells_of():
    readme = (SLIM.parent / "README.md").read_text(encoding="utf-8")

    told = {name: sha256 for sha256, name in re.findall(r"`([0-9a-f]{64})` \| `([\w-]+\.ttf)`", readme)}

    assert told == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in SLIM.parent.glob("*.ttf")}
