"""From a paper to its files: XML, PDF with the XML in it, XRechnung. Everything is checked before it has its name."""

from __future__ import annotations

import os
from pathlib import Path

from pdfkit import conformity, consistency, invoice, xrechnung, zugferd
from pdfkit.outcome import partial_path
from pdfkit.paper import PDF_NAME, XML_NAME, XRECHNUNG_NAME, Paper, PaperCause, PaperRefused, Printed
from pdfkit.zugferd import Profile


def issue(paper: Paper, folder: Path) -> Printed:
    """Write the files of a document into an empty folder; the same paper gives the same bytes.

    Raises PaperRefused, ValueError for control characters, OSError where the disk refuses; then there is no file.
    """
    paper = consistency.normal(paper)
    consistency.check(paper)
    xml = zugferd.written(paper)
    pages = _printed(paper, xml, folder / PDF_NAME)
    (folder / XML_NAME).write_bytes(xml)
    lacks = xrechnung.lacks(paper)
    if not lacks:
        (folder / XRECHNUNG_NAME).write_bytes(zugferd.written(paper, Profile.XRECHNUNG))
    return Printed(pages=pages, xrechnung_lacks=lacks)


def _printed(paper: Paper, xml: bytes, target: Path) -> int:
    """Whatever fails the check has never had the name of a document."""
    partial = partial_path(target, os.getpid())
    try:
        pages = invoice.draw(paper, xml, partial)
        if found := conformity.findings(partial, xml):
            raise PaperRefused(PaperCause.NOT_CONFORMING, "; ".join(found))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return pages
