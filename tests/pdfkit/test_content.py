"""What the content of a page leaves open."""

import base64
import zlib

import pikepdf
import pytest

from pdfkit.content import MOST_CONTENT, Leftovers, joined, leftovers, without
from pdfkit.outcome import Cause, StampFailed

WHOLE = zlib.compress(bytes(range(256)))
_WRITER = zlib.compressobj()
FLUSHED = _WRITER.compress(b"q Q") + _WRITER.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (b"q 1 0 0 1 0 0 cm Q", Leftovers(0, 0, False, ())),
        (b"q q Q q", Leftovers(2, 0, False, ())),
        (b"q Q Q", Leftovers(0, 0, False, (4,))),
        (b"BT /F1 9 Tf", Leftovers(0, 0, True, ())),
        (b"/A BMC /B <</MCID 1>>BDC EMC", Leftovers(0, 1, False, ())),
        (b"EMC EMC /A BMC", Leftovers(0, 1, False, ())),
        (rb"(q \) ( q (BT) q)) Tj[(q)]TJ", Leftovers(0, 0, False, ())),
        (b"<71 51> Tj % q Q BT\nq", Leftovers(1, 0, False, ())),
        (b"/q /BT /Q gs/q BMC EMC", Leftovers(0, 0, False, ())),
        (b"/P<</T(a>b q)/M[/q]>>BDC", Leftovers(0, 1, False, ())),
        (b"BI/W 2/H 1/BPC 8/CS/G ID q\xffEI\x00\nEI Q", Leftovers(0, 0, False, (34,))),
        (b"sq qs Q* q*", Leftovers(0, 0, False, ())),
        (b"[[1 (q]) <71>] [% ]\n] q] q", Leftovers(1, 0, False, ())),
        (b"] >> /A<</B[<</C 1>>>> BDC", Leftovers(0, 1, False, ())),
    ],
)
def test_only_operators_count_and_only_whole_ones(data, left):
    assert leftovers(data) == left


@pytest.mark.parametrize(
    "data",
    [b"(never closed q", b"((closed) once", b"Tr <abcd", b"q <", b"BI /W 1 ID \xff\xfe", b"BI /W 1", b"[(a)", b"<</A"],
)
def test_content_that_would_swallow_the_stamp_is_refused(data):
    with pytest.raises(StampFailed) as refused:
        leftovers(data)

    assert refused.value.cause is Cause.DAMAGED


def test_blanking_a_surplus_operator_moves_nothing():
    assert without(b"q Q Q BT", (4,)) == b"q Q   BT"


@pytest.mark.parametrize(
    ("stored", "filters"),
    [
        (b"q q", None),
        (zlib.compress(b"q q"), "/FlateDecode"),
        (zlib.compress(zlib.compress(b"q q")), ["/FlateDecode", "/FlateDecode"]),
        (base64.a85encode(zlib.compress(b"q q")) + b"~>", ["/ASCII85Decode", "/FlateDecode"]),
        (b"712071>", "/ASCIIHexDecode"),
    ],
    ids=["plain", "Flate", "twice", "ASCII", "hexadecimal"],
)
def test_content_is_read_however_it_is_stored(stored, filters):
    with pikepdf.new() as pdf:
        assert joined([_stream(pdf, stored, filters)]) == (b"q q", True)


@pytest.mark.parametrize(("after", "is_doubtful"), [(b"Q BT /F1 9 Tf ET", False), (b"Q (\xe4\xf6) Tj", True)])
def test_where_an_image_ends_is_a_guess_if_nothing_readable_follows(after, is_doubtful):
    data = b"q BI /W 2 /H 2 /CS /G /BPC 8 ID \x00\xff\xff\x00 EI " + after

    assert leftovers(data) == Leftovers(0, 0, False, (), doubtful=is_doubtful)


def test_damaged_content_counts_as_far_as_it_can_be_read():
    data = zlib.compress(bytes(range(256)) * 64, 0)
    broken = data[:9000] + b"\xff" * 40 + data[9040:-8] + b"\0" * 8

    with pikepdf.new() as pdf:
        data, whole = joined([_stream(pdf, broken, "/FlateDecode")])

    assert data.startswith(bytes(range(256)) * 20)
    assert not whole


@pytest.mark.parametrize(
    ("stored", "whole"),
    [(WHOLE[:-4], True), (WHOLE[:-1] + b"x", False), (WHOLE[:-5], False), (b"", True), (FLUSHED + b"\r\n", True)],
    ids=["without its sum", "with a wrong sum", "without its end", "nothing at all", "written out so far"],
)
def test_content_is_whole_if_it_comes_to_its_end_and_no_sum_speaks_against_it(stored, whole):
    with pikepdf.new() as pdf:
        assert joined([_stream(pdf, stored, "/FlateDecode")]).whole is whole


@pytest.mark.parametrize("times", [1, 2])
def test_a_bomb_is_refused_before_it_goes_off(times):
    stored, filters = b" " * (MOST_CONTENT + 1), ["/FlateDecode"] * times
    for _ in filters:
        stored = zlib.compress(stored)

    with pikepdf.new() as pdf, pytest.raises(StampFailed) as refused:
        joined([_stream(pdf, stored, filters)])

    assert refused.value.cause is Cause.TOO_LARGE


def test_the_pieces_of_a_page_count_together():
    with pikepdf.new() as pdf, pytest.raises(StampFailed):
        joined([pdf.make_stream(b" " * (MOST_CONTENT // 2 + 1))] * 2)


def _stream(pdf: pikepdf.Pdf, stored: bytes, filters: str | list[str] | None) -> pikepdf.Stream:
    if filters is None:
        return pikepdf.Stream(pdf, stored)
    names = [filters] if isinstance(filters, str) else filters
    return pikepdf.Stream(pdf, stored, Filter=pikepdf.Array([pikepdf.Name(name) for name in names]))
