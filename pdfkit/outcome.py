"""What PDF work is asked for and what comes of it: plain values, cheap to import anywhere."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

EDITION = 5  # of the stamp: one more whenever the same original, text and style give other bytes


class Cause(StrEnum):
    """Why a PDF cannot be stamped."""

    LOCKED = "password"  # only its password opens it
    NOT_A_PDF = "not-a-pdf"
    EMPTY = "empty"
    DAMAGED = "damaged"
    NO_PAGES = "no-pages"
    TOO_LARGE = "too-large"
    TOO_MANY_PAGES = "too-many-pages"
    DYNAMIC_FORM = "dynamic-form"  # XFA: some readers draw a form instead of the pages
    TIMEOUT = "timeout"
    CRASHED = "crashed"


class Caution(StrEnum):
    """What somebody should know about a PDF although it can be stamped."""

    CHARACTERS_REPLACED = "characters-replaced"  # the font lacks some characters of the text
    TEXT_SHRUNK = "text-shrunk"  # on at least one page the text was too long
    TEXT_MOVED = "text-moved"  # on at least one page the place lay (partly) outside
    PROTECTION_REMOVED = "protection-removed"  # an owner password forbade changes; the copy is unprotected
    SIGNATURE_BROKEN = "signature-broken"
    REPAIRED = "repaired"
    PORTFOLIO = "portfolio"  # readers show the files inside instead of the pages, and those are not stamped
    FILES_INSIDE = "files-inside"  # which are not stamped
    HARD_TO_SEE = "hard-to-see"  # on a page that was looked at, on dark ground or under a field


class StampFailed(Exception):
    """The file was not stamped, and nothing was left at the target."""

    def __init__(self, cause: Cause, detail: str = "") -> None:
        """`detail` is for the log: a library's own words, never for a customer."""
        super().__init__(f"{cause}: {detail}" if detail else str(cause))
        self.cause = cause
        self.detail = detail


class PictureCause(StrEnum):
    """Why a picture cannot be used."""

    TOO_LARGE = "too-large"
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_SMALL = "too-small"
    TOO_NARROW = "too-narrow"
    NOT_AN_IMAGE = "not-an-image"
    KIND_NOT_ACCEPTED = "kind-not-accepted"
    DAMAGED = "damaged"


class PictureRefused(Exception):
    """The picture was not drawn anew, and what lies at the target is nothing whole."""

    def __init__(self, cause: PictureCause, detail: str = "") -> None:
        """`detail` is for the log: a library's own words."""
        super().__init__(f"{cause}: {detail}" if detail else str(cause))
        self.cause = cause
        self.detail = detail


@dataclass(frozen=True)
class Picture:
    """A picture that was drawn anew; pixels of the result."""

    width: int
    height: int
    media_type: Literal["image/png", "image/jpeg"]


@dataclass(frozen=True)
class Style:
    """Size and place of the text: its baseline starts x mm from the left and y mm from the
    bottom edge of the page as the reader sees it."""

    font_size_pt: float
    x_mm: float
    y_mm: float


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What stands on a plain letter. Texts may have line breaks; `quotation` is what somebody said word for word.

    `facts` are pairs of label and value; `language` is a BCP 47 tag; `foot` stands at the bottom of every page.
    """

    title: str
    sender: str
    language: str
    before: tuple[str, ...] = ()
    quotation: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    after: tuple[str, ...] = ()
    foot: str = ""


@dataclass(frozen=True)
class Report:
    """A finished stamp; every one of `pages` pages bears the text."""

    pages: int
    warnings: tuple[Caution, ...]


@dataclass(frozen=True)
class Previewed:
    """A picture of a stamped first page. `pages` is 0 where there was no file."""

    pages: int
    warnings: tuple[Caution, ...]


@dataclass(frozen=True)
class Inspection:
    """What a PDF is, and whether it can be stamped; `cause` says why not.

    `pages` is 0 and `pdf_version` empty where the file could not be opened. `unclosed` are the pages, counted from 1,
    whose content leaves something open; None where that is not known, or they are too many to be listed. What it says
    is worth something to the `edition` of the stamp that said it.
    """

    pages: int
    encrypted: Literal["none", "owner", "user"]
    repaired: bool
    signed: bool
    pdf_version: str
    stampable: bool
    cause: Cause | None
    warnings: tuple[Caution, ...]
    unclosed: tuple[int, ...] | None = None
    edition: int = EDITION


def partial_path(target: Path, pid: int) -> Path:
    """Where process `pid` writes before `target` is complete; whoever kills it knows what to remove."""
    return target.with_name(f".{target.name}.{pid}.part")
