"""PDFs that were broken by chance, as a disk, a mail gateway or an editor by hand breaks them, and what comes of it."""

from __future__ import annotations

import random
import re
import tempfile
from functools import cache
from pathlib import Path

import pikepdf
import pypdfium2

from pdfkit import inspect, watermark
from pdfkit.outcome import StampFailed
from tests.pdfkit import kinds, papers, reading
from tests.pdfkit.reading import STYLE, TEXT

_NUMBER = re.compile(rb"(?<![\d.])-?\d{1,9}(?![\d.])")
_NAME = re.compile(rb"/[A-Za-z]{1,20}")
_REFERENCE = re.compile(rb"\d+ 0 R")
_OPERATOR = re.compile(rb"(?<=[\s\]>)])(?:q|Q|BT|ET|cm|Do|Tj|EMC|BDC|re|W|n|gs)(?=\s)")
_NUMBERS = (b"0", b"-1", b"1e9", b"99999999999", b"0.00001", b"450", b"null", b"()", b"<<>>", b"[]", b"true", b"/X")
_BARE_TEXT = "".join(TEXT.split())
_PIECES = (b"[", b"<<", b"(", b"<", b"BI ID ", b"q ", b"Q ", b"BT ", b"/P BMC ", b"endstream\n", b"%", b"\x00")


def trouble(data: bytes, folder: Path) -> str | None:
    """What came out wrong of stamping these bytes in this process; None where all is as it should be."""
    source, target = folder / "in.pdf", folder / "out.pdf"
    source.write_bytes(data)
    target.unlink(missing_ok=True)
    refused = None
    try:
        watermark.stamp(source, target, TEXT, STYLE)
    except StampFailed as failed:
        refused = failed.cause
    found = inspect.inspect(source)
    if refused is None:
        return unstamped(source, target) if found.stampable else None
    if target.exists() or list(folder.glob(".*.part")):
        return "something was left behind"
    return None if found.cause is refused else f"stamping says {refused}, looking says {found.cause}"


def unstamped(source: Path, target: Path) -> str | None:
    """Which pages of the copy bear no text, by PDFium; None where all do."""
    try:
        with pypdfium2.PdfDocument(target) as document:
            bare = [number for number, page in enumerate(document, 1) if _BARE_TEXT not in _said(page)]
    except pypdfium2.PdfiumError as error:
        return f"PDFium does not open the copy: {error}"
    return f"pages {bare} of {source.name} bear no stamp" if bare else None


def _said(page: pypdfium2.PdfPage) -> str:
    return "".join(reading.characters(page).split())


@cache
def seeds() -> tuple[bytes, ...]:
    """One sound file of every kind, with streams that can be read as text."""
    with tempfile.TemporaryDirectory() as folder:
        made = [make(Path(folder) / f"{number}.pdf") for number, make in enumerate(_MAKERS)]
        return tuple(_plain(path) for path in made)


def mutant(dice: random.Random) -> bytes:
    """A sound file with one to six things broken."""
    data = dice.choice(seeds())
    for _ in range(dice.randint(1, 6)):
        data = dice.choice(_BREAKS)(data, dice)
    return data


def _plain(path: Path) -> bytes:
    with pikepdf.open(path) as pdf:
        if pdf.is_encrypted:
            return path.read_bytes()
        pdf.save(path.with_suffix(".qdf"), stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
                 compress_streams=False, fix_metadata_version=False)  # fmt: skip
    return path.with_suffix(".qdf").read_bytes()


def _replaced(pattern: re.Pattern[bytes], choices: tuple[bytes, ...] = ()):
    """Puts something else in the place of one match: one of the choices, or another match."""

    def broken(data: bytes, dice: random.Random) -> bytes:
        found = list(pattern.finditer(data))
        if not found:
            return data
        place = dice.choice(found)
        other = dice.choice(choices) if choices else dice.choice(found)[0]
        return data[: place.start()] + other + data[place.end() :]

    return broken


def _cut(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data))
    return data[:start] + data[start + dice.choice((1, 2, 30, 500)) :]


def _truncated(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data) // 4, len(data))]


def _flipped(data: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << dice.randrange(8)]) + data[place + 1 :]


def _inserted(data: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(data))
    return data[:place] + dice.choice(_PIECES) + data[place:]


def _doubled(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data))
    piece = data[start : start + dice.choice((5, 60, 900))]
    place = dice.randrange(len(data))
    return data[:place] + piece + data[place:]


_BREAKS = (
    _replaced(_NUMBER, _NUMBERS), _replaced(_NUMBER), _replaced(_NAME), _replaced(_REFERENCE), _replaced(_OPERATOR),
    _cut, _truncated, _flipped, _inserted, _doubled,
)  # fmt: skip
_MAKERS = (
    *kinds.EVERY_KIND.values(),
    lambda path: papers.sheet(path, [b"q 1 0 0 1 9 9 cm BT /F1 9 Tf", b"20 300 Td (Max) Tj ET Q", b"/P BMC q"]),
    lambda path: papers.sheet(path, b"q 20 0 0 20 300 300 cm BI /W 4 /H 4 /CS /G /BPC 8 ID 0123456789abcdef\nEI Q q"),
)  # fmt: skip
