"""What was measured, as the terminal and bench/RESULTS.md say it; the machine in words that name no machine."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Goal:
    """One line of the table: `value` in `unit`, and what it must reach."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = True

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        met = self.value >= self.target if self.at_least else self.value <= self.target
        return "met" if met else "missed"

    @property
    def wanted(self) -> str:
        return "" if self.target is None else f"{'≥' if self.at_least else '≤'} {self.target:g} {self.unit}".strip()


@dataclass(frozen=True)
class Rate:
    """What one round after the other gave."""

    name: str
    rates: Sequence[float]
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        return median(self.rates)


def machine() -> list[str]:
    model = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    return [
        f"{os.cpu_count()} cores, {model[0] if model else 'unnamed processor'}, {memory:.0f} GB of memory",
        f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, "
        + ", ".join(f"{name} {version(name)}" for name in ("litestar", "uvicorn", "uvloop", "sqlalchemy", "jinja2")),
        f"load average when it began: {os.getloadavg()[0]:.1f}",
    ]


def report(begun: Sequence[str], goals: Sequence[Goal], rates: Sequence[Rate], missing: Sequence[str]) -> str:
    lines = [
        "# Measurements",
        "",
        f"`make bench` on {datetime.now(UTC):%d %B %Y}. Load generator, server and peers share the machine,",
        "so ratios keep and digits do not: every figure is the median of rounds that took turns within one run.",
        "",
        *(f"- {fact}" for fact in [*begun, *missing]),
        "",
        "| what | measured | target | |",
        "| --- | ---: | ---: | --- |",
        *(f"| {goal.name} | {goal.value:.3g} {goal.unit} | {goal.wanted} | {goal.verdict} |" for goal in goals),
        "",
        "| requests | per second | rounds | p50 ms | p99 ms |",
        "| --- | ---: | --- | ---: | ---: |",
        *(
            f"| {rate.name} | {rate.rate:.0f} | {', '.join(f'{each:.0f}' for each in rate.rates)}"
            f" | {rate.p50:.1f} | {rate.p99:.1f} |"
            for rate in rates
        ),
        "",
    ]
    return "\n".join(lines)
