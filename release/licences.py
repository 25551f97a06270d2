"""Under which licences a part may ship, and where their texts lie. Names are those of SPDX."""

from __future__ import annotations

import re
from importlib.metadata import Distribution
from pathlib import Path

from release.installed import normal

# Where a package says it in words of its own, or only by a classifier: read in its texts.
READ = {
    "aiosqlite": "MIT",
    "defusedxml": "PSF-2.0",
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "multipart": "MIT",
    "pyinstaller": "GPL-2.0-or-later WITH Bootloader-exception",
    "pyinstaller-hooks-contrib": "Apache-2.0",  # of what it puts into programs; its hooks are GPL, and stay here
    "pyopenssl": "Apache-2.0",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "segno": "BSD-3-Clause",
    "uharfbuzz": "Apache-2.0",
    "uvloop": "MIT OR Apache-2.0",
}
# Libraries of Debian that Python, or a package, is linked with; read in /usr/share/doc/NAME/copyright.
OF_SYSTEM = {
    "libbz2-1.0": "bzip2-1.0.6",
    "libexpat1": "MIT",
    "libffi8": "MIT",
    "libgcc-s1": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "liblzma5": "LicenseRef-Public-Domain",
    "libsqlite3-0": "blessing",
    "libssl3": "Apache-2.0",
    "libssl3t64": "Apache-2.0",
    "libstdc++6": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libuuid1": "BSD-3-Clause",
    "zlib1g": "Zlib",
}
SAID = {"MIT License": "MIT", "MIT license": "MIT", "Apache 2.0": "Apache-2.0", "Apache License 2.0": "Apache-2.0"}
# Each lets what is made with it ship under any terms.
EXCEPTIONS = ("GCC-exception-3.1", "Bootloader-exception")
JOINED = re.compile(r"\s+(?:AND|OR)\s+|[()]")
ID = re.compile(r"(?:0BSD|MIT|ISC|Zlib|BSD|Apache|MPL|PSF|A?L?GPL)(?:-[\w.-]+)?")
TEXT = re.compile(r"licen[cs]e|copying|notice|copyright", re.IGNORECASE)


def of_package(package: Distribution) -> str:
    """Its expression; nothing where it is not known."""
    named = package.metadata["License-Expression"]
    return READ.get(normal(package.name)) or named or _short(package.metadata["License"])


def of_system(package: str) -> str:
    return OF_SYSTEM.get(package, "")


def obstacle(licence: str) -> str:
    """Why something under it must not ship; nothing where it may."""
    if not licence:
        return "is not known: read its texts, and add it to release/licences.py"
    chosen = [each for each in JOINED.split(licence) if each.strip()]
    strict = [each for each in chosen if re.match(r"A?GPL-", each) and not each.endswith(EXCEPTIONS)]
    return f"{strict[0]} would bind whoever runs it" if strict else ""


def texts(package: Distribution) -> list[Path]:
    """Its licences' files, those of what is compiled into it as well."""
    inside = [file for file in package.files or [] if _is_text(Path(str(file)))]
    return sorted({Path(str(file.locate())) for file in inside})


def _is_text(file: Path) -> bool:
    """Beside the metadata, or in a folder of such."""
    if not file.parts[0].endswith(".dist-info") or file.suffix in (".py", ".pyc"):
        return False
    return bool(TEXT.search(file.name)) or any(TEXT.search(folder) for folder in file.parts[1:-1])


def _short(words: str | None) -> str:
    """What an older package writes into a field where others put the whole text."""
    said = (words or "").strip()
    return SAID.get(said) or (said if all(ID.fullmatch(each) for each in JOINED.split(said)) else "")
