"""The history of an order and of the shop: who did what, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity

CUSTOMER = "customer"
TRESEN = "tresen"
FIRST_RUN = "first run"
COMMAND_LINE = "command line"
DEMO = "demo"
SOURCE = "source"


@dataclass(frozen=True)
class By:
    """Who acts, and when. `actor` is one of the names above, or a kind with its own: `key:<name>`, `merchant:<id>`,
    `source:<name>`, `automation:<id>`.

    `depth` counts the automations that led to it, so that none sets off another one for ever.
    """

    actor: str
    at: datetime
    depth: int = 0

    @property
    def automation(self) -> int | None:
        """The id of the automation that acts."""
        kind, _, name = self.actor.partition(":")
        return int(name) if kind == "automation" else None


def entry(
    by: By, kind: str, order_id: int | None = None, details: dict[str, object] | None = None, notice: bool = False
) -> Activity:
    """A row for the running transaction, so that it stands exactly if the deed does."""
    return Activity(at=by.at, actor=by.actor, kind=kind, order_id=order_id, details=details or {}, notice=notice)


async def of_order(order_id: int, session: AsyncSession) -> list[Activity]:
    """Newest first."""
    rows = await session.scalars(select(Activity).where(Activity.order_id == order_id).order_by(Activity.id.desc()))
    return list(rows)
