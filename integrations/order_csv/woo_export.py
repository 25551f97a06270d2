"""Exports of WooCommerce by its common plugins: put together again as an order of its API, and read as one.

Items come one a row, or packed into cells: `name:Kleid|sku:KLEID|quantity:1|total:10.00|total_tax:1.90`, several of
them separated by `;`, in one column or in `line_item_1`, `line_item_2` …; or as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from integrations import woocommerce
from integrations.order_csv.groups import Group, Record
from integrations.order_csv.mappings import PACKED
from integrations.tolerant import NotUnderstood, parsed, shaped
from portal.csv_findings import Code
from portal.csv_reading import Shop
from portal.imported import ImportedOrder

Told = dict[str, object]
ITEM_AMOUNTS = ("quantity", "subtotal", "subtotal_tax", "total", "total_tax")
BETWEEN_ITEMS, BETWEEN_PARTS = re.compile(r"(?<!\\);"), re.compile(r"(?<!\\)\|")


def order(group: Group, shop: Shop) -> ImportedOrder | None:
    """None where something keeps it out; the group has the findings. Raises NotUnderstood."""
    first = group.first
    told = _order(first, group.key)
    told["line_items"] = [*_items(group)]
    for name in ("order_total", "order_date"):
        if not first.text(name):
            first.note(name, Code.MISSING)
    if group.is_kept_out:
        return None
    api_order = shaped(told, woocommerce.Order)
    known = woocommerce.Shop(name=shop.name, locale=shop.locale, states=shop.states)
    found = woocommerce.to_order(api_order, known)
    if found is None:
        first.note("status", Code.DRAFT)
    return found


def _order(first: Record, key: str) -> Told:
    return {
        "id": key,
        "number": first.text("order_number"),
        "status": first.text("status").lower().replace(" ", "-"),
        "currency": first.text("order_currency"),
        "total": _amount(first, "order_total"),
        "date_created_gmt": _moment(first, "order_date"),
        "date_paid_gmt": _moment(first, "paid_date"),
        "date_completed_gmt": _moment(first, "completed_date"),
        "prices_include_tax": True,
        "customer_id": first.text("customer_id"),
        "customer_note": first.text("customer_note"),
        "payment_method": first.text("payment_method"),
        "transaction_id": first.text("transaction_id"),
        "billing": _address(first, "billing")
        | {"email": first.text("customer_email"), "phone": first.text("billing_phone")},
        "shipping": _address(first, "shipping"),
        "shipping_lines": [*_charge(first, "shipping_total", "shipping_tax_total", "shipping_method")],
        "fee_lines": [*_charge(first, "fee_total", "fee_tax_total", "")],
        "refunds": [*_refunds(first)],
    }


def _address(first: Record, side: str) -> Told:
    names = "first_name last_name company address_1 address_2 postcode city state".split()
    told: Told = {name: first.text(f"{side}_{name}") for name in names}
    return told | {"country": first.country(f"{side}_country")}


def _charge(first: Record, net: str, tax: str, title: str) -> Iterator[Told]:
    if first.amount(net):
        name = first.text(title) if title else ""
        yield {
            "id": net,
            "name": name,
            "method_title": name,
            "total": _amount(first, net),
            "total_tax": _amount(first, tax),
        }


def _refunds(first: Record) -> Iterator[Told]:
    if first.amount("refunded_total"):
        yield {"id": "refunded-total", "total": _amount(first, "refunded_total")}


def _items(group: Group) -> Iterator[Told]:
    """Packed ones stand on the first row."""
    for name in ("line_items", *(name for name in group.mapping.columns if PACKED.fullmatch(name))):
        yield from _packed(group.first.text(name), name)
    for place, row in enumerate(group.rows, start=1):
        if row.text("item_name") or row.text("item_sku"):
            amounts: Told = {part: _amount(row, f"item_{part}") for part in ITEM_AMOUNTS}
            told = {"name": row.text("item_name"), "sku": row.text("item_sku")}
            yield {"id": row.text("item_id") or str(place), **told, **_told_only(amounts)}


def _packed(cell: str, column: str) -> Iterator[Told]:
    if cell.startswith("["):
        items = parsed(cell.encode())
        if not isinstance(items, list):
            raise NotUnderstood(column, "Expected a list of items.")
        yield from ({"id": place, **item} for place, item in enumerate(items, start=1) if isinstance(item, dict))
        return
    for place, item in enumerate(BETWEEN_ITEMS.split(cell), start=1):
        parts = (part.partition(":") for part in BETWEEN_PARTS.split(item))
        told: Told = {name.strip(): value.replace("\\", "").strip() for name, found, value in parts if found}
        if told:
            yield {"id": f"{column}-{place}"} | _told_only(told)


def _told_only(told: Told) -> Told:
    """Without what stands empty: it was not told, and is not 0."""
    return {name: value for name, value in told.items() if value not in ("", None)}


def _amount(row: Record, name: str) -> str | None:
    amount = row.amount(name)
    return None if amount is None else str(amount)


def _moment(row: Record, name: str) -> str:
    found = row.moment(name)
    return found.isoformat() if found else ""
