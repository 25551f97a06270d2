"""Whether a text can be an account's number, as ISO 13616 writes it."""

from __future__ import annotations

import re

SHAPE = re.compile("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)


def is_one(text: str) -> bool:
    """Blanks and small letters are people's way to write it; the check digits find a typing error."""
    iban = "".join(text.split()).upper()
    if not SHAPE.fullmatch(iban):
        return False
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1
