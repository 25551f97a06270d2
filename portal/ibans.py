"""Whether a text can be an account's number, as ISO 13616 writes it."""

from __future__ import annotations

import re

SHAPE = re.compile("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
GERMAN = 22  # characters; other countries have other lengths, and their check digits


def is_one(text: str) -> bool:
    """Blanks and small letters are people's way to write it; the check digits find a typing error."""
    iban = _plain(text)
    return has_shape(text) and int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


def has_shape(text: str) -> bool:
    """Whether it looks like one, be its digits mistyped."""
    iban = _plain(text)
    return SHAPE.fullmatch(iban) is not None and (not iban.startswith("DE") or len(iban) == GERMAN)


def _plain(text: str) -> str:
    return "".join(text.split()).upper()
