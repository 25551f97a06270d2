"""What an automation has written is looked at once more when it leaves: the mail server may have been away for days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Automation, Match
from db.messages import Message
from db.orders import Order, State
from portal import automations, conditions, envelopes, links, situations
from portal.automation_runs import FOR_DEAD
from portal.conditions import ConditionKind
from portal.envelopes import BadAddress
from portal.kept_back import Kept
from portal.messages import AUTOMATION
from portal.situations import Situation

ABOUT_MONEY = frozenset({ConditionKind.PAYMENT_STATE, ConditionKind.DUE})


@dataclass(frozen=True)
class SecondLooks:
    """`zone` is the shop's own, where the environment fixes it."""

    zone: ZoneInfo | None

    async def why_not(
        self, message: Message, payload: Mapping[str, object], session: AsyncSession, now: datetime
    ) -> Kept | None:
        """Why that mail must not leave any more; None where it may."""
        if message.order_id is None:
            return None
        order = await session.get_one(Order, message.order_id)
        if order.state is State.DELETED:
            return Kept.ORDER_REMOVED
        if await links.was_renewed(order.id, message.created_at, session):
            return Kept.LINK_RENEWED
        automation = await session.get(Automation, payload.get(AUTOMATION, 0))
        if automation is None:
            return None
        if not automation.active:
            return Kept.SWITCHED_OFF
        seen = await situations.of(order.id, session, self.zone, now)
        if seen.dossier.order.is_dead and automation.trigger not in FOR_DEAD:
            return Kept.ORDER_DEAD
        if not _is_still(message.to_address, seen.dossier.buyer_email):
            return Kept.ADDRESS_CHANGED
        return Kept.CONDITIONS if _has_changed(automation, seen) else None


def _is_still(written_to: str, email: str) -> bool:
    """A mail bears the address as mail servers spell it; an order bears it as its source does."""
    try:
        return envelopes.address(email).spec.casefold() == written_to.casefold()
    except BadAddress:
        return False


def _has_changed(automation: Automation, seen: Situation) -> bool:
    """Whether its conditions about money do not hold any more.

    Tags and states may be what the automation itself did besides its mail, and no word of the mail hangs on the rest.
    Where any of its conditions is enough, one that is not asked may be the one that held.
    """
    wanted = automations.conditions_of(automation)
    asked = [each for each in wanted if each.kind in ABOUT_MONEY]
    if automation.match is Match.ANY and len(asked) < len(wanted):
        return False
    return conditions.failing(asked, automation.match, seen) is not None
