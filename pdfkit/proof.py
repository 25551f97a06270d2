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

from pdfkit.geometry import Matrix

PATIENCE_SECONDS = 10  # for one file; a book of heavy drawings is looked at as far as this goes
_NEAR = 0.01  # points
_ROUNDED = 1e-5  # of a number, which readers keep in 32 bits


def bare(paper: Path | BytesIO, places: Mapping[int, Matrix], missed: list[int] | None = None) -> int | None:
    """The first page, counted from 1, that does not show its stamp; None if all do that were looked at.

    `places` are the pages to look at, counted from 0, and the matrix of the stamp's form on each. Those for which there
    was no time are added to `missed`.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        with pypdfium2.PdfDocument(paper) as document:
            for number, matrix in places.items():
                if time.monotonic() > until:
                    if missed is not None:
                        missed.append(number)
                elif not _shows(document, number, matrix):
                    return number + 1
    except pypdfium2.PdfiumError:
        return 1
    return None


def without_burden(pdf: pikepdf.Pdf, form: pikepdf.Object, names: Sequence[str]) -> BytesIO:
    """The pages' content and their stamps alone, for a look at nothing else; the PDF is of no other use afterwards.

    `names` says how each page calls the form.
    """
    for key in set(pdf.Root.keys()) - {"/Type", "/Pages"}:
        del pdf.Root[key]
    for page, name in zip(pdf.pages, names, strict=True):
        for key in set(page.obj.keys()) - {"/Type", "/Parent", "/Contents", "/MediaBox", "/CropBox", "/Rotate"}:
            del page.obj[key]
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary({name: form}))
    light = BytesIO()
    pdf.save(light, stream_decode_level=pikepdf.StreamDecodeLevel.none, fix_metadata_version=False, encryption=False)
    light.seek(0)
    return light


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
