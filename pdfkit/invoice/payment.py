"""What was paid and when, what is still due, and the GiroCode that pays it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from PIL import Image
from segno import helpers

from pdfkit import statements
from pdfkit.figures import day, money
from pdfkit.invoice.sheet import LABEL, LEFT, RIGHT, RULE, SMALL, STRONG, TEXT, WIDTH, Sheet, Type
from pdfkit.paper import Kind, Means, Paper
from pdfkit.words import Words

_LABEL = 24.0
_CODE = 30.0  # millimetres a side
_DOTS = 8  # a module
_PADDING = 3.0
_CAPTION = SMALL._replace(size=7, line=3.6)
# What a GiroCode can hold (EPC069-12).
_HIGHEST = 99_999_999_999
_NAME, _PURPOSE = 70, 140


def write(sheet: Sheet, paper: Paper, words: Words) -> None:
    """Sentences first; below them, where money is to be transferred, everything that takes."""
    sheet.down(2)
    for sentence in statements.on_money(paper):
        sheet.write_lines(LEFT, WIDTH, sentence)
    if is_due := paper.kind is Kind.INVOICE and paper.totals.due > 0 and paper.due_on:
        amount = money(paper.totals.due, paper.currency, paper.locale)
        sentence = words.was_due if is_due < paper.issued_on else words.pay_until
        sheet.write_lines(LEFT, WIDTH, sentence.format(amount, day(is_due, paper.locale)), STRONG)
    if paper.terms:
        sheet.write_lines(LEFT, WIDTH, paper.terms)
    if _is_to_be_transferred(paper):
        _transfer(sheet, paper, words)
    for note in paper.notes:
        sheet.down(2)
        sheet.write_lines(LEFT, WIDTH, note)


def _is_to_be_transferred(paper: Paper) -> bool:
    is_due = paper.kind is Kind.INVOICE and paper.totals.due > 0
    return is_due and paper.due_means is Means.BANK_TRANSFER and bool(paper.seller.iban)


def purpose(paper: Paper) -> str:
    """What the transfer is to name, so that the money finds its invoice."""
    return paper.number


def _transfer(sheet: Sheet, paper: Paper, words: Words) -> None:
    code = _giro_code(paper)
    told = list(_told(paper, words))
    height = max(len(told) * TEXT.line, _CODE + _CAPTION.line if code else 0) + 2 * _PADDING
    if not sheet.has_room(height + _PADDING):
        sheet.turn()
    sheet.down(_PADDING)
    top = sheet.get_y()
    sheet.set_draw_color(*RULE)
    sheet.set_line_width(0.2)
    sheet.rect(LEFT, top, WIDTH, height)
    sheet.down(_PADDING)
    for label, value, kind in told:
        sheet.put(LEFT + _PADDING, _LABEL - 1, label, LABEL)
        sheet.put(LEFT + _PADDING + _LABEL, WIDTH - _LABEL - _CODE - 4 * _PADDING, value, kind)
        sheet.down(TEXT.line)
    if code:
        sheet.image(code, RIGHT - _CODE - 2 * _PADDING, top + _PADDING, w=_CODE, h=_CODE)
        sheet.set_y(top + _PADDING + _CODE + 0.4)
        sheet.put(RIGHT - _CODE - 3 * _PADDING, _CODE + 2 * _PADDING, words.scan, _CAPTION, "C")
    sheet.set_y(top + height)


def _told(paper: Paper, words: Words) -> Iterator[tuple[str, str, Type]]:
    seller = paper.seller
    yield words.account_holder, seller.name, TEXT
    yield "IBAN", in_fours(seller.iban), STRONG
    if seller.bic:
        yield "BIC", seller.bic, TEXT
    if seller.bank_name:
        yield words.bank, seller.bank_name, TEXT
    yield words.purpose, purpose(paper), STRONG
    yield words.amount, money(paper.totals.due, paper.currency, paper.locale), STRONG


def in_fours(iban: str) -> str:
    """As people read and type it."""
    bare = "".join(iban.split())
    return " ".join(bare[start : start + 4] for start in range(0, len(bare), 4))


def _giro_code(paper: Paper) -> Image.Image | None:
    """The code as a picture, None for what it cannot pay: another currency, or more than a billion."""
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
    rows = [bytes(0 if dark else 255 for dark in row) for row in code.matrix]
    picture = Image.frombytes("L", (len(rows), len(rows)), b"".join(rows)).convert("1")
    # Quicker to draw than four hundred rectangles, and so large that no viewer smooths its modules.
    return picture.resize((len(rows) * _DOTS, len(rows) * _DOTS), Image.Resampling.NEAREST)
