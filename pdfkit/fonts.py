"""The font of the stamp, and which text it can draw."""

import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

SLIM = Path(__file__).parent / "fonts" / "NotoSans-Slim.ttf"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Format characters (bidi overrides, zero-width joiners, soft hyphens) can turn a name round or hide it;
# variation selectors draw nothing of their own.
_DROPPED = {"Cc", "Cf", "Cs"}
_SPACES = {"Zs", "Zl", "Zp"}
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


@dataclass(frozen=True)
class Line:
    """One line of text of which every character can be drawn."""

    text: str
    replaced: bool


def drawable(text: str, covered: Container[int]) -> Line:
    """The text in NFC on one line, without control characters; what `covered` lacks becomes U+FFFD."""
    spaced = "".join(" " if _is_space(character) else character for character in text)
    kept = "".join(character for character in unicodedata.normalize("NFC", spaced) if not _is_dropped(character))
    drawn = "".join(character if ord(character) in covered else REPLACEMENT for character in kept)
    return Line(drawn.strip(), replaced=drawn != kept)


def _is_space(character: str) -> bool:
    return character in "\t\n\v\f\r\x85" or unicodedata.category(character) in _SPACES


def _is_dropped(character: str) -> bool:
    return unicodedata.category(character) in _DROPPED or ord(character) in _VARIATION_SELECTORS
