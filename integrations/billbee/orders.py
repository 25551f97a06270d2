"""An order of Billbee as the canonical one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from db.orders import OrderKind, State, VatMode
from integrations.amounts import currency_code, minor_units
from integrations.billbee import people, states
from integrations.billbee.lines import lines
from integrations.billbee.payments import payments
from integrations.billbee.shapes import Order
from integrations.billbee.times import Times
from integrations.fitting import fitted
from portal.imported import ImportedOrder, ShopWaiver, SourceInvoice

# How marketplaces write themselves; Billbee writes them small.
PLATFORMS = {"ebay": "eBay", "woocommerce": "WooCommerce", "prestashop": "PrestaShop", "otto": "OTTO"}


@dataclass(frozen=True, kw_only=True)
class Account:
    """What an order does not say of itself.

    `zone` is that of Billbee's dates. `known` tells Billbee's number for a shop's own: a cancellation may name its
    order by either.
    """

    zone: ZoneInfo
    locale: str = "de-DE"
    known: Mapping[str, str] = field(default_factory=dict)


def external_id(order: Order) -> str:
    """Billbee's own number: the shop's is missing where an order was typed in, and not unique among shops."""
    return str(order.bill_bee_order_id)


def to_order(order: Order, account: Account) -> ImportedOrder:
    """Raises NotUnderstood."""
    currency = currency_code(order.currency, "$.Currency")
    times = Times(order=order, zone=account.zone)
    locale = _locale(order, account)
    mode = states.VAT_MODES.get(order.vat_mode, VatMode.STANDARD)
    kind = _kind(order)
    return fitted(
        ImportedOrder(
            number=order.order_number.strip() or order.id.strip() or order.bill_bee_order_id,
            platform=_platform(order),
            shop_name=order.seller.billbee_shop_name or order.buyer.billbee_shop_name,
            kind=kind,
            state=states.STATES.get(order.state, State.UNKNOWN),
            ordered_at=times.ordered_at,
            confirmed_at=times.at(order.confirmed_at, "ConfirmedAt"),
            paid_at=times.paid_at,
            shipped_at=times.at(order.shipped_at, "ShippedAt"),
            archived_at=times.archived_at,
            updated_at=times.modified_at,
            dunning_level=states.DUNNING.get(order.state, 0),
            currency=currency,
            vat_mode=mode,
            payment_method=states.method(order.payment_method),
            locale=locale,
            buyer=people.buyer(order),
            billing=people.address(order.invoice_address),
            shipping=people.address(order.shipping_address),
            waiver=ShopWaiver(accepted=True) if order.accept_loss_of_return_right else None,
            lines=list(lines(order, mode, currency, locale)),
            total_gross=minor_units(order.total_cost, currency),
            payments=list(payments(order, times, currency)),
            invoice=_invoice(order, times),
            refers_to=_refers_to(order, account) if kind is OrderKind.CREDIT else None,
            tags=list(order.tags),
            note="\n".join(comment.text for comment in order.comments if comment.from_customer),
            custom=_custom(order),
        )
    )


def _kind(order: Order) -> OrderKind:
    """A cancellation is an order of its own there, with everything negative; what asks for money is none."""
    if order.total_cost:
        return OrderKind.CREDIT if order.total_cost < 0 else OrderKind.ORDER
    has_negative = any(item.total_price < 0 for item in order.order_items)
    belongs_to_another = bool(order.is_cancelation_for or (order.bill_bee_parent_order_id and has_negative))
    return OrderKind.CREDIT if belongs_to_another else OrderKind.ORDER


def _refers_to(order: Order, account: Account) -> str | None:
    parent, cancelled = order.bill_bee_parent_order_id.strip(), order.is_cancelation_for.strip()
    return parent or account.known.get(cancelled, cancelled) or None


def _invoice(order: Order, times: Times) -> SourceInvoice | None:
    number = order.invoice_number.strip()
    if number in ("", "0"):
        return None
    whole = f"{order.invoice_number_prefix}{number}{order.invoice_number_postfix}".strip()
    return SourceInvoice(number=whole, date=times.invoiced_on)


def _platform(order: Order) -> str:
    told = (order.seller.platform or order.buyer.platform).strip()
    return PLATFORMS.get(told.lower(), told[:1].upper() + told[1:])


def _locale(order: Order, account: Account) -> str:
    told = order.language_code.strip().lower()
    if not re.fullmatch("[a-z]{2,3}", told):
        return account.locale
    return account.locale if account.locale.lower().startswith(told) else told


def _custom(order: Order) -> dict[str, str]:
    """What has no field of its own and may be needed to understand the order, or to answer Billbee."""
    told = {
        "billbee_shop_order_id": str(order.id),
        "payment_reference": str(order.payment_reference),
        "billbee_state": "" if order.state in states.STATES else str(order.state),
        "billbee_vat_mode": "" if order.vat_mode in states.VAT_MODES else str(order.vat_mode),
    }
    return {name: value for name, value in told.items() if value}
