"""A list that changes while it is read, read whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from db.sources import RunOutcome
from portal.fetching import SourceUnavailable

MOST_PAGES = 20_000
MOST_ROUNDS = 5
UNSTEADY = "The list changed all the time while it was read."


@dataclass(frozen=True)
class Part:
    """One page. `last` is the number of the last one as it is now, `rows` how many items are told to be there."""

    items: Sequence[object]
    last: int
    rows: int | None = None


async def parts(
    page: Callable[[int], Awaitable[Part]], key_of: Callable[[object], tuple[str, str]]
) -> AsyncIterator[Sequence[object]]:
    """The items of one page after another, each once. `key_of` gives the id of an item, and what it changes with it.

    An item that leaves its place for the end of the list lets the others move up by one, over the edge of a page that
    was read already. So there is another round where fewer were met than there were when it began, or fewer are there
    than at first; what has come since then is newer than anything read here, and is for the next run.
    A round that meets nothing new in a list that stands still ends it, whatever the service counts. Raises
    SourceUnavailable for a list that never does: nobody may take it for whole.
    """
    met: set[tuple[str, str]] = set()
    for _ in range(MOST_ROUNDS):
        number, last, rows, told, has_shrunk = 0, 1, None, None, False
        before = len({name for name, _ in met})
        while number < min(last, MOST_PAGES):
            number += 1
            part = await page(number)
            has_shrunk = has_shrunk or (rows or 0) > (part.rows or 0)
            last, rows = part.last, part.rows
            told = rows if number == 1 else told
            fresh = {key_of(item): item for item in part.items if key_of(item) not in met}
            met |= fresh.keys()
            if fresh:
                yield list(fresh.values())
            if not part.items:
                break
        names = len({name for name, _ in met})
        if told is None or (not has_shrunk and (names == before or names >= told)):
            return
    raise SourceUnavailable(UNSTEADY, RunOutcome.BUSY)
