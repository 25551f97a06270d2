"""What the doctor says: one line, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"  # not as it could be; nothing fails by it
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """`told` goes on from `about`; `remedy` is a sentence, empty where nothing needs one."""

    level: Level
    about: str
    told: str
    remedy: str = ""

    @property
    def line(self) -> str:
        said = f"{self.level:<6} {self.about}: {self.told}."
        return f"{said} {self.remedy}".rstrip()


def ok(about: str, told: str) -> Finding:
    return Finding(Level.OK, about, told)


def note(about: str, told: str, remedy: str) -> Finding:
    return Finding(Level.NOTE, about, told, remedy)


def wrong(about: str, told: str, remedy: str) -> Finding:
    return Finding(Level.WRONG, about, told, remedy)
