"""As much of Billbee's orders (REST API v1) as is read here. Amounts include tax, in the currency's major unit."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from integrations.tolerant import Figure, Words

NONE = Words("")
ZERO = Figure(0)


class Address(Struct, frozen=True, rename="pascal"):
    first_name: Words = NONE
    last_name: Words = NONE
    company: Words = NONE
    name_addition: Words = NONE
    street: Words = NONE
    house_number: Words = NONE
    zip: Words = NONE
    city: Words = NONE
    country_iso2: Words = field(default=NONE, name="CountryISO2")
    country: Words = NONE
    line2: Words = NONE
    email: Words = NONE
    state: Words = NONE
    phone: Words = NONE


class Person(Struct, frozen=True, rename="pascal"):
    """Seller or buyer, as the marketplace knows them."""

    platform: Words = NONE
    billbee_shop_name: Words = NONE
    first_name: Words = NONE
    last_name: Words = NONE
    full_name: Words = NONE
    email: Words = NONE


class Customer(Struct, frozen=True, rename="pascal"):
    """The customer as Billbee keeps them; `type` 1 is a business."""

    name: Words = NONE
    email: Words = NONE
    tel1: Words = NONE
    number: Words = NONE
    vat_id: Words = NONE
    type: int = 0


class Attribute(Struct, frozen=True, rename="pascal"):
    name: Words = NONE
    value: Words = NONE


class Product(Struct, frozen=True, rename="pascal"):
    title: Words = NONE
    sku: Words = field(default=NONE, name="SKU")
    sku_or_id: Words = NONE
    is_digital: bool | None = None


class OrderItem(Struct, frozen=True, rename="pascal"):
    """`total_price` is that of the whole line. `discount` is a percentage, `tax_amount` has up to 25 decimals."""

    billbee_id: Words = NONE
    quantity: Figure = Figure(1)
    total_price: Figure = ZERO
    unrebated_total_price: Figure | None = None
    tax_amount: Figure = ZERO
    tax_index: int | None = None
    is_coupon: bool = False
    is_discount: bool = False
    invoice_sku: Words = field(default=NONE, name="InvoiceSKU")
    attributes: Sequence[Attribute] = ()
    product: Product = Product()


class Payment(Struct, frozen=True, rename="pascal"):
    billbee_id: Words = NONE
    transaction_id: Words = NONE
    pay_date: Words = NONE
    payment_type: int = 0
    pay_value: Figure = ZERO


class Comment(Struct, frozen=True, rename="pascal"):
    from_customer: bool = False
    text: Words = NONE


class Order(Struct, frozen=True, rename="pascal"):
    """`id` and `order_number` are those of the shop, and empty for orders that were typed into Billbee.

    `total_cost` includes `shipping_cost`, whatever Billbee's own description says.
    """

    bill_bee_order_id: Words
    state: int
    total_cost: Figure
    currency: Words
    id: Words = NONE
    order_number: Words = NONE
    bill_bee_parent_order_id: Words = NONE
    is_cancelation_for: Words = NONE
    vat_mode: int = 0
    created_at: Words = NONE
    confirmed_at: Words = NONE
    payed_at: Words = NONE
    shipped_at: Words = NONE
    last_modified_at: Words = NONE
    archived_at: Words = NONE
    restored_at: Words = NONE
    accept_loss_of_return_right: bool = False
    invoice_number_prefix: Words = NONE
    invoice_number: Words = NONE
    invoice_number_postfix: Words = NONE
    invoice_date: Words = NONE
    invoice_address: Address = Address()
    shipping_address: Address = Address()
    payment_method: int | None = None
    payments: Sequence[Payment] = ()
    paid_amount: Figure = ZERO
    shipping_cost: Figure = ZERO
    shipping_provider_product_name: Words = NONE
    adjustment_cost: Figure = ZERO
    adjustment_reason: Words = NONE
    tax_rate1: Figure = ZERO
    tax_rate2: Figure = ZERO
    order_items: Sequence[OrderItem] = ()
    seller: Person = Person()
    buyer: Person = Person()
    customer: Customer = Customer()
    comments: Sequence[Comment] = ()
    tags: Sequence[Words] = ()
    language_code: Words = NONE
    customer_number: Words = NONE
    vat_id: Words = NONE
    customer_vat_id: Words = NONE
    payment_reference: Words = NONE


class Paging(Struct, frozen=True, rename="pascal"):
    page: int = 1
    total_pages: int = 1
    total_rows: int = 0


class Envelope(Struct, frozen=True, rename="pascal"):
    """Around every answer. `error_code` is not 0 where the call failed, be it with HTTP 200."""

    data: object = None
    paging: Paging = Paging()
    error_code: int = 0
    error_message: Words = NONE
    error_description: Words = NONE
