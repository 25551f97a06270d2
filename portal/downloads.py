"""Whether a customer may download a file now, and if not, why not."""

from __future__ import annotations

from datetime import datetime

from portal.entitlements import Entitlement
from portal.orders import death, not_an_order
from portal.refusals import Refusal
from portal.windows import is_over


def refusal(entitlement: Entitlement, now: datetime) -> Refusal | None:
    """The first obstacle; those the customer cannot clear come first."""
    order = entitlement.order
    if why := death(order) or not_an_order(order):
        return why
    if entitlement.is_refunded:
        return Refusal.REFUNDED
    if not entitlement.rules.enabled:
        return Refusal.DISABLED
    if not order.is_paid:
        return Refusal.NOT_PAID
    return _used_up(entitlement, now)


def _used_up(entitlement: Entitlement, now: datetime) -> Refusal | None:
    if is_over(entitlement.until, now, entitlement.rules.zone):
        return Refusal.EXPIRED
    if entitlement.downloads_left == 0:
        return Refusal.LIMIT_REACHED
    if entitlement.file.missing:
        return Refusal.FILE_MISSING
    if entitlement.file.unstampable:
        return Refusal.STAMP_FAILED
    return Refusal.WAIVER_MISSING if entitlement.waiver_missing else None
