"""What parent and child say to each other: one JSON object a line."""

import msgspec

from pdfkit.outcome import Cause, Letter, Picture, PictureCause, Style
from pdfkit.paper import Paper, PaperCause, Printed


class Request(msgspec.Struct):
    """One job; `arguments` are of the type that belongs to the job."""

    id: int
    job: str
    arguments: msgspec.Raw


class Answer(msgspec.Struct, omit_defaults=True):
    """Exactly one of: a result, a cause, the number of an operating system error, refused arguments."""

    id: int
    result: msgspec.Raw = msgspec.Raw(b"null")
    failed: Cause | None = None
    errno: int | None = None
    refused: str | None = None
    detail: str = ""


class StampArguments(msgspec.Struct):
    """Absolute paths: the child works elsewhere."""

    source: str
    target: str
    text: str
    style: Style
    unclosed: tuple[int, ...] | None = None


class PreviewArguments(msgspec.Struct):
    """Absolute paths; `source` is None for an empty sheet."""

    source: str | None
    target: str
    text: str
    style: Style


class InspectArguments(msgspec.Struct):
    """An absolute path."""

    path: str


class LetterArguments(msgspec.Struct):
    """An absolute path."""

    letter: Letter
    target: str


class RedrawArguments(msgspec.Struct):
    """Absolute paths."""

    source: str
    target: str


class Redrawn(msgspec.Struct):
    """The picture, or why there is none."""

    picture: Picture | None = None
    cause: PictureCause | None = None
    detail: str = ""


class DocumentArguments(msgspec.Struct):
    """An absolute path."""

    paper: Paper
    folder: str


class Issued(msgspec.Struct):
    """The document, or why there is none."""

    printed: Printed | None = None
    cause: PaperCause | None = None
    detail: str = ""
