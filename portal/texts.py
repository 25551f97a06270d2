"""Texts from outside as they may stand in a document: NFC, one line, without characters that nobody sees."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"  # without them some scripts are misspelt


def plain(text: str) -> str:
    """Control characters and every kind of space become one blank; marks of direction and non-characters go.

    What is left is seen, and must not get lost on the way to paper.
    """
    seen = "".join(_seen(sign) for sign in unicodedata.normalize("NFC", text))
    return " ".join(seen.split())


def _seen(sign: str) -> str:
    category = unicodedata.category(sign)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if category == "Cs" or (category == "Cf" and sign not in JOINERS):
        return ""
    return "" if ord(sign) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(sign) <= 0xFDEF else sign
