"""When a customer gets an invoice, and when one may be created for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.invoices import DocumentFormat, InvoiceDocument, InvoiceKind, Issuer
from db.orders import State
from portal.orders import OrderFacts, death, not_an_order
from portal.refusals import NotFound, Refusal
from portal.windows import is_over, last_day

NEVER_SHOWN = {State.OFFERED: Refusal.NOT_ORDERED, State.DELETED: Refusal.DELETED}


@dataclass(frozen=True, kw_only=True)
class InvoiceFacts:
    """An issued document. `formats` are the forms it is stored in: `pdf`, `xml`, …

    `is_cancelled` says that credit notes have left nothing of it; `is_correction` that it is one over a part.
    """

    id: int
    number: str
    kind: InvoiceKind
    issuer: Issuer
    issued_on: date
    formats: tuple[str, ...]
    is_cancelled: bool = False
    is_correction: bool = False

    @property
    def stands(self) -> bool:
        """Whether it is an invoice that is still owed for: as long as one stands, there is no second one."""
        return self.kind is InvoiceKind.INVOICE and not self.is_cancelled


@dataclass(frozen=True, kw_only=True)
class InvoiceRules:
    """What the merchant allows. `window_days` None means without limit."""

    enabled: bool
    auto_create: bool
    window_days: int | None
    seller_complete: bool
    zone: ZoneInfo
    address_correction: bool = False


def until(invoice: InvoiceFacts, rules: InvoiceRules) -> date | None:
    return last_day(invoice.issued_on, rules.window_days)


def refusal(order: OrderFacts, invoice: InvoiceFacts, rules: InvoiceRules, now: datetime) -> Refusal | None:
    """Why this issued invoice is not handed out now. A cancelled order still offers what was issued."""
    if why := NEVER_SHOWN.get(order.state):
        return why
    if not rules.enabled:
        return Refusal.DISABLED
    return Refusal.EXPIRED if is_over(until(invoice, rules), now, rules.zone) else None


def issued(documents: Sequence[InvoiceFacts]) -> int:
    """How many of them are invoices, taken back or not."""
    return sum(document.kind is InvoiceKind.INVOICE for document in documents)


def standing(documents: Sequence[InvoiceFacts]) -> int:
    """How many of them are invoices that nothing has taken back."""
    return sum(document.stands for document in documents)


def creation_refusal(order: OrderFacts, invoices: int, rules: InvoiceRules) -> Refusal | None:
    """Why no invoice can be created on the customer's click; `invoices` counts all there ever were.

    Whether one that was taken back is followed by another, the merchant alone decides (`refusal_by_hand`).
    """
    if why := death(order) or not_an_order(order):
        return why
    if not rules.enabled:
        return Refusal.DISABLED
    if invoices or order.source_invoice:
        return Refusal.INVOICE_ELSEWHERE  # a second invoice for one supply would owe the tax twice
    if not rules.auto_create:
        return Refusal.NO_INVOICE
    return _not_ready(order, rules)


def may_create(order: OrderFacts, documents: Sequence[InvoiceFacts], rules: InvoiceRules) -> bool:
    """Whether the customer's click makes one now."""
    return creation_refusal(order, issued(documents), rules) is None


def refusal_by_hand(order: OrderFacts, documents: Sequence[InvoiceFacts], rules: InvoiceRules) -> Refusal | None:
    """Why the merchant cannot issue one: neither the switches nor the payment have a say, they are the customer's rule.

    While something is left of an invoice there is no second one: it would owe the tax twice (§ 14c UStG).
    """
    if why := death(order) or not_an_order(order):
        return why
    if any(document.stands and document.issuer is Issuer.TRESEN for document in documents):
        return Refusal.ALREADY_INVOICED
    if order.source_invoice or standing(documents):
        return Refusal.INVOICE_ELSEWHERE
    return _incomplete(order, rules)


def may_issue_by_hand(order: OrderFacts, documents: Sequence[InvoiceFacts], rules: InvoiceRules) -> bool:
    return refusal_by_hand(order, documents, rules) is None


def _not_ready(order: OrderFacts, rules: InvoiceRules) -> Refusal | None:
    if not order.is_paid:
        return Refusal.NOT_PAID
    if order.archived_at is not None:
        return Refusal.ARCHIVED
    return _incomplete(order, rules)


def _incomplete(order: OrderFacts, rules: InvoiceRules) -> Refusal | None:
    if not order.amounts_consistent:
        return Refusal.AMOUNTS_INCONSISTENT
    return None if rules.seller_complete else Refusal.SELLER_INCOMPLETE


async def document(invoice_id: int, form: str, session: AsyncSession) -> bytes:
    """The frozen bytes. Raises NotFound where the invoice has no such form."""
    found = select(InvoiceDocument.content).where(
        InvoiceDocument.invoice_id == invoice_id, InvoiceDocument.format == DocumentFormat(form)
    )
    content = await session.scalar(found)
    if content is None:
        raise NotFound
    return content
