"""An imported order as the rows that it becomes: one translation, whether it is new or known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from db.orders import AddressRole
from db.settings import PaidRule
from portal import imported
from portal.imported import ImportedLine, ImportedOrder, ImportedPayment
from portal.orders import OrderFacts, PaymentFact

Row = dict[str, object]  # column → value
PLAIN_FIELDS = (
    "number platform shop_name kind state ordered_at confirmed_at paid_at shipped_at delivered_at due_at archived_at"
    " dunning_level currency prices_include_tax vat_mode payment_method locale total_gross refers_to note custom"
).split()
LINE_FIELDS = (
    "kind title sku quantity unit unit_gross line_gross discount_gross tax_category digital refunded_quantity".split()
)
BUYER_FIELDS = "name company email phone vat_id customer_number reference kind".split()
ADDRESS_FIELDS = "name company line1 line2 zip city region country".split()
PAYMENT_FIELDS = "provider transaction_id amount currency kind status at".split()
FACTS = "number kind state ordered_at paid_at due_at archived_at currency payment_method".split()


def digest(order: ImportedOrder) -> str:
    """SHA-256 of the content: the same for the same order, whatever the source's clock says."""
    return hashlib.sha256(imported.canonical(order)).hexdigest()


def of_order(order: ImportedOrder, content_sha256: str) -> Row:
    """What an import owns of the order's own row; the source's clock is left to the caller."""
    row: Row = {name: getattr(order, name) for name in PLAIN_FIELDS}
    row |= {f"buyer_{name}": getattr(order.buyer, name) for name in BUYER_FIELDS}
    waiver, invoice = order.waiver, order.invoice
    return row | {
        "buyer_email_key": imported.email_key(order.buyer.email),
        "waiver_accepted": waiver.accepted if waiver else None,
        "waiver_at": waiver.at if waiver else None,
        "waiver_text": waiver.text if waiver else None,
        "source_invoice_number": invoice.number if invoice else None,
        "source_invoice_date": invoice.date if invoice else None,
        "amounts_consistent": imported.amounts_consistent(order),
        "content_sha256": content_sha256,
    }


def of_addresses(order: ImportedOrder) -> Iterator[Row]:
    for role, address in ((AddressRole.BILLING, order.billing), (AddressRole.SHIPPING, order.shipping)):
        if address is not None:
            yield {"role": role} | {name: getattr(address, name) for name in ADDRESS_FIELDS}


def of_line(line: ImportedLine, position: int) -> Row:
    row: Row = {name: getattr(line, name) for name in LINE_FIELDS}
    return row | {"external_id": line.id, "position": position, "tax_rate": imported.basis_points(line.tax_rate)}


def of_tags(order: ImportedOrder) -> Iterable[str]:
    """Each of them once, in the order in which they were told."""
    return dict.fromkeys(order.tags)


def of_payment(payment: ImportedPayment) -> Row:
    return {name: getattr(payment, name) for name in PAYMENT_FIELDS}


def facts(order: ImportedOrder, paid_rule: PaidRule) -> OrderFacts:
    """The facts of an order of which nothing is known but what its source tells now."""
    return OrderFacts(
        **{name: getattr(order, name) for name in FACTS},
        id=0,
        buyer_kind=order.buyer.kind,
        total=order.total_gross,
        payments=tuple(
            PaymentFact(kind=told.kind, status=told.status, amount=told.amount, at=told.at, provider=told.provider)
            for told in order.payments
            if told.currency == order.currency
        ),
        source_invoice=order.invoice is not None,
        paid_rule=paid_rule,
    )
