"""Numbers & layouts: the portal link with all that can be done with it, and every number the order goes by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.exported import ExportedOrder
from views.admin.order import Fact
from views.admin.order_words import language
from views.format import Reference
from views.sentences import plain, said


@dataclass(frozen=True, kw_only=True)
class PortalLink:
    """`qr` is a picture as an address of data. `mail_to` is where the link can be sent, empty where it cannot."""

    url: str
    qr: str
    opened_at: datetime | None
    mail_to: str
    can_mail: bool


@dataclass(frozen=True, kw_only=True)
class Numbers:
    facts: tuple[Fact, ...]
    layouts: tuple[Fact, ...]

    @staticmethod
    def of(order: ExportedOrder, stamp: str) -> Numbers:
        """`stamp` is the watermark's text as this customer gets it, empty where there is none."""
        return Numbers(
            facts=_facts(order),
            layouts=(
                Fact(said("Language"), language(order.locale)),
                Fact.of(said("Watermark"), stamp),
            ),
        )


def _facts(order: ExportedOrder) -> tuple[Fact, ...]:
    source = f"{order.source}, {order.platform or order.shop_name}".removesuffix(", ")
    told = order.invoice
    facts = [
        Fact.of(said("Order number"), Reference(order.number)),
        Fact.of(said("Source"), source),
        Fact.of(said("External ID"), Reference(order.external_id)),
        Fact.of(
            said("Invoice at the source"),
            said("%(number)s of %(day)s", number=Reference(told.number), day=told.date) if told else None,
        ),
        *(Fact(said("Payment"), plain(f"{payment.provider} {payment.transaction_id}")) for payment in order.payments),
        Fact.of(said("Customer number"), order.buyer.customer_number),
        Fact.of(said("Refers to"), order.refers_to),
    ]
    return tuple(fact for fact in facts if fact.value)


