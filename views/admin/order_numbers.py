"""Numbers & layouts: the portal link with all that can be done with it, and every number the order goes by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db.invoices import DocumentFormat
from portal.dossiers import Dossier
from portal.exported import ExportedOrder
from portal.invoices import InvoiceFacts
from views.admin.order import Fact
from views.admin.order_ready import paper
from views.admin.order_words import language
from views.format import Reference
from views.sentences import Sentence, plain, said


@dataclass(frozen=True, kw_only=True)
class NumberedPaper:
    """`forms` are the names and addresses in which it can be had."""

    name: Sentence
    day: Sentence
    forms: tuple[tuple[str, str], ...]


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
    papers: tuple[NumberedPaper, ...]
    layouts: tuple[Fact, ...]

    @staticmethod
    def of(order: ExportedOrder, dossier: Dossier, stamp: str) -> Numbers:
        """`stamp` is the watermark's text as this customer gets it, empty where there is none."""
        return Numbers(
            facts=_facts(order),
            papers=tuple(_paper(invoice, dossier) for invoice in dossier.invoices),
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


def _paper(invoice: InvoiceFacts, dossier: Dossier) -> NumberedPaper:
    path = f"/admin/orders/{dossier.order.id}/invoices/{invoice.id}"
    forms = [form for form in DocumentFormat if form.value in invoice.formats]
    return NumberedPaper(
        name=paper(invoice.kind, invoice.number),
        day=plain(invoice.issued_on),
        forms=tuple((form.name, f"{path}.{form.value}") for form in forms),
    )
