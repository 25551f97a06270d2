"""Items, shipping and the adjustment. Amounts include tax; with one of the modes without VAT no rate is told."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from db.orders import LineKind, TaxCategory, VatMode
from integrations.amounts import NO_RATE, implied_rate, minor_units, price_of_one, quantity_text, rate_text
from integrations.billbee.shapes import Order, OrderItem
from integrations.fitting import shipping_title
from portal.imported import ImportedLine

# What lines without VAT are, by the mode of their order.
WITHOUT_VAT = {
    VatMode.SMALL_BUSINESS: TaxCategory.EXEMPT,
    VatMode.MARGIN: TaxCategory.EXEMPT,
    VatMode.INTRA_EU: TaxCategory.INTRA_EU,
    VatMode.EXPORT: TaxCategory.EXPORT,
}


def lines(order: Order, mode: VatMode, currency: str, locale: str) -> Iterator[ImportedLine]:
    """`RebateDifference` is not read: it has no sense that holds for all orders. Items bear their rebates already."""
    for place, item in enumerate(order.order_items, start=1):
        yield _item(item, place, order, mode, currency)
    category = WITHOUT_VAT.get(mode, TaxCategory.STANDARD)
    if order.shipping_cost:
        yield ImportedLine(
            id="shipping",
            kind=LineKind.SHIPPING,
            title=shipping_title(order.shipping_provider_product_name, locale),
            line_gross=minor_units(order.shipping_cost, currency),
            tax_rate=NO_RATE,  # none is told: it is taxed like what it belongs to
            tax_category=category,
        )
    if _counts_adjustment(order):
        yield ImportedLine(
            id="adjustment",
            kind=LineKind.DISCOUNT if order.adjustment_cost < 0 else LineKind.FEE,
            title=order.adjustment_reason.strip(),
            line_gross=minor_units(order.adjustment_cost, currency),
            tax_rate=NO_RATE,
            tax_category=category,
        )


def _counts_adjustment(order: Order) -> bool:
    """Whether the total holds it: Billbee nowhere says so, but without it the total tells."""
    parts = sum((item.total_price for item in order.order_items), Decimal(0)) + order.shipping_cost
    return bool(order.adjustment_cost) and abs(order.total_cost - parts) >= abs(order.adjustment_cost) / 2


def _item(item: OrderItem, place: int, order: Order, mode: VatMode, currency: str) -> ImportedLine:
    gross = minor_units(item.total_price, currency)
    rebate = 0
    if item.unrebated_total_price is not None and gross > 0:
        rebate = max(0, minor_units(item.unrebated_total_price, currency) - gross)
    rate, category = _tax(item, order, mode)
    return ImportedLine(
        id=item.billbee_id.strip() or f"line-{place}",
        kind=_kind(item),
        title=_title(item),
        sku=item.product.sku or item.product.sku_or_id or item.invoice_sku,
        quantity=quantity_text(item.quantity),
        unit_gross=price_of_one(gross + rebate, item.quantity),
        line_gross=gross,
        discount_gross=rebate,
        tax_rate=rate,
        tax_category=category,
        digital=item.product.is_digital,
    )


def _kind(item: OrderItem) -> LineKind:
    if item.is_coupon:
        return LineKind.VOUCHER
    return LineKind.DISCOUNT if item.is_discount else LineKind.ITEM


def _title(item: OrderItem) -> str:
    """With what was chosen of it, as Billbee prints it."""
    chosen = ", ".join(f"{each.name}: {each.value}" for each in item.attributes if each.name and each.value)
    title = item.product.title.strip()
    return f"{title} ({chosen})" if chosen else title


def _tax(item: OrderItem, order: Order, mode: VatMode) -> tuple[str, TaxCategory]:
    """The rate that `TaxIndex` points at: 0 free of tax, 1 and 2 the order's two rates.

    A coupon is a means of payment, which no tax lies on; it must not lower that of the goods.
    """
    if item.is_coupon:
        return NO_RATE, TaxCategory.OUTSIDE_SCOPE
    if mode in WITHOUT_VAT:
        return NO_RATE, WITHOUT_VAT[mode]
    if item.tax_index == 0:
        return NO_RATE, TaxCategory.EXEMPT
    told = {1: order.tax_rate1, 2: order.tax_rate2}.get(item.tax_index or -1)
    rate = implied_rate(item.total_price - item.tax_amount, item.tax_amount) if told is None else told
    return rate_text(rate), TaxCategory.STANDARD
