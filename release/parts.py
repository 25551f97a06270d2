"""Of whom what ships is: every file of the program belongs to a part with a version, a licence and its text."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import Distribution
from pathlib import Path

from release import licences
from release.installed import SITE, normal, package, packages, pinned

PYTHON = "python"
TRESEN = "tresen"
# What PyInstaller puts into each program: its loader, and what it runs before Tresen's first line.
LOADER = ("pyinstaller", "pyinstaller-hooks-contrib")
VENDORED = re.compile(r"^name: (.+)\nversion: (.+)\nlicence: (.+)\norigin: npm package ([^,\s]+)", re.MULTILINE)
# Its own libraries, and all of its installation where that is none of the system's.
PYTHONS = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")]
if sys.base_prefix != "/usr":
    PYTHONS.append(Path(sys.base_prefix).resolve())


class Unclear(Exception):
    """One sentence about what must not ship like this."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """`texts`: its licences as they are shipped. `libraries`: what it brings compiled, by others."""

    name: str
    version: str
    licence: str
    purl: str
    texts: tuple[Path, ...]
    libraries: tuple[str, ...] = ()


@dataclass
class Owners:
    """Who owns a file of the environment."""

    source: Path
    by_file: dict[Path, Distribution] = field(default_factory=dict)
    by_top: dict[str, Distribution] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for owner in packages():
            for file in owner.files or []:
                self.by_file[Path(str(file.locate())).resolve()] = owner
                self.by_top[Path(str(file)).parts[0].removesuffix(".py")] = owner

    def of(self, name: str, place: str) -> Distribution | str:
        """A package of the environment, `tresen`, `python`, or the package of the system that a library is from."""
        file = Path(place).resolve()
        if found := self.by_file.get(file):
            return found
        if file.is_relative_to(self.source):
            return TRESEN
        if file.is_relative_to(SITE):  # in nobody's list, such as what was compiled at the installation
            return self.by_top[file.relative_to(SITE).parts[0]]
        if any(file.is_relative_to(folder) for folder in PYTHONS):
            return PYTHON
        if file.is_relative_to("/usr/lib"):
            return _package_of(file)
        # Made anew while building: a module as a file of its own, or the first modules of Python in one.
        return self.by_top.get(name.replace("/", ".").partition(".")[0], PYTHON)


def shipped(note: Path, source: Path, lock: Path) -> list[Part]:
    """All parts by name. Raises Unclear: for what no lock pins, and for what has no licence or a wrong one."""
    owners = Owners(source.resolve())
    found: dict[str, Distribution | str] = {normal(tool): package(tool) for tool in LOADER}
    brought: defaultdict[str, list[str]] = defaultdict(list)
    for name, place, kind in json.loads(note.read_text(encoding="utf-8")):
        if kind == "SYMLINK":
            continue
        owner = owners.of(name, place)
        key = owner if isinstance(owner, str) else normal(owner.name)
        found[key] = owner
        if ".libs/" in name:
            brought[key].append(Path(name).name)
    parts = [replace(_part(key, found[key]), libraries=tuple(brought[key])) for key in found] + _vendored(source)
    _judge(parts, pinned(lock) | {TRESEN, *LOADER}, found)
    return sorted(parts, key=lambda part: part.name)


def _judge(parts: list[Part], allowed: set[str], found: Mapping[str, Distribution | str]) -> None:
    for part in parts:
        if isinstance(found.get(part.name), Distribution) and part.name not in allowed:
            raise Unclear(f"{part.name} would ship, and requirements.lock does not pin it.")
        if not part.texts:
            raise Unclear(f"{part.name} would ship, and the text of its licence was not found.")
        if why := licences.obstacle(part.licence):
            raise Unclear(f"{part.name} would ship, and its licence {why}.")


def _part(key: str, owner: Distribution | str) -> Part:
    if isinstance(owner, Distribution):
        return Part(
            name=key,
            version=owner.version,
            licence=licences.of_package(owner),
            purl=f"pkg:pypi/{key}@{owner.version}",
            texts=tuple(licences.texts(owner)),
        )
    if owner == TRESEN:
        return _part(key, package(TRESEN))
    if owner == PYTHON:
        version = platform.python_version()
        return Part(
            name=key, version=version, licence="PSF-2.0", purl=f"pkg:generic/python@{version}", texts=_pythons_text()
        )
    version = _asked("dpkg-query", "--show", "--showformat=${Version}", owner)
    return Part(
        name=owner,
        version=version,
        licence=licences.of_system(owner),
        purl=f"pkg:deb/debian/{owner}@{version}",
        texts=(Path("/usr/share/doc", owner, "copyright"),),
    )


def _vendored(source: Path) -> list[Part]:
    """What stands in Tresen's own tree and is by others: what VENDOR.txt tells, and the fonts of stamps."""
    folder = source / "static/vendor"
    fonts = Part(
        name="noto-sans",
        version="",
        licence="OFL-1.1",
        purl="pkg:generic/noto-sans",
        texts=(source / "pdfkit/fonts/OFL.txt",),
    )
    return [fonts] + [
        Part(
            name=name,
            version=version,
            licence=licence,
            purl=f"pkg:npm/{package.replace('@', '%40')}@{version}",
            texts=(folder / f"{name}-{version}" / "LICENSE",),
        )
        for name, version, licence, package in VENDORED.findall((folder / "VENDOR.txt").read_text(encoding="utf-8"))
    ]


def _pythons_text() -> tuple[Path, ...]:
    short = ".".join(platform.python_version_tuple()[:2])
    places = (Path(sysconfig.get_path("stdlib"), "LICENSE.txt"), Path(f"/usr/share/doc/python{short}/copyright"))
    return tuple(place for place in places if place.exists())[:1]


def _package_of(file: Path) -> str:
    """Debian notes some files below /lib and others below /usr/lib, which are one folder."""
    for place in (file, Path("/", *file.parts[2:])):
        if owner := _asked("dpkg-query", "--search", str(place)).partition(":")[0]:
            return PYTHON if owner.startswith("libpython3") else owner
    raise Unclear(f"No package of this system owns {file}, so that nobody knows its licence.")


def _asked(*command: str) -> str:
    """What it answers; nothing where it fails. Raises Unclear where it is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError as error:
        raise Unclear(f"A release is made on Debian, whose {command[0]} knows the libraries' licences.") from error
