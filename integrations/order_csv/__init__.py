"""Orders in CSV files: Tresen's own format, exports of Shopify and WooCommerce, and what a merchant maps by hand."""

from __future__ import annotations

from integrations.order_csv.findings import Code, Finding, Unreadable
from integrations.order_csv.groups import Shop
from integrations.order_csv.mappings import PRESETS, CsvMapping, Layout, Preset, applied, recognised
from integrations.order_csv.reading import Read, orders
from integrations.order_csv.sheets import Sheet, sniffed

__all__ = [
    "PRESETS",
    "Code",
    "CsvMapping",
    "Finding",
    "Layout",
    "Preset",
    "Read",
    "Sheet",
    "Shop",
    "Unreadable",
    "applied",
    "orders",
    "recognised",
    "sniffed",
]
