"""`make campaign` does all parts; `python -m bench.campaign PART [NUMBER]` one of them."""

from __future__ import annotations

import sys
from importlib import import_module

PARTS = {"kills": 500, "crowd": 30, "calls": 300, "disks": 1, "clock": 1}


def main(words: list[str]) -> int:
    chosen = words[:1] or list(PARTS)
    fine = [done(part, int(words[1]) if len(words) > 1 else PARTS[part]) for part in chosen]
    return 0 if all(fine) else 1


def done(part: str, number: int) -> bool:
    """Whether nothing was wrong."""
    print(f"--- {part} {number}", flush=True)
    if part in PARTS:
        return bool(import_module(f"bench.campaign.{part}").fine(number))
    raise SystemExit(f"There is no part {part}; there are {', '.join(PARTS)}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
