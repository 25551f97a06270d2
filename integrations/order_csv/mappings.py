"""Known formats, by the names in their headers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.csv_mappings import CsvMapping, Layout


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A known format. `names` are what a field may be called, as `plain` writes it; `needed` is what it is known by."""

    name: str
    layout: Layout
    names: Mapping[str, Sequence[str]]
    needed: tuple[str, ...]
    decimal_sign: str = ""
    dates: str = ""


def plain(name: str) -> str:
    """`Straße (Re.)` → `strasse_re`: how names are compared."""
    folded = name.casefold().translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue"})
    return re.sub("[^a-z0-9]+", "_", folded).strip("_")


def _addresses() -> dict[str, Sequence[str]]:
    parts = {
        "name": ("name", "name"),
        "company": ("firma", "company"),
        "street": ("strasse", "street"),
        "extra": ("zusatz", "extra"),
        "zip": ("plz", "zip"),
        "city": ("ort", "city"),
        "country": ("land", "country"),
    }
    sides = {"billing": "re", "shipping": "li"}
    return {
        f"{side}_{part}": (f"{short}_{german}", f"{side}_{english}")
        for side, short in sides.items()
        for part, (german, english) in parts.items()
    }


OWN = Preset(
    name="Tresen",
    layout=Layout.OWN,
    needed=("order_id", "order_date", "title"),
    names={
        "source": ("quelle", "source"),
        "order_id": ("bestell_id", "order_id"),
        "order_number": ("bestellnummer", "order_number"),
        "platform": ("plattform", "platform"),
        "shop": ("shop", "shop_name"),
        "status": ("status", "state"),
        "order_date": ("bestelldatum", "order_date"),
        "paid_date": ("zahldatum", "paid_date"),
        "updated_at": ("aktualisiert_am", "updated_at"),
        "currency": ("waehrung", "currency"),
        "buyer_name": ("kaeufer_name", "buyer_name"),
        "buyer_company": ("kaeufer_firma", "buyer_company"),
        "email": ("email", "e_mail"),
        "vat_id": ("ust_id", "vat_id"),
        "language": ("sprache", "language", "locale"),
        **_addresses(),
        "position": ("position", "line_id"),
        "kind": ("art", "kind"),
        "sku": ("sku",),
        "title": ("titel", "title"),
        "quantity": ("menge", "quantity"),
        "unit_gross": ("einzelpreis_brutto", "unit_gross"),
        "line_gross": ("positionssumme_brutto", "line_gross"),
        "tax_rate": ("steuersatz", "tax_rate"),
        "digital": ("digital",),
        "shipping_gross": ("versand_brutto", "shipping_gross"),
        "discount_gross": ("rabatt_brutto", "discount_gross"),
        "total_gross": ("gesamt_brutto", "total_gross"),
        "payment_method": ("zahlart", "payment_method"),
        "transaction": ("transaktion", "transaction", "transaction_id"),
        "paid_amount": ("bezahlt_betrag", "paid_amount"),
        "waiver": ("widerruf_verzicht", "waiver"),
        "tags": ("tags",),
    },
)


def _same(*names: str) -> dict[str, Sequence[str]]:
    return {name: (name,) for name in names}


SHOPIFY = Preset(
    name="Shopify",
    layout=Layout.SHOPIFY,
    needed=("name", "financial_status", "lineitem_name"),
    decimal_sign=".",
    names=_same(
        *"name id email phone financial_status paid_at fulfillment_status fulfilled_at currency subtotal".split(),
        *"shipping taxes total discount_amount created_at lineitem_quantity lineitem_name lineitem_price".split(),
        *"lineitem_sku lineitem_requires_shipping lineitem_taxable lineitem_discount notes cancelled_at".split(),
        *"payment_method payment_reference payment_id refunded_amount outstanding_balance".split(),
        *"tags tax_1_name tax_2_name".split(),
        *(
            f"{side}_{part}"
            for side in ("billing", "shipping")
            for part in "name company address1 address2 zip city province country phone".split()
        ),
    ),
)

WOOCOMMERCE = Preset(
    name="WooCommerce",
    layout=Layout.WOOCOMMERCE,
    needed=("order_id", "status", "order_total"),
    decimal_sign=".",
    names={
        "order_id": ("order_id",),
        "order_number": ("order_number", "order_number_formatted"),
        "order_date": ("order_date", "date"),
        "paid_date": ("paid_date", "date_paid"),
        "completed_date": ("completed_date", "date_completed"),
        "status": ("status", "order_status"),
        "order_currency": ("order_currency", "currency"),
        "customer_email": ("customer_email", "billing_email"),
        "customer_note": ("customer_note",),
        "customer_id": ("customer_id", "customer_user"),
        "line_items": ("line_items",),
        "refunds": ("refunds",),
        **_same("shipping_total", "shipping_tax_total", "shipping_method", "fee_total", "fee_tax_total", "order_total"),
        **_same("payment_method", "transaction_id", "refunded_total"),
        **_same(*(f"item_{part}" for part in "id name sku quantity subtotal subtotal_tax total total_tax".split())),
        **_same(
            *(
                f"{side}_{part}"
                for side in ("billing", "shipping")
                for part in "first_name last_name company address_1 address_2 postcode city state country".split()
            )
        ),
        "billing_phone": ("billing_phone",),
    },
)
PRESETS = (SHOPIFY, WOOCOMMERCE, OWN)
PACKED = re.compile("line_item_[0-9]+")  # one item a column, as many as the largest order has


def recognised(header: Sequence[str]) -> CsvMapping | None:
    """The mapping of the known format that this header is of; None where a merchant has to say."""
    mapped = (applied(preset, header) for preset in PRESETS)
    return next((found for found, preset in zip(mapped, PRESETS, strict=True) if _has_needed(found, preset)), None)


def applied(preset: Preset, header: Sequence[str]) -> CsvMapping:
    """That format with the columns that this header has of it: a start for a merchant to go on from."""
    there: dict[str, str] = {}
    for name in header:
        there.setdefault(plain(name), name)
    columns = {
        each: there[known]
        for each, names in preset.names.items()
        if (known := next((name for name in names if name in there), None))
    }
    if preset.layout is Layout.WOOCOMMERCE:
        columns |= {key: name for key, name in there.items() if PACKED.fullmatch(key)}
    return CsvMapping(
        name=preset.name,
        layout=preset.layout,
        columns=columns,
        decimal_sign=preset.decimal_sign,
        dates=preset.dates,
    )


def _has_needed(mapping: CsvMapping, preset: Preset) -> bool:
    return all(name in mapping.columns for name in preset.needed)


def begun(layout: Layout, header: Sequence[str]) -> CsvMapping:
    """What of that format this header has, whether or not it can be recognised by it."""
    return applied(next(preset for preset in PRESETS if preset.layout is layout), header)


def fields() -> Sequence[str]:
    """What a column may mean, in the order of the own format."""
    return tuple(OWN.names)
