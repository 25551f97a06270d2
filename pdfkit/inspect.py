"""What a PDF is, and whether it can be stamped, before any customer meets it."""

from dataclasses import replace
from pathlib import Path

from pdfkit import watermark
from pdfkit.opening import Paper, opened
from pdfkit.outcome import Cause, Inspection, StampFailed

_MOST_LISTED = 1000  # pages; a book of which more are left open is read as a whole each time


def inspect(path: Path) -> Inspection:
    """Stamp every page for a try and look for the stamp with a second reader.

    Never raises for a bad file, only OSError for an unreadable one.
    """
    try:
        with opened(path) as paper:
            return _usable(paper)
    except StampFailed as failed:
        return _unusable(failed.cause)


def _usable(paper: Paper) -> Inspection:
    found = Inspection(
        pages=len(paper.pdf.pages),
        encrypted="owner" if paper.protected else "none",
        repaired=paper.repaired,
        signed=paper.signed,
        pdf_version=paper.pdf.pdf_version,
        stampable=True,
        cause=None,
        warnings=paper.cautions,
    )
    unclosed = watermark.prove(paper)
    return replace(found, unclosed=unclosed if len(unclosed) <= _MOST_LISTED else None)


def _unusable(cause: Cause) -> Inspection:
    return Inspection(
        pages=0,
        encrypted="user" if cause is Cause.LOCKED else "none",
        repaired=False,
        signed=False,
        pdf_version="",
        stampable=False,
        cause=cause,
        warnings=(),
    )
