"""Orders in CSV files: Tresen's own format, exports of Shopify and WooCommerce, and what a merchant maps by hand.

The package as a whole fulfils portal.csv_reading.CsvReader.
"""

from __future__ import annotations

from integrations.order_csv.mappings import PRESETS, Preset, applied, begun, fields, recognised
from integrations.order_csv.reading import orders
from integrations.order_csv.sheets import samples, sniffed
from integrations.order_csv.templates import template
from portal.csv_findings import Code, Finding, Unreadable
from portal.csv_mappings import CsvMapping, Layout
from portal.csv_reading import Read, Sheet, Shop

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
    "begun",
    "fields",
    "orders",
    "recognised",
    "samples",
    "sniffed",
    "template",
]
