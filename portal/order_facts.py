"""The facts that rules ask for, of many orders at once: four statements, however many they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.invoices import Invoice, InvoiceKind
from db.orders import Order, OrderKind, State
from db.payments import Payment
from db.settings import GeneralSettings, PaidRule
from db.sources import Source
from portal.orders import OrderFacts, PaymentFact

OF_ORDERS = Payment.order_id.in_(bindparam("of_orders", expanding=True))
PAYMENTS = select(Payment).where(OF_ORDERS).order_by(Payment.at, Payment.id)
NOT_TAKEN_OFF = (State.DELETED, State.CANCELLED, State.OFFERED)
SAME_NAME = (
    "id number kind state ordered_at paid_at due_at archived_at first_seen_paid_at currency payment_method"
    " buyer_kind amounts_consistent"
).split()


async def of(orders: Sequence[Order], paid_rule: PaidRule, session: AsyncSession) -> dict[int, OrderFacts]:
    """Order id → its facts."""
    payments = await payments_of(orders, session)
    own = await _own_credit_notes(orders, session)
    told = await _told_credits(orders, session)
    elsewhere = await _invoiced_elsewhere(orders, session)
    found = {
        order.id: one(
            order,
            payments[order.id],
            max(own.get(order.id, 0), told.get((order.source_id, order.external_id), 0)),
            paid_rule,
        )
        for order in orders
    }
    return {
        order.id: replace(
            found[order.id],
            told_credits=told.get((order.source_id, order.external_id), 0),
            source_invoice=found[order.id].source_invoice or order.source_id in elsewhere,
        )
        for order in orders
    }


async def of_one(order: Order, session: AsyncSession) -> OrderFacts:
    """The facts of that order by the rule that applies now."""
    rule = (await session.scalars(select(GeneralSettings.paid_rule))).one()
    return (await of([order], rule, session))[order.id]


def one(order: Order, payments: Iterable[Payment], credit_notes: int, paid_rule: PaidRule) -> OrderFacts:
    """The facts of one order, whose payments and credit notes are known. Amounts in minor units."""
    return OrderFacts(
        **{name: getattr(order, name) for name in SAME_NAME},
        total=order.total_gross,
        credit_notes=credit_notes,
        payments=tuple(
            PaymentFact(kind=p.kind, status=p.status, amount=p.amount, at=p.at, provider=p.provider)
            for p in payments
            if p.currency == order.currency  # what came in before its source changed the currency pays nothing
        ),
        source_invoice=order.source_invoice_number is not None,
        paid_rule=paid_rule,
    )


async def _invoiced_elsewhere(orders: Sequence[Order], session: AsyncSession) -> frozenset[int]:
    """The sources whose orders get their invoice somewhere else, whether or not each of them tells of it."""
    mine = Source.id.in_({order.source_id for order in orders})
    return frozenset(await session.scalars(select(Source.id).where(mine, Source.invoices_elsewhere)))


async def payments_of(orders: Sequence[Order], session: AsyncSession) -> Mapping[int, Sequence[Payment]]:
    """Order id → its payments in the order in which money moved."""
    found: dict[int, list[Payment]] = defaultdict(list)
    for row in await session.scalars(PAYMENTS, {"of_orders": [order.id for order in orders]}):
        found[row.order_id].append(row)
    return found


async def _own_credit_notes(orders: Sequence[Order], session: AsyncSession) -> Mapping[int, int]:
    """Those of the newest invoice: what a new one took the place of is owed by that one again."""
    newer = aliased(Invoice)
    was_replaced = select(newer.id).where(
        newer.order_id == Invoice.order_id, newer.kind == InvoiceKind.INVOICE, newer.id > Invoice.refers_to
    )
    rows = await session.execute(
        select(Invoice.order_id, -func.sum(Invoice.total_gross))
        .where(
            Invoice.order_id.in_([order.id for order in orders]),
            Invoice.kind == InvoiceKind.CREDIT_NOTE,
            ~was_replaced.exists(),
        )
        .group_by(Invoice.order_id)
    )
    return {order_id: total for order_id, total in rows}


async def _told_credits(orders: Sequence[Order], session: AsyncSession) -> Mapping[tuple[int, str], int]:
    """What the sources took off by orders of kind credit: source and external id → minor units."""
    rows = await session.execute(
        select(Order.source_id, Order.refers_to, -func.sum(Order.total_gross))
        .where(
            Order.source_id.in_({order.source_id for order in orders}),
            Order.refers_to.in_([order.external_id for order in orders]),
            Order.kind == OrderKind.CREDIT,
            Order.state.not_in(NOT_TAKEN_OFF),
        )
        .group_by(Order.source_id, Order.refers_to)
    )
    return {(source_id, refers_to or ""): total for source_id, refers_to, total in rows}
