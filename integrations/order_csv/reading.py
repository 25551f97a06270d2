"""From rows to orders, one at a time: of a file of any length, only the rows of one order are held."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import BinaryIO

from integrations.order_csv import own_format, shopify, woo_export
from integrations.order_csv.groups import Group, Record
from integrations.order_csv.sheets import Row, rows
from integrations.tolerant import NotUnderstood
from portal.csv_findings import Code, Unreadable
from portal.csv_mappings import CsvMapping, Layout
from portal.csv_reading import Read, Sheet, Shop
from portal.imported import ImportedOrder, amounts_consistent

MOST_LINES = 500
LONGEST_ID = 200
PARTS = 256
KEYS = {Layout.OWN: "order_id", Layout.SHOPIFY: "name", Layout.WOOCOMMERCE: "order_id"}
MAPPINGS: Mapping[Layout, Callable[[Group, Shop], ImportedOrder | None]] = {
    Layout.OWN: own_format.order,
    Layout.SHOPIFY: shopify.order,
    Layout.WOOCOMMERCE: woo_export.order,
}


def orders(file: BinaryIO, sheet: Sheet, mapping: CsvMapping, shop: Shop) -> Iterator[Read]:
    """In the order of the file. Raises Unreadable, also in the middle: what was read before stays read."""
    places = _places(sheet, mapping)
    scattered = _scattered(file, sheet, places[KEYS[mapping.layout]])
    for group in _groups(file, sheet, mapping, shop, places):
        if hash(group.key) in scattered:
            group.note(group.first.line, KEYS[mapping.layout], Code.ORDER_SCATTERED, group.key)
        yield _read(group, shop)


def _places(sheet: Sheet, mapping: CsvMapping) -> Mapping[str, int]:
    """Field → the place of its column. Raises Unreadable where the file lacks one that the mapping names."""
    key = KEYS[mapping.layout]
    if key not in mapping.columns:
        raise Unreadable(Code.COLUMN_MISSING, sheet.header_line, key)
    places: dict[str, int] = {}
    for name, column in mapping.columns.items():
        if column not in sheet.header:
            raise Unreadable(Code.COLUMN_MISSING, sheet.header_line, column)
        places[name] = sheet.header.index(column)
    return places


def _scattered(file: BinaryIO, sheet: Sheet, place: int) -> frozenset[int]:
    """Orders whose rows do not stand together, by the hash of their key: nobody knows where they end.

    Eight bytes are kept of each order, in parts that are sorted one after the other: a file may have millions.
    """
    parts = [array("q") for _ in range(PARTS)]
    last = ""
    try:
        for row in rows(file, sheet):
            key = _key(row, place) or last
            if key != last:
                parts[hash(key) % PARTS].append(hash(key))
            last = key
    except Unreadable:
        pass  # the rows before it are looked at all the same, and it is told when they are read
    return frozenset(one for part in parts for one, next_one in pairwise(sorted(part)) if one == next_one)


def _groups(
    file: BinaryIO, sheet: Sheet, mapping: CsvMapping, shop: Shop, places: Mapping[str, int]
) -> Iterator[Group]:
    group: Group | None = None
    try:
        for row in rows(file, sheet):
            key = _key(row, places[KEYS[mapping.layout]])
            if group is None or (key and key != group.key):
                if group:
                    yield group
                group = Group(key=key, mapping=mapping, zone=shop.zone)
            _add(row, group, sheet, places)
    except Unreadable as unreadable:
        if group:
            group.findings.append(unreadable.finding)  # its rows may go on behind what cannot be read
            yield group
        raise
    if group:
        yield group


def _key(row: Row, place: int) -> str:
    return row.cells[place].strip() if place < len(row.cells) else ""


def _add(row: Row, group: Group, sheet: Sheet, places: Mapping[str, int]) -> None:
    if len(group.rows) >= MOST_LINES:
        if not any(finding.code is Code.TOO_MANY_LINES for finding in group.findings[-1:]):
            group.note(row.line, "", Code.TOO_MANY_LINES)
        return
    cells = {name: row.cells[place] for name, place in places.items() if place < len(row.cells)}
    group.rows.append(Record(row.line, cells, group))
    if any(cells == known.cells for known in group.rows[:-1]):
        group.note(row.line, "", Code.ROW_REPEATED)
    if any(cell.strip() for cell in row.cells[len(sheet.header) :]):
        group.note(row.line, "", Code.TOO_MANY_CELLS)


def _read(group: Group, shop: Shop) -> Read:
    order = _order(group, shop)
    if order and not amounts_consistent(order):
        group.note(group.first.line, "", Code.SUM_MISMATCH, str(order.total_gross))
    return Read(
        external_id=_external_id(group),
        source=group.first.text("source"),
        order=None if group.is_kept_out else order,
        first_line=group.first.line,
        last_line=group.rows[-1].line,
        findings=tuple(group.findings),
    )


def _external_id(group: Group) -> str:
    """Shopify's own id where the file has it: by it, its API knows the order. A spreadsheet makes `5.1E+12` of it."""
    told = group.first.text("id") if group.mapping.layout is Layout.SHOPIFY else ""
    return told if told.isdecimal() else group.key


def _order(group: Group, shop: Shop) -> ImportedOrder | None:
    if not group.key:
        group.note(group.first.line, KEYS[group.mapping.layout], Code.MISSING)
    if not group.key.isprintable() or "\ufffd" in group.key:
        group.note(group.first.line, KEYS[group.mapping.layout], Code.UNDECODABLE)
    if len(group.key) > LONGEST_ID:
        group.note(group.first.line, KEYS[group.mapping.layout], Code.NOT_UNDERSTOOD, group.key)
    try:
        return MAPPINGS[group.mapping.layout](group, shop)
    except NotUnderstood as error:
        group.note(group.first.line, error.where, Code.NOT_UNDERSTOOD, error.why)
        return None
