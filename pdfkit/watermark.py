"""One line of text on every page, in the same place for the reader whatever the page looks like inside.

The text is drawn once, as one form that all pages share. Each page gets a new list of contents: a
shared "q", what it had, and a suffix that closes what the page left open and draws the form. Images
are never decoded, so the work hardly grows with the file.
"""

import hashlib
import io
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pikepdf

from pdfkit import content, geometry, glyph_sets, overlay, proof
from pdfkit.content import Leftovers
from pdfkit.geometry import Matrix
from pdfkit.opening import Paper, opened
from pdfkit.outcome import Cause, Caution, Report, StampFailed, Style, partial_path

__all__ = ["Cause", "Caution", "Report", "StampFailed", "Style", "prove", "stamp"]

_NOTHING = Leftovers(0, 0, False, ())
_PROBE = "Probe" + 8 * " 12345"  # as long as a name with a number
_PROBE_STYLE = Style(font_size_pt=11, x_mm=10, y_mm=10)


def stamp(source: Path, target: Path, text: str, style: Style) -> Report:
    """Write a copy of `source` to `target` with the text on every page.

    The same input, text and style give the same bytes. Lengths as in Style. Raises StampFailed,
    OSError if a file cannot be read or written, ValueError if there is nothing to stamp; then
    nothing is left behind and an older target is untouched.
    """
    drawn = overlay.drawn(text, style.font_size_pt)
    with opened(source) as paper, pikepdf.open(io.BytesIO(drawn.pdf)) as drawing:
        stamper = _Stamper(paper.pdf, drawn, drawing, style)
        stamper.stamp_all()
        with _replacing(target) as partial:
            _save(paper.pdf, partial)
            _demand(partial, stamper, range(len(stamper.placed)) if paper.repaired else stamper.odd)
        return Report(len(paper.pdf.pages), _cautions(paper, drawn, stamper))


def prove(paper: Paper) -> None:
    """Stamps every page as stamp() would and looks for the stamp on each. Raises StampFailed.

    What becomes of the paper is of no other use.
    """
    drawn = overlay.drawn(_PROBE, _PROBE_STYLE.font_size_pt)
    with pikepdf.open(io.BytesIO(drawn.pdf)) as drawing:
        stamper = _Stamper(paper.pdf, drawn, drawing, _PROBE_STYLE)
        stamper.stamp_all()
        if paper.repaired:  # what else is in the file may matter
            with TemporaryDirectory(prefix="pdfkit-") as folder:
                _save(paper.pdf, whole := Path(folder) / "whole.pdf")
                _demand(whole, stamper, range(len(stamper.placed)))
            return
        light = proof.without_burden(paper.pdf, stamper.form, [placed.name for placed in stamper.placed])
        _demand(light, stamper, range(len(stamper.placed)))


def _demand(written: Path | io.BytesIO, stamper: "_Stamper", numbers: Iterable[int]) -> None:
    """All pages are in the file that was written, and these of them show the stamp. Raises StampFailed."""
    with pikepdf.open(written) as copy:
        if len(copy.pages) != len(stamper.placed):  # what was rebuilt may fall apart again when it is written
            raise StampFailed(Cause.DAMAGED, f"{len(copy.pages)} of {len(stamper.placed)} pages were written")
    places = {number: stamper.placed[number].matrix for number in sorted(numbers)}
    if number := proof.bare(written, places):
        raise StampFailed(Cause.DAMAGED, f"page {number} does not show the stamp")


@dataclass(frozen=True)
class _Placed:
    """How a page calls the stamp's form, and the matrix that draws it."""

    name: str
    matrix: Matrix


class _Stamper:
    """Stamps the pages of one PDF, sharing everything that can be shared."""

    def __init__(self, pdf: pikepdf.Pdf, drawn: overlay.Overlay, drawing: pikepdf.Pdf, style: Style) -> None:
        self.moved = self.shrunk = False
        self._pdf = pdf
        self._drawn = drawn
        self._style = style
        self._name = "/Wm" + hashlib.sha256(drawn.pdf).hexdigest()[:8]
        self.placed: list[_Placed] = []
        self.odd: set[int] = set()  # pages that leave something open, of which a second reader is asked
        self.form = pdf.copy_foreign(drawing.pages[0].as_form_xobject())
        if glyph_sets.are_wanted(pdf):
            glyph_sets.add(self.form, pdf)
        self._prefix = pdf.make_stream(b"q\n")
        self._suffixes: dict[bytes, pikepdf.Stream] = {}
        self._bodies: dict[tuple[tuple[int, int], ...], tuple[list[pikepdf.Stream], Leftovers]] = {}

    def stamp_all(self) -> None:
        for number, page in enumerate(self._pdf.pages):
            body, left = self._body(page.obj)
            self._stamp(page.obj, body, left)
            if left != _NOTHING:
                self.odd.add(number)

    def _stamp(self, page: pikepdf.Object, body: list[pikepdf.Stream], left: Leftovers) -> None:
        placed = _Placed(self._register(page), self._matrix(page))
        self.placed.append(placed)
        suffix = _closing(left) + _drawing(placed)
        if suffix not in self._suffixes:
            self._suffixes[suffix] = self._pdf.make_stream(suffix)
        # Always a new array: pages may share theirs, and would be stamped twice.
        page.Contents = pikepdf.Array([self._prefix, *body, self._suffixes[suffix]])

    def _body(self, page: pikepdf.Object) -> tuple[list[pikepdf.Stream], Leftovers]:
        parts = content.streams(page)
        key = tuple(part.objgen for part in parts)
        if key not in self._bodies:
            data = content.joined(parts)
            left = content.leftovers(data)
            if left.surplus:
                blanked = zlib.compress(content.without(data, left.surplus))
                parts = [pikepdf.Stream(self._pdf, blanked, Filter=pikepdf.Name.FlateDecode)]
            self._bodies[key] = parts, left
        return self._bodies[key]

    def _register(self, page: pikepdf.Object) -> str:
        """Add the form to the page's resources, under a name that is free there."""
        resources = geometry.inherited(page, "/Resources")
        if not isinstance(resources, pikepdf.Dictionary):
            resources = page["/Resources"] = pikepdf.Dictionary()
        if not isinstance(resources.get("/XObject"), pikepdf.Dictionary):
            resources["/XObject"] = pikepdf.Dictionary()
        known = resources["/XObject"]
        name = self._name
        while name in known and known[name].objgen != self.form.objgen:
            name += "x"
        known[name] = self.form
        return name

    def _matrix(self, page: pikepdf.Object) -> Matrix:
        drawn, size = self._drawn, self._drawn.size
        sheet = geometry.sheet(page)
        line = geometry.Line(drawn.width, overlay.ASCENT * size, overlay.DESCENT * size)
        place = geometry.place(sheet, line, self._style)
        self.moved = self.moved or place.moved
        self.shrunk = self.shrunk or place.scale < 1
        return geometry.matrix(sheet, place, (drawn.origin_x, drawn.origin_y))


def _drawing(placed: _Placed) -> bytes:
    numbers = " ".join(f"{number:.5f}".rstrip("0").rstrip(".") for number in placed.matrix)
    # An artifact, so that screen readers of tagged PDFs do not read it on every page.
    return f"/Artifact <</Type/Pagination/Subtype/Watermark>> BDC q {numbers} cm {placed.name} Do Q EMC\n".encode()


def _closing(left: Leftovers) -> bytes:
    """Ends what the page left open; the last Q restores the state before the page.

    It starts a new line, because the page may end in a comment.
    """
    return b"\n" + b"ET " * left.in_text + b"EMC " * left.marked + b"Q " * (left.saved + 1)


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A file that becomes `target` when the block ends well, and vanishes when it does not."""
    partial = partial_path(target, os.getpid())
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _save(pdf: pikepdf.Pdf, path: Path) -> None:
    with path.open("wb") as file:
        pdf.save(
            file,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.preserve,
            recompress_flate=False,
            compress_streams=False,
            fix_metadata_version=False,  # would rewrite the XMP packet, and fail on a broken one
            encryption=False,
            deterministic_id=True,
        )
        file.flush()
        os.fsync(file.fileno())


def _cautions(paper: Paper, drawn: overlay.Overlay, stamper: _Stamper) -> tuple[Caution, ...]:
    noted = {
        Caution.CHARACTERS_REPLACED: drawn.replaced,
        Caution.TEXT_SHRUNK: stamper.shrunk,
        Caution.TEXT_MOVED: stamper.moved,
    }
    return tuple(caution for caution, applies in noted.items() if applies) + paper.cautions
