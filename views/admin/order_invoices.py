"""The documents of one order: made, taken back, brought in from elsewhere; with what was typed and does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from db.invoices import InvoiceKind, Issuer
from db.orders import BuyerKind
from portal import billing_corrections, invoices
from portal.billing_addresses import BillingAddress
from portal.dossiers import Dossier
from portal.invoice_list import ListedInvoice
from portal.invoice_remainders import LeftLine, Remainder
from views.admin.invoice_words import Obstacle, listed
from views.admin.invoices import Form, relation
from views.admin.order_ready import paper
from views.customer.billing_address import AddressForm, TypedAddress
from views.format import Money
from views.sentences import Sentence, plain, said

CHOOSE_LINES = said("Please say of at least one line how much is taken back.")
MORE_THAN_LEFT = said("More would be given back than is left. Take back discounts and vouchers with it.")
NOT_LEFT = said("This line is not left any more.")
NO_QUANTITY = said("Please enter a quantity above 0 and not above what is left.")
NO_REASON = said("Please say why; it stands on the document.")
NO_NUMBER = said("Please enter the number that stands on the document, at most 200 characters.")
NO_DAY = said("Please enter the day that stands on the document, such as 28.11.2026.")
NO_PDF = said("Please choose a PDF of at most 10 MB that can be opened.")
XRECHNUNG_FIELDS = {
    "seller/contact_name": said("the seller’s contact"),
    "seller/phone": said("the seller’s phone number"),
    "seller/email": said("the seller’s mail address"),
    "buyer/email": said("the buyer’s mail address"),
    "buyer/reference": said("the buyer’s reference"),
    "buyer/address/zip": said("the buyer’s postcode"),
    "buyer/address/city": said("the buyer’s town"),
    "ship_to/zip": said("the postcode of the delivery"),
    "ship_to/city": said("the town of the delivery"),
    "taxes": said("lines that are taxable"),
    "terms": said("terms of payment without #"),
}
ONE_IS_STORED = said("One from elsewhere is stored for this order already, and stays unchanged.")


@dataclass(frozen=True, kw_only=True)
class TypedCorrection:
    """What a form brought. `quantities` are texts by line, `wrong` what does not fit: by line, `reason` or `lines`."""

    invoice_id: int
    is_complete: bool
    reason: str
    quantities: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, Sentence] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TypedUpload:
    """What a form brought; `wrong` by `number`, `date` and `file`."""

    number: str = ""
    date: str = ""
    wrong: Mapping[str, Sentence] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What could not be done, and what to do about it."""

    correction: TypedCorrection | None = None
    upload: TypedUpload | None = None
    address: TypedAddress | None = None
    obstacle: Obstacle | None = None


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What of an order's documents is left, and which fields keep them from being an XRechnung, by their ids.

    `billing` is the address that counts; `is_corrected` where it is not the source's.
    """

    remainders: Mapping[int, Remainder]
    lacks: Mapping[int, Sequence[str]]
    billing: BillingAddress
    is_corrected: bool


@dataclass(frozen=True, kw_only=True)
class ReturnLine:
    id: str
    title: str
    left: Decimal
    unit: str
    typed: str
    wrong: Sentence | None

    @staticmethod
    def of(line: LeftLine, typed: TypedCorrection | None) -> ReturnLine:
        return ReturnLine(
            id=line.id,
            title=line.title,
            left=line.quantity,
            unit=line.unit,
            typed=typed.quantities.get(line.id, "") if typed else "",
            wrong=typed.wrong.get(f"line {line.id}") if typed else None,
        )


@dataclass(frozen=True, kw_only=True)
class CorrectionForm:
    """`whole` and `part` are what was typed into the one and the other. `seen` makes a second click harmless."""

    id: int
    action: str
    seen: int
    lines: tuple[ReturnLine, ...]
    whole: TypedCorrection | None
    part: TypedCorrection | None


@dataclass(frozen=True, kw_only=True)
class OrderDocument:
    """`correction` is None where nothing can be taken back here; `lacks` names what an XRechnung would have needed."""

    number: str
    name: Sentence
    is_elsewhere: bool
    day: date
    amount: Money
    state: Sentence | None
    forms: tuple[Form, ...]
    lacks: Sentence | None
    correction: CorrectionForm | None


@dataclass(frozen=True, kw_only=True)
class OrderInvoices:
    """`create` and `upload_to` are addresses, empty where that is not to be done; `obstacle` is why not.

    `address` is the form of the billing address, None where an invoice stands with it; `withdraw` where its correction
    can be taken back.

    `is_again` says that an invoice of the order was taken back before; `customer_may` that a click of theirs makes one.
    """

    documents: tuple[OrderDocument, ...]
    create: str
    is_again: bool
    customer_may: bool
    obstacle: Obstacle | None
    upload_to: str
    upload: TypedUpload | None
    address: AddressForm | None
    withdraw: str

    @staticmethod
    def of(rows: Sequence[ListedInvoice], stored: Stored, dossier: Dossier, typed: Typed) -> OrderInvoices:
        url = f"/admin/orders/{dossier.order.id}"
        standing = invoices.standing(dossier.invoices)
        why = invoices.refusal_by_hand(dossier.order, dossier.invoices, dossier.invoice_rules)
        may_correct = billing_corrections.refusal_by_hand(dossier) is None
        to = f"{url}/billing-address"
        may_upload = not standing and all(row.issuer is Issuer.TRESEN for row in rows)
        return OrderInvoices(
            documents=tuple(_document(row, stored, dossier, typed.correction) for row in rows),
            create="" if why else f"{url}/invoices",
            is_again=invoices.issued(dossier.invoices) > 0,
            customer_may=invoices.may_create(dossier.order, dossier.invoices, dossier.invoice_rules),
            obstacle=typed.obstacle or (Obstacle.of(why) if why and not standing else None),
            upload_to=f"{url}/foreign-invoices" if may_upload or typed.upload else "",
            upload=typed.upload,
            address=AddressForm.filled(to, stored.billing, typed.address) if may_correct else None,
            withdraw=f"{to}/withdrawals" if may_correct and stored.is_corrected else "",
        )


def _document(row: ListedInvoice, stored: Stored, dossier: Dossier, typed: TypedCorrection | None) -> OrderDocument:
    left, url = stored.remainders.get(row.id), f"/admin/orders/{dossier.order.id}"
    return OrderDocument(
        number=row.number,
        name=paper(row),
        is_elsewhere=row.issuer is Issuer.ELSEWHERE,
        day=row.issued_on,
        amount=Money(row.total, row.currency),
        state=relation(row),
        forms=Form.all(row),
        lacks=_lacks(stored.lacks.get(row.id, ()), dossier),
        correction=_correction(row, left, url, typed) if left and row.kind is InvoiceKind.INVOICE else None,
    )


def _lacks(fields: Sequence[str], dossier: Dossier) -> Sentence | None:
    """Only a business asks for an XRechnung."""
    if not fields or dossier.order.buyer_kind is not BuyerKind.BUSINESS:
        return None
    return listed([XRECHNUNG_FIELDS.get(field, plain(field)) for field in fields])


def _correction(row: ListedInvoice, left: Remainder, url: str, typed: TypedCorrection | None) -> CorrectionForm:
    mine = typed if typed and typed.invoice_id == row.id else None
    part = mine if mine and not mine.is_complete else None
    return CorrectionForm(
        id=row.id,
        action=f"{url}/invoices/{row.id}/credit-notes",
        seen=left.credit_notes,
        lines=tuple(ReturnLine.of(line, part) for line in left.lines),
        whole=mine if mine and mine.is_complete else None,
        part=part,
    )
