"""Why something is not to be had: one vocabulary for page, API and log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    DISABLED = "disabled"
    NOT_ORDERED = "not-ordered"
    NOT_PAID = "not-paid"
    CANCELLED = "cancelled"
    DELETED = "deleted"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    LIMIT_REACHED = "limit-reached"
    WAIVER_MISSING = "waiver-missing"
    WAIVER_CONFIRMATION_PENDING = "waiver-confirmation-pending"
    NO_INVOICE = "no-invoice"
    INVOICE_ELSEWHERE = "invoice-elsewhere"
    ARCHIVED = "archived"
    WINDOW_NOT_OPEN = "window-not-open"
    SELLER_INCOMPLETE = "seller-incomplete"
    AMOUNTS_INCONSISTENT = "amounts-inconsistent"
    TAX_RATE_UNKNOWN = "tax-rate-unknown"
    FOREIGN_CURRENCY = "foreign-currency"
    ADDRESS_INCOMPLETE = "address-incomplete"
    VAT_ID_MISSING = "vat-id-missing"
    EXEMPTION_UNFOUNDED = "exemption-unfounded"
    SUPPLY_DATE_UNKNOWN = "supply-date-unknown"
    CHARACTER_UNPRINTABLE = "character-unprintable"
    INVOICE_FAILED = "invoice-failed"
    NUMBER_TAKEN = "number-taken"
    DAY_AHEAD = "day-ahead"
    ALREADY_INVOICED = "already-invoiced"
    FILE_MISSING = "file-missing"
    STAMP_FAILED = "stamp-failed"
    STORAGE_UNAVAILABLE = "storage-unavailable"
    DISK_FULL = "disk-full"
    BEING_PREPARED = "being-prepared"
    REPLACED = "file-replaced"
    UNLINKED = "file-unlinked"
    PAYMENT_PENDING = "payment-pending"
    NOTHING_DUE = "nothing-due"
    NO_PROVIDER = "no-provider"
    PROVIDER_UNAVAILABLE = "provider-unavailable"
    PAYMENT_REPLACED = "payment-replaced"


class Refused(Exception):
    """A deed was not done, and this is why. Nothing was spent or stored."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class NotFound(Exception):
    """There is no such thing, or it is not yours: one answer for both."""


class Conflict(Exception):
    """What is stored already says otherwise, and what is stored stays."""


class Overtaken(Exception):
    """Somebody was faster, be it the same person by a first click: what was looked at is not what there is any more."""


@dataclass(frozen=True)
class Fault:
    """One wrong place: `pointer` is a JSON pointer fragment such as `#/lines/0/tax_rate`."""

    pointer: str
    code: str
    detail: str


class Invalid(Exception):
    """Every wrong place of what was sent: JSON pointer, code, sentence."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.pointer} {fault.code}" for fault in faults))
        self.faults = faults
