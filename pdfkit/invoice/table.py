"""The lines of a document, with a head on every page and the sum carried over."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pdfkit.figures import DIGITS, money, price, quantity, rate
from pdfkit.invoice.sheet import BOTTOM, LABEL, LEFT, RIGHT, SMALL, TEXT, Sheet
from pdfkit.paper import Kind, Line, Paper
from pdfkit.words import Words
from pdfkit.zugferd import billed_quantity

_POSITION, _QUANTITY, _PRICE, _TAX, _AMOUNT = 9.0, 19.0, 26.0, 13.0, 27.0
_PADDING = 1.3
_CARRIED = TEXT.line + 2 * _PADDING


@dataclass(frozen=True)
class Columns:
    """Where each column begins; the tax column is there only where lines differ in it or bear any."""

    has_tax: bool

    @property
    def quantity(self) -> float:
        return self.price - _QUANTITY

    @property
    def price(self) -> float:
        return self.tax - _PRICE

    @property
    def tax(self) -> float:
        return self.amount - (_TAX if self.has_tax else 0)

    @property
    def amount(self) -> float:
        return RIGHT - _AMOUNT

    @property
    def title(self) -> float:
        return LEFT + _POSITION

    @property
    def title_width(self) -> float:
        return self.quantity - self.title - 2


class Table:
    """Writes line after line and knows what they add up to."""

    def __init__(self, sheet: Sheet, paper: Paper, words: Words) -> None:
        self._sheet = sheet
        self._paper = paper
        self._words = words
        self._columns = Columns(any(group.rate for group in paper.taxes) or len(paper.taxes) > 1)
        self._sign = 1 if paper.kind is Kind.INVOICE else -1
        self._written = 0

    def write(self) -> None:
        self._head(self._sheet)
        self._sheet.on_turn = self._next_page
        for number, line in enumerate(self._paper.lines, start=1):
            self._line(number, line)
        self._sheet.on_turn = lambda sheet: None
        self._sheet.rule(thick=0.35)

    def _money(self, amount: int) -> str:
        return money(self._sign * amount, self._paper.currency, self._paper.locale)

    def _head(self, sheet: Sheet) -> None:
        words, columns, is_gross = self._words, self._columns, self._paper.prices_include_tax
        sheet.rule(thick=0.35)
        sheet.down(_PADDING)
        sheet.put(LEFT, _POSITION, words.position, LABEL)
        sheet.put(columns.title, columns.title_width, words.description, LABEL)
        sheet.put(columns.quantity, _QUANTITY, words.quantity, LABEL, "R")
        unit_price = words.unit_price if is_gross else words.unit_price_net
        sheet.put(columns.price, _PRICE, unit_price, LABEL, "R")
        if columns.has_tax:
            sheet.put(columns.tax, _TAX, words.tax, LABEL, "R")
        sheet.put(columns.amount, _AMOUNT, words.amount if is_gross else words.amount_net, LABEL, "R")
        sheet.down(LABEL.line + _PADDING)
        sheet.rule()

    def _next_page(self, sheet: Sheet) -> None:
        self._head(sheet)
        self._carried()
        sheet.rule()

    def _carried(self) -> None:
        self._sheet.down(_PADDING)
        self._sheet.put(self._columns.title, self._columns.title_width, self._words.carried, LABEL)
        self._sheet.put(self._columns.amount, _AMOUNT, self._money(self._written), TEXT, "R")
        self._sheet.down(TEXT.line + _PADDING)

    def _line(self, number: int, line: Line) -> None:
        sheet, columns = self._sheet, self._columns
        texts = [(text, TEXT) for text in sheet.broken(line.title, columns.title_width)]
        texts += [(text, SMALL) for text in self._further(line)]
        counted = self._counted(line)
        height = max(sum(kind.line for _, kind in texts), len(counted) * TEXT.line) + 2 * _PADDING
        if not self._fits(height) and self._could_fit(height):
            self._turn()
        sheet.down(_PADDING)
        top = sheet.get_y()
        self._figures(number, line, counted)
        for text, kind in texts:
            if not self._fits(kind.line):
                self._turn()
            sheet.put(columns.title, columns.title_width, text, kind)
            sheet.down(kind.line)
        if sheet.get_y() > top:  # on the same page
            sheet.set_y(max(sheet.get_y(), top + len(counted) * TEXT.line))
        sheet.down(_PADDING)
        self._written += line.total_gross if self._paper.prices_include_tax else line.total_net
        sheet.rule()

    def _fits(self, height: float) -> bool:
        """With room for the sum that would have to be carried over."""
        return self._sheet.has_room(height + _CARRIED)

    def _could_fit(self, height: float) -> bool:
        """Whether a fresh page would have room; if not, a line is begun where it stands."""
        return height < (BOTTOM - 60) - _CARRIED

    def _turn(self) -> None:
        self._carried()
        self._sheet.turn()

    def _further(self, line: Line) -> list[str]:
        texts = (
            self._sheet.broken(self._words.sku.format(line.sku), self._columns.title_width, SMALL) if line.sku else []
        )
        discount = line.discount_gross if self._paper.prices_include_tax else line.discount_net
        if discount:
            amount = money(discount, self._paper.currency, self._paper.locale)
            texts.append(self._words.discount.format(amount))
        return texts

    def _counted(self, line: Line) -> list[str]:
        """Number and unit, below each other where they are too long for one line."""
        number = quantity(self._sign * billed_quantity(line), self._paper.locale)
        whole = f"{number} {line.unit}".strip()
        if self._sheet.broken(whole, _QUANTITY) == [whole]:
            return [whole]
        return [number, line.unit]

    def _figures(self, number: int, line: Line, counted: list[str]) -> None:
        sheet, columns, paper = self._sheet, self._columns, self._paper
        amount = line.total_gross if paper.prices_include_tax else line.total_net
        sheet.put(LEFT, _POSITION - 1, str(number), TEXT._replace(colour=LABEL.colour))
        sheet.put(columns.price, _PRICE, self._unit_price(line), TEXT, "R")
        if columns.has_tax:
            sheet.put(columns.tax, _TAX, rate(line.rate, paper.locale), TEXT, "R")
        sheet.put(columns.amount + 1, _AMOUNT - 1, self._money(amount), TEXT, "R")
        top = sheet.get_y()
        for text in counted:
            sheet.put(columns.quantity, _QUANTITY, text, TEXT, "R")
            sheet.down(TEXT.line)
        sheet.set_y(top)

    def _unit_price(self, line: Line) -> str:
        """As the shop told it, else what one of them costs before its discount."""
        paper = self._paper
        if not paper.prices_include_tax:
            return price(Decimal(line.price_net), paper.currency, paper.locale)
        gross = line.unit_gross
        if gross is None:
            whole = Decimal(abs(line.total_gross + line.discount_gross)) / abs(Decimal(line.quantity))
        else:
            whole = Decimal(abs(gross))
        return price(whole.scaleb(-DIGITS.get(paper.currency, 2)), paper.currency, paper.locale)
