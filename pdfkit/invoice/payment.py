"""What was paid and when, what is still due, and the GiroCode that pays it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from segno import helpers

from pdfkit.figures import day, money
from pdfkit.invoice.sheet import INK, LABEL, LEFT, RULE, SMALL, STRONG, TEXT, WIDTH, Sheet
from pdfkit.invoice.words import Words
from pdfkit.paper import Kind, Paper

_LABEL = 24.0
_CODE = 30.0  # millimetres a side
_PADDING = 3.0
# What a GiroCode can hold (EPC069-12).
_HIGHEST = 99_999_999_999
_NAME, _PURPOSE = 70, 140


def write(sheet: Sheet, paper: Paper, words: Words) -> None:
    """Sentences first; below them, where money is to be transferred, everything that takes."""
    sheet.down(2)
    for sentence in _sentences(paper, words):
        sheet.write_lines(LEFT, WIDTH, sentence)
    if is_due := paper.kind is Kind.INVOICE and paper.totals.due > 0 and paper.due_on:
        amount = money(paper.totals.due, paper.currency, paper.locale)
        sheet.write_lines(LEFT, WIDTH, words.pay_until.format(amount, day(is_due, paper.locale)), STRONG)
    if paper.terms:
        sheet.write_lines(LEFT, WIDTH, paper.terms)
    if paper.kind is Kind.INVOICE and paper.totals.due > 0 and paper.seller.iban:
        _transfer(sheet, paper, words)
    for note in paper.notes:
        sheet.down(2)
        sheet.write_lines(LEFT, WIDTH, note)


def purpose(paper: Paper) -> str:
    """What the transfer is to name, so that the money finds its invoice."""
    return paper.number


def _sentences(paper: Paper, words: Words) -> Iterator[str]:
    if paper.kind is not Kind.INVOICE:
        return
    for receipt in paper.receipts:
        on, amount = day(receipt.on, paper.locale), money(receipt.amount, paper.currency, paper.locale)
        yield words.paid_on.format(on, words.paid_by[receipt.means], amount)
    if paper.supply.is_advance and paper.totals.paid:
        yield words.in_advance
    if paper.totals.due <= 0 and not paper.receipts and paper.totals.gross:
        yield words.nothing_due


def _transfer(sheet: Sheet, paper: Paper, words: Words) -> None:
    seller = paper.seller
    code = _giro_code(paper)
    facts = [
        (words.account_holder, seller.name),
        ("IBAN", _in_fours(seller.iban)),
        ("BIC", seller.bic),
        (words.bank, seller.bank_name),
        (words.purpose, purpose(paper)),
        (words.amount, money(paper.totals.due, paper.currency, paper.locale)),
    ]
    told = [(label, value) for label, value in facts if value]
    height = max(len(told) * TEXT.line, _CODE + SMALL.line if code else 0) + TEXT.line + 2 * _PADDING
    if not sheet.has_room(height + 3):
        sheet.turn()
    sheet.down(3)
    top = sheet.get_y()
    sheet.set_draw_color(*RULE)
    sheet.set_line_width(0.2)
    sheet.rect(LEFT, top, WIDTH, height)
    sheet.down(_PADDING)
    sheet.put(LEFT + _PADDING, WIDTH, words.payable_to, STRONG)
    sheet.down(TEXT.line + 0.6)
    for label, value in told:
        sheet.put(LEFT + _PADDING, _LABEL - 1, label, LABEL)
        sheet.put(LEFT + _PADDING + _LABEL, WIDTH - _LABEL - _CODE - 4 * _PADDING, value)
        sheet.down(TEXT.line)
    if code:
        _draw(sheet, code, LEFT + WIDTH - _CODE - _PADDING - 4, top + _PADDING)
        sheet.set_y(top + _PADDING + _CODE + 1)
        sheet.put(LEFT + WIDTH - _CODE - 2 * _PADDING - 12, _CODE + 15, words.scan, SMALL._replace(size=7), "C")
    sheet.set_y(top + height)


def _in_fours(iban: str) -> str:
    bare = "".join(iban.split())
    return " ".join(bare[start : start + 4] for start in range(0, len(bare), 4))


def _giro_code(paper: Paper) -> list[bytearray] | None:
    """The rows of the code, None for what it cannot pay: another currency, or more than a billion."""
    if paper.currency != "EUR" or paper.totals.due > _HIGHEST:
        return None
    code = helpers.make_epc_qr(
        name=paper.seller.name[:_NAME],
        iban="".join(paper.seller.iban.split()),
        bic=paper.seller.bic or None,
        amount=Decimal(paper.totals.due).scaleb(-2),
        text=purpose(paper)[:_PURPOSE],
        encoding="utf-8",
    )
    return [bytearray(row) for row in code.matrix]


def _draw(sheet: Sheet, code: list[bytearray], left: float, top: float) -> None:
    """Dark runs of a row as one rectangle each: modules drawn alone show hairlines on the screen."""
    module = _CODE / len(code)
    sheet.set_fill_color(*INK)
    for y, row in enumerate(code):
        x = 0
        while x < len(row):
            run = next((length for length, dark in enumerate(row[x:]) if not dark), len(row) - x)
            if run:
                sheet.rect(left + x * module, top + y * module, run * module, module, style="F")
            x += run + 1
