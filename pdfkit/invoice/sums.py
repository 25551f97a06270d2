"""Below the lines: allowances and charges, the total between a rule and a double rule, and the tax that is in it."""

from __future__ import annotations

from collections.abc import Iterator

from pdfkit.figures import money, rate
from pdfkit.invoice.sheet import LABEL, LEFT, RIGHT, SMALL, STRONG, TEXT, TOTAL, WIDTH, Sheet, Type
from pdfkit.paper import Adjustment, Kind, Paper
from pdfkit.words import Words

_LEFT = 118.0  # of the column with the sums
_AMOUNT = 30.0
_TAX_COLUMNS = (16.0, 23.0, 21.0, 23.0)
_GAP = 0.8

Row = tuple[str, int, Type]


def write(sheet: Sheet, paper: Paper, words: Words) -> None:
    """Side by side: the tax on the left, the sums on the right, kept together on one page."""
    rows = list(_rows(paper, words))
    taxed = [group for group in paper.taxes if group.rate]
    lines = len(rows) + 2
    if not sheet.has_room(max(lines * (TOTAL.line + _GAP), (len(taxed) + 2) * TEXT.line) + 6):
        sheet.turn()
    sheet.down(3)
    top, page = sheet.get_y(), sheet.page
    if taxed:
        _taxes(sheet, paper, words)
    below = sheet.get_y()
    sheet.set_y(top)
    _sums(sheet, paper, rows)
    if sheet.page == page:
        sheet.set_y(max(below, sheet.get_y()))
    sheet.down(3)
    for reason in dict.fromkeys(group.reason for group in paper.taxes if group.reason):
        sheet.write_lines(LEFT, WIDTH, reason)
    sheet.down(2)


def _rows(paper: Paper, words: Words) -> Iterator[Row]:
    sign = 1 if paper.kind is Kind.INVOICE else -1
    is_gross = paper.prices_include_tax
    if paper.adjustments:
        total = sum(line.total_gross if is_gross else line.total_net for line in paper.lines)
        yield words.lines_total, sign * total, TEXT
    for adjustment in paper.adjustments:
        yield adjustment.title, sign * _signed(adjustment, is_gross), TEXT
    if not is_gross:
        yield words.net_total, sign * paper.totals.basis, TEXT
        for group in paper.taxes:
            if group.rate:
                yield words.tax_at.format(rate(group.rate, paper.locale)), sign * group.tax, TEXT
    yield words.total, sign * paper.totals.gross, TOTAL
    if paper.kind is Kind.INVOICE and paper.totals.due and paper.totals.paid:
        yield words.paid, -paper.totals.paid, TEXT
        yield (words.due if paper.totals.due > 0 else words.overpaid), abs(paper.totals.due), STRONG


def _signed(adjustment: Adjustment, is_gross: bool) -> int:
    amount = sum(share.gross if is_gross else share.net for share in adjustment.shares)
    return amount if adjustment.kind == "charge" else -amount


def _sums(sheet: Sheet, paper: Paper, rows: list[Row]) -> None:
    for label, amount, kind in rows:
        is_total = kind is TOTAL
        if is_total:
            sheet.down(_GAP)
            sheet.rule(_LEFT, RIGHT, 0.35)
            sheet.down(_GAP)
        said = sheet.broken(label, RIGHT - _LEFT - _AMOUNT - 2, kind)
        sheet.put(RIGHT - _AMOUNT, _AMOUNT, money(amount, paper.currency, paper.locale), kind, "R")
        for line in said:
            if not sheet.has_room(kind.line):
                sheet.turn()
            sheet.put(_LEFT, RIGHT - _LEFT - _AMOUNT - 1, line, kind)
            sheet.down(kind.line)
        if is_total:
            sheet.down(_GAP)
            for _ in range(2):
                sheet.rule(_LEFT, RIGHT, 0.35)
                sheet.down(_GAP)
            sheet.down(_GAP)


def _taxes(sheet: Sheet, paper: Paper, words: Words) -> None:
    """What of the total is tax, by rate."""
    sign = 1 if paper.kind is Kind.INVOICE else -1
    heads = (words.tax_rate, words.tax_basis, words.tax_amount, words.tax_gross)
    _cells(sheet, heads, LABEL)
    sheet.rule(LEFT, LEFT + sum(_TAX_COLUMNS))
    sheet.down(_GAP)
    for group in paper.taxes:
        amounts = (group.basis, group.tax, group.basis + group.tax)
        told = [money(sign * amount, paper.currency, paper.locale) for amount in amounts]
        _cells(sheet, (rate(group.rate, paper.locale), *told), SMALL._replace(colour=TEXT.colour, line=TEXT.line))


def _cells(sheet: Sheet, texts: tuple[str, ...], kind: Type) -> None:
    x = LEFT
    for text, width in zip(texts, _TAX_COLUMNS, strict=True):
        is_first = x == LEFT
        sheet.put(x if is_first else x + _GAP, width - _GAP, text, kind, "L" if is_first else "R")
        x += width
    sheet.down(kind.line)
