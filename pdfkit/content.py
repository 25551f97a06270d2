"""What a page's content leaves open at its end, so that the stamp can close it first."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import pikepdf

from pdfkit.outcome import Cause, StampFailed

MOST_CONTENT = 16 * 2**20  # bytes of one page, inflated
_MOST_LZW = 256 * 2**10  # LZW may grow 1300-fold, and the library has no limit for it

_WHITE = rb"\x00\t\n\f\r "
_DELIMITER = _WHITE + rb"()<>\[\]{}/%"
_OPERATORS = (b"q", b"Q", b"BT", b"ET", b"BMC", b"BDC", b"EMC", b"BI")
# Every alternative begins with a letter or sign, no group and no look behind: only then does the search skip what
# is none of them at the speed of the machine, and a page of drawings is read twenty times as fast.
_TOKEN = re.compile(
    rb"%%[^\r\n]*"
    rb"|\((?:[^()\\]|\\.)*+\)"
    rb"|\("
    rb"|\[(?:[^][()<>%%]|\((?:[^()\\]|\\.)*+\)|<[^<>]*+>)*+\]"
    rb"|\[|\]|<<|>>"
    rb"|<[^>]*>?"
    rb"|/[^%(d)s]*"
    rb"|%(o)s" % {b"d": _DELIMITER, b"o": b"|".join(b"%s(?![^%s])" % (name, _DELIMITER) for name in _OPERATORS)},
    re.DOTALL,
)
_BRACKETS = {b"[", b"]", b"<<", b">>"}
_BEFORE = re.compile(rb"[%s]" % _DELIMITER)
_IN_A_STRING = "the page's content ends inside a string"
_CLOSED_BY = {b"[": b"]", b"<<": b">>"}
_PARENTHESIS = re.compile(rb"\\.|[()]", re.DOTALL)
_IMAGE_DATA = re.compile(rb"(?<![^%(d)s])ID[%(w)s]" % {b"d": _DELIMITER, b"w": _WHITE})
# Image data may hold "EI" by chance; the real one is followed by something readable.
_IMAGE_END = re.compile(
    rb"[%(w)s]EI(?=\Z|[%(w)s](?:[\t\n\r -~]{10}|[\t\n\r -~]{0,9}\Z))" % {b"w": _WHITE},
)

_PERHAPS_IMAGE_END = re.compile(rb"[%(w)s]EI(?=\Z|[%(w)s])" % {b"w": _WHITE})
_FLUSHED = b"\0\0\xff\xff"  # what a block ends with that was written out before there was more (RFC 1951, 3.2.4)


@dataclass(frozen=True)
class Leftovers:
    """How a page's content ends: graphics states not restored, marked content and text not closed. `mended`: some of it
    could not be read, and readers show the rest. `doubtful`: where an image in it ends is a guess.

    `surplus` are the offsets of Q operators that restore nothing. Readers ignore them, but inside
    the stamp's own q … Q they would end that early.
    """

    saved: int
    marked: int
    in_text: bool
    surplus: tuple[int, ...]
    mended: bool = False
    doubtful: bool = False


class Joined(NamedTuple):
    """The decoded content of a page; not `whole` where some of it could not be read."""

    data: bytes
    whole: bool


def streams(page: pikepdf.Object) -> list[pikepdf.Stream]:
    """A page's content streams; whatever else stands in /Contents is ignored, as readers do."""
    contents = page.get("/Contents") if "/Contents" in page else None
    if isinstance(contents, pikepdf.Stream):
        return [contents]
    if not isinstance(contents, pikepdf.Array):
        return []
    return [item for item in contents if isinstance(item, pikepdf.Stream)]


def joined(parts: list[pikepdf.Stream]) -> Joined:
    """What the streams of a page hold. Raises StampFailed if it is beyond 16 MiB or cannot be read at all."""
    room = MOST_CONTENT
    pieces = []
    for part in parts:
        piece = _decoded(part, room)
        room -= len(piece.data)
        pieces.append(piece)
    return Joined(b"\n".join(piece.data for piece in pieces), all(piece.whole for piece in pieces))


def leftovers(data: bytes) -> Leftovers:
    """Follow the operators that nest. Raises StampFailed if the content ends inside a string, an image, an array or
    a dictionary: what is drawn after it would be part of that for some readers."""
    saved = marked = 0
    in_text = False
    surplus = []
    guesses: list[int] = []
    for offset, operator in _operators(data, guesses):
        match operator:
            case b"q":
                saved += 1
            case b"Q" if saved:
                saved -= 1
            case b"Q":
                surplus.append(offset)
            case b"BT" | b"ET":
                in_text = operator == b"BT"
            case b"EMC":
                marked = max(0, marked - 1)
            case _:
                marked += 1
    return Leftovers(saved, marked, in_text, tuple(surplus), doubtful=bool(guesses))


def without(data: bytes, offsets: tuple[int, ...]) -> bytes:
    """The content with the one-letter operators at these offsets blanked."""
    blanked = bytearray(data)
    for offset in offsets:
        blanked[offset] = 0x20
    return bytes(blanked)


def _operators(data: bytes, guesses: list[int]) -> Iterator[tuple[int, bytes]]:
    """Where each stands. To `guesses` is added where an image seems to end that has no better end."""
    position = 0
    open_brackets: list[bytes] = []
    while found := _TOKEN.search(data, position):
        token, position = found[0], found.end()
        if token == b"(":
            position = _string_end(data, position)
        elif token in _BRACKETS or token[:1] == b"<":
            _follow(token, open_brackets)
        elif token in _OPERATORS and _stands_alone(data, found.start()):
            if token == b"BI":
                position = _image_end(data, position, guesses)
            elif not open_brackets:
                yield found.start(), token
    if open_brackets:
        raise StampFailed(Cause.DAMAGED, "the page's content ends inside an array or a dictionary")


def _stands_alone(data: bytes, start: int) -> bool:
    return not start or _BEFORE.match(data, start - 1) is not None


def _follow(bracket: bytes, still_open: list[bytes]) -> None:
    """A bracket that closes nothing is ignored, as readers do; to a string in hexadecimal that is never closed belongs
    all that the stamp adds.
    """
    if bracket not in _BRACKETS and bracket[-1:] != b">":
        raise StampFailed(Cause.DAMAGED, _IN_A_STRING)
    if bracket in _CLOSED_BY:
        still_open.append(_CLOSED_BY[bracket])
    elif bracket in still_open:
        while still_open.pop() != bracket:
            pass


def _string_end(data: bytes, position: int) -> int:
    depth = 1
    for parenthesis in _PARENTHESIS.finditer(data, position):
        depth += {b"(": 1, b")": -1}.get(parenthesis[0], 0)
        if not depth:
            return parenthesis.end()
    raise StampFailed(Cause.DAMAGED, _IN_A_STRING)


def _image_end(data: bytes, position: int, guesses: list[int]) -> int:
    begin = _IMAGE_DATA.search(data, position)
    end = begin and _IMAGE_END.search(data, begin.end() - 1)
    if begin and not end and (end := _PERHAPS_IMAGE_END.search(data, begin.end() - 1)):
        guesses.append(end.end())
    if not end:
        raise StampFailed(Cause.DAMAGED, "the page's content ends inside an image")
    return end.end()


def _decoded(stream: pikepdf.Stream, most: int) -> Joined:
    filters = _filters(stream)
    if all(name in ("/FlateDecode", "/Fl") for name in filters) and "/DecodeParms" not in stream:
        return _inflated(stream.read_raw_bytes(), len(filters), most)
    if any(name in ("/LZWDecode", "/LZW") for name in filters) and len(stream.read_raw_bytes()) > _MOST_LZW:
        raise _too_large()
    data = stream.read_bytes()
    if len(data) > most:
        raise _too_large()
    return Joined(data, whole=True)


def _filters(stream: pikepdf.Stream) -> list[str]:
    value = stream.get("/Filter")
    if isinstance(value, pikepdf.Array):
        return [str(name) for name in value]
    return [] if value is None else [str(value)]


def _inflated(data: bytes, times: int, most: int) -> Joined:
    """Damaged data counts as far as it goes: readers show that much, too."""
    whole = True
    for _ in range(times):
        inflater, stored = zlib.decompressobj(), data
        try:
            data = inflater.decompress(stored, most + 1)
            whole = whole and (inflater.eof or len(data) > most or _lacks_only_its_sum(stored))
        except zlib.error:
            data, whole = _salvaged(stored, most), False
        if len(data) > most:
            raise _too_large()
    if len(data) > most:
        raise _too_large()
    return Joined(data, whole)


def _lacks_only_its_sum(data: bytes) -> bool:
    """Whether the data come to their end, or to that of a block, although the sum that should follow is missing
    (RFC 1950, 2.2)."""
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    inflater.decompress(data[2:])
    return inflater.eof or not data or data.rstrip(b"\n\r ").endswith(_FLUSHED)


def _salvaged(data: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj()
    pieces = bytearray()
    try:
        for start in range(0, len(data), 64):
            pieces += inflater.decompress(data[start : start + 64], most + 1 - len(pieces))
            if len(pieces) > most:
                break
    except zlib.error:
        pass
    return bytes(pieces)


def _too_large() -> StampFailed:
    return StampFailed(Cause.TOO_LARGE, f"a page's content is larger than {MOST_CONTENT} bytes")
