"""One line of text on every page, in the same place for the reader whatever the page looks like inside.

The text is drawn once, as one form that all pages share. Each page gets a new list of contents: a
shared "q", what it had, and a suffix that closes what the page left open and draws the form. Images
are never decoded, so the work hardly grows with the file.
"""

import hashlib
import io
import os
import zlib
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pikepdf

from pdfkit import content, copies, geometry, glyph_sets, overlay, proof
from pdfkit.content import Leftovers
from pdfkit.geometry import Matrix
from pdfkit.opening import Paper, opened
from pdfkit.outcome import Cause, Caution, Report, StampFailed, Style

__all__ = ["Cause", "Caution", "Report", "StampFailed", "Style", "prove", "stamp"]

# The stamp looks the same whatever state it is drawn in (ISO 32000-2, 8.4.5 and 9.3.1); PDF/A allows these values.
_PLAIN = {"/ca": 1, "/CA": 1, "/BM": pikepdf.Name.Normal, "/SMask": pikepdf.Name("/None")}
_PLAIN_TEXT = b"0 Tr 0 Tc 0 Tw 100 Tz 0 Ts 0 g\n"
_DECIMALS = 9  # a unit of user space may be 75,000 points
_NOTHING = Leftovers(0, 0, False, ())
_PROBE = "Probe" + 8 * " 12345"  # as long as a name with a number
_PROBE_STYLE = Style(font_size_pt=11, x_mm=10, y_mm=10)


def stamp(source: Path, target: Path, text: str, style: Style, unclosed: tuple[int, ...] | None = None) -> Report:
    """Write a copy of `source` to `target` with the text on every page.

    The same input, text and style give the same bytes. Lengths as in Style. `unclosed` is what an Inspection of this
    edition told of these very bytes: the content of other pages is not read then, which takes most of the time. Without
    it, a second reader looks for the stamp on every page. Raises StampFailed, OSError if a file cannot be read or
    written, ValueError if there is nothing to stamp; then nothing is left behind and an older target is untouched.
    """
    drawn = overlay.drawn(text, style.font_size_pt)
    with opened(source) as paper, pikepdf.open(io.BytesIO(drawn.pdf)) as drawing:
        if unclosed is None:
            paper.look_for_paper_clips()
        stamper = _Stamper(paper.pdf, drawn, drawing, style)
        stamper.stamp_all(None if paper.repaired else unclosed)
        with copies.replacing(target) as partial:
            copies.save(paper.pdf, partial, drawn.pdf)
            paper.heed(stamper.mended)
            asked_for = stamper.odd.union(number - 1 for number in unclosed or ())
            stamper.demand(partial, None if paper.repaired else asked_for)  # what else is in that file may matter
            warnings = _cautions(paper, drawn, stamper)
            if unclosed is None and not paper.repaired:
                stamper.demand_of_all()
        return Report(len(stamper.placed), warnings)


def prove(paper: Paper) -> tuple[int, ...]:
    """Stamps every page as stamp() would and looks for the stamp on each. Raises StampFailed.

    The pages, counted from 1, whose content leaves something open: each copy is looked at there. What becomes of the
    paper is of no other use.
    """
    drawn = overlay.drawn(_PROBE, _PROBE_STYLE.font_size_pt)
    with pikepdf.open(io.BytesIO(drawn.pdf)) as drawing:
        stamper = _Stamper(paper.pdf, drawn, drawing, _PROBE_STYLE)
        stamper.stamp_all()
        with Path(os.devnull).open("wb") as nowhere:  # reads all that a copy would be made of
            copies.write(paper.pdf, nowhere)
        paper.heed(stamper.mended)
        if paper.repaired:
            with TemporaryDirectory(prefix="pdfkit-") as folder:
                copies.save(paper.pdf, whole := Path(folder) / "whole.pdf", drawn.pdf)
                stamper.demand(whole)
        else:
            stamper.demand_of_all()
        return stamper.unclosed


@dataclass(frozen=True)
class _Placed:
    """How a page calls the stamp's form, the matrix that draws it, and how it calls the plain state, if it does."""

    name: str
    matrix: Matrix
    state: str


class _Stamper:
    """Stamps the pages of one PDF, sharing everything that can be shared."""

    def __init__(self, pdf: pikepdf.Pdf, drawn: overlay.Overlay, drawing: pikepdf.Pdf, style: Style) -> None:
        self.moved = self.shrunk = self.mended = False
        self._pdf = pdf
        self._drawn = drawn
        self._style = style
        self._name = "/Wm" + hashlib.sha256(drawn.pdf).hexdigest()[:8]
        self.placed: list[_Placed] = []
        self.odd: set[int] = set()  # pages that leave something open, of which a second reader is asked
        self.form = pdf.copy_foreign(drawing.pages[0].as_form_xobject())
        self.form.write(_PLAIN_TEXT + self.form.read_bytes())
        self._plain = pdf.make_indirect(pikepdf.Dictionary(_PLAIN))
        if glyph_sets.are_wanted(pdf):
            glyph_sets.add(self.form, pdf)
        self._looks: list[Hashable] = []  # pages of which one look like the other to a reader that looks for the stamp
        self._prefix = pdf.make_stream(b"q\n")
        self._suffixes: dict[tuple[Leftovers, _Placed], pikepdf.Stream] = {}
        self._sheets = geometry.Sheets()
        self._matrices: dict[geometry.Sheet, Matrix] = {}
        self._names: dict[tuple[str, tuple[int, int]], str] = {}
        self._bodies: dict[tuple[tuple[int, int], ...], tuple[list[pikepdf.Stream], Leftovers]] = {}

    @property
    def unclosed(self) -> tuple[int, ...]:
        """The odd pages, counted from 1."""
        return tuple(number + 1 for number in sorted(self.odd))

    def stamp_all(self, unclosed: Collection[int] | None = None) -> None:
        """`unclosed`: the only pages, counted from 1, whose content has to be read."""
        to_read = None if unclosed is None else frozenset(unclosed)
        for number, page in enumerate(self._pdf.pages):
            parts = content.streams(page.obj)
            is_read = to_read is None or number + 1 in to_read
            body, left = self._body(parts) if is_read else (parts, _NOTHING)
            self._stamp(page.obj, body, left)
            self._looks.append(self._look(number, page.obj, parts))
            self.mended = self.mended or left.mended
            if left != _NOTHING:
                self.odd.add(number)

    def demand(self, written: Path | io.BytesIO, numbers: Collection[int] | None = None) -> None:
        """All pages are in the file that was written, and these of them, or else all, show the stamp.

        Of pages that are alike one is looked at. Raises StampFailed.
        """
        with pikepdf.open(written) as copy:
            if len(copy.pages) != len(self.placed):  # what was rebuilt may fall apart again when it is written
                raise StampFailed(Cause.DAMAGED, f"{len(copy.pages)} of {len(self.placed)} pages were written")
        every = range(len(self.placed)) if numbers is None else numbers
        alike = {self._looks[number]: number for number in sorted(every, reverse=True)}
        places = {number: self.placed[number].matrix for number in sorted(alike.values())}
        try:
            number = proof.bare(written, places)
        except TimeoutError as error:
            raise StampFailed(Cause.TIMEOUT, str(error)) from error
        if number:
            raise StampFailed(Cause.DAMAGED, f"page {number} does not show the stamp")

    def demand_of_all(self) -> None:
        """Every page shows the stamp where it is drawn with nothing but its content. Raises StampFailed.

        The PDF is of no other use afterwards.
        """
        self.demand(proof.without_burden(self._pdf, self.form, [placed.name for placed in self.placed]))

    def _look(self, number: int, page: pikepdf.Object, parts: Sequence[pikepdf.Stream]) -> Hashable:
        colours = proof.colour_spaces(page)
        named = None if colours is None else colours.objgen if colours.is_indirect else number
        return tuple(part.objgen for part in parts), named, self.placed[-1]

    def _stamp(self, page: pikepdf.Object, body: list[pikepdf.Stream], left: Leftovers) -> None:
        # Where a page leaves something open, readers may disagree about what that is.
        state = "" if left == _NOTHING else self._register(page, "/ExtGState", self._plain)
        placed = _Placed(self._register(page, "/XObject", self.form), self._matrix(page), state)
        self.placed.append(placed)
        if (left, placed) not in self._suffixes:
            self._suffixes[left, placed] = self._pdf.make_stream(_closing(left) + _drawing(placed))
        # Always a new array: pages may share theirs, and would be stamped twice.
        page.Contents = pikepdf.Array([self._prefix, *body, self._suffixes[left, placed]])

    def _body(self, parts: list[pikepdf.Stream]) -> tuple[list[pikepdf.Stream], Leftovers]:
        key = tuple(part.objgen for part in parts)
        if key not in self._bodies:
            data, whole = content.joined(parts)
            left = replace(content.leftovers(data), mended=not whole)
            if left.surplus:
                blanked = zlib.compress(content.without(data, left.surplus))
                parts = [pikepdf.Stream(self._pdf, blanked, Filter=pikepdf.Name.FlateDecode)]
            self._bodies[key] = parts, left
        return self._bodies[key]

    def _register(self, page: pikepdf.Object, kind: str, value: pikepdf.Object) -> str:
        """Add it to the page's resources of that kind, under a name that is free there."""
        resources = geometry.inherited(page, "/Resources")
        if not isinstance(resources, pikepdf.Dictionary):
            resources = page["/Resources"] = _keys_of(resources)
        place = kind, resources.objgen
        if place in self._names:
            return self._names[place]
        known = geometry.own(resources, kind)
        name = self._name
        if not isinstance(known, pikepdf.Dictionary):
            known = resources[kind] = _keys_of(known)
        while name in known and known[name].objgen != value.objgen:
            name += "x"
        known[name] = value
        if resources.is_indirect:
            self._names[place] = name
        return name

    def _matrix(self, page: pikepdf.Object) -> Matrix:
        sheet = self._sheets.of(page)
        if sheet not in self._matrices:
            self._matrices[sheet] = self._placing(sheet)
        return self._matrices[sheet]

    def _placing(self, sheet: geometry.Sheet) -> Matrix:
        drawn, size = self._drawn, self._drawn.size
        line = geometry.Line(drawn.width, overlay.ASCENT * size, overlay.DESCENT * size)
        place = geometry.place(sheet, line, self._style)
        self.moved = self.moved or place.moved
        self.shrunk = self.shrunk or place.scale < 1
        return geometry.matrix(sheet, place, (drawn.origin_x, drawn.origin_y))


def _keys_of(value: object) -> pikepdf.Dictionary:
    """What readers find where a stream stands in a dictionary's place; nothing in anything else."""
    return pikepdf.Dictionary(dict(value.items()) if isinstance(value, pikepdf.Stream) else {})


def _drawing(placed: _Placed) -> bytes:
    numbers = " ".join(f"{number:.{_DECIMALS}f}".rstrip("0").rstrip(".") for number in placed.matrix)
    state = f"{placed.state} gs " if placed.state else ""
    # An artifact, so that screen readers of tagged PDFs do not read it on every page.
    tag = "/Artifact <</Type/Pagination/Subtype/Watermark>>"
    return f"{tag} BDC q {state}{numbers} cm {placed.name} Do Q EMC\n".encode()


def _closing(left: Leftovers) -> bytes:
    """Ends what the page left open; the last Q restores the state before the page.

    It starts a new line, because the page may end in a comment.
    """
    return b"\n" + b"ET " * left.in_text + b"EMC " * left.marked + b"Q " * (left.saved + 1)


def _cautions(paper: Paper, drawn: overlay.Overlay, stamper: _Stamper) -> tuple[Caution, ...]:
    noted = {
        Caution.CHARACTERS_REPLACED: drawn.replaced,
        Caution.TEXT_SHRUNK: stamper.shrunk,
        Caution.TEXT_MOVED: stamper.moved,
    }
    return tuple(caution for caution, applies in noted.items() if applies) + paper.cautions
