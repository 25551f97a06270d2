"""What an automation would do if its event happened now: for the latest orders, without doing any of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Automation, Trigger
from db.invoices import InvoiceKind
from db.orders import Order, OrderKind, State
from db.payments import PaymentKind, PaymentStatus
from portal import actions, automations, conditions, situations
from portal.actions import ActionKind, Hands
from portal.orders import PaymentState
from portal.situations import Situation
from portal.skips import Skip

LOOKED_AT = 100


class AffectedOrder(Struct, kw_only=True, frozen=True):
    id: int
    source: str
    external_id: str
    number: str


class PlannedAction(Struct, kw_only=True, frozen=True):
    """`refusal` says why this one would do nothing."""

    kind: ActionKind
    template: str | None
    value: str | None
    refusal: Skip | None


class Affected(Struct, kw_only=True, frozen=True):
    """One order that it is meant for; `to` is the buyer's address."""

    order: AffectedOrder
    to: str
    actions: list[PlannedAction]


class DryRun(Struct, kw_only=True, frozen=True):
    """Of the newest `looked_at` orders, those that it is meant for."""

    items: list[Affected]
    looked_at: int
    next_cursor: None = None


HAPPENED: Mapping[Trigger, Callable[[Situation], bool]] = {
    Trigger.ORDER_PAID: lambda seen: seen.dossier.order.is_paid,
    Trigger.ORDER_CANCELLED: lambda seen: seen.dossier.order.state is State.CANCELLED,
    Trigger.PAYMENT_REVERSED: lambda seen: seen.dossier.order.payment_state is PaymentState.REVERSED,
    Trigger.PAYMENT_RECEIVED: lambda seen: any(
        each.kind is PaymentKind.PAYMENT and each.status is PaymentStatus.COMPLETED
        for each in seen.dossier.order.payments
    ),
    Trigger.INVOICE_CREATED: lambda seen: any(each.kind is InvoiceKind.INVOICE for each in seen.dossier.invoices),
}


async def of(
    row: Automation, hands: Hands, session: AsyncSession, now: datetime, zone: ZoneInfo | None
) -> DryRun:
    newest = (
        select(Order.id)
        .where(Order.state != State.DELETED, Order.kind == OrderKind.ORDER)
        .order_by(Order.id.desc())
        .limit(LOOKED_AT)
    )
    ids = (await session.scalars(newest)).all()
    wanted = automations.conditions_of(row)
    found = []
    for order_id in ids:
        seen = await situations.of(order_id, session, zone, now)
        if _happened(row.trigger, seen) and conditions.failing(wanted, row.match, seen) is None:
            found.append(await _affected(row, seen, hands, session))
    return DryRun(items=found, looked_at=len(ids))


def _happened(trigger: Trigger, seen: Situation) -> bool:
    """Whether it can have happened to this order."""
    return HAPPENED[trigger](seen) if trigger in HAPPENED else True


async def _affected(row: Automation, seen: Situation, hands: Hands, session: AsyncSession) -> Affected:
    dossier = seen.dossier
    return Affected(
        order=AffectedOrder(
            id=dossier.order.id, source=dossier.source, external_id=dossier.external_id, number=dossier.order.number
        ),
        to=dossier.buyer_email,
        actions=[
            PlannedAction(
                kind=each.kind,
                template=str(each.template) if each.template else None,
                value=each.value,
                refusal=await actions.refusal(each, seen, hands, session),
            )
            for each in automations.actions_of(row)
        ],
    )
