"""The stamp as a reader sees it."""

import re
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pikepdf
import pytest

from pdfkit.inspect import inspect
from pdfkit.watermark import Cause, Caution, StampFailed, Style, stamp
from tests.pdfkit import papers, reading
from tests.pdfkit.kinds import furnished
from tests.pdfkit.reading import STYLE, TEXT, assert_in_place

# --- Where it stands


def test_every_page_of_a_book_bears_the_text_where_it_was_asked_for(source, target):
    stamped = stamp(papers.book(source, pages=12), target, TEXT, STYLE)

    assert stamped.pages == 12
    assert stamped.warnings == ()
    for page in range(12):
        assert_in_place(target, page=page)


@pytest.mark.parametrize("unit", [1, 2, 0.75])
@pytest.mark.parametrize("crop", [None, (40, 70, 555, 800), (-50, -50, 900, 900), (555, 800, 40, 70)])
@pytest.mark.parametrize("rotate", [0, 90, 180, 270, -90, 450])
def test_it_stands_where_the_reader_expects_it_on_a_turned_cropped_and_scaled_page(source, target, rotate, crop, unit):
    attributes = {"Rotate": rotate, "UserUnit": unit} | ({"CropBox": crop} if crop else {})
    papers.sheet(source, MediaBox=(10, 20, 605, 862), **attributes)

    stamp(source, target, TEXT, STYLE)

    assert_in_place(target, unit=unit)


@pytest.mark.parametrize("unit", [1000, 75_000])
def test_it_stands_there_where_a_unit_is_larger_than_a_page(source, target, unit):
    """A4 in units of a metre and more."""
    width, height = (round(side / unit, 9) for side in (595, 842))
    with pikepdf.open(papers.sheet(source, b"", UserUnit=unit)) as pdf:
        pdf.pages[0].obj.MediaBox = pikepdf.Array([0, 0, Decimal(str(width)), Decimal(f"{height:.9f}")])
        pdf.save(target.with_suffix(".large.pdf"))

    stamp(target.with_suffix(".large.pdf"), target, TEXT, STYLE)

    with pikepdf.open(target) as pdf:
        scale = pdf.pages[0].obj.Contents[-1].read_bytes().split(b" q ")[1].split()[0]
    assert float(scale) * unit == pytest.approx(1, rel=1e-3)


LEFT = [b"3 Tr", b"BT 7 Tr ET", b"90 Tc 5 Tz 400 Ts", b"1 g", b"/Faint gs", b"/Mask gs", b"/Blend gs"]


@pytest.mark.parametrize("left", LEFT)
def test_it_looks_the_same_whatever_state_it_is_drawn_in(source, target, monkeypatch, left):
    """Where content is broken, readers disagree about what it left open: here, nothing is closed at all."""
    stamp(papers.sheet(source, b""), plain := target.with_suffix(".plain.pdf"), TEXT, STYLE)
    monkeypatch.setattr("pdfkit.watermark._closing", lambda _left: b"\n")

    with pikepdf.open(papers.sheet(source, b"q " + left), allow_overwriting_input=True) as pdf:
        hidden = pikepdf.Stream(pdf, b"0 g 0 0 1 1 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form)
        hidden.BBox, hidden.Group = pikepdf.Array([0, 0, 1, 1]), pikepdf.Dictionary(S=pikepdf.Name.Transparency)
        pdf.pages[0].obj.Resources.ExtGState = pikepdf.Dictionary(
            Faint=pikepdf.Dictionary(ca=0),
            Mask=pikepdf.Dictionary(SMask=pikepdf.Dictionary(S=pikepdf.Name.Alpha, G=pdf.make_indirect(hidden))),
            Blend=pikepdf.Dictionary(BM=pikepdf.Name.Screen),
        )
        pdf.save(source)
    stamp(source, target, TEXT, STYLE)

    assert reading.picture(target).tobytes() == reading.picture(plain).tobytes()


@pytest.mark.parametrize("make", [papers.with_a_lost_object, papers.with_broken_content])
def test_a_copy_tells_of_damage_that_was_met_on_the_way(source, target, make):
    assert stamp(make(source), target, TEXT, STYLE).warnings == (Caution.REPAIRED,)


def test_a_copy_tells_of_files_on_its_pages(source, target):
    assert stamp(papers.with_a_paper_clip(source), target, TEXT, STYLE).warnings == (Caution.FILES_INSIDE,)


@pytest.mark.parametrize("colours", [False, True])
def test_what_nobody_has_looked_into_is_proved_with_the_copy(source, target, colours):
    with pytest.raises(StampFailed) as failed:
        stamp(papers.with_a_short_image(source, colours), target, TEXT, STYLE)

    assert failed.value.cause is Cause.DAMAGED
    assert not target.exists()


def test_pages_that_leave_something_open_are_proved_with_each_copy(source, target, monkeypatch):
    papers.sheets(source, [(b"q", {}), (b"q Q", {})])
    monkeypatch.setattr("pdfkit.watermark._closing", lambda left: b"\n1 0 0 1 0 900 cm " + b"Q " * (left.saved + 1))
    monkeypatch.setattr("pdfkit.watermark._drawing", lambda _placed: b"(")

    with pytest.raises(StampFailed, match="page 1"):
        stamp(source, target, TEXT, STYLE, unclosed=(1,))


def test_what_stands_in_a_stream_instead_of_a_dictionary_stays(source, target):
    papers.with_streams_for_dictionaries(source)

    stamp(source, target, TEXT, STYLE)

    assert not reading.differs_outside(source, target, (0, 0, 595, 60))


def test_text_may_follow_an_image_at_once_in_any_letters(source, target):
    image = b"BI /W 2 /H 2 /CS /G /BPC 8 ID \x00\xff\xff\x00 EI BT (\xe4\xf6) Tj ET"

    stamp(papers.sheet(source, image), target, TEXT, STYLE)

    assert_in_place(target)


def test_a_reversed_box_is_the_same_box(source, target):
    stamp(papers.sheet(source, MediaBox=(595, 842, 0, 0)), target, TEXT, STYLE)

    assert_in_place(target)


@pytest.mark.parametrize("crop", [(1000, 1000, 1200, 1200), (5, 5, 5, 5)], ids=["disjoint", "without area"])
def test_a_crop_box_that_shows_nothing_is_ignored(source, target, crop):
    stamp(papers.sheet(source, CropBox=crop), target, TEXT, STYLE)

    with pikepdf.open(target, allow_overwriting_input=True) as pdf:
        del pdf.pages[0].CropBox  # PDFium shows a page without area where others show all of it
        pdf.save(target)
    assert_in_place(target)


def test_what_a_page_inherits_counts(source, target):
    papers.inheriting(source, MediaBox=(0, 0, 842, 595), CropBox=(20, 30, 800, 500), Rotate=90)

    stamp(source, target, TEXT, STYLE)

    for page in range(2):
        assert_in_place(target, page=page)


def test_size_and_place_are_those_of_the_style(source, target):
    style = Style(font_size_pt=24, x_mm=33, y_mm=150)

    stamp(papers.sheet(source), target, "Kurz", style)

    assert_in_place(target, style, text="Kurz")


# --- What is on the page


@pytest.mark.parametrize(
    "name",
    ["Jürgen Großkötter-Übel", "Łukasz Źdźbło", "Jiří Čížek", "Ήρα Παπαδοπούλου", "Юлія Ґалаґан", "„Ö“ – 5 €, ‚a‘ …"],
)
def test_european_names_come_out_as_they_were_written(source, target, name):
    stamped = stamp(papers.book(source, pages=2), target, name, STYLE)

    assert stamped.warnings == ()
    assert all(name in words for words in reading.words(target))


def test_a_decomposed_name_is_composed(source, target):
    stamp(papers.sheet(source), target, "Mu\u0308ller", STYLE)

    assert "Müller" in reading.words(target)[0]


def test_characters_beyond_the_font_are_marked_visibly_and_told(source, target):
    stamped = stamp(papers.sheet(source), target, "Max 李 😀", STYLE)

    assert stamped.warnings == (Caution.CHARACTERS_REPLACED,)
    assert "Max \ufffd \ufffd" in reading.words(target)[0]


@pytest.mark.parametrize("text", ["", "  ", "\u202e\u200b\x07"])
def test_a_stamp_without_visible_text_is_refused(source, target, text):
    with pytest.raises(ValueError, match="empty"):
        stamp(papers.sheet(source), target, text, STYLE)
    assert not target.exists()


# --- Where it does not fit


def test_a_text_too_long_for_the_page_shrinks_until_its_end_is_on_it(source, target):
    text = "Kauf " + "Wolkenkuckucksheim " * 12 + "Ende"

    stamped = stamp(papers.sheet(source), target, text, STYLE)

    line = reading.line(target, text)
    assert Caution.TEXT_SHRUNK in stamped.warnings
    assert line.right_mm < line.page_width_mm
    assert 0 < line.size_pt < 11


def test_a_tiny_page_gets_a_tiny_text(source, target):
    stamped = stamp(papers.sheet(source, b"", MediaBox=(0, 0, 40, 20)), target, TEXT, STYLE)

    line = reading.line(target, TEXT)
    assert set(stamped.warnings) == {Caution.TEXT_SHRUNK, Caution.TEXT_MOVED}
    assert line.x_mm >= 0
    assert line.right_mm <= line.page_width_mm


def test_a_place_beyond_the_page_is_moved_onto_it(source, target):
    stamped = stamp(papers.sheet(source), target, TEXT, Style(11, x_mm=400, y_mm=0))

    line = reading.line(target, TEXT)
    assert Caution.TEXT_MOVED in stamped.warnings
    assert line.right_mm < line.page_width_mm
    assert line.y_mm > 1  # a descender's depth


# --- The same bytes for the same customer


def test_the_same_stamp_gives_the_same_bytes_in_another_process_and_second(source, tmp_path):
    papers.protected(source, owner="secret")
    script = "import sys; from pathlib import Path; from pdfkit.watermark import *\n"
    script += "stamp(Path(sys.argv[1]), Path(sys.argv[2]), 'Kauf 1 - Łukasz 李', Style(11, 10, 10))"
    made = [tmp_path / "1.pdf", tmp_path / "2.pdf"]

    for seed, path in enumerate(made):
        environment = {"PYTHONHASHSEED": str(seed + 1), "PYTHONPATH": str(Path(__file__).parents[2])}
        subprocess.run([sys.executable, "-c", script, source, path], env=environment, check=True, timeout=20)
        time.sleep(0.6)

    assert made[0].read_bytes() == made[1].read_bytes()


@pytest.mark.parametrize("mode", [pikepdf.ObjectStreamMode.disable, pikepdf.ObjectStreamMode.generate])
def test_what_is_known_of_a_book_changes_no_byte_of_its_copy(source, target, tmp_path, mode):
    papers.sheets(
        tmp_path / "plain.pdf",
        [(b"q 2 0 0 2 50 50 cm BT", {}), (papers.FRAME, {}), ([b"q", papers.FRAME], {"Rotate": 90}), (b"q Q Q", {})],
    )
    with pikepdf.open(tmp_path / "plain.pdf") as pdf:
        pdf.save(source, object_stream_mode=mode)
    known = inspect(source).unclosed

    stamp(source, target, TEXT, STYLE)
    stamp(source, tmp_path / "quick.pdf", TEXT, STYLE, known)

    assert known == (1, 3, 4)
    assert (tmp_path / "quick.pdf").read_bytes() == target.read_bytes()
    for page in range(4):
        assert_in_place(target, page=page)


def test_what_is_said_of_a_rebuilt_book_is_not_relied_upon(source, target):
    papers.sheets(source, [(b"2 0 0 2 50 50 cm q", {}), (papers.FRAME, {})])
    source.write_bytes(source.read_bytes().replace(b"startxref", b"startxxxx"))

    stamp(source, target, TEXT, STYLE, ())

    assert_in_place(target)


@pytest.mark.parametrize("mode", [pikepdf.ObjectStreamMode.disable, pikepdf.ObjectStreamMode.generate])
@pytest.mark.parametrize("has_one", [True, False], ids=["with an identifier", "without"])
def test_every_copy_has_an_identifier_of_its_own_beside_that_of_the_original(source, target, mode, has_one):
    papers.book(source.with_suffix(".plain"))
    with pikepdf.open(source.with_suffix(".plain")) as pdf:
        pdf.save(source, object_stream_mode=mode)
    if not has_one:
        source.write_bytes(source.read_bytes().replace(b"/ID ", b"/XD "))
    first = []
    for text in ("Max", "Maria", "Max"):
        stamp(source, target, text, STYLE)
        with pikepdf.open(target) as copy:
            first.append([bytes(each) for each in copy.trailer.ID])

    assert first[0] == first[2]
    assert first[0][1] != first[1][1]
    with pikepdf.open(source) as original:
        assert not has_one or first[0][0] == bytes(original.trailer.ID[0])


def test_another_text_gives_other_bytes(source, target, tmp_path):
    stamp(papers.sheet(source), target, "Max", STYLE)
    stamp(source, tmp_path / "other.pdf", "Eva", STYLE)

    assert target.read_bytes() != (tmp_path / "other.pdf").read_bytes()


# --- What is refused, and what is only told


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (papers.empty, Cause.EMPTY),
        (papers.html, Cause.NOT_A_PDF),
        (papers.truncated, Cause.DAMAGED),
        (papers.without_pages, Cause.NO_PAGES),
        (papers.endless, Cause.DAMAGED),
        (papers.bloated, Cause.TOO_LARGE),
        (lambda path: papers.protected(path, owner="o", user="geheim"), Cause.LOCKED),
        (lambda path: papers.sheet(path, b"(a string without end"), Cause.DAMAGED),
        (lambda path: papers.sheet(path, b"BI /W 1 /H 1 ID \xff\x00\xff"), Cause.DAMAGED),
    ],
    ids=["empty", "html", "truncated", "no pages", "endless", "bloated", "password", "open string", "open image"],
)
def test_an_unusable_file_is_refused_with_its_cause_and_leaves_nothing(source, target, make, cause):
    make(source)
    before = set(source.parent.iterdir())

    with pytest.raises(StampFailed) as refused:
        stamp(source, target, TEXT, STYLE)

    assert refused.value.cause is cause
    assert set(source.parent.iterdir()) == before


@pytest.mark.filterwarnings("ignore:This document has .* form widget")
def test_a_page_that_is_lost_when_a_rebuilt_file_is_written_is_noticed(source, target):
    with pikepdf.open(furnished(source)) as pdf:
        pdf.save(target)
    mistaken = re.sub(rb"/OpenAction \[ (\d+) 0 R", rb"/OpenAction [ \1 1999 R", target.read_bytes())
    source.write_bytes(mistaken)
    target.unlink()

    assert inspect(source).cause is Cause.DAMAGED
    with pytest.raises(StampFailed, match="3 of 4 pages were written"):
        stamp(source, target, TEXT, STYLE)
    assert not target.exists()


def test_a_failure_leaves_an_older_stamp_as_it_was(source, target):
    target.write_bytes(b"older")

    with pytest.raises(StampFailed):
        stamp(papers.truncated(source), target, TEXT, STYLE)

    assert target.read_bytes() == b"older"


def test_a_file_that_cannot_be_written_leaves_nothing(source, tmp_path):
    papers.sheet(source)
    target = tmp_path / "folder"
    target.mkdir()

    with pytest.raises(OSError):
        stamp(source, target, TEXT, STYLE)

    assert not list(tmp_path.glob(".*"))


def test_a_vanished_file_is_the_callers_to_explain(source, target):
    with pytest.raises(FileNotFoundError):
        stamp(source, target, TEXT, STYLE)


@pytest.mark.parametrize(
    ("make", "caution"),
    [
        (lambda path: papers.protected(path, owner="secret"), Caution.PROTECTION_REMOVED),
        (papers.signed, Caution.SIGNATURE_BROKEN),
        (papers.with_broken_index, Caution.REPAIRED),
    ],
    ids=["owner password", "signature", "rebuilt"],
)
def test_what_the_merchant_should_know_is_told(source, target, make, caution):
    stamped = stamp(make(source), target, TEXT, STYLE)

    assert stamped.warnings == (caution,)
    assert_in_place(target)
    with pikepdf.open(target) as pdf:
        assert not pdf.is_encrypted
