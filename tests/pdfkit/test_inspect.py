"""What is told about a PDF before it is sold."""

import resource
from decimal import Decimal
from functools import partial

import pikepdf
import pytest

from pdfkit import proof, watermark
from pdfkit.content import Leftovers
from pdfkit.inspect import inspect
from pdfkit.outcome import EDITION, Cause, Caution, Inspection
from tests.pdfkit import papers


@pytest.fixture
def path(tmp_path):
    return tmp_path / "paper.pdf"


def test_a_sound_book_is_stampable(path):
    assert inspect(papers.book(path, pages=5)) == Inspection(
        pages=5,
        encrypted="none",
        repaired=False,
        signed=False,
        pdf_version="1.3",
        stampable=True,
        cause=None,
        warnings=(),
        unclosed=(),
        edition=EDITION,
    )


def test_the_pages_that_leave_something_open_are_told(path):
    papers.sheets(path, [(b"q Q", {}), (b"q BT", {}), (papers.FRAME, {}), (b"q Q Q", {})])

    assert inspect(path).unclosed == (2, 4)


def test_a_book_of_which_too_many_pages_leave_something_open_is_told_without_a_list(path, monkeypatch):
    monkeypatch.setattr("pdfkit.inspect._MOST_LISTED", 1)

    assert inspect(papers.sheets(path, 2 * [(b"q BT", {})])).unclosed is None


def test_an_owner_password_is_told_but_no_obstacle(path):
    inspection = inspect(papers.protected(path, owner="secret"))

    assert inspection.encrypted == "owner"
    assert inspection.stampable
    assert inspection.warnings == (Caution.PROTECTION_REMOVED,)


def test_a_user_password_is_an_obstacle(path):
    inspection = inspect(papers.protected(path, owner="secret", user="geheim"))

    assert inspection.encrypted == "user"
    assert not inspection.stampable
    assert inspection.cause is Cause.LOCKED


@pytest.mark.parametrize("make", [papers.signed, partial(papers.with_a_signature_field, is_signed=True)])
def test_a_signature_is_told(path, make):
    inspection = inspect(make(path))

    assert inspection.signed
    assert inspection.warnings == (Caution.SIGNATURE_BROKEN,)


def test_a_rebuilt_file_is_told_if_all_its_pages_are_there(path):
    inspection = inspect(papers.with_broken_index(path))

    assert inspection.repaired
    assert inspection.pages == 4
    assert inspection.stampable


@pytest.mark.parametrize("key", ["/DocMDP", "/UR3"])
def test_certified_is_signed_as_well(path, key):
    with pikepdf.open(papers.sheet(path), allow_overwriting_input=True) as pdf:
        pdf.Root.Perms = pikepdf.Dictionary({key: pikepdf.Dictionary()})
        pdf.save(path)

    assert inspect(path).signed


def test_a_field_that_waits_for_its_signature_is_none(path):
    assert not inspect(papers.with_a_signature_field(path, is_signed=False)).signed


@pytest.mark.parametrize("make", [papers.with_a_lost_object, papers.with_broken_content])
def test_damage_that_is_met_only_when_the_pages_are_read_is_told_as_well(path, make):
    inspection = inspect(make(path))

    assert inspection.stampable
    assert inspection.warnings == (Caution.REPAIRED,)


@pytest.mark.parametrize(
    ("make", "caution"),
    [
        (papers.with_files_inside, Caution.FILES_INSIDE),
        (papers.with_a_paper_clip, Caution.FILES_INSIDE),
        (partial(papers.with_a_paper_clip, kind="AF"), Caution.FILES_INSIDE),
        (partial(papers.with_a_paper_clip, kind="RichMedia"), Caution.FILES_INSIDE),
        (partial(papers.with_files_inside, is_portfolio=True), Caution.PORTFOLIO),
    ],
    ids=["attached", "on a page", "of a page", "played on a page", "portfolio"],
)
def test_files_inside_a_pdf_which_no_stamp_reaches_are_told(path, make, caution):
    assert inspect(make(path)).warnings == (caution,)


@pytest.mark.parametrize(
    "make",
    [
        partial(papers.with_files_inside, is_portfolio=True, has_files=False),
        partial(papers.with_files_inside, has_files=False),
        partial(papers.with_a_paper_clip, has_file=False),
        partial(papers.with_a_paper_clip, kind="Text"),
    ],
    ids=["an empty portfolio", "a name without a file", "a clip without a file", "a note"],
)
def test_what_only_names_a_file_has_none_inside(path, make):
    assert inspect(make(path)).warnings == ()


@pytest.mark.parametrize(
    "given", [{"needs_rendering": False}, {"needs_rendering": pikepdf.Name.No}, {"has_xfa": False}], ids=str
)
def test_a_form_that_is_drawn_from_its_pages_is_as_good_as_any(path, given):
    assert inspect(papers.dynamic_form(path, **given)).stampable


def test_a_form_that_runs_in_a_circle_is_looked_through_once(path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert inspect(papers.with_a_ring_of_fields(path)).stampable
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


def test_what_takes_too_long_to_prove_is_refused_instead_of_half_proved(path, monkeypatch):
    monkeypatch.setattr("pdfkit.proof.PATIENCE_SECONDS", -1)

    assert inspect(papers.sheet(path)).cause is Cause.TIMEOUT


def test_a_place_that_is_wrong_by_millimetres_is_found_in_units_of_metres_as_well(path, monkeypatch):
    """On such a page, a hundredth of a unit is a centimetre."""
    drawing = watermark._drawing
    monkeypatch.setattr(watermark, "_drawing", lambda placed: b"1 0 0 1 0.005 0 cm " + drawing(placed))
    with pikepdf.open(papers.sheet(path, b"", UserUnit=2834.6), allow_overwriting_input=True) as pdf:
        pdf.pages[0].obj.MediaBox = pikepdf.Array([0, 0, Decimal("0.21"), Decimal("0.297")])
        pdf.save(path)

    assert inspect(path).cause is Cause.DAMAGED


def test_pages_that_are_alike_are_proved_by_one_of_them(path, monkeypatch):
    looked_at, shows = [], proof._shows

    def noting(document, number, matrix):
        looked_at.append(number)
        return shows(document, number, matrix)

    monkeypatch.setattr(proof, "_shows", noting)
    papers.sharing(path)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for page in pdf.pages:
            page.obj.Rotate = 90
        pdf.save(path)

    assert inspect(path).stampable
    assert looked_at == [0]


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (papers.dynamic_form, Cause.DYNAMIC_FORM),
        (papers.empty, Cause.EMPTY),
        (papers.html, Cause.NOT_A_PDF),
        (papers.truncated, Cause.DAMAGED),
        (papers.without_pages, Cause.NO_PAGES),
        (papers.endless, Cause.DAMAGED),
        (papers.bloated, Cause.TOO_LARGE),
        (lambda path: papers.sheet(path, b"(a string without end"), Cause.DAMAGED),
        (papers.with_a_short_image, Cause.DAMAGED),
        (partial(papers.with_a_short_image, colours=True), Cause.DAMAGED),
    ],
    ids=[
        "dynamic form",
        "empty",
        "html",
        "truncated",
        "no pages",
        "endless",
        "bloated",
        "open string",
        "short image",
        "shorter by its colours",
    ],
)
def test_whatever_could_not_be_stamped_is_refused_with_its_cause(path, make, cause):
    inspection = inspect(make(path))

    assert not inspection.stampable
    assert inspection.cause is cause


@pytest.mark.parametrize("left", [b"20 10 100 100 re W n q", b"2 0 0 2 50 50 cm q", b"[1 2 (a)"])
def test_a_page_that_would_swallow_the_stamp_is_found_before_anybody_buys_it(path, monkeypatch, left):
    papers.sheet(path, left)
    monkeypatch.setattr("pdfkit.content.leftovers", lambda data: Leftovers(0, 0, False, ()))  # as if blind

    assert inspect(path).cause is Cause.DAMAGED


def test_more_pages_than_anybody_prints_are_refused(path, monkeypatch):
    monkeypatch.setattr("pdfkit.opening.MOST_PAGES", 4)

    assert inspect(papers.book(path, pages=5)).cause is Cause.TOO_MANY_PAGES


def test_a_file_larger_than_the_limit_is_refused_unread(path):
    with path.open("wb") as file:
        file.truncate(501 * 2**20)

    assert inspect(path).cause is Cause.TOO_LARGE


def test_a_vanished_file_is_the_callers_to_explain(path):
    with pytest.raises(FileNotFoundError):
        inspect(path)
