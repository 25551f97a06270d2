"""The file that a stamped PDF becomes: all of it or nothing, quickly, and the same bytes for the same stamp."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pikepdf

from pdfkit.outcome import partial_path

_STATIC = b"31415926535897932384626433832795"  # what the library writes for an identifier that never changes
_STATIC_ID = re.compile(rb"/ID \[\s*<[0-9a-f]*>\s*<%s>\s*\]" % _STATIC)
_LAST_BYTES = 64  # of a PDF: "startxref", where the table lies, and "%%EOF"


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A file that becomes `target` when the block ends well, and vanishes when it does not."""
    partial = partial_path(target, os.getpid())
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def save(pdf: pikepdf.Pdf, path: Path, stamp: bytes) -> None:
    """The same PDF and stamp give the same bytes. Nobody waits for the disk: whoever keeps copies forgets them when the
    machine was restarted."""
    with path.open("w+b") as file:
        write(pdf, file)
        _identify(file, stamp)


def write(pdf: pikepdf.Pdf, file: BinaryIO) -> None:
    """As it is: no stream is decoded, and nothing is made better."""
    pdf.save(
        file,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.preserve,
        recompress_flate=False,
        compress_streams=False,
        fix_metadata_version=False,  # would rewrite the XMP packet, and fail on a broken one
        encryption=False,
        static_id=True,
    )


def _identify(file: BinaryIO, stamp: bytes) -> None:
    """Gives the copy an identifier of its own (ISO 32000-2, 14.4), instead of one that all copies would share.

    It comes from the table of all objects and the stamp. The library's own deterministic one would be a sum over all
    bytes, which takes as long as writing them.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _LAST_BYTES))
    table = int(file.read().rpartition(b"startxref")[2].split()[0])
    file.seek(table)
    written = file.read()
    own = hashlib.sha256(written + stamp).hexdigest()[:32].encode()
    for found in _STATIC_ID.finditer(written):
        file.seek(table + found.start())
        file.write(found[0].replace(_STATIC, own))
