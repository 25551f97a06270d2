"""The first tab: what was ordered by whom, and what the customer can get now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db.orders import BuyerKind, LineKind
from portal.dossiers import Dossier
from portal.exported import ExportedOrder
from portal.imported import PostalAddress, decimal
from portal.orders import DEAD_PAYMENTS, OrderFacts
from views.admin import order_ready
from views.admin.order import Fact
from views.admin.order_money import PaymentRow
from views.admin.order_ready import Ready
from views.admin.order_words import PAYMENT_METHODS, PAYMENT_STATES, STATES, language
from views.format import Money
from views.sentences import Sentence, said


@dataclass(frozen=True, kw_only=True)
class OverviewLine:
    """`sku` is empty for lines that are no articles."""

    title: str
    sku: str
    quantity: Decimal
    unit: str
    total: Money
    is_refunded: bool


@dataclass(frozen=True, kw_only=True)
class Overview:
    """`remarks` are what the merchant should look at first."""

    remarks: tuple[Sentence, ...]
    ready: tuple[Ready, ...]
    order: tuple[Fact, ...]
    buyer: tuple[Fact, ...]
    addresses: tuple[tuple[Sentence, tuple[str, ...]], ...]
    lines: tuple[OverviewLine, ...]
    due: Money
    payments: tuple[PaymentRow, ...]
    note: str
    tags: tuple[str, ...]
    custom: tuple[tuple[str, str], ...]

    @staticmethod
    def of(order: ExportedOrder, dossier: Dossier, others: Sequence[str], now: datetime) -> Overview:
        """`others` are the sources that the same order has come through, too."""
        return Overview(
            remarks=tuple(_remarks(dossier, others)),
            ready=order_ready.of(dossier, now),
            order=_order(order, dossier),
            buyer=_buyer(order),
            addresses=tuple(_addresses(order)),
            lines=tuple(_line(order, number) for number in range(len(order.lines))),
            due=Money(order.due, order.currency),
            payments=PaymentRow.all(order, dossier.zone),
            note=order.note,
            tags=tuple(order.tags),
            custom=tuple(order.custom.items()),
        )


def _remarks(dossier: Dossier, others: Sequence[str]) -> list[Sentence]:
    remarks = [
        said(
            "The same order has come through the source %(source)s, too. Its buyer may get links and invoices twice.",
            source=name,
        )
        for name in others
    ]
    if not dossier.order.amounts_consistent:
        remarks.append(said("The amounts of this order do not add up. No invoice is created for it automatically."))
    if not dossier.buyer_email:
        remarks.append(said("There is no mail address: the link cannot be sent from here."))
    return remarks


def _order(order: ExportedOrder, dossier: Dossier) -> tuple[Fact, ...]:
    zone = dossier.zone

    def local(at: datetime | None) -> datetime | None:
        return at.astimezone(zone) if at else None

    facts = [
        Fact(said("State"), _state(dossier.order)),
        Fact.of(said("Ordered"), local(order.ordered_at)),
        Fact.of(said("Paid"), local(order.paid_at)),
        Fact.of(said("Shipped"), local(order.shipped_at)),
        Fact.of(said("Delivered"), local(order.delivered_at)),
        Fact.of(said("Due"), local(order.due_at)),
        Fact.of(said("Archived"), local(order.archived_at)),
        Fact.of(said("Reminders"), order.dunning_level or None),
        Fact(said("Payment method"), PAYMENT_METHODS[order.payment_method] if order.payment_method else None),
        Fact(said("Language"), language(order.locale)),
    ]
    return tuple(fact for fact in facts if fact.value)


def _state(order: OrderFacts) -> Sentence:
    """What its source says of it; where the money is gone again, that too."""
    if order.payment_state in DEAD_PAYMENTS:
        return said("%(state)s, then: %(money)s", state=STATES[order.state], money=PAYMENT_STATES[order.payment_state])
    return STATES[order.state]


def _buyer(order: ExportedOrder) -> tuple[Fact, ...]:
    buyer = order.buyer
    kinds = {BuyerKind.CONSUMER: said("Consumer"), BuyerKind.BUSINESS: said("Business")}
    facts = [
        Fact.of(said("Full name"), buyer.name),
        Fact.of(said("Company"), buyer.company),
        Fact.of(said("Mail"), buyer.email),
        Fact.of(said("Phone"), buyer.phone),
        Fact.of(said("Customer number"), buyer.customer_number),
        Fact.of(said("VAT ID"), buyer.vat_id),
        Fact.of(said("Reference"), buyer.reference),
        Fact(said("Buys as"), kinds[buyer.kind]),
    ]
    return tuple(fact for fact in facts if fact.value)


def _addresses(order: ExportedOrder) -> list[tuple[Sentence, tuple[str, ...]]]:
    named = ((said("Billing address"), order.billing), (said("Shipping address"), order.shipping))
    return [(name, _written(address)) for name, address in named if address]


def _written(address: PostalAddress) -> tuple[str, ...]:
    town = f"{address.zip} {address.city}".strip()
    parts = (address.company, address.name, address.line1, address.line2, town, address.region, address.country)
    return tuple(part for part in parts if part)


def _line(order: ExportedOrder, number: int) -> OverviewLine:
    line = order.lines[number]
    quantity, refunded = decimal(line.quantity), decimal(line.refunded_quantity)
    return OverviewLine(
        title=line.title,
        sku=line.sku if line.kind is LineKind.ITEM else "",
        quantity=quantity,
        unit=line.unit,
        total=Money(line.line_gross, order.currency),
        is_refunded=0 < quantity <= refunded,
    )
