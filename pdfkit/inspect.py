"""What a PDF is, and whether it can be stamped, before any customer meets it."""

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
    paper.look_for_paper_clips()
    version, pages = paper.pdf.pdf_version, len(paper.pdf.pages)
    unclosed = watermark.prove(paper)  # which also finds what has to be repaired
    return Inspection(
        pages=pages,
        encrypted="owner" if paper.protected else "none",
        repaired=paper.repaired,
        signed=paper.signed,
        pdf_version=version,
        stampable=True,
        cause=None,
        warnings=paper.cautions,
        unclosed=unclosed if len(unclosed) <= _MOST_LISTED else None,
    )


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
