"""Which characters the typefaces of documents can draw: known without opening a font."""

from functools import cache
from unicodedata import category, normalize

JOINERS = "\u200c\u200d"  # Persian and Indic words are spelled with them
# First and last of each range, as the four faces in fonts/ have them together.
_RANGES = """
20-7E A0-24F 259 2BB-2BD 2C6-2DD 300-304 306-30C 323 326-328 331 370-377 37A-37F 384-38A 38C 38E-3A1 3A3-3E1 3F0-52F
5B0-5C7 5D0-5EA 5F0-5F4 60C 61B 61F-66D 670-6D3 6D5 6EE-6F9 750-77F 1E00-1EFF 200C-200D 2010-2015 2018-2022 2026 2030
2032-2033 2039-203A 2044 2070 2074-2079 2080-2089 20AC 20B4 20BD 2113 2116 2122 2212 25CC FFFD
"""


def unprintable(text: str) -> str:
    """The characters of the text that no face has, each once and sorted; line breaks are none of them."""
    kept = (each for each in normalize("NFC", text) if each != "\n" and not is_shapeless(each))
    return "".join(sorted({each for each in kept if ord(each) not in covered()}))


def is_shapeless(character: str) -> bool:
    """Soft hyphens, marks of direction and variation selectors: what has no shape of its own is not drawn."""
    is_format = category(character) == "Cf" and character not in JOINERS
    return is_format or 0xFE00 <= ord(character) <= 0xFE0F


@cache
def covered() -> frozenset[int]:
    found: set[int] = set()
    for span in _RANGES.split():
        first, _, last = span.partition("-")
        found.update(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(found)
