"""A QR code as a picture in the page itself: black on white in both schemes, or phones do not read it."""

from __future__ import annotations

import segno


def drawn(text: str) -> str:
    """The address of an SVG, for `img`."""
    return str(segno.make(text, error="m", micro=False).svg_data_uri(scale=4, border=4, dark="#000", light="#fff"))
