"""A list that changes while it is read is read whole, or is not taken for whole."""

from __future__ import annotations

import pytest

from db.sources import RunOutcome
from integrations.paging import Part, parts
from portal.fetching import SourceUnavailable

PAGE = 3


def key_of(item: object) -> tuple[str, str]:
    return str(item), ""


async def read(items: list[int], told: int = 0, vanishing: int = 0) -> list[object]:
    """Of `vanishing` items, the first one is gone after each page. `told`: what the service counts too many."""

    async def page(number: int) -> Part:
        nonlocal vanishing
        found = items[(number - 1) * PAGE : number * PAGE]
        part = Part(found, -(-len(items) // PAGE), len(items) + told)
        if vanishing:
            vanishing -= 1
            del items[0]
        return part

    return [item async for some in parts(page, key_of) for item in some]


async def test_what_moves_up_over_an_edge_is_read_in_another_round():
    assert set(await read(list(range(20)), vanishing=4)) >= set(range(4, 20))


async def test_a_list_that_never_stands_still_is_not_taken_for_whole():
    with pytest.raises(SourceUnavailable) as unsteady:
        await read(list(range(200)), vanishing=500)

    assert unsteady.value.outcome is RunOutcome.BUSY


async def test_what_comes_while_it_is_read_is_left_to_the_next_run():
    items, pages = list(range(60)), 0

    async def page(number: int) -> Part:
        nonlocal pages
        pages += 1
        if pages % 5 == 0:
            items.insert(0, 1000 + pages)  # newest first
        return Part(items[(number - 1) * PAGE : number * PAGE], -(-len(items) // PAGE), len(items))

    found = {item async for some in parts(page, key_of) for item in some}

    assert found >= set(range(60))
    assert pages <= 25  # one round


async def test_a_service_that_counts_too_many_is_believed_no_longer_once_nothing_new_comes():
    assert await read(list(range(10)), told=3) == list(range(10))
