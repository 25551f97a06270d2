"""When a portal link ends: so many days after the last right behind it, and never while there is one left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from portal import invoices
from portal.dossiers import Dossier
from portal.entitlements import Entitlement
from portal.invoices import NEVER_SHOWN
from portal.windows import is_over, local_day


def has_ended(dossier: Dossier, retention_days: int, now: datetime) -> bool:
    return is_over(ends_on(dossier, retention_days, now), now, dossier.zone)


def ends_on(dossier: Dossier, retention_days: int, now: datetime) -> date | None:
    """The link's last day; None while money is due or a right is unlimited.

    Switches that turn invoices or downloads off for a while end no link: only windows and used-up limits do.
    """
    order = dossier.order
    if order.due > 0 and not order.is_dead:
        return None
    ends = [*_invoice_ends(dossier), *_file_ends(dossier, now)]
    if None in ends or may_create_invoice(dossier):
        return None
    return max((end for end in ends if end), default=_last_known_day(dossier)) + timedelta(days=retention_days)


def cannot_have_ended(ordered_at: datetime, retention_days: int, now: datetime) -> bool:
    """Without a look at any right: nothing ends before its order was made. A day is spared for every time zone."""
    return now < ordered_at + timedelta(days=retention_days)


def may_create_invoice(dossier: Dossier) -> bool:
    return invoices.may_create(dossier.order, dossier.invoices, dossier.invoice_rules)


def _invoice_ends(dossier: Dossier) -> Iterator[date | None]:
    if dossier.order.state not in NEVER_SHOWN:
        for invoice in dossier.invoices:
            yield invoices.until(invoice, dossier.invoice_rules)


def _file_ends(dossier: Dossier, now: datetime) -> Iterator[date | None]:
    if dossier.order.is_dead:
        return
    for entitlement in dossier.entitlements:
        if not entitlement.is_refunded:
            yield _file_end(entitlement, now)


def _file_end(entitlement: Entitlement, now: datetime) -> date | None:
    """The last day of its window, or the day of the last download there was."""
    if entitlement.downloads_left == 0 and entitlement.last_spent_at:
        return local_day(entitlement.last_spent_at, entitlement.rules.zone)
    return entitlement.until(now)


def _last_known_day(dossier: Dossier) -> date:
    """An order that never gave a right, or lost them all: from the last day on which anything is known of it."""
    order = dossier.order
    moments = [order.ordered_at, order.paid_at, order.due_at, order.archived_at, *(p.at for p in order.payments)]
    return max(local_day(moment, dossier.zone) for moment in moments if moment)
