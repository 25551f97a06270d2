"""As much of WooCommerce's orders (REST API v3) as is read here. Amounts are in the currency's major unit."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from integrations.tolerant import Figure, Words

NONE = Words("")
ZERO = Figure(0)


class Meta(Struct, frozen=True):
    """`value` may be anything: plugins keep whole structures there."""

    key: Words = NONE
    value: object = None


class LineTax(Struct, frozen=True):
    """`id` is the `rate_id` of a tax line; `total` has more decimals than the line's own amounts."""

    id: Words = NONE
    total: Words = NONE


class TaxLine(Struct, frozen=True):
    """`rate_percent` is missing in shops older than 2019."""

    rate_id: Words = NONE
    rate_percent: Figure | None = None
    compound: bool = False


class LineItem(Struct, frozen=True):
    """`total` is without tax, also where prices include it; `subtotal` is what it was before coupons."""

    id: Words
    name: Words = NONE
    product_id: Words = NONE
    variation_id: Words = NONE
    quantity: Figure = Figure(1)
    subtotal: Figure | None = None
    subtotal_tax: Figure = ZERO
    total: Figure = ZERO
    total_tax: Figure = ZERO
    taxes: Sequence[LineTax] = ()
    sku: Words = NONE


class ShippingLine(Struct, frozen=True):
    id: Words
    method_title: Words = NONE
    total: Figure = ZERO
    total_tax: Figure = ZERO
    taxes: Sequence[LineTax] = ()


class FeeLine(Struct, frozen=True):
    id: Words
    name: Words = NONE
    total: Figure = ZERO
    total_tax: Figure = ZERO
    taxes: Sequence[LineTax] = ()


class CouponLine(Struct, frozen=True):
    code: Words = NONE


class RefundInOrder(Struct, frozen=True):
    """A refund as the order names it: `total` is a negative text, and neither day nor lines are told."""

    id: Words
    total: Figure = ZERO


class RefundedItem(Struct, frozen=True):
    """`quantity` is negative; the metadata `_refunded_item_id` names the line of the order."""

    quantity: Figure = ZERO
    meta_data: Sequence[Meta] = ()


class Refund(Struct, frozen=True):
    """One of `/orders/{id}/refunds`."""

    id: Words
    date_created_gmt: Words = NONE
    line_items: Sequence[RefundedItem] = ()


class Product(Struct, frozen=True):
    """One of `/products` or of a product's variations. The order itself does not say what is a file."""

    id: Words
    downloadable: bool = False
    virtual: bool = False


class Address(Struct, frozen=True):
    first_name: Words = NONE
    last_name: Words = NONE
    company: Words = NONE
    address_1: Words = NONE
    address_2: Words = NONE
    city: Words = NONE
    state: Words = NONE
    postcode: Words = NONE
    country: Words = NONE
    email: Words = NONE
    phone: Words = NONE


class Order(Struct, frozen=True):
    """Only dates in GMT are read: the local ones are ambiguous for an hour each autumn."""

    id: Words
    status: Words
    currency: Words
    total: Figure
    number: Words = NONE
    date_created_gmt: Words = NONE
    date_modified_gmt: Words = NONE
    date_paid_gmt: Words = NONE
    date_completed_gmt: Words = NONE
    prices_include_tax: bool = False
    shipping_total: Figure = ZERO
    shipping_tax: Figure = ZERO
    customer_id: Words = NONE
    customer_note: Words = NONE
    billing: Address = Address()
    shipping: Address = Address()
    payment_method: Words = NONE
    transaction_id: Words = NONE
    meta_data: Sequence[Meta] = ()
    line_items: Sequence[LineItem] = ()
    tax_lines: Sequence[TaxLine] = ()
    shipping_lines: Sequence[ShippingLine] = ()
    fee_lines: Sequence[FeeLine] = ()
    coupon_lines: Sequence[CouponLine] = ()
    refunds: Sequence[RefundInOrder] = ()

    def meta(self, *keys: str) -> str:
        """The first text that is kept under one of these keys; else empty."""
        found = {str(each.key): each.value for each in self.meta_data if isinstance(each.value, str)}
        return next((found[key].strip() for key in keys if found.get(key, "").strip()), "")
