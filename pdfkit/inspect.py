"""What a PDF is, and whether it can be stamped, before any customer meets it."""

from pathlib import Path

from pdfkit import content
from pdfkit.opening import Paper, opened
from pdfkit.outcome import Cause, Inspection, StampFailed


def inspect(path: Path) -> Inspection:
    """Look at every page as stamping would. Never raises for a bad file, only OSError for an unreadable one."""
    try:
        with opened(path) as paper:
            return _usable(paper)
    except StampFailed as failed:
        return _unusable(failed.cause)


def _usable(paper: Paper) -> Inspection:
    seen: set[tuple[tuple[int, int], ...]] = set()
    for page in paper.pdf.pages:
        parts = content.streams(page.obj)
        key = tuple(part.objgen for part in parts)
        if key not in seen:
            content.leftovers(content.joined(parts))
            seen.add(key)
    return Inspection(
        pages=len(paper.pdf.pages),
        encrypted="owner" if paper.protected else "none",
        repaired=paper.repaired,
        signed=paper.signed,
        pdf_version=paper.pdf.pdf_version,
        stampable=True,
        cause=None,
        warnings=paper.cautions,
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
