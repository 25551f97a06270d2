"""The font of the stamp, and which text it can draw."""

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from pdfkit.letters import JOINERS

SLIM = Path(__file__).parent / "fonts" / "NotoSans-Slim.ttf"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Format characters (bidi overrides, zero-width joiners, soft hyphens) can turn a name round or hide it;
# variation selectors draw nothing of their own.
_DROPPED = {"Cc", "Cf", "Cs"}
_SPACES = {"Zs", "Zl", "Zp"}
_JOINER = re.compile(f"[{JOINERS}]+")
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


@dataclass(frozen=True)
class Line:
    """One line of text of which every character can be drawn."""

    text: str
    replaced: bool


def cleaned(text: str) -> str:
    """The text in NFC on one line, without control characters.

    Joiners stay between letters that join, where Persian and Urdu are spelled with them.
    """
    spaced = "".join(" " if _is_space(character) else character for character in unicodedata.normalize("NFC", text))
    joined = _JOINER.sub(lambda found: found[0] if _joins(spaced, *found.span()) else "", spaced)
    kept = "".join(character for character in joined if character in JOINERS or not _is_dropped(character))
    return kept.strip()


def drawable(text: str, covered: Container[int]) -> Line:
    """The cleaned text; what `covered` lacks becomes U+FFFD."""
    kept = cleaned(text)
    drawn = "".join(character if ord(character) in covered else REPLACEMENT for character in kept)
    return Line(drawn, replaced=drawn != kept)


def _joins(text: str, start: int, end: int) -> bool:
    return [unicodedata.bidirectional(each) for each in text[start - 1 : start] + text[end : end + 1]] == ["AL", "AL"]


def _is_space(character: str) -> bool:
    return character in "\t\n\v\f\r\x85" or unicodedata.category(character) in _SPACES


def _is_dropped(character: str) -> bool:
    return unicodedata.category(character) in _DROPPED or ord(character) in _VARIATION_SELECTORS
