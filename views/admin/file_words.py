"""What is said of a file behind the counter: whether it is there, whether it can be stamped, who can get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from db.files import File
from pdfkit.outcome import Cause, Caution
from portal.file_reach import MOST_COUNTED
from portal.releases import awaits_release, noted
from views.sentences import Sentence, counted, said

CAUSES: Mapping[str, Sentence] = {
    Cause.LOCKED: said("Cannot be stamped: only its password opens it. Save it without one."),
    Cause.NOT_A_PDF: said("Cannot be stamped: this is no PDF, although it is named like one."),
    Cause.EMPTY: said("Cannot be stamped: the file is empty."),
    Cause.DAMAGED: said("Cannot be stamped: the file is damaged. Save it anew."),
    Cause.NO_PAGES: said("Cannot be stamped: it has no pages."),
    Cause.TOO_LARGE: said("Cannot be stamped: it is too large."),
    Cause.TOO_MANY_PAGES: said("Cannot be stamped: it has too many pages."),
    Cause.DYNAMIC_FORM: said(
        "Cannot be stamped: some readers draw a form of their own instead of its pages (XFA). Print it into a new PDF."
    ),
    Cause.TIMEOUT: said("Cannot be stamped: it takes too long."),
    Cause.CRASHED: said("Cannot be stamped: it is made in a way that no program here can read."),
}
CAUTIONS: Mapping[Caution, Sentence] = {
    Caution.REPAIRED: said(
        "The file was damaged and had to be rebuilt. Compare the number of pages, and the preview, with your own copy."
    ),
    Caution.PROTECTION_REMOVED: said(
        "An owner password forbids changes to this file. Stamped copies are without that protection."
    ),
    Caution.SIGNATURE_BROKEN: said("The file is signed. The signature does not cover stamped copies."),
    Caution.PORTFOLIO: said(
        "This is a portfolio: readers show the files inside it, and those go out without the watermark. Link them one"
        " by one instead."
    ),
    Caution.FILES_INSIDE: said("There are files inside this PDF. They go out with it, without the watermark."),
}
UNKNOWN_CAUSE = said("Cannot be stamped.")


@dataclass(frozen=True)
class Condition:
    """`tone` is ok, wait or stop."""

    tone: str
    words: Sentence


def condition(file: File, asked: frozenset[Caution]) -> Condition:
    """`asked`: what files are held back for in this shop."""
    found = file.inspection or {}
    if file.missing_since is not None:
        return Condition("stop", said("Missing from its storage. Customers cannot get it."))
    if not found:
        return Condition("wait", said("Not looked into yet. Nobody gets a stamped copy before."))
    if not found.get("stampable", True):
        return Condition("stop", CAUSES.get(str(found.get("cause")), UNKNOWN_CAUSE))
    if awaits_release(file, asked):
        return Condition("wait", said("Waits for your release. With a watermark, customers cannot get it before."))
    pages = found.get("pages")
    if found.get("kind") == "pdf" and isinstance(pages, int):
        return Condition("ok", counted("Can be stamped, 1 page.", "Can be stamped, %(count)s pages.", pages))
    return Condition("ok", said("No PDF: it goes out as it is."))


def cautions_of(file: File) -> tuple[Sentence, ...]:
    """What the merchant should know of a file that can be stamped."""
    found = noted(file.inspection)
    return tuple(words for caution, words in CAUTIONS.items() if caution in found)


def reach_of(orders: int, *, is_held_back: bool = False) -> Sentence:
    if is_held_back:
        return counted("1 paid order waits for it.", "%(count)s paid orders wait for it.", orders)
    if orders > MOST_COUNTED:
        return said("More than %(number)s paid orders can get it.", number=MOST_COUNTED)
    return counted("1 paid order can get it.", "%(count)s paid orders can get it.", orders)
