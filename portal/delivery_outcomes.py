"""What became of asking about some deliveries of one source, on its way into the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncSession

from db.sources import RunCause
from db.webhooks import DeliveryOutcome
from portal import order_imports, outbox, source_imports, source_runs, sources, webhook_inbox
from portal.activity import SOURCE, By
from portal.fetching import Fetched, Gone, Hint, Spoken, Unreadable
from portal.order_imports import ImportResult, Key


@dataclass(frozen=True)
class Heard:
    """What a delivery said, or the service when it was asked about it."""

    delivery_id: int
    spoken: Spoken


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """In the order in which they came. `jobs` are those of deliveries that were taken along."""

    source: str
    heard: Sequence[Heard]
    jobs: Sequence[int] = ()

    async def record(self, session: AsyncSession, now: datetime) -> None:
        by = By(f"{SOURCE}:{self.source}", now)
        for are_orders, some in groupby(self.heard, _is_order):
            if are_orders:
                await self._take(list(some), session, by)
            else:
                for each in some:
                    await self._note(each, session, by)
        await outbox.done_along(self.jobs, session, now)

    async def _note(self, heard: Heard, session: AsyncSession, by: By) -> None:
        match heard.spoken:
            case Gone(external_id):
                await self._bury(heard.delivery_id, external_id, session, by)
            case Hint():
                await self._ask(heard.delivery_id, session, by)
            case Unreadable(place=place, why=why):
                await webhook_inbox.give_up(heard.delivery_id, f"{place}: {why}", session, by.at)
            case _:  # a draft, or about something else
                await webhook_inbox.note([heard.delivery_id], DeliveryOutcome.UNKNOWN, session, by.at)

    async def _ask(self, delivery_id: int, session: AsyncSession, by: By) -> None:
        """The run that is waiting already will do, too."""
        if source := await sources.named(self.source, session):
            await source_runs.ask_if_fetched(source, RunCause.CALLED, session, by)
        await webhook_inbox.note([delivery_id], DeliveryOutcome.APPLIED, session, by.at)

    async def _bury(self, delivery_id: int, external_id: str, session: AsyncSession, by: By) -> None:
        row = await order_imports.find(Key(self.source, external_id), session)
        if row is not None:
            await order_imports.bury(row, session, by)
        outcome = DeliveryOutcome.APPLIED if row else DeliveryOutcome.UNKNOWN
        await webhook_inbox.note([delivery_id], outcome, session, by.at)

    async def _take(self, some: Sequence[Heard], session: AsyncSession, by: By) -> None:
        source = await sources.named(self.source, session)
        if source is None:
            return  # and its deliveries are gone with it
        orders = [each.spoken for each in some if isinstance(each.spoken, Fetched)]
        noted: defaultdict[DeliveryOutcome, list[int]] = defaultdict(list)
        for each, result in zip(some, await source_imports.taken(source, orders, session, by), strict=True):
            if isinstance(result, Unreadable):
                await webhook_inbox.give_up(each.delivery_id, result.why, session, by.at)
            else:
                is_stale = result is ImportResult.STALE
                noted[DeliveryOutcome.STALE if is_stale else DeliveryOutcome.APPLIED].append(each.delivery_id)
        for outcome, delivery_ids in noted.items():
            await webhook_inbox.note(delivery_ids, outcome, session, by.at)


def _is_order(heard: Heard) -> bool:
    return isinstance(heard.spoken, Fetched) and heard.spoken.order is not None
