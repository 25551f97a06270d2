"""What the customer's page shows of paying: the ways there are, and how the last try ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.bank_transfers import TransferAnnouncement
from db.settings import SellerSettings
from portal import payment_attempts, payment_choices
from portal.orders import OrderFacts, not_an_order
from portal.payment_attempts import ENDED, Standing
from portal.payment_choices import Choice


@dataclass(frozen=True)
class Ending:
    """A try that brought no money. `reason` such as `order-changed` or `duplicate`."""

    standing: Standing
    at: datetime
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Paying:
    """`announced_at`: the customer says to have transferred what is due; whether it came, only the merchant knows."""

    choices: tuple[Choice, ...] = ()
    is_checking: bool = False
    last: Ending | None = None
    announced_at: datetime | None = None


NOT_PAYING = Paying()


async def of(order: OrderFacts, seller: SellerSettings, session: AsyncSession) -> Paying:
    """Asked only where something is due: five statements at most, none for what is paid."""
    if order.is_dead or not_an_order(order) or order.due == 0:
        return NOT_PAYING
    attempt = await payment_attempts.latest(order.id, session)
    said = await announcements(order.id, session)
    return Paying(
        choices=await payment_choices.offered(order, seller, session),
        is_checking=attempt is not None and attempt.standing is Standing.CHECKING,
        last=_ending(attempt),
        announced_at=next((each.at for each in said if each.amount == order.due), None),
    )


async def announcements(order_id: int, session: AsyncSession) -> Sequence[TransferAnnouncement]:
    """Newest first."""
    of_order = select(TransferAnnouncement).where(TransferAnnouncement.order_id == order_id)
    return list(await session.scalars(of_order.order_by(TransferAnnouncement.id.desc())))


def _ending(attempt: payment_attempts.Attempt | None) -> Ending | None:
    if attempt is None or attempt.standing not in ENDED:
        return None
    last = attempt.decisive
    return Ending(attempt.standing, last.at, last.text("reason")) if last else None
