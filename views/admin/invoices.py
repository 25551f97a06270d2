"""The list of issued documents: search, filters, what became of each, and the ways to take them away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from urllib.parse import urlencode

from db.invoices import DocumentFormat, InvoiceKind, Issuer
from portal.invoice_list import InvoiceFilter, ListedInvoice, Month, Place
from views.admin.frame import OfficePage
from views.admin.order import ORDERS
from views.admin.orders import Option
from views.format import Money, Reference
from views.sentences import Sentence, plain, said

PATH = "/admin/invoices"
CSV, ZIP = f"{PATH}/export.csv", f"{PATH}/export.zip"
KINDS = {InvoiceKind.INVOICE: said("Invoice"), InvoiceKind.CREDIT_NOTE: said("Credit note or correction")}
ISSUERS = {Issuer.TRESEN: said("Tresen"), Issuer.ELSEWHERE: said("Elsewhere")}
FORMS = {
    DocumentFormat.PDF: plain("PDF"),
    DocumentFormat.XML: plain("XML"),
    DocumentFormat.XRECHNUNG: plain("XRechnung"),
}


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The form above the list, as it was sent. Months are texts such as `2026-11`, empty for any."""

    query: str
    kinds: tuple[Option, ...]
    issuers: tuple[Option, ...]
    since: str
    until: str

    @staticmethod
    def of(wanted: InvoiceFilter, since: str = "", until: str = "") -> Filters:
        """`since` and `until` are what was typed where no month could be read."""
        return Filters(
            query=wanted.query,
            kinds=tuple(Option(kind.value, words, kind is wanted.kind) for kind, words in KINDS.items()),
            issuers=tuple(Option(issuer.value, words, issuer is wanted.issuer) for issuer, words in ISSUERS.items()),
            since=month_text(wanted.since) or since,
            until=month_text(wanted.until) or until,
        )


@dataclass(frozen=True)
class Form:
    """One form in which a document can be had; `sha256` is that of its bytes."""

    words: Sentence
    url: str
    sha256: str

    @staticmethod
    def all(row: ListedInvoice) -> tuple[Form, ...]:
        path = f"{ORDERS}/{row.order_id}/invoices/{row.id}"
        return tuple(
            Form(words, f"{path}.{form.value}", row.hashes[form]) for form, words in FORMS.items() if form in row.hashes
        )


@dataclass(frozen=True, kw_only=True)
class InvoiceRow:
    """One document. `state` is None where there is nothing to say; `tone` is stop where nothing is left of it."""

    number: Reference
    kind: Sentence
    is_elsewhere: bool
    order: Reference
    order_url: str
    buyer: str
    day: date
    amount: Money
    state: Sentence | None
    tone: str
    forms: tuple[Form, ...]

    @staticmethod
    def of(row: ListedInvoice) -> InvoiceRow:
        return InvoiceRow(
            number=Reference(row.number),
            kind=kind_of(row),
            is_elsewhere=row.issuer is Issuer.ELSEWHERE,
            order=Reference(row.order_number),
            order_url=f"{ORDERS}/{row.order_id}/numbers-layouts",
            buyer=row.buyer,
            day=row.issued_on,
            amount=Money(row.total, row.currency),
            state=relation(row),
            tone="stop" if any(each.is_complete for each in row.taken_back_by) else "",
            forms=Form.all(row),
        )


def kind_of(row: ListedInvoice) -> Sentence:
    """As it is titled."""
    if row.kind is InvoiceKind.INVOICE:
        return said("Invoice")
    return said("Invoice correction") if row.is_correction else said("Credit note")


def relation(row: ListedInvoice) -> Sentence | None:
    """What became of an invoice, or what a credit note took back."""
    if row.takes_back:
        number = Reference(row.takes_back.number)
        return _corrects(number) if row.is_correction else said("cancels %(number)s", number=number)
    if not row.taken_back_by:
        return None
    newest = row.taken_back_by[-1]
    number = Reference(newest.number)
    if newest.is_complete:
        return said("cancelled by %(number)s", number=number)
    return said("corrected by %(number)s", number=number)


def _corrects(number: Reference) -> Sentence:
    return said("corrects %(number)s", number=number)


def month_text(month: Month | None) -> str:
    """`2026-11`, as an input of type month sends it."""
    return f"{month.year:04}-{month.month:02}" if month else ""


def place_text(place: Place | None) -> str:
    """`2026-11-28.17`, the way it stands in an address."""
    return f"{place.issued_on.isoformat()}.{place.id}" if place else ""


def address(wanted: InvoiceFilter, path: str = PATH, **turn: str) -> str:
    """The address of the list, or of an export, with these filters and without what is empty."""
    asked: Mapping[str, str] = {
        "q": wanted.query,
        "kind": wanted.kind or "",
        "issuer": wanted.issuer or "",
        "since": month_text(wanted.since),
        "until": month_text(wanted.until),
        **turn,
    }
    query = urlencode({name: str(value) for name, value in asked.items() if value})
    return f"{path}?{query}" if query else path


@dataclass(frozen=True, kw_only=True)
class InvoicesPage(OfficePage):
    """`newer` and `older` are addresses of the neighbouring pages, empty at the ends; `all` is that without filters.

    `is_filtered` says that the exports hold less than everything; `is_unknown` that a filter chooses nothing known, so
    that nothing is shown.
    """

    template: ClassVar = "admin/invoices.html"

    has_invoices: bool
    is_filtered: bool
    filters: Filters
    rows: tuple[InvoiceRow, ...]
    newer: str
    older: str
    as_csv: str
    as_zip: str
    is_unknown: bool = False
    all: str = PATH
