"""Inside the child: takes one job a line on standard input and answers each with one line.

Strangers' PDFs are worked on here and nowhere else, under limits, so that the worst of them costs
one child.
"""

import gc
import os
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from pdfkit.outcome import PictureRefused, StampFailed
from pdfkit.paper import PaperRefused
from pdfkit.wire import (
    Answer,
    DocumentArguments,
    InspectArguments,
    Issued,
    LetterArguments,
    PreviewArguments,
    RedrawArguments,
    Redrawn,
    Request,
    StampArguments,
)

_ADDRESS_SPACE = 2**30  # bytes; at least
_ADDRESS_SPACE_PER_JOB = 512 * 2**20  # bytes above what the libraries take
_CPU_SECONDS_PER_JOB = 60  # for a child whose parent died; a living parent is stricter
_OUTPUT_ABOVE_TWICE_THE_INPUT = 64 * 2**20  # bytes
_LARGEST_LETTER = 16 * 2**20  # bytes
_LARGEST_PICTURE = 16 * 2**20  # bytes
_LARGEST_DOCUMENT = 16 * 2**20  # bytes


def serve() -> None:
    """Work until standard input ends."""
    requests, answers = _private_streams()
    _limit_process()
    for line in requests:
        request = msgspec.json.decode(line, type=Request)
        _limit_cpu()
        answers.write(msgspec.json.encode(_answer(request)) + b"\n")
        answers.flush()
        gc.collect(1)  # while nobody waits


def _answer(request: Request) -> Answer:
    try:
        result = JOBS[request.job](bytes(request.arguments))
        return Answer(request.id, result=msgspec.Raw(msgspec.json.encode(result)))
    except StampFailed as failed:
        return Answer(request.id, failed=failed.cause, detail=failed.detail)
    except OSError as error:
        return Answer(request.id, errno=error.errno or 0, detail=str(error.strerror or error))
    except ValueError as error:
        return Answer(request.id, refused=str(error) or "refused")


def _stamp(arguments: bytes) -> object:
    from pdfkit import watermark  # loaded when first needed, as everything here

    given = msgspec.json.decode(arguments, type=StampArguments)
    source = Path(given.source)
    _limit_output(2 * source.stat().st_size + _OUTPUT_ABOVE_TWICE_THE_INPUT)
    return watermark.stamp(source, Path(given.target), given.text, given.style, given.unclosed)


def _inspect(arguments: bytes) -> object:
    from pdfkit import inspect

    given = msgspec.json.decode(arguments, type=InspectArguments)
    return inspect.inspect(Path(given.path))


def _letter(arguments: bytes) -> object:
    from pdfkit import letter  # fpdf2, too

    given = msgspec.json.decode(arguments, type=LetterArguments)
    _limit_output(_LARGEST_LETTER)
    letter.draw(given.letter, Path(given.target))
    return None


def _preview(arguments: bytes) -> object:
    from pdfkit import preview  # seldom needed, too

    given = msgspec.json.decode(arguments, type=PreviewArguments)
    source = Path(given.source) if given.source else None
    _limit_output((source.stat().st_size if source else 0) + _OUTPUT_ABOVE_TWICE_THE_INPUT)
    return preview.draw(source, Path(given.target), given.text, given.style)


def _redraw(arguments: bytes) -> object:
    from pdfkit import pictures  # seldom needed, and no reason to make every stamp wait

    given = msgspec.json.decode(arguments, type=RedrawArguments)
    _limit_output(_LARGEST_PICTURE)
    try:
        return Redrawn(pictures.redraw(Path(given.source), Path(given.target)))
    except PictureRefused as refused:
        return Redrawn(cause=refused.cause, detail=refused.detail)


def _document(arguments: bytes) -> object:
    from pdfkit import documents  # its rules and fonts take half a second to load

    given = msgspec.json.decode(arguments, type=DocumentArguments)
    _limit_output(_LARGEST_DOCUMENT)
    gc.disable()  # looking for garbage again and again would take a tenth of the time of a page
    try:
        return Issued(documents.issue(given.paper, Path(given.folder)))
    except PaperRefused as refused:
        return Issued(cause=refused.cause, detail=refused.detail)
    finally:
        gc.enable()


JOBS: dict[str, Callable[[bytes], object]] = {
    "stamp": _stamp,
    "inspect": _inspect,
    "preview": _preview,
    "letter": _letter,
    "redraw": _redraw,
    "document": _document,
}


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the parent, moved to where no library prints by chance."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")


def _limit_process() -> None:
    _limit(resource.RLIMIT_CORE, 0)
    used = 0
    with suppress(OSError):  # no /proc outside Linux
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        used = pages * resource.getpagesize()
    if sys.platform == "linux":  # elsewhere the limit is refused or counts shared libraries by the gigabyte
        _limit(resource.RLIMIT_AS, max(_ADDRESS_SPACE, used + _ADDRESS_SPACE_PER_JOB))


def _limit_cpu() -> None:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(spent.ru_utime + spent.ru_stime) + _CPU_SECONDS_PER_JOB)


def _limit_output(size: int) -> None:
    """Beyond it a write fails with EFBIG."""
    _limit(resource.RLIMIT_FSIZE, size)


def _limit(kind: int, value: int) -> None:
    """Only the soft limit, as the next job may need a higher one; never above what the operator allows."""
    _, hard = resource.getrlimit(kind)
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (soft, hard))
