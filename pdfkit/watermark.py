"""One line of text on every page, in the same place for the reader whatever the page looks like inside.

The text is drawn once, as one form that all pages share. Each page gets a new list of contents: a
shared "q", what it had, and a suffix that closes what the page left open and draws the form. Images
are never decoded, so the work hardly grows with the file.
"""

import hashlib
import io
import os
import re
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import pikepdf

from pdfkit import content, geometry, glyph_sets, overlay, proof
from pdfkit.content import Leftovers
from pdfkit.geometry import Matrix
from pdfkit.opening import Paper, opened
from pdfkit.outcome import Cause, Caution, Report, StampFailed, Style, partial_path

__all__ = ["Cause", "Caution", "Report", "StampFailed", "Style", "prove", "stamp"]

_STATIC = b"31415926535897932384626433832795"  # what the library writes for an identifier that never changes
_STATIC_ID = re.compile(rb"/ID \[\s*<[0-9a-f]*>\s*<%s>\s*\]" % _STATIC)
_LAST_BYTES = 64  # of a PDF: "startxref", where the table lies, and "%%EOF"
_PLAIN = b"/Plain gs 0 Tr 0 Tc 0 Tw 100 Tz 0 Ts 0 g\n"
_DECIMALS = 9  # a unit of user space may be 75,000 points
_NOTHING = Leftovers(0, 0, False, ())
_PROBE = "Probe" + 8 * " 12345"  # as long as a name with a number
_PROBE_STYLE = Style(font_size_pt=11, x_mm=10, y_mm=10)


def stamp(source: Path, target: Path, text: str, style: Style, unclosed: tuple[int, ...] | None = None) -> Report:
    """Write a copy of `source` to `target` with the text on every page.

    The same input, text and style give the same bytes. Lengths as in Style. `unclosed` is what an Inspection of this
    edition told of these very bytes: the content of other pages is not read then, which takes most of the time.
    Raises StampFailed, OSError if a file cannot be read or written, ValueError if there is nothing to stamp; then
    nothing is left behind and an older target is untouched.
    """
    drawn = overlay.drawn(text, style.font_size_pt)
    with opened(source) as paper, pikepdf.open(io.BytesIO(drawn.pdf)) as drawing:
        stamper = _Stamper(paper.pdf, drawn, drawing, style)
        stamper.stamp_all(None if paper.repaired else unclosed)
        with _replacing(target) as partial:
            _save(paper.pdf, partial, drawn.pdf)
            paper.heed(stamper.mended)
            asked_for = stamper.odd.union(number - 1 for number in unclosed or ())
            _demand(partial, stamper, range(len(stamper.placed)) if paper.repaired else asked_for)
        return Report(len(paper.pdf.pages), _cautions(paper, drawn, stamper))


def prove(paper: Paper) -> tuple[int, ...]:
    """Stamps every page as stamp() would and looks for the stamp on each. Raises StampFailed.

    The pages, counted from 1, whose content leaves something open, or which there was no time to look at: each copy is
    looked at there. What becomes of the paper is of no other use.
    """
    drawn = overlay.drawn(_PROBE, _PROBE_STYLE.font_size_pt)
    with pikepdf.open(io.BytesIO(drawn.pdf)) as drawing:
        stamper = _Stamper(paper.pdf, drawn, drawing, _PROBE_STYLE)
        stamper.stamp_all()
        with Path(os.devnull).open("wb") as nowhere:  # reads all that a copy would be made of
            _write(paper.pdf, nowhere)
        paper.heed(stamper.mended)
        if paper.repaired:  # what else is in the file may matter
            with TemporaryDirectory(prefix="pdfkit-") as folder:
                _save(paper.pdf, whole := Path(folder) / "whole.pdf", drawn.pdf)
                missed = _demand(whole, stamper, range(len(stamper.placed)))
            return tuple(sorted({*stamper.unclosed, *missed}))
        light = proof.without_burden(paper.pdf, stamper.form, [placed.name for placed in stamper.placed])
        missed = _demand(light, stamper, range(len(stamper.placed)))
    return tuple(sorted({*stamper.unclosed, *missed}))


def _demand(written: Path | io.BytesIO, stamper: "_Stamper", numbers: Iterable[int]) -> list[int]:
    """All pages are in the file that was written, and these of them show the stamp. Raises StampFailed.

    The pages, counted from 1, that there was no time to look at.
    """
    with pikepdf.open(written) as copy:
        if len(copy.pages) != len(stamper.placed):  # what was rebuilt may fall apart again when it is written
            raise StampFailed(Cause.DAMAGED, f"{len(copy.pages)} of {len(stamper.placed)} pages were written")
    places = {number: stamper.placed[number].matrix for number in sorted(numbers)}
    missed: list[int] = []
    if number := proof.bare(written, places, missed):
        raise StampFailed(Cause.DAMAGED, f"page {number} does not show the stamp")
    return [each + 1 for each in missed]


@dataclass(frozen=True)
class _Placed:
    """How a page calls the stamp's form, and the matrix that draws it."""

    name: str
    matrix: Matrix


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
        self.form = _by_itself(pdf.copy_foreign(drawing.pages[0].as_form_xobject()))
        if glyph_sets.are_wanted(pdf):
            glyph_sets.add(self.form, pdf)
        self._prefix = pdf.make_stream(b"q\n")
        self._suffixes: dict[tuple[Leftovers, _Placed], pikepdf.Stream] = {}
        self._sheets = geometry.Sheets()
        self._matrices: dict[geometry.Sheet, Matrix] = {}
        self._names: dict[tuple[int, int], str] = {}
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
            self.mended = self.mended or left.mended
            if left != _NOTHING:
                self.odd.add(number)

    def _stamp(self, page: pikepdf.Object, body: list[pikepdf.Stream], left: Leftovers) -> None:
        placed = _Placed(self._register(page), self._matrix(page))
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

    def _register(self, page: pikepdf.Object) -> str:
        """Add the form to the page's resources, under a name that is free there."""
        resources = geometry.inherited(page, "/Resources")
        if not isinstance(resources, pikepdf.Dictionary):
            resources = page["/Resources"] = pikepdf.Dictionary()
        if resources.objgen in self._names:
            return self._names[resources.objgen]
        known = geometry.own(resources, "/XObject")
        name = self._name
        if not isinstance(known, pikepdf.Dictionary):
            known = resources["/XObject"] = pikepdf.Dictionary()
        while name in known and known[name].objgen != self.form.objgen:
            name += "x"
        known[name] = self.form
        if resources.is_indirect:
            self._names[resources.objgen] = name
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


def _by_itself(form: pikepdf.Object) -> pikepdf.Object:
    """Makes it look the same whatever state it is drawn in (ISO 32000-2, 8.4.5 and 9.3.1): where a page's content is
    broken, readers disagree about what it left behind, such as invisible text. The state is one that PDF/A allows.
    """
    form.Resources.ExtGState = pikepdf.Dictionary(
        Plain=pikepdf.Dictionary(ca=1, CA=1, BM=pikepdf.Name.Normal, SMask=pikepdf.Name("/None"))
    )
    form.write(_PLAIN + form.read_bytes())
    return form


def _drawing(placed: _Placed) -> bytes:
    numbers = " ".join(f"{number:.{_DECIMALS}f}".rstrip("0").rstrip(".") for number in placed.matrix)
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


def _save(pdf: pikepdf.Pdf, path: Path, stamp: bytes) -> None:
    """The same PDF and stamp give the same bytes."""
    with path.open("w+b") as file:
        _write(pdf, file)
        _identify(file, stamp)
        file.flush()
        os.fsync(file.fileno())


def _write(pdf: pikepdf.Pdf, file: BinaryIO) -> None:
    pdf.save(
        file,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.preserve,
        recompress_flate=False,
        compress_streams=False,
        fix_metadata_version=False,  # would rewrite the XMP packet, and fail on a broken one
        encryption=False,
        static_id=True,
    )


def _identify(file: BinaryIO, stamp: bytes) -> None:
    """Gives the copy an identifier of its own (ISO 32000-2, 14.4), instead of one that all copies would share.

    It comes from the table of all objects and the stamp. The library's own deterministic one would be a sum over all
    bytes, which takes as long as writing them.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _LAST_BYTES))
    table = int(file.read().rpartition(b"startxref")[2].split()[0])
    file.seek(table)
    written = file.read()
    own = hashlib.sha256(written + stamp).hexdigest()[:32].encode()
    for found in _STATIC_ID.finditer(written):
        file.seek(table + found.start())
        file.write(found[0].replace(_STATIC, own))


def _cautions(paper: Paper, drawn: overlay.Overlay, stamper: _Stamper) -> tuple[Caution, ...]:
    noted = {
        Caution.CHARACTERS_REPLACED: drawn.replaced,
        Caution.TEXT_SHRUNK: stamper.shrunk,
        Caution.TEXT_MOVED: stamper.moved,
    }
    return tuple(caution for caution, applies in noted.items() if applies) + paper.cautions
