"""Names in every script: which font draws them, and that they are really drawn."""

import sys
from pathlib import Path

import pikepdf
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import ImageChops

from pdfkit import faces, fonts
from pdfkit.outcome import Caution
from pdfkit.watermark import stamp
from tests.pdfkit import papers, reading
from tests.pdfkit.reading import STYLE

ARABIC = "\u0645\u062d\u0645\u062f \u0639\u0644\u064a"
HEBREW = "\u05d3\u05d5\u05d3 \u05db\u05d4\u05df"
CHINESE = "\u674e\u5c0f\u9f8d"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the operator keeps fonts."""
    place = tmp_path / "fonts"
    place.mkdir()
    monkeypatch.setenv(faces.FOLDER, str(place))
    return place


def a_font(path: Path, characters: str, colours: bool = False) -> Path:
    """Every character is a box."""
    pen = TTGlyphPen(None)
    for point in ((100, 0), (100, 700), (800, 700), (800, 0)):
        (pen.moveTo if point == (100, 0) else pen.lineTo)(point)
    pen.closePath()
    names = [".notdef", *(f"u{ord(character):x}" for character in characters)]
    font = FontBuilder(1000)
    font.setupGlyphOrder(names)
    font.setupCharacterMap(dict(zip(map(ord, characters), names[1:], strict=True)))
    font.setupGlyf(dict.fromkeys(names, pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys(names, (900, 100)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Boxes", "styleName": "Regular", "psName": "Boxes-Regular"})
    font.setupOS2()
    font.setupPost()
    if colours:
        font.setupCPAL([[(1.0, 0.0, 0.0, 1.0)]])
        font.setupCOLR({names[1]: [(names[0], 0)]})
    font.save(path)
    return path


def test_most_lines_need_the_slim_font_alone_and_open_no_other():
    assert faces.needed(set("Käufer Łukasz Ήρα Юлія")) == {fonts.SLIM: set("Käufer Łukasz Ήρα Юлія")}


@pytest.mark.parametrize("name", [ARABIC, HEBREW, "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"])
def test_names_from_right_to_left_are_drawn_without_any_further_font(source, target, name):
    stamped = stamp(papers.sheet(source), target, f"Kauf 7 - {name}", STYLE)

    assert stamped.warnings == ()
    assert set(name) - {"\u200c"} <= set(reading.words(target)[0])
    assert fonts.REPLACEMENT not in reading.words(target)[0]


def test_arabic_letters_are_joined(source, target):
    stamp(papers.sheet(source, b""), target, "\u0628\u0628\u0628", STYLE)
    stamp(source, target.with_name("apart.pdf"), "\u0628 \u0628 \u0628", STYLE)

    joined, apart = (reading.ink(path, reading.STAMPS_BOX) for path in (target, target.with_name("apart.pdf")))
    assert joined < 0.9 * apart  # a letter alone is larger than one within a word


def test_letters_of_hebrew_run_from_right_to_left(source, target):
    stamp(papers.sheet(source, b""), target, "\u05d0\u05d1", STYLE)
    stamp(source, target.with_name("turned.pdf"), "\u05d1\u05d0", STYLE)

    assert ImageChops.difference(*map(reading.picture, (target, target.with_name("turned.pdf")))).getbbox()
    with pikepdf.open(target) as pdf:
        form = next(iter(pdf.pages[0].Resources.XObject.as_dict().values()))
        shown = [each for each in pikepdf.parse_content_stream(form) if str(each.operator) == "Tj"]
        drawn = [bytes(each.operands[0]) for each in shown]
        spelled = b"".join(font.ToUnicode.read_bytes() for font in form.Resources.Font.as_dict().values())
    first = b"".join(drawn)[:2].hex().upper().encode()
    assert b"<" + first + b"> <05D1>" in spelled  # Bet, the second letter, stands leftmost


def test_what_the_slim_font_lacks_comes_from_the_operators_folder(source, target, folder):
    a_font(folder / "Boxes-Regular.ttf", CHINESE)

    stamped = stamp(papers.sheet(source), target, f"Kauf {CHINESE}", STYLE)

    assert stamped.warnings == ()
    assert f"Kauf {CHINESE}" in reading.words(target)[0]


def test_a_mixed_line_uses_as_many_fonts_as_it_needs(source, target, folder):
    (folder / "deeper").mkdir()
    a_font(folder / "deeper" / "Han-Regular.ttf", CHINESE)
    a_font(folder / "Smile-Regular.ttf", "\U0001f600")

    stamped = stamp(papers.sheet(source), target, f"Łukasz {CHINESE} {ARABIC} \U0001f600 Ende", STYLE)

    assert stamped.warnings == ()
    said = reading.words(target)[0]
    assert {"Ł", *CHINESE, *ARABIC} <= set(said)
    assert fonts.REPLACEMENT not in said


def test_regular_fonts_go_before_bold_ones(folder):
    a_font(folder / "Aaa-Bold.ttf", "\u674e")
    regular = a_font(folder / "Zzz-Regular.ttf", "\u674e")

    assert faces.needed({"\u674e"}) == {fonts.SLIM: set(), regular: {"\u674e"}}


def test_coloured_and_broken_fonts_are_none(source, target, folder):
    a_font(folder / "Colours-Regular.ttf", "\U0001f600", colours=True)
    (folder / "Broken-Regular.ttf").write_bytes(b"no font at all" * 100)
    (folder / "Empty-Regular.otf").write_bytes(b"")

    stamped = stamp(papers.sheet(source), target, "Max \U0001f600", STYLE)

    assert stamped.warnings == (Caution.CHARACTERS_REPLACED,)
    assert f"Max {fonts.REPLACEMENT}" in reading.words(target)[0]


def test_the_packages_of_the_extra_are_found_without_being_run(tmp_path, monkeypatch):
    package = tmp_path / "manimgx_fonts"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('not to be run')", encoding="utf-8")
    font = a_font(package / "NotoEmoji[wght].ttf", "\U0001f600")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    assert faces.needed({"\U0001f600"})[font] == {"\U0001f600"}


def test_a_font_is_cut_down_to_the_characters_of_the_line(source, target):
    stamp(papers.sheet(source), target, "Max", STYLE)

    with pikepdf.open(target) as pdf:
        form = next(iter(pdf.pages[0].Resources.XObject.as_dict().values()))
        (font,) = form.Resources.Font.as_dict().values()
        assert len(font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()) < 4_000
