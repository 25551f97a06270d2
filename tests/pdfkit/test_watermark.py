"""The stamp as a reader sees it."""

import subprocess
import sys
import time
from pathlib import Path

import pikepdf
import pypdf
import pytest

from pdfkit.watermark import Cause, Caution, StampFailed, Style, stamp
from tests.pdfkit import papers, reading

TEXT = "Kauf 12345678 vom 05.06.2014 - Max Mustermann"
STYLE = Style(font_size_pt=11, x_mm=10, y_mm=10)
STAMPS_BOX = (9, 8, 120, 16)


@pytest.fixture
def source(tmp_path):
    return tmp_path / "source.pdf"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "target.pdf"


def assert_in_place(path: Path, style: Style = STYLE, page: int = 0, unit: float = 1, text: str = TEXT) -> None:
    line = reading.line(path, text, page, unit)
    assert line.x_mm == pytest.approx(style.x_mm, abs=0.5)
    assert line.y_mm == pytest.approx(style.y_mm, abs=0.5)
    assert line.size_pt == pytest.approx(style.font_size_pt, rel=0.02)
    assert line.is_upright


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


# --- What pages leave behind

LEFT_BEHIND = {
    "a matrix": b"0.1 0 0 0.1 300 300 cm",
    "saved states": b"q 2 0 0 2 0 0 cm q 0.5 0 0 0.5 90 90 cm q",
    "surplus restores": b"q Q Q Q Q 0.1 0 0 0.1 300 300 cm",
    "open text": b"BT /F1 30 Tf 3 Tr 5 Tc 50 Tz 10 Ts 100 100 Td (x) Tj",
    "a clip": b"0 0 1 1 re W n",
    "white": b"1 g 1 1 1 RG",
    "open marked content": b"/Span BMC /P <</MCID 0>> BDC",
    "a comment": b"0 g % the page ends within",
    "a string with operators": rb"BT /F1 9 Tf 50 500 Td (q Q \) (BT) q) Tj ET",
    "a hexadecimal string": b"BT /F1 9 Tf 50 500 Td <71 20 71> Tj ET",
    "a name like an operator": b"/q BMC EMC q /BT gs",
    "an image with operators": b"BI /W 4 /H 1 /BPC 8 /CS /G ID \nQ\nQ EI q",
}


@pytest.mark.parametrize("content", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_what_a_page_leaves_behind_does_not_reach_the_stamp(source, target, content):
    stamp(papers.sheet(source, content), target, TEXT, STYLE)

    assert_in_place(target)
    assert reading.ink(target, STAMPS_BOX) > 500
    assert not reading.differs_outside(source, target, STAMPS_BOX)


def test_a_restore_without_save_keeps_the_colours_of_the_page(source, target):
    papers.sheet(source, b"1 0 0 rg 100 500 50 50 re f Q 200 500 50 50 re f")

    stamp(source, target, TEXT, STYLE)

    assert_in_place(target)
    assert not reading.differs_outside(source, target, STAMPS_BOX)


def test_content_in_pieces_counts_as_one(source, target):
    stamp(papers.sheet(source, [b"q 1 0 0 1", b"200 200 cm", b"0 g"]), target, TEXT, STYLE)

    assert_in_place(target)


def test_an_unclosed_hidden_layer_does_not_hide_the_stamp(source, target):
    papers.sheet(source, b"/OC /Hidden BDC 0 0 10 10 re f")
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        layer = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="Hidden"))
        pdf.pages[0].Resources.Properties = pikepdf.Dictionary(Hidden=layer)
        pdf.Root.OCProperties = pikepdf.Dictionary(
            OCGs=pikepdf.Array([layer]), D=pikepdf.Dictionary(OFF=pikepdf.Array([layer]))
        )
        pdf.save(source)

    stamp(source, target, TEXT, STYLE)

    assert reading.ink(target, STAMPS_BOX) > 500


def test_a_scan_does_not_cover_the_stamp(source, target):
    stamp(papers.scan(source), target, TEXT, STYLE)

    assert_in_place(target)
    assert reading.ink(target, STAMPS_BOX) > 500


@pytest.mark.parametrize("contents", [None, pikepdf.Array([]), pikepdf.Array([None, 5])], ids=["none", "empty", "odd"])
def test_a_page_without_content_is_stamped(source, target, contents):
    papers.sheet(source)
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        del pdf.pages[0].Contents
        del pdf.pages[0].Resources
        if contents is not None:
            pdf.pages[0].obj.Contents = contents
        pdf.save(source)

    stamp(source, target, TEXT, STYLE)

    assert_in_place(target)


def test_pages_that_share_their_contents_are_stamped_once_each(source, target):
    stamp(papers.sharing(source), target, TEXT, STYLE)

    for page in range(4):
        assert_in_place(target, page=page)


def test_a_name_the_page_already_uses_keeps_its_meaning(source, target):
    stamp(papers.sheet(source), target, TEXT, STYLE)
    with pikepdf.open(target) as pdf:
        (taken,) = pdf.pages[0].Resources.XObject.keys()
    papers.sheet(source, f"q 100 0 0 100 100 500 cm {taken} Do Q".encode())
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        form = pikepdf.Stream(pdf, b"1 0 0 rg 0 0 1 1 re f", Subtype=pikepdf.Name.Form, BBox=[0, 0, 1, 1])
        pdf.pages[0].Resources.XObject = pikepdf.Dictionary({taken: form})
        pdf.save(source)

    stamp(source, target, TEXT, STYLE)

    assert_in_place(target)
    assert not reading.differs_outside(source, target, STAMPS_BOX)


# --- What stays as it was


def test_nothing_outside_the_stamp_changes(source, target):
    papers.sheet(source, Rotate=90, CropBox=(30, 40, 500, 700))

    stamp(source, target, TEXT, STYLE)

    assert not reading.differs_outside(source, target, STAMPS_BOX)
    assert reading.differs_outside(source, target, (0, 0, 1, 1))


def test_title_outline_and_links_stay(source, target):
    stamp(papers.book(source), target, TEXT, STYLE)

    before, after = pypdf.PdfReader(source), pypdf.PdfReader(target)
    assert after.metadata == before.metadata
    with pikepdf.open(target) as pdf, pdf.open_outline() as outline:
        assert [entry.title for entry in outline.root] == ["Chapter 1", "Chapter 2", "Chapter 3"]
        assert [str(page.Annots[0].A.URI) for page in pdf.pages] == ["https://example.org/"] * 3


def test_the_stamp_is_one_artifact_that_all_pages_share(source, target):
    stamp(papers.book(source, pages=3), target, TEXT, STYLE)

    for page in pypdf.PdfReader(target).pages:
        content = page.get_contents()
        assert content is not None
        assert content.get_data().count(b"/Artifact <</Type/Pagination/Subtype/Watermark>> BDC") == 1
    with pikepdf.open(target) as pdf:
        assert len({form.objgen for page in pdf.pages for form in page.Resources.XObject.values()}) == 1


def test_the_font_comes_once_and_a_page_grows_by_less_than_70_bytes(source, target):
    papers.book(source, pages=300)

    stamp(source, target, TEXT, STYLE)

    assert target.stat().st_size - source.stat().st_size < 10_000 + 300 * 70


def test_the_result_has_no_syntax_errors(source, target):
    stamp(papers.book(source), target, TEXT, STYLE)

    with pikepdf.open(target) as pdf:
        assert pdf.check_pdf_syntax() == []


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


def test_another_text_gives_other_bytes(source, target, tmp_path):
    stamp(papers.sheet(source), target, "Max", STYLE)
    stamp(source, tmp_path / "other.pdf", "Eva", STYLE)

    assert target.read_bytes() != (tmp_path / "other.pdf").read_bytes()


def test_protected_content_is_followed_as_well(source, target):
    papers.sheet(source, b"q 2 0 0 2 0 0 cm q BT")
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        pdf.save(source, encryption=pikepdf.Encryption(owner="secret", user=""))

    stamp(source, target, TEXT, STYLE)

    assert_in_place(target)


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
