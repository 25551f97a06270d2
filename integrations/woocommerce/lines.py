"""Items, shipping and fees. Coupons are no lines: WooCommerce has taken them off the items already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from html import unescape

from db.orders import LineKind, TaxCategory
from integrations.amounts import NO_RATE, implied_rate, minor_units, price_of_one, quantity_text, rate_text
from integrations.fitting import shipping_title
from integrations.tolerant import Figure, NotUnderstood
from integrations.woocommerce.shapes import FeeLine, LineItem, LineTax, Order, Product, Refund, ShippingLine, TaxLine
from portal.imported import ImportedLine

Taxed = LineItem | ShippingLine | FeeLine


def lines(
    order: Order, currency: str, locale: str, products: Mapping[str, Product], refunds: Sequence[Refund]
) -> Iterator[ImportedLine]:
    returned = _refunded_quantities(refunds)
    rates = {str(line.rate_id): line for line in order.tax_lines}
    for item in order.line_items:
        yield _item(item, currency, rates, products, returned.get(str(item.id), Decimal(0)))
    for shipping in _shippings(order):
        title = shipping_title(unescape(shipping.method_title), locale)
        yield _charge(shipping, LineKind.SHIPPING, title, currency, rates)
    for fee in order.fee_lines:
        kind = LineKind.DISCOUNT if fee.total < 0 else LineKind.FEE
        yield _charge(fee, kind, unescape(fee.name), currency, rates)


def _shippings(order: Order) -> Sequence[ShippingLine]:
    """Some answers tell of shipping by its sum alone."""
    if order.shipping_lines or not order.shipping_total:
        return order.shipping_lines
    return [ShippingLine(id=order.id, total=order.shipping_total, total_tax=order.shipping_tax)]


def _item(
    item: LineItem, currency: str, rates: Mapping[str, TaxLine], products: Mapping[str, Product], returned: Decimal
) -> ImportedLine:
    gross = minor_units(item.total + item.total_tax, currency)
    before = gross if item.subtotal is None else minor_units(item.subtotal + item.subtotal_tax, currency)
    rate, category = _tax(item, rates)
    return ImportedLine(
        id=item.id,
        title=unescape(item.name),
        sku=item.sku,
        quantity=quantity_text(item.quantity),
        unit_gross=price_of_one(max(before, gross), item.quantity),
        line_gross=gross,
        discount_gross=max(0, before - gross),
        tax_rate=rate,
        tax_category=category,
        digital=_digital(item, products),
        refunded_quantity=quantity_text(returned),
    )


def _charge(
    line: ShippingLine | FeeLine, kind: LineKind, title: str, currency: str, rates: Mapping[str, TaxLine]
) -> ImportedLine:
    rate, category = _tax(line, rates)
    return ImportedLine(
        id=line.id,
        kind=kind,
        title=title,
        line_gross=minor_units(line.total + line.total_tax, currency),
        tax_rate=rate,
        tax_category=category,
    )


def _tax(line: Taxed, rates: Mapping[str, TaxLine]) -> tuple[str, TaxCategory]:
    """Rates as the order's tax lines name them, added up where several apply; else what the amounts speak of.

    A line that is taxed at a told 0 % is zero rated. One that bears no tax at all is so for a reason that WooCommerce
    does not tell: it keeps rate 0 without one, and no invoice is made of it by itself.
    """
    told = [tax for tax in line.taxes if tax.total.strip()]
    known = [rates[tax.id] for tax in told if tax.id in rates]
    percents = [(each.rate_percent, each.compound) for each in known if each.rate_percent is not None]
    if told and len(percents) == len(told):
        rate = rate_text(_added(percents))
        return rate, TaxCategory.STANDARD if rate != NO_RATE else TaxCategory.ZERO
    exact = sum((_precise(tax) for tax in told), Decimal(0)) or line.total_tax
    return rate_text(implied_rate(line.total, exact)), TaxCategory.STANDARD


def _precise(tax: LineTax) -> Decimal:
    try:
        return Decimal(tax.total.strip())
    except ArithmeticError as error:
        raise NotUnderstood("$.taxes.total", f"{tax.total[:40]!r} is no number.") from error


def _added(percents: Sequence[tuple[Figure, bool]]) -> Decimal:
    """A compound rate is taken on top of the others, their tax included."""
    plain = sum((percent for percent, compound in percents if not compound), Decimal(0))
    for percent in (percent for percent, compound in percents if compound):
        plain += percent * (100 + plain) / 100
    return plain


def _digital(item: LineItem, products: Mapping[str, Product]) -> bool | None:
    """None where the shop did not say, and for what is neither a file of the shop nor shipped."""
    product = products.get(item.variation_id) or products.get(item.product_id)
    if product is None or (product.virtual and not product.downloadable):
        return None
    return product.downloadable


def _refunded_quantities(refunds: Sequence[Refund]) -> Mapping[str, Decimal]:
    """Line → how many of it were taken back."""
    returned: dict[str, Decimal] = {}
    for item in (item for refund in refunds for item in refund.line_items):
        line = next((str(meta.value) for meta in item.meta_data if meta.key == "_refunded_item_id"), "")
        returned[line] = returned.get(line, Decimal(0)) + abs(item.quantity)
    return returned
