"""What the customer can get now, and why not where they cannot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db.invoices import InvoiceKind
from portal import downloads, invoices
from portal.dossiers import Dossier
from portal.entitlements import Entitlement
from portal.invoice_list import ListedInvoice
from portal.invoices import InvoiceFacts
from portal.orders import OrderFacts
from portal.refusals import Refusal
from views.admin.order_words import reason as reason_of
from views.format import Reference
from views.sentences import Sentence, counted, said


@dataclass(frozen=True, kw_only=True)
class Ready:
    """`why` is the reason code of the refusal, empty where it is to be had; `terms` say how often and until when."""

    name: Sentence | str
    why: str
    reason: Sentence | None
    terms: tuple[Sentence, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FileNumbers:
    """A file as the customer counts it; `left` and `limit` are None without limit."""

    id: int
    title: str
    name: str
    spent: int
    left: int | None
    limit: int | None
    allowance: int
    ready: Ready


def of(dossier: Dossier, now: datetime) -> tuple[Ready, ...]:
    """Documents first, then files, in the order of the customer's page."""
    return (*_papers(dossier, now), *(file(entitlement, now).ready for entitlement in dossier.entitlements))


def file(entitlement: Entitlement, now: datetime) -> FileNumbers:
    why = downloads.refusal(entitlement, now)
    return FileNumbers(
        id=entitlement.file.id,
        title=entitlement.file.title,
        name=entitlement.file.name,
        spent=entitlement.spent,
        left=entitlement.downloads_left,
        limit=entitlement.limit,
        allowance=entitlement.allowance,
        ready=Ready(
            name=entitlement.file.title,
            why=why or "",
            reason=_reason(why, entitlement.order),
            terms=tuple(_terms(entitlement, now)),
        ),
    )


def _terms(entitlement: Entitlement, now: datetime) -> list[Sentence]:
    terms = []
    if entitlement.limit is None:
        terms.append(said("as often as you like"))
    else:
        left = entitlement.downloads_left or 0
        terms.append(
            counted(
                "%(left)s of %(count)s download left",
                "%(left)s of %(count)s downloads left",
                entitlement.limit,
                left=left,
            )
        )
    until = entitlement.until(now)
    if until:
        terms.append(said("until %(day)s", day=until))
    if entitlement.waiver and (entitlement.waits_for_consent(now) or entitlement.waits_for_confirmation(now)):
        terms.append(said("without consent from %(day)s", day=entitlement.waiver.unlocks_on))
    return terms


def _papers(dossier: Dossier, now: datetime) -> list[Ready]:
    if not dossier.invoices:
        why = invoices.creation_refusal(dossier.order, 0, dossier.invoice_rules)
        reason = _reason(why, dossier.order) or said("is created when the customer asks for it")
        return [Ready(name=said("Invoice"), why=why or "", reason=reason)]
    found = []
    for each in dossier.invoices:
        why = invoices.refusal(dossier.order, each, dossier.invoice_rules, now)
        until = invoices.until(each, dossier.invoice_rules)
        found.append(
            Ready(
                name=paper(each),
                why=why or "",
                reason=_reason(why, dossier.order),
                terms=(said("until %(day)s", day=until),) if until else (),
            )
        )
    return found


def paper(document: InvoiceFacts | ListedInvoice) -> Sentence:
    """As it is titled."""
    number = Reference(document.number)
    if document.kind is InvoiceKind.INVOICE:
        return said("Invoice %(number)s", number=number)
    if document.is_correction:
        return said("Invoice correction %(number)s", number=number)
    return said("Credit note %(number)s", number=number)


def _reason(why: Refusal | None, order: OrderFacts) -> Sentence | None:
    return reason_of(why, order) if why else None
