"""An order of WooCommerce as the canonical one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from db.orders import BuyerKind, State
from integrations.amounts import currency_code, minor_units
from integrations.fitting import fitted
from integrations.tolerant import NotUnderstood, instant
from integrations.woocommerce import lines, payments, states
from integrations.woocommerce.payments import Money
from integrations.woocommerce.shapes import Address, Order, Product, Refund
from portal.imported import Buyer, ImportedOrder, PostalAddress

# Where plugins keep the buyer's VAT id and the language; WooCommerce itself knows neither.
VAT_IDS = "_billing_vat_id billing_vat_id _billing_vat_number _vat_number vat_number _billing_eu_vat_number".split()
LANGUAGES = "wpml_language _order_language trp_language".split()


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What the order does not say of itself. `states` are the merchant's words for statuses of plugins."""

    name: str = ""
    locale: str = "de-DE"
    states: Mapping[str, State] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Details:
    """What was asked for beside the order: its refunds one by one, and products and variations by their id."""

    refunds: Sequence[Refund] = ()
    products: Mapping[str, Product] = field(default_factory=dict)


NO_DETAILS = Details()


def external_id(order: Order) -> str:
    return str(order.id)


def to_order(order: Order, shop: Shop, details: Details = NO_DETAILS) -> ImportedOrder | None:
    """None for a draft, which nobody has ordered yet. Raises NotUnderstood."""
    status = order.status.strip().removeprefix("wc-")
    if status in states.DRAFTS:
        return None
    currency = currency_code(order.currency, "$.currency")
    locale = _locale(order, shop)
    money = _money(order, status, currency, details)
    return fitted(
        ImportedOrder(
            number=order.number.strip() or order.id,
            platform="WooCommerce",
            shop_name=shop.name,
            state=states.state(status, money.paid_at is not None, shop.states),
            ordered_at=_ordered_at(order),
            paid_at=money.paid_at,
            updated_at=_at(order.date_modified_gmt, "date_modified_gmt"),
            currency=currency,
            prices_include_tax=order.prices_include_tax,
            payment_method=money.method,
            locale=locale,
            buyer=_buyer(order),
            billing=_address(order.billing),
            shipping=_address(order.shipping),
            lines=list(lines.lines(order, currency, locale, details.products, details.refunds)),
            total_gross=money.total,
            payments=list(payments.payments(order, money)),
            note=order.customer_note,
            custom=_custom(order),
        )
    )


def _money(order: Order, status: str, currency: str, details: Details) -> Money:
    told = {str(refund.id): _at(refund.date_created_gmt, "refunds.date_created_gmt") for refund in details.refunds}
    ordered = _ordered_at(order)
    return Money(
        currency=currency,
        total=minor_units(order.total, currency),
        method=states.method(order.payment_method),
        paid_at=_paid_at(order, status),
        changed_at=_at(order.date_modified_gmt, "date_modified_gmt") or ordered,
        is_all_refunded=status == "refunded",
        refunded_at={number: at for number, at in told.items() if at},
    )


def _paid_at(order: Order, status: str) -> datetime | None:
    """When the money came in, by WooCommerce's own date, or by what the status says of itself."""
    if status in states.NOT_PAID_YET:
        return None
    paid = _at(order.date_paid_gmt, "date_paid_gmt")
    if paid or status not in states.COUNTS_AS_PAID:
        return paid
    return _at(order.date_completed_gmt, "date_completed_gmt") or _ordered_at(order)


def _ordered_at(order: Order) -> datetime:
    for name in ("date_created_gmt", "date_paid_gmt", "date_modified_gmt"):
        if found := _at(getattr(order, name), name):
            return found
    raise NotUnderstood("$.date_created_gmt", "The order has no date in GMT.")


def _at(text: str, name: str) -> datetime | None:
    return instant(text, UTC, f"$.{name}")


def _locale(order: Order, shop: Shop) -> str:
    told = order.meta(*LANGUAGES)
    return told if re.fullmatch("[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", told, re.ASCII) else shop.locale


def _buyer(order: Order) -> Buyer:
    """A company's name alone makes nobody a business: people type their employer, or c/o."""
    vat_id = order.meta(*VAT_IDS)
    return Buyer(
        name=_name(order.billing) or _name(order.shipping),
        company=order.billing.company.strip(),
        email=order.billing.email.strip(),
        phone=order.billing.phone.strip(),
        vat_id=vat_id,
        customer_number="" if order.customer_id in ("", "0") else order.customer_id,
        kind=BuyerKind.BUSINESS if vat_id else BuyerKind.CONSUMER,
    )


def _name(address: Address) -> str:
    return f"{address.first_name} {address.last_name}".strip()


def _address(told: Address) -> PostalAddress | None:
    country = told.country.strip().upper()
    address = PostalAddress(
        name=_name(told),
        company=told.company.strip(),
        line1=told.address_1.strip(),
        line2=told.address_2.strip(),
        zip=told.postcode.strip(),
        city=told.city.strip(),
        region=told.state.strip(),
        country=country if re.fullmatch("[A-Z]{2}", country) else "",
    )
    is_empty = not (address.name or address.company or address.line1 or address.zip or address.city)
    return None if is_empty else address


def _custom(order: Order) -> dict[str, str]:
    coupons = ", ".join(coupon.code for coupon in order.coupon_lines if coupon.code)
    told = {"woocommerce_status": str(order.status), "woocommerce_coupons": coupons}
    return {name: value for name, value in told.items() if value}
