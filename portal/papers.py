"""Letters as PDF, drawn in the child process."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex

from pdfkit.child import Child
from pdfkit.outcome import Letter


async def printed(letter: Letter, child: Child, scratch: Path) -> bytes:
    """The bytes of the PDF; the same for the same letter. Raises StampFailed for a time-out or a crash."""
    place = scratch / f"letter-{token_hex(8)}.pdf"
    try:
        await child.letter(letter, place)
        return place.read_bytes()
    finally:
        place.unlink(missing_ok=True)
