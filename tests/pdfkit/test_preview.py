"""The picture of a stamped first page: the stamp stands where the millimetres say."""

from __future__ import annotations

from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image

from pdfkit import preview
from pdfkit.child import Child
from pdfkit.outcome import Cause, Caution, StampFailed, Style
from tests.pdfkit import papers

RULER = 60
TEXT = "Kauf 12345678 vom 05.06.2014 - Max Mustermann"


def a_paper(place: Path, width_mm: float = 210, height_mm: float = 297, pages: int = 3) -> Path:
    paper = FPDF(unit="mm", format=(width_mm, height_mm))
    for _ in range(pages):
        paper.add_page()
    paper.output(str(place))
    return place


def stamp_in_mm(picture: Path, height_mm: float) -> tuple[float, float]:
    """The left end and the lower end of what is nearly black on the page."""
    with Image.open(picture) as image:
        # The guides are red.
        page = image.convert("RGB").getchannel("R").crop((RULER, 0, image.width, image.height - RULER))
    box = page.point(lambda grey: 255 if grey < 90 else 0).getbbox()
    assert box, "nothing is stamped"
    scale = height_mm / page.height
    return box[0] * scale, (page.height - box[3]) * scale


@pytest.mark.parametrize(("x", "y"), [(10, 10), (60, 150.5), (0, 5)])
def test_the_text_begins_at_its_millimetres(tmp_path, x, y):
    done = preview.draw(a_paper(tmp_path / "a.pdf"), tmp_path / "a.png", TEXT, Style(11, x, y))

    left, bottom = stamp_in_mm(tmp_path / "a.png", 297)
    assert abs(left - x) < 0.8
    assert abs(bottom - y) < 1.6  # the commas of some letters hang below the baseline
    assert done.pages == 3


def test_a_wide_page_is_drawn_wide(tmp_path):
    preview.draw(a_paper(tmp_path / "a.pdf", 297, 210), tmp_path / "a.png", TEXT, Style(11, 10, 10))

    with Image.open(tmp_path / "a.png") as image:
        width, height = image.size
    assert width > height
    assert width <= 760


def test_an_empty_text_leaves_the_page_alone(tmp_path):
    preview.draw(a_paper(tmp_path / "a.pdf"), tmp_path / "a.png", "", Style(11, 10, 10))

    with pytest.raises(AssertionError, match="nothing is stamped"):
        stamp_in_mm(tmp_path / "a.png", 297)


def test_without_a_file_an_empty_sheet_bears_the_stamp(tmp_path):
    done = preview.draw(None, tmp_path / "a.png", TEXT, Style(11, 10, 10))

    assert abs(stamp_in_mm(tmp_path / "a.png", 297)[0] - 10) < 0.8
    assert done.pages == 0


def test_the_picture_is_light_and_its_numbers_are_large_enough_for_half_its_size(tmp_path):
    preview.draw(a_paper(tmp_path / "a.pdf"), tmp_path / "a.png", TEXT, Style(11, 10, 10))

    with Image.open(tmp_path / "a.png") as image:
        number = image.convert("L").crop((0, image.height - 100, RULER - 12, image.height))
    box = number.point(lambda grey: 255 if grey < 140 else 0).getbbox()
    assert box
    assert box[3] - box[1] >= 16  # a figure: eight pixels where the page shows 380 of 760
    assert (tmp_path / "a.png").stat().st_size < 25_000


def test_a_place_off_the_page_is_told(tmp_path):
    there = preview.draw(None, tmp_path / "a.png", TEXT, Style(11, 10, 10))
    away = preview.draw(None, tmp_path / "a.png", TEXT, Style(11, 1999, 10))

    assert there.warnings == ()
    assert Caution.TEXT_MOVED in away.warnings


@pytest.mark.parametrize(
    ("paper", "is_seen"),
    [
        (lambda path: papers.sheet(path, b"0.1 g 0 0 600 900 re f"), False),
        (papers.covered, False),
        (lambda path: papers.sheet(path, b"0.6 g 0 0 600 900 re f"), True),
        (lambda path: papers.sheet(path, b"0 g 0 60 600 900 re f"), True),
        (lambda path: papers.sheet(path, b"0.4 g 0 0 600 900 re f"), True),
        (lambda path: papers.sheet(path, b"0.3 g 0 0 600 900 re f"), False),
        (lambda path: papers.sheet(path, b"1 0 0 rg 0 0 600 900 re f"), True),
        (lambda path: papers.sheet(path, b"0 0 1 rg 0 0 600 900 re f"), False),
        (papers.scan, True),
        (lambda path: papers.sheet(path, Rotate=90, UserUnit=2), True),
    ],
    ids=["dark", "under a field", "grey", "dark elsewhere", "3.5 : 1", "2.5 : 1", "red", "blue", "scan", "turned"],
)
def test_a_stamp_that_can_hardly_be_seen_is_told(tmp_path, paper, is_seen):
    done = preview.draw(paper(tmp_path / "a.pdf"), tmp_path / "a.png", TEXT, Style(11, 10, 10))

    assert (Caution.HARD_TO_SEE not in done.warnings) is is_seen


def test_nothing_but_the_picture_is_left_behind(tmp_path):
    preview.draw(a_paper(tmp_path / "a.pdf"), tmp_path / "a.png", TEXT, Style(11, 10, 10))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "a.png"]


async def test_the_child_draws_and_tells_what_is_no_pdf(tmp_path):
    child = Child()
    (tmp_path / "no.pdf").write_text("<html>")
    try:
        done = await child.preview(a_paper(tmp_path / "a.pdf"), tmp_path / "a.png", TEXT, Style(11, 10, 10))
        with pytest.raises(StampFailed) as failed:
            await child.preview(tmp_path / "no.pdf", tmp_path / "b.png", TEXT, Style(11, 10, 10))
    finally:
        await child.close()

    assert done.pages == 3
    assert failed.value.cause is Cause.NOT_A_PDF
    assert not (tmp_path / "b.png").exists()
