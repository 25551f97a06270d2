"""`make fuzz MINUTES=30`: stamps broken PDFs until the time is over, and keeps those that came out wrong.

Every file goes through a child as in production. A child may be killed for taking too long; what may not happen is a
crash, a page without its stamp, or anything left behind.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from pdfkit.child import Child
from pdfkit.outcome import Cause, StampFailed
from tests.pdfkit import mutants
from tests.pdfkit.reading import STYLE, TEXT

SECONDS = 20  # that one file may take
FOUND = Path("fuzz-found")


def main() -> None:
    sys.exit(1 if asyncio.run(_searched(float(sys.argv[1]))) else 0)


async def _searched(minutes: float) -> int:
    """How many files came out wrong."""
    until, seed = time.monotonic() + 60 * minutes, time.time_ns()
    print(f"Dice: {seed}", flush=True)
    dice, outcomes, child = random.Random(seed), Counter[str](), Child(timeout_seconds=SECONDS)
    with TemporaryDirectory() as folder:
        while time.monotonic() < until:
            data = mutants.mutant(dice)
            outcome, wrong = await _once(data, Path(folder), child)
            outcomes["wrong" if wrong else outcome] += 1
            if wrong:
                print(f"{_kept(data)}: {wrong}", flush=True)
            if not outcomes.total() % 1000:
                print(dict(outcomes), flush=True)
    await child.close()
    print(f"{outcomes.total()} files: {dict(outcomes)}")
    return outcomes["wrong"]


def _kept(data: bytes) -> Path:
    FOUND.mkdir(exist_ok=True)
    place = FOUND / f"{hashlib.sha256(data).hexdigest()[:12]}.pdf"
    place.write_bytes(data)
    return place


async def _once(data: bytes, folder: Path, child: Child) -> tuple[str, str | None]:
    """What became of the file, and what is wrong with that."""
    source, target = folder / "in.pdf", folder / "out.pdf"
    source.write_bytes(data)
    target.unlink(missing_ok=True)
    found = await child.inspect(source)
    try:
        await child.stamp(source, target, TEXT, STYLE, found.unclosed)
    except StampFailed as failed:
        return str(failed.cause), _refusal_wrong(failed, found.cause, folder)
    if not found.stampable:
        return f"not to be linked: {found.cause}", None
    return "stamped", mutants.unstamped(source, target)


def _refusal_wrong(failed: StampFailed, told: Cause | None, folder: Path) -> str | None:
    if failed.cause is Cause.CRASHED:
        return f"the child died: {failed.detail}"
    if [path.name for path in folder.iterdir()] != ["in.pdf"]:
        return "something was left behind"
    return None if failed.cause is told else f"stamping says {failed.cause}, looking says {told}"


if __name__ == "__main__":
    main()
