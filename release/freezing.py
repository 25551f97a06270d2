"""What PyInstaller takes and what it leaves: asked by tresen.spec, in the environment of the release."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from typing import Protocol

from release.installed import normal, package, packages, pinned

NOTE = "TRESEN_RELEASE_NOTE"
Entry = tuple[str, str, str]  # where in the archive, from which file, of which kind

# Loaded by a name that is put together while Tresen runs, so that no reader of its imports finds them.
BY_NAME = [
    "aiosqlite",
    "holidays.countries.germany",
    "logging.config",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "tzdata",
    "uvicorn.lifespan.on",
]
# The first ones would bring libraries under the GPL or Sleepycat's terms, and Tresen asks for none of them.
UNWANTED = (
    "readline _gdbm _dbm dbm.gnu dbm.ndbm curses tkinter turtle idlelib lib2to3 test pydoc pydoc_data doctest"
    " setuptools pip faker polyfactory litestar.testing litestar.cli rich rich_click pygments"
).split()
# Read their own files at work, which nothing tells PyInstaller.
WITH_FILES = ("fpdf2", "pikepdf")
ASKED_FOR_THEIR_VERSION = ("tresen", "pikepdf", "fpdf2", "uharfbuzz", "fonttools")
# Files of their own, where whoever wants another version of this library can put it: the LGPL asks for that.
REPLACEABLE = {"fpdf": "pyc"}
LANGUAGES = ("root", "de", "en")  # of the 32 MB that Babel knows; see views/languages.py
OF_THE_INSTALLER = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")


class Analysis(Protocol):
    """As much of PyInstaller's as is used here."""

    pure: list[Entry]
    binaries: list[Entry]
    datas: list[Entry]
    scripts: list[Entry]


@dataclass(frozen=True)
class Plan:
    """Modules and data are exactly what the wheel holds: what is forgotten here would be missing there, too."""

    entry: str
    modules: list[str]
    data: list[tuple[str, str]]
    excluded: list[str]


def freeze(source: Path, work: Path) -> tuple[Path, Path]:
    """Runs PyInstaller over that tree; the folder with the program, and the note of what is in it."""
    note = work / "taken.json"
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", str(work / "program"), "--workpath", str(work / "work"), "release/tresen.spec"]
    # One seed, so that sets are written in one order: the same commit makes the same bytes.
    environment = {**os.environ, "PYTHONHASHSEED": "1", NOTE: str(note)}
    subprocess.run(command, cwd=source, env=environment, check=True)
    return work / "program" / "tresen", note


def plan() -> Plan:
    tresen = package("tresen")
    inside = [Path(str(file)) for file in tresen.files or []]
    rooms = [file for file in inside if not file.parts[0].endswith(".dist-info") and ".." not in file.parts]
    migrations = [file for file in rooms if file.is_relative_to("db/migrations")]  # Alembic reads them as files
    data = [file for file in rooms if file.suffix not in (".py", ".pyc") or file in migrations]
    return Plan(
        entry=str(Path(__file__).with_name("start.py")),
        modules=BY_NAME + [_module(file) for file in rooms if file.suffix == ".py" and file not in migrations],
        data=[(str(tresen.locate_file(file)), str(file.parent)) for file in data if file.suffix != ".pyc"]
        + [_version(package(name)) for name in ASKED_FOR_THEIR_VERSION]
        + [entry for name in WITH_FILES for entry in _files(package(name))],
        excluded=UNWANTED + _tools(),
    )


def trim(analysis: Analysis) -> None:
    """Takes out what no page and no document asks for."""
    analysis.datas[:] = [entry for entry in analysis.datas if not _is_left_out(Path(entry[0]))]


def note(analysis: Analysis) -> None:
    """Writes down what ships and where each file came from, for release/parts.py."""
    taken = [*analysis.pure, *analysis.binaries, *analysis.datas, *analysis.scripts]
    Path(os.environ[NOTE]).write_text(json.dumps(sorted(taken), indent=1), encoding="utf-8")


def _tools() -> list[str]:
    """What is installed for building alone, and would be found by libraries that use it where it is there."""
    locked = pinned(Path("requirements.lock")) | {"tresen"}
    modules: defaultdict[str, set[str]] = defaultdict(set)
    for owner in packages():
        for file in owner.files or []:
            top = Path(str(file)).parts[0]
            if not top.endswith(".dist-info") and top.partition(".")[0].isidentifier():
                modules[top.partition(".")[0]].add(normal(owner.name))
    return sorted(module for module, by in modules.items() if not by & locked)


def _module(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _files(owner: Distribution) -> list[tuple[str, str]]:
    files = [Path(str(file)) for file in owner.files or []]
    wanted = [file for file in files if file.suffix in (".icc", ".json", ".LICENSE") and file.parts[0].isidentifier()]
    return [(str(owner.locate_file(file)), str(file.parent)) for file in wanted]


def _version(owner: Distribution) -> tuple[str, str]:
    """Of its metadata only what tells the version: the rest tells where it was built."""
    metadata = next(file for file in owner.files or [] if file.name == "METADATA")
    return str(metadata.locate()), str(Path(str(metadata)).parent)


def _is_left_out(path: Path) -> bool:
    if path.parent == Path("babel/locale-data") and path.suffix == ".dat":
        return path.stem.partition("_")[0] not in LANGUAGES
    return path.name in OF_THE_INSTALLER or path.suffix == ".pyi"
