"""What the doctor says: one line, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"  # not as it could be; nothing fails by it
    WRONG = "wrong"


@dataclass(frozen=True)
class Phrase:
    """English with `%(name)s` where values go; the terminal shows it as it is, a page looks it up in its catalogue."""

    text: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join((self.text % self.values).split())


def phrase(text: str, /, **values: object) -> Phrase:
    """Babel finds its text in the source, so it has to stand there as it is."""
    return Phrase(text, {name: value if isinstance(value, int) else str(value) for name, value in values.items()})


def verbatim(value: object) -> Phrase:
    """A name, or what somebody else said: the same in every language."""
    return Phrase("%(value)s", {"value": str(value)})


NOTHING = Phrase("")


@dataclass(frozen=True)
class Finding:
    """`what` was found of `subject`; `advice` is a sentence, empty where nothing needs one."""

    level: Level
    subject: Phrase
    what: Phrase
    advice: Phrase = NOTHING

    @property
    def about(self) -> str:
        return str(self.subject)

    @property
    def told(self) -> str:
        return str(self.what)

    @property
    def remedy(self) -> str:
        return str(self.advice)

    @property
    def line(self) -> str:
        said = f"{self.level:<6} {self.about}: {self.told}."
        return f"{said} {self.remedy}".rstrip()


def ok(subject: Phrase, what: Phrase) -> Finding:
    return Finding(Level.OK, subject, what)


def note(subject: Phrase, what: Phrase, advice: Phrase) -> Finding:
    return Finding(Level.NOTE, subject, what, advice)


def wrong(subject: Phrase, what: Phrase, advice: Phrase) -> Finding:
    return Finding(Level.WRONG, subject, what, advice)
