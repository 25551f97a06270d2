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

    `is_cancelled` says that credit notes have left nothing of it.
    """

    id: int
    number: str
    kind: InvoiceKind
    issuer: Issuer
    issued_on: date
    formats: tuple[str, ...]
    is_cancelled: bool = False

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


def standing(invoices: Sequence[InvoiceFacts]) -> int:
    """How many of them are invoices that nothing has taken back."""
    return sum(invoice.stands for invoice in invoices)


def creation_refusal(order: OrderFacts, invoices: int, rules: InvoiceRules) -> Refusal | None:
    """Why no invoice can be created on the customer's click; `invoices` counts those that stand."""
    if why := death(order) or not_an_order(order):
        return why
    if not rules.enabled:
        return Refusal.DISABLED
    if invoices or order.source_invoice:
        return Refusal.INVOICE_ELSEWHERE  # a second invoice for one supply would owe the tax twice
    if not rules.auto_create:
        return Refusal.NO_INVOICE
    return _not_ready(order, rules)


def may_create(order: OrderFacts, invoices: Sequence[InvoiceFacts], rules: InvoiceRules) -> bool:
    """Whether a click makes one now."""
    return creation_refusal(order, standing(invoices), rules) is None


def _not_ready(order: OrderFacts, rules: InvoiceRules) -> Refusal | None:
    if not order.is_paid:
        return Refusal.NOT_PAID
    if order.archived_at is not None:
        return Refusal.ARCHIVED
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
