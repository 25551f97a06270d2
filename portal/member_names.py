"""Names for the files in an archive: each its own, and none that an unpacking machine could take amiss."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

LONGEST = 120  # characters; twice as many bytes still leave room for a folder's name
FORBIDDEN = re.compile(r'[/\\:*?"<>|]')  # none of these can stand in a name on Windows
# Devices there, with or without an ending (Naming Files, Paths, and Namespaces).
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³")})


def unique(names: Sequence[str]) -> list[str]:
    """Safe names, told apart by a number before the ending: `bente.pdf`, `bente (2).pdf`. Case tells nothing apart."""
    taken: set[str] = set()
    found = []
    for name in map(safe, names):
        path = PurePosixPath(name)
        free, number = name, 1
        while free.casefold() in taken:
            number += 1
            free = f"{path.stem} ({number}){path.suffix}"
        taken.add(free.casefold())
        found.append(free)
    return found


def safe(name: str) -> str:
    """The name without path, control character or what a file system forbids; `Datei` where nothing is left."""
    visible = "".join(char for char in unicodedata.normalize("NFC", name) if unicodedata.category(char)[0] != "C")
    plain = FORBIDDEN.sub("_", visible).strip(" .")
    path = PurePosixPath(plain)
    short = path.stem[: LONGEST - len(path.suffix)] + path.suffix if len(path.suffix) < LONGEST else plain[:LONGEST]
    if short.partition(".")[0].strip().casefold() in DEVICES:
        short = f"_{short}"
    return short.strip(" .") or "Datei"
