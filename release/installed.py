"""What the environment of the release holds, and what a lock file pins of it."""

from __future__ import annotations

import re
import sysconfig
from importlib.metadata import Distribution, distributions
from pathlib import Path

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*])?==", re.MULTILINE)
SITE = Path(sysconfig.get_path("purelib")).resolve()


def normal(name: str) -> str:
    """As PEP 503 compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(lock: Path) -> set[str]:
    return {normal(name) for name in PIN.findall(lock.read_text(encoding="utf-8"))}


def packages() -> list[Distribution]:
    """Those of this environment alone: what was built in the working directory calls itself installed, too."""
    return list(distributions(path=[str(SITE)]))


def package(name: str) -> Distribution:
    return next(each for each in packages() if normal(each.name) == name)
