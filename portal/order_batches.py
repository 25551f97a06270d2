"""Many orders at once: what nobody knew before is stored together, and what says nothing new costs a comparison."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Order
from db.sources import Source
from portal import new_orders, order_imports, sources
from portal.activity import By
from portal.order_imports import ImportResult, Key, Known, Told
from portal.refusals import Conflict, Invalid

AT_ONCE = 100  # orders in one transaction: between two of them, other writers get their turn
Taken = ImportResult | Exception  # or why nothing became of it
log = logging.getLogger("tresen.imports")


@dataclass
class Sorted:
    """Places in the batch by what is left to do. `clocks`: order id → the clock of a source that said nothing new."""

    taken: dict[int, Taken] = field(default_factory=dict)
    fresh: list[int] = field(default_factory=list)
    one_by_one: list[int] = field(default_factory=list)
    clocks: dict[int, datetime] = field(default_factory=dict)

    def compare(self, place: int, each: Told, stored: Known, now: datetime) -> None:
        outcome, clock = order_imports.already_known(stored, each, now), each.order.updated_at
        if outcome is None:
            self.one_by_one.append(place)
            return
        self.taken[place] = outcome
        if outcome is ImportResult.UNCHANGED and clock and clock != stored.source_updated_at:
            self.clocks[stored.id] = clock


async def take(batch: Sequence[Told], session: AsyncSession, by: By) -> list[Taken]:
    """What became of each, in their order, as if they had been told one after the other. None spoils another.

    Raises OperationalError: a full disk is no fault of the orders.
    """
    batch = [order_imports.until(each, by.at) for each in batch]
    by_name = await _sources(batch, session, by)
    known = await _known(batch, by_name, session)
    found = _sorted(batch, known, by.at)
    if found.clocks:
        await _set(found.clocks, session)
    fresh = [order_imports.as_new(batch[place], by_name[batch[place].key.source]) for place in found.fresh]
    try:
        async with session.begin_nested():
            await new_orders.add(fresh, session, by)
        found.taken |= dict.fromkeys(found.fresh, ImportResult.CREATED)
    except OperationalError:
        raise
    except Exception as error:  # one of them cannot be stored: which one shows when they come alone
        log.info("%d orders are stored one by one: %s", len(fresh), error)
        found.one_by_one += found.fresh
    for place in sorted(found.one_by_one):
        found.taken[place] = await _taken(batch[place], session, by)
    return [found.taken[place] for place in range(len(batch))]


async def _sources(batch: Sequence[Told], session: AsyncSession, by: By) -> dict[str, Source]:
    """Those that take orders, by name."""
    found = {}
    for name in dict.fromkeys(each.key.source for each in batch):
        try:
            found[name] = await sources.of_name(name, session, by)
        except Conflict:
            continue  # each of its orders is told so
    return found


async def _known(
    batch: Sequence[Told], by_name: Mapping[str, Source], session: AsyncSession
) -> dict[str, dict[str, Known]]:
    ids: dict[str, list[str]] = defaultdict(list)
    for each in batch:
        ids[each.key.source].append(each.key.external_id)
    return {name: await order_imports.known_of(row.id, ids[name], session) for name, row in by_name.items()}


def _sorted(batch: Sequence[Told], known: Mapping[str, Mapping[str, Known]], now: datetime) -> Sorted:
    found = Sorted()
    seen: set[Key] = set()
    for place, each in enumerate(batch):
        if each.key in seen or each.key.source not in known:
            found.one_by_one.append(place)
        elif stored := known[each.key.source].get(each.key.external_id):
            found.compare(place, each, stored, now)
        else:
            found.fresh.append(place)
        seen.add(each.key)
    return found


async def _set(clocks: Mapping[int, datetime], session: AsyncSession) -> None:
    """What is older than this news is stale from now on."""
    rows = [{"id": order_id, "source_updated_at": clock} for order_id, clock in clocks.items()]
    await session.execute(update(Order), rows)


async def _taken(each: Told, session: AsyncSession, by: By) -> Taken:
    try:
        async with session.begin_nested():
            return (await order_imports.accept(each, session, by))[1]
    except OperationalError:
        raise
    except (Conflict, Invalid) as error:
        return error
    except Exception as error:
        log.exception("Order %s of %s could not be taken.", each.key.external_id, each.key.source)
        return error
