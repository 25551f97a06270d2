"""Whether a second reader finds the stamp where it was put: PDFium, which has no part in putting it there.

Content that is damaged can swallow what follows it, and readers differ in how. So it is not reckoned but looked at: the
last thing that a page draws must be the stamp's form, by the matrix that was meant, and cut off by nothing.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from ctypes import byref
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
from pypdfium2 import raw

from pdfkit import geometry
from pdfkit.geometry import Matrix

PATIENCE_SECONDS = 15  # for one file; what takes longer is never sold
_NEAR = 0.01  # points
_ROUNDED = 1e-5  # of a number, which readers keep in 32 bits


def bare(paper: Path | BytesIO, places: Mapping[int, Matrix]) -> int | None:
    """The first page, counted from 1, that does not show its stamp; None if all do. Raises TimeoutError.

    `places` are the pages to look at, counted from 0, and the matrix of the stamp's form on each.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        with pypdfium2.PdfDocument(paper) as document:
            for number, matrix in places.items():
                if time.monotonic() > until:
                    raise TimeoutError(f"no time for page {number + 1}")
                if not _shows(document, number, matrix):
                    return number + 1
    except pypdfium2.PdfiumError:
        return 1
    return None


def without_burden(pdf: pikepdf.Pdf, form: pikepdf.Object, names: Sequence[str]) -> BytesIO:
    """The pages' content and their stamps alone, for a look at nothing else; the PDF is of no other use afterwards.

    `names` says how each page calls the form. Colour spaces stay: they tell readers where the data of an image end that
    stands in the content (ISO 32000-2, 8.9.7).
    """
    for key in set(pdf.Root.keys()) - {"/Type", "/Pages"}:
        del pdf.Root[key]
    for page, name in zip(pdf.pages, names, strict=True):
        colours = colour_spaces(page.obj)
        for key in set(page.obj.keys()) - {"/Type", "/Parent", "/Contents", "/MediaBox", "/CropBox", "/Rotate"}:
            del page.obj[key]
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary({name: form}))
        if colours is not None:
            page.obj.Resources.ColorSpace = colours
    light = BytesIO()
    pdf.save(light, stream_decode_level=pikepdf.StreamDecodeLevel.none, fix_metadata_version=False, encryption=False)
    light.seek(0)
    return light


def colour_spaces(page: pikepdf.Object) -> pikepdf.Object | None:
    """Those that the page's content may name; None where there are none."""
    resources = geometry.inherited(page, "/Resources")
    found = geometry.own(resources, "/ColorSpace") if isinstance(resources, pikepdf.Dictionary) else None
    return found if isinstance(found, pikepdf.Dictionary) else None


def _shows(document: pypdfium2.PdfDocument, number: int, matrix: Matrix) -> bool:
    with closing(document[number]) as page:
        last = raw.FPDFPage_GetObject(page, raw.FPDFPage_CountObjects(page) - 1)
        if not last or raw.FPDFPageObj_GetType(last) != raw.FPDF_PAGEOBJ_FORM:
            return False
        clip = raw.FPDFPageObj_GetClipPath(last)
        found = raw.FS_MATRIX()
        raw.FPDFPageObj_GetMatrix(last, byref(found))
        return (not clip or raw.FPDFClipPath_CountPaths(clip) <= 0) and _near(found, matrix)


def _near(found: raw.FS_MATRIX, meant: Matrix) -> bool:
    scale = abs(meant[0]) + abs(meant[1])  # user space units to a point of the stamp: few where a unit is large
    pairs = zip((found.a, found.b, found.c, found.d, found.e, found.f), meant, strict=True)
    return all(abs(one - other) <= _NEAR * scale + abs(other) * _ROUNDED for one, other in pairs)
