"""Which bytes of a file have left, piece by piece: together they are all of it or not."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 64  # pieces of one file that are told apart; those who fetch in parallel use about half as many
Pieces = Sequence[Sequence[int]]


def joined(pieces: Pieces, start: int, end: int) -> list[list[int]]:
    """The pieces with one more, from `start` up to, not including, `end`: in order, none touching another.

    Where they would be too many, the smallest gap counts as sent: what it costs falls on whoever asks for single bytes.
    """
    found: list[list[int]] = []
    for first, last in sorted([*([*piece] for piece in pieces), [start, end]]):
        if first >= last:
            continue
        if found and first <= found[-1][1]:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([first, last])
    while len(found) > MOST:
        at = min(range(1, len(found)), key=lambda each: found[each][0] - found[each - 1][1])
        found[at - 1][1] = found.pop(at)[1]
    return found


def covered(pieces: Pieces) -> int:
    """How many bytes they are."""
    return sum(end - start for start, end in pieces)
