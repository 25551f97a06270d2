"""Billbee's dates: without a zone, so they are of the one that the merchant's account is kept in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from integrations.billbee.shapes import Order
from integrations.billbee.states import ARCHIVED
from integrations.tolerant import NotUnderstood, instant
from portal.windows import local_day


@dataclass(frozen=True, kw_only=True)
class Times:
    """The moments of one order, in UTC."""

    order: Order
    zone: ZoneInfo

    @property
    def ordered_at(self) -> datetime:
        """Raises NotUnderstood."""
        found = self.at(self.order.created_at, "CreatedAt") or self.paid_at or self.modified_at
        if found is None:
            raise NotUnderstood("$.CreatedAt", "The order has no date.")
        return found

    @property
    def paid_at(self) -> datetime | None:
        return self.at(self.order.payed_at, "PayedAt")

    @property
    def modified_at(self) -> datetime | None:
        return self.at(self.order.last_modified_at, "LastModifiedAt")

    @property
    def changed_at(self) -> datetime:
        return self.modified_at or self.ordered_at

    @property
    def archived_at(self) -> datetime | None:
        """None again for what was taken out of the archive."""
        archived = self.at(self.order.archived_at, "ArchivedAt")
        if self.order.state == ARCHIVED:
            return archived or self.changed_at
        restored = self.at(self.order.restored_at, "RestoredAt")
        return None if archived and restored and restored >= archived else archived

    @property
    def invoiced_on(self) -> date:
        """The day of the order where Billbee tells of an invoice without its day: a second one must not be made."""
        return local_day(self.at(self.order.invoice_date, "InvoiceDate") or self.ordered_at, self.zone)

    def at(self, text: str, name: str) -> datetime | None:
        return instant(text, self.zone, f"$.{name}")
