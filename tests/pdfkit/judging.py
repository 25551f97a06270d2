"""What independent readers say of a stamped copy: PDFium of text, place and pixels, pypdf of structure, qpdf of syntax.

Nothing here asks the stamp itself where it went: the place is told by the characters that PDFium found.
"""

import shutil
import subprocess
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pikepdf
import pikepdf.pdfa
import pypdf
import pypdfium2
from PIL import Image, ImageChops, ImageDraw
from pypdf.errors import PyPdfError
from pypdf.generic import Destination, IndirectObject, StreamObject

from pdfkit.outcome import Style
from tests.pdfkit import reading
from tests.pdfkit.reading import Line

MOST_DRAWN = 24  # pages of one file that are compared pixel by pixel
_TOLERANCE_MM, _TOLERANCE_SIZE = 0.5, 0.02
_MARGIN = 3  # pixels round the stamp, for smooth edges
_MOST_PIXELS = 4_000_000
_BROKEN = (PyPdfError, AttributeError, KeyError, TypeError, ValueError, IndexError, RecursionError)


def complaints(source: Path, target: Path, text: str, style: Style) -> list[str]:
    """Everything that is wrong with the copy; empty if nothing is. The text begins with a capital letter."""
    found = list(_structure(source, target))
    if _syntax(target) > _syntax(source):
        found.append("qpdf finds more wrong than before")
    found += _archive(source, target)
    with pypdfium2.PdfDocument(source) as before, pypdfium2.PdfDocument(target) as after:
        if len(before) != len(after):
            return [*found, f"{len(after)} pages instead of {len(before)}"]
        units = _units(source)
        for number in range(len(after)):
            pair = before[number], after[number]
            said = [*_words(*pair, text), *_place(pair[1], text, style, units[number])]
            said += _pixels(*pair, text) if number < MOST_DRAWN else []
            found += [f"page {number + 1}: {complaint}" for complaint in said]
    return found


def _words(before: pypdfium2.PdfPage, after: pypdfium2.PdfPage, text: str) -> Iterator[str]:
    """The page says what it said, and the stamp once more than before."""
    old, new = reading.characters(before), reading.characters(after)
    if _bare(new).count(_bare(text)) != _bare(old).count(_bare(text)) + 1:
        yield "the stamp does not stand there once"
    if lost := Counter(_bare(old)) + Counter(_bare(text)) - Counter(_bare(new)):
        yield f"words are gone: {''.join(lost)!r}"


def _place(page: pypdfium2.PdfPage, text: str, style: Style, unit: float) -> Iterator[str]:
    """As asked wherever it fits the page; else smaller, upright and whole."""
    if min(page.get_size()) <= 1:
        return  # a box without area, which PDFium shows as it is and others ignore
    if (line := reading.last_line(page, text, unit)) is None:
        return
    if not line.is_upright:
        yield "the stamp is not upright"
    height = page.get_height() * unit * 25.4 / 72
    if line.x_mm < -0.01 or line.right_mm > line.page_width_mm + 0.01 or not 0 <= line.y_mm <= height:
        yield f"the stamp leaves the page: {line}"
    if _fits(line, style, height):
        yield from _exactly(line, style)


def _fits(line: Line, style: Style, height: float) -> bool:
    """Whether a line of the size that was asked for has room where it was asked for."""
    natural = (line.right_mm - line.x_mm) * style.font_size_pt / line.size_pt
    rise = 1.2 * style.font_size_pt * 25.4 / 72
    return style.x_mm + natural < 0.96 * line.page_width_mm and style.y_mm + rise < height


def _exactly(line: Line, style: Style) -> Iterator[str]:
    if max(abs(line.x_mm - style.x_mm), abs(line.y_mm - style.y_mm)) > _TOLERANCE_MM:
        yield f"the stamp begins at {line.x_mm:.2f}, {line.y_mm:.2f} mm"
    if abs(line.size_pt / style.font_size_pt - 1) > _TOLERANCE_SIZE:
        yield f"the stamp is {line.size_pt:.2f} points high"


def _pixels(before: pypdfium2.PdfPage, after: pypdfium2.PdfPage, text: str) -> Iterator[str]:
    """Outside the stamp's own characters, not one pixel is another one."""
    wide, high = before.get_size()
    if min(wide, high) <= 1:
        return
    scale = min(2.0, (_MOST_PIXELS / (wide * high)) ** 0.5)
    one, other = (_drawn(page, scale) for page in (before, after))
    if one.size != other.size:
        yield f"{other.size} pixels instead of {one.size}"
        return
    difference = ImageChops.difference(one, other)
    if box := reading.last_box(after, text, difference.size):
        left, top, right, bottom = (int(side) for side in box)
        area = (left - _MARGIN, top - _MARGIN, right + _MARGIN, bottom + _MARGIN)
        if difference.crop(area).getbbox() is None:
            yield "the stamp is not to be seen"
        ImageDraw.Draw(difference).rectangle(area, fill=(0, 0, 0))
    if changed := difference.getbbox():
        yield f"pixels outside the stamp changed: {changed}"


def _drawn(page: pypdfium2.PdfPage, scale: float) -> Image.Image:
    picture: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
    return picture


def _structure(source: Path, target: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, told in _TOLD.items():
            before = _answer(source, told)
            if before is not None and before != _answer(target, told):
                yield f"{name} changed"


def _answer(path: Path, told: Callable[[pypdf.PdfReader], object]) -> object:
    """None where this reader cannot tell."""
    with suppress(*_BROKEN), pypdf.PdfReader(path) as reader:
        if reader.is_encrypted:
            reader.decrypt("")
        return told(reader)
    return None


def _annotations(reader: pypdf.PdfReader) -> object:
    return [
        (number, str(note.get_object().get("/Subtype")), str(note.get_object().get("/Rect")))
        for number, page in enumerate(reader.pages)
        for note in page.annotations or []
    ]


def _outline(reader: pypdf.PdfReader) -> object:
    def flat(entry: object) -> object:
        if isinstance(entry, list):
            return [flat(each) for each in entry]
        return isinstance(entry, Destination) and (entry.title, reader.get_destination_page_number(entry))

    return flat(reader.outline)


def _packet(reader: pypdf.PdfReader) -> object:
    packet = reader.root_object["/Metadata"].get_object()
    return packet.get_data() if isinstance(packet, StreamObject) else None


def _tags(reader: pypdf.PdfReader) -> object:
    """The tree of tags as far as it goes: its types and the marked content they point to."""
    root = reader.root_object

    def shape(node: object, depth: int = 0) -> object:
        node = node.get_object() if isinstance(node, IndirectObject) else node
        if isinstance(node, list):
            return [shape(each, depth) for each in node]
        if isinstance(node, dict) and depth < 60:
            return str(node.get("/S")), str(node.get("/MCID")), shape(node.get("/K"), depth + 1)
        return str(node)

    return str(root.get("/MarkInfo")), str(root.get("/Lang")), shape(root.get("/StructTreeRoot"))


_TOLD: dict[str, Callable[[pypdf.PdfReader], object]] = {
    "the number of pages": lambda reader: len(reader.pages),
    "the title": lambda reader: dict(reader.metadata or {}),
    "the XMP packet": _packet,
    "the outline": _outline,
    "links or notes": _annotations,
    "form fields": lambda reader: {
        name: (str(field.get("/FT")), str(field.get("/V"))) for name, field in (reader.get_fields() or {}).items()
    },
    "page labels": lambda reader: reader.page_labels,
    "embedded files": lambda reader: {name: list(content) for name, content in reader.attachments.items()},
    "tags": _tags,
    "what else the catalog says": lambda reader: sorted(set(reader.root_object) - {"/Version"}),
    "boxes": lambda reader: [
        (page.mediabox, page.cropbox, page.rotation, page.get("/UserUnit")) for page in reader.pages
    ],
}


def _syntax(path: Path) -> int:
    """0 sound, 1 with warnings, 2 broken: by the library, and by the program where there is one."""
    try:
        with pikepdf.open(path) as pdf:
            found = 1 if pdf.check_pdf_syntax() or pdf.get_warnings() else 0
    except pikepdf.PdfError:
        found = 2
    if program := shutil.which("qpdf"):
        done = subprocess.run([program, "--check", path], capture_output=True, check=False)
        found = max(found, {0: 0, 3: 1}.get(done.returncode, 2))
    return found


def _archive(source: Path, target: Path) -> list[str]:
    """What speaks against PDF/A now and did not before."""
    with pikepdf.open(source) as pdf, pdf.open_metadata() as packet:
        status = packet.pdfa_status.lower().replace("a", "b").replace("u", "b")
    if status not in ("1b", "2b", "3b"):
        return []
    before, after = (
        {each.rule for each in pikepdf.pdfa.validate_written(path, status).findings} for path in (source, target)
    )
    return [f"PDF/A-{status}: {rule}" for rule in sorted(after - before)]


def _units(path: Path) -> list[float]:
    with pikepdf.open(path) as pdf:
        return [float(page.obj.get("/UserUnit", 1)) for page in pdf.pages]


def _bare(text: str) -> str:
    """Without white space, which readers guess."""
    return "".join(text.split())
