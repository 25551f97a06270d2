"""The section with the invoice and what corrects it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from db.invoices import DocumentFormat, InvoiceKind
from db.orders import BuyerKind
from portal import invoices
from portal.dossiers import Dossier
from portal.invoices import InvoiceFacts
from portal.refusals import Refusal
from views.customer.billing_address import AddressForm, TypedAddress
from views.format import Reference
from views.sentences import Sentence, Value, said
from views.wording import INVOICE_FOLLOWS, Notice, invoices_notice


@dataclass(frozen=True, kw_only=True)
class InvoiceRow:
    """One issued document. `pdf`, `xml` and `xrechnung` are addresses, empty where there is no such form to be had.

    XRechnung is what businesses ask for; to a consumer it would be one more riddle.
    """

    name: Sentence
    button: Sentence
    until: date | None
    pdf: str
    xml: str
    xrechnung: str
    notice: Notice | None


@dataclass(frozen=True, kw_only=True)
class InvoiceSection:
    """`refusal` is a code, empty as long as one document is to be had, or to be made.

    `action` is where asking for one makes it, empty where that is not possible.
    """

    refusal: str
    rows: tuple[InvoiceRow, ...]
    notice: Notice | None
    action: str = ""
    correction: AddressForm | None = None

    @staticmethod
    def of(dossier: Dossier, now: datetime, path: str, typed: TypedAddress | None = None) -> InvoiceSection:
        section = _documents(dossier, now, path) if dossier.invoices else _none_yet(dossier)
        if invoices.may_create(dossier.order, dossier.invoices, dossier.invoice_rules):
            section = _to_be_made(dossier.invoice_waits_for, f"{path}/invoices")
        return replace(section, correction=AddressForm.of(dossier, path, typed))


def _to_be_made(waits_for: Refusal | None, action: str) -> InvoiceSection:
    """A click makes it, unless one has just shown that the merchant has to mend something first."""
    if waits_for:
        return InvoiceSection(refusal=waits_for, rows=(), notice=INVOICE_FOLLOWS)
    return InvoiceSection(refusal="", rows=(), notice=None, action=action)


def _documents(dossier: Dossier, now: datetime, path: str) -> InvoiceSection:
    refusals = [invoices.refusal(dossier.order, one, dossier.invoice_rules, now) for one in dossier.invoices]
    rows = tuple(_row(one, why, dossier, path) for one, why in zip(dossier.invoices, refusals, strict=True))
    if None in refusals:
        return InvoiceSection(refusal="", rows=rows, notice=None)
    why = refusals[-1] or Refusal.NO_INVOICE
    if len(set(refusals)) == 1 and why is not Refusal.EXPIRED:
        return InvoiceSection(refusal=why, rows=(), notice=invoices_notice(why))
    return InvoiceSection(refusal=why, rows=rows, notice=None)


def _none_yet(dossier: Dossier) -> InvoiceSection:
    why = invoices.creation_refusal(dossier.order, 0, dossier.invoice_rules)
    notice = invoices_notice(why) if why else INVOICE_FOLLOWS
    return InvoiceSection(refusal=why or Refusal.NO_INVOICE, rows=(), notice=notice)


def _row(invoice: InvoiceFacts, why: Refusal | None, dossier: Dossier, path: str) -> InvoiceRow:
    until = invoices.until(invoice, dossier.invoice_rules)
    is_business = dossier.order.buyer_kind is BuyerKind.BUSINESS
    is_invoice = invoice.kind is InvoiceKind.INVOICE
    facts: dict[str, Value] = {"number": Reference(invoice.number), "day": invoice.issued_on}
    if is_invoice:
        name, button = said("Invoice %(number)s of %(day)s", **facts), said("Invoice as PDF")
    elif invoice.is_correction:
        name, button = said("Invoice correction %(number)s of %(day)s", **facts), said("Invoice correction as PDF")
    else:
        name, button = said("Credit note %(number)s of %(day)s", **facts), said("Credit note as PDF")
    return InvoiceRow(
        name=name,
        button=button,
        until=None if why else until,
        pdf=_address(invoice, DocumentFormat.PDF, path) if not why else "",
        xml=_address(invoice, DocumentFormat.XML, path) if not why else "",
        xrechnung=_address(invoice, DocumentFormat.XRECHNUNG, path) if is_business and not why else "",
        notice=invoices_notice(why, until) if why else None,
    )


def _address(invoice: InvoiceFacts, form: DocumentFormat, path: str) -> str:
    return f"{path}/invoices/{invoice.id}.{form.value}" if form.value in invoice.formats else ""
