"""The canonical order as its source tells it, and what Tresen adds to it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class State(StrEnum):
    OFFERED = "offered"
    ORDERED = "ordered"
    CONFIRMED = "confirmed"
    PAID = "paid"
    PACKED = "packed"
    IN_FULFILMENT = "in_fulfilment"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    COMPLAINT = "complaint"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class OrderKind(StrEnum):
    ORDER = "order"
    CREDIT = "credit"


class BuyerKind(StrEnum):
    CONSUMER = "consumer"
    BUSINESS = "business"


class VatMode(StrEnum):
    STANDARD = "standard"
    SMALL_BUSINESS = "small_business"
    INTRA_EU = "intra_eu"
    EXPORT = "export"
    MARGIN = "margin"
    REVERSE_CHARGE = "reverse_charge"


class PaymentMethod(StrEnum):
    PAYPAL = "paypal"
    CARD = "card"
    DIRECT_DEBIT = "direct_debit"
    BANK_TRANSFER = "bank_transfer"
    PREPAYMENT = "prepayment"
    INVOICE = "invoice"
    CASH_ON_DELIVERY = "cash_on_delivery"
    MARKETPLACE = "marketplace"
    OTHER = "other"


class LineKind(StrEnum):
    ITEM = "item"
    SHIPPING = "shipping"
    FEE = "fee"
    DISCOUNT = "discount"
    VOUCHER = "voucher"


class TaxCategory(StrEnum):
    """UNTDID 5305 codes, as EN 16931 uses them."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_EU = "K"
    EXPORT = "G"
    OUTSIDE_SCOPE = "O"


class AddressRole(StrEnum):
    BILLING = "billing"
    SHIPPING = "shipping"


class Order(Base, kw_only=True):
    """Amounts are integers in the currency's minor unit; instants are UTC."""

    __tablename__ = "order"
    __table_args__ = (
        UniqueConstraint("source_id", "external_id"),
        Index("ix_order_number", "number"),
        Index("ix_order_buyer_email_key", "buyer_email_key"),
        Index("ix_order_changed_at", "changed_at", "id"),
        Index("ix_order_ordered_at", "ordered_at", "id"),
        # Every page asks for the credits of its order, and few orders are credits.
        Index("ix_order_refers_to", "refers_to", "source_id", sqlite_where=text("refers_to IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    external_id: Mapped[str]
    number: Mapped[str]
    platform: Mapped[str] = mapped_column(default="")
    shop_name: Mapped[str] = mapped_column(default="")
    kind: Mapped[OrderKind] = mapped_column(default=OrderKind.ORDER)
    state: Mapped[State]
    ordered_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    paid_at: Mapped[datetime | None] = mapped_column(default=None)
    shipped_at: Mapped[datetime | None] = mapped_column(default=None)
    delivered_at: Mapped[datetime | None] = mapped_column(default=None)
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    archived_at: Mapped[datetime | None] = mapped_column(default=None)
    dunning_level: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str]
    prices_include_tax: Mapped[bool] = mapped_column(default=True)
    vat_mode: Mapped[VatMode] = mapped_column(default=VatMode.STANDARD)
    payment_method: Mapped[PaymentMethod | None] = mapped_column(default=None)
    locale: Mapped[str] = mapped_column(default="de-DE")
    buyer_name: Mapped[str] = mapped_column(default="")
    buyer_company: Mapped[str] = mapped_column(default="")
    buyer_email: Mapped[str] = mapped_column(default="")
    buyer_email_key: Mapped[str] = mapped_column(default="")  # as it is searched for: without capitals
    buyer_phone: Mapped[str] = mapped_column(default="")
    buyer_vat_id: Mapped[str] = mapped_column(default="")
    buyer_customer_number: Mapped[str] = mapped_column(default="")
    buyer_reference: Mapped[str] = mapped_column(default="")
    buyer_kind: Mapped[BuyerKind] = mapped_column(default=BuyerKind.CONSUMER)
    waiver_accepted: Mapped[bool | None] = mapped_column(default=None)
    waiver_at: Mapped[datetime | None] = mapped_column(default=None)
    waiver_text: Mapped[str | None] = mapped_column(default=None)
    total_gross: Mapped[int]
    amounts_consistent: Mapped[bool] = mapped_column(default=True)
    source_invoice_number: Mapped[str | None] = mapped_column(default=None)
    source_invoice_date: Mapped[date | None] = mapped_column(default=None)
    refers_to: Mapped[str | None] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(default="")
    custom: Mapped[dict[str, str]] = mapped_column(default_factory=dict)
    # What Tresen adds.
    content_sha256: Mapped[str]
    source_updated_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    first_seen_paid_at: Mapped[datetime | None] = mapped_column(default=None)
    link_version: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)  # counted by triggers, see db/versions.py


class Address(Base, kw_only=True):
    """A snapshot, never a reference to a customer."""

    __tablename__ = "address"
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), primary_key=True)
    role: Mapped[AddressRole] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    company: Mapped[str] = mapped_column(default="")
    line1: Mapped[str] = mapped_column(default="")
    line2: Mapped[str] = mapped_column(default="")
    zip: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="")


class BillingCorrection(Base, kw_only=True):
    """The billing address as somebody corrected it; the newest counts. What the source told stays beside it.

    An empty one withdraws those before it.
    """

    __tablename__ = "billing_correction"
    __table_args__ = (Index("ix_billing_correction_order", "order_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    name: Mapped[str]
    company: Mapped[str]
    line1: Mapped[str]
    line2: Mapped[str]
    zip: Mapped[str]
    city: Mapped[str]
    country: Mapped[str]
    corrected_by: Mapped[str]
    corrected_at: Mapped[datetime]


class Line(Base, kw_only=True):
    """One position. `tax_rate` is in basis points (1900 = 19.00 %); quantities are decimal texts."""

    __tablename__ = "line"
    __table_args__ = (UniqueConstraint("order_id", "external_id"), Index("ix_line_sku", "sku"))
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    external_id: Mapped[str]
    position: Mapped[int]
    kind: Mapped[LineKind] = mapped_column(default=LineKind.ITEM)
    title: Mapped[str]
    sku: Mapped[str] = mapped_column(default="")
    quantity: Mapped[str] = mapped_column(default="1")
    unit: Mapped[str] = mapped_column(default="")
    unit_gross: Mapped[int | None] = mapped_column(default=None)
    line_gross: Mapped[int]
    discount_gross: Mapped[int] = mapped_column(default=0)
    tax_rate: Mapped[int]
    tax_category: Mapped[TaxCategory] = mapped_column(default=TaxCategory.STANDARD)
    digital: Mapped[bool | None] = mapped_column(default=None)
    refunded_quantity: Mapped[str] = mapped_column(default="0")


class OrderTag(Base, kw_only=True):
    """`own`: given here, by an automation; an import leaves it alone."""

    __tablename__ = "order_tag"
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    own: Mapped[bool] = mapped_column(default=False)
