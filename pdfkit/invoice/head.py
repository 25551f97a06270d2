"""What stands above the lines: logo, addresses for a window envelope, the facts beside them, the title.

Measures of DIN 5008 form B: the window begins 20 mm from the left and 45 mm from the top, the sender stands on one
small line above the address, folds are at 105 and 210 mm.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache

from babel import Locale
from PIL import Image, ImageChops, UnidentifiedImageError

from pdfkit.figures import Language, day
from pdfkit.invoice.sheet import INK, LABEL, LEFT, RIGHT, RULE, SMALL, STRONG, TEXT, TINY, TITLE, WIDTH, Sheet, Type
from pdfkit.paper import Address, Kind, Paper, PaperCause, PaperRefused, Seller
from pdfkit.words import Words

_ACCENT_TOP, _ACCENT_THICK = 10.0, 0.9
_LOGO_TOP, _LOGO_WIDTH, _LOGO_HEIGHT = 14.5, 72.0, 22.0
_DOTS_PER_MM = 8  # as many as an office printer shows of smooth edges
_VISIBLE = 3  # of 255
_NAME = Type(14, 6.4, bold=True)
_WINDOW_WIDTH = 80.0
_SENDER_TOP, _ADDRESS_TOP, _WINDOW_BOTTOM = 57.5, 62.7, 90.5
_ADDRESS_TYPES = (TEXT, Type(8.5, 3.9), Type(7, 3.1))
_FACTS_LEFT, _FACTS_TOP, _FACT_LABEL = 125.0, 50.0, 27.0
_TITLE_TOP = 100.0
_FOLDS, _PUNCH = (105.0, 210.0), 148.5


def write(sheet: Sheet, paper: Paper, words: Words) -> None:
    """The first page down to where the lines begin."""
    _marks(sheet)
    _letterhead(sheet, paper.seller, paper.accent)
    _below(sheet, (_window(sheet, paper), _facts(sheet, paper, words)))
    _title(sheet, paper, words)


def title(paper: Paper, words: Words) -> str:
    """`Rechnung RE-2026-00017`."""
    return f"{words.titles[paper.kind]} {paper.number}"


def drawn(paper: Paper) -> Iterator[str]:
    """The texts of the address, as they will be drawn."""
    yield from _address_lines(paper.buyer.address, paper.seller.country, paper.locale)
    if paper.ship_to:
        yield from _address_lines(paper.ship_to, paper.seller.country, paper.locale)


def _marks(sheet: Sheet) -> None:
    sheet.set_draw_color(*RULE)
    sheet.set_line_width(0.2)
    for fold in _FOLDS:
        sheet.line(5, fold, 9, fold)
    sheet.line(5, _PUNCH, 11, _PUNCH)


def _letterhead(sheet: Sheet, seller: Seller, accent: str) -> None:
    sheet.set_fill_color(*bytes.fromhex(accent[1:]))
    sheet.rect(LEFT, _ACCENT_TOP, WIDTH, _ACCENT_THICK, style="F")
    if not seller.logo:
        sheet.set_y(_LOGO_TOP + 4)
        sheet.put(LEFT, WIDTH, seller.name, _NAME)
        return
    data, width, height = _printable(seller.logo)
    scale = min(_LOGO_WIDTH / width, _LOGO_HEIGHT / height)
    sheet.image(io.BytesIO(data), LEFT, _LOGO_TOP, w=width * scale, h=height * scale)


@lru_cache(maxsize=2)
def _printable(logo: bytes) -> tuple[bytes, int, int]:
    """The logo on white, as PNG with as many dots as print shows, and its size: PDF/A wants neither alpha nor more."""
    try:
        with Image.open(io.BytesIO(logo), formats=("PNG", "JPEG")) as image:
            picture = image.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise PaperRefused(PaperCause.LOGO_DAMAGED, str(error)) from error
    picture.thumbnail((int(_LOGO_WIDTH * _DOTS_PER_MM), int(_LOGO_HEIGHT * _DOTS_PER_MM)))
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    flat = next((few for few in _with_fewer_colours(white) if not _differs(few, white)), white)
    file = io.BytesIO()
    flat.save(file, "PNG")
    return file.getvalue(), *picture.size


def _with_fewer_colours(picture: Image.Image) -> Iterator[Image.Image]:
    """Logos have few colours: a palette is a third of the bytes."""
    how, plain = Image.Quantize.MAXCOVERAGE, Image.Dither.NONE
    return (picture.quantize(colours, how, dither=plain) for colours in (64, 128, 256))


def _differs(one: Image.Image, other: Image.Image) -> bool:
    """Whether anybody could see it."""
    difference = ImageChops.difference(one.convert("RGB"), other).convert("L")
    return difference.point(lambda shade: shade > _VISIBLE).getbbox() is not None


Place = tuple[int, float]  # page, millimetres from its top


def _below(sheet: Sheet, ends: tuple[Place, ...]) -> None:
    """Below both columns; an address may be so long that it goes on over a page of its own."""
    page, y = max(ends)
    sheet.go_to(page)
    sheet.set_y(y + 4 if page > 1 else max(y + 4, _TITLE_TOP))


def _window(sheet: Sheet, paper: Paper) -> Place:
    seller = paper.seller
    place = f"{seller.zip} {seller.city}"
    sheet.set_y(_SENDER_TOP)
    sheet.put(LEFT, _WINDOW_WIDTH, " · ".join((seller.name, seller.street, place)), TINY)
    sheet.down(TINY.line + 0.4)
    sheet.rule(LEFT, LEFT + _WINDOW_WIDTH)
    sheet.set_y(_ADDRESS_TOP)
    lines = _address_lines(paper.buyer.address, seller.country, paper.locale)
    kind = next((kind for kind in _ADDRESS_TYPES if _lies_in_window(sheet, lines, kind)), _ADDRESS_TYPES[-1])
    for line in lines:
        sheet.write_lines(LEFT, _WINDOW_WIDTH, line, kind)
    return sheet.page, sheet.get_y()


def _lies_in_window(sheet: Sheet, lines: list[str], kind: Type) -> bool:
    height = sum(len(sheet.broken(line, _WINDOW_WIDTH, kind)) for line in lines) * kind.line
    return height <= _WINDOW_BOTTOM - _ADDRESS_TOP


def _address_lines(address: Address, home: str, language: Language) -> list[str]:
    """Company before person; a country that is not the seller's in capitals, as the post wants it."""
    lines = [
        address.company,
        address.name,
        address.line1,
        address.line2,
        f"{address.zip} {address.city}".strip(),
        address.region if address.region not in {"", address.city} and address.country != home else "",
        "" if address.country == home else _country(address.country, language),
    ]
    return [line for line in lines if line]


@lru_cache(maxsize=64)
def _country(code: str, language: Language) -> str:
    return str(Locale(language).territories.get(code, code)).upper()


def _facts(sheet: Sheet, paper: Paper, words: Words) -> Place:
    """The column beside the address; answers where it ends."""
    left, width = _FACTS_LEFT + _FACT_LABEL, RIGHT - _FACTS_LEFT - _FACT_LABEL
    sheet.go_to(1)
    sheet.set_y(_FACTS_TOP)
    for label, value in _told(paper, words):
        sheet.put(_FACTS_LEFT, _FACT_LABEL - 1, label, LABEL)
        sheet.write_lines(left, width, value)
        sheet.down(0.5)
    return sheet.page, sheet.get_y()


def _told(paper: Paper, words: Words) -> list[tuple[str, str]]:
    facts = [
        (words.numbers[paper.kind], paper.number),
        (words.issued_on, day(paper.issued_on, paper.locale)),
        _supply(paper, words),
        (words.order, paper.order_number),
        (words.ordered_on, day(paper.ordered_on, paper.locale) if paper.ordered_on else ""),
        (words.customer, paper.buyer.customer_number),
        (words.buyer_vat_id, paper.buyer.vat_id),
        (words.reference, paper.buyer.reference),
    ]
    return [(label, value) for label, value in facts if value]


def _supply(paper: Paper, words: Words) -> tuple[str, str]:
    supply = paper.supply
    if supply.is_advance:  # of which what takes it back has nothing to say
        return words.supplied_on, words.still_to_come if paper.kind is Kind.INVOICE else ""
    if supply.on and supply.until:
        return words.supplied_in, f"{day(supply.on, paper.locale)} – {day(supply.until, paper.locale)}"
    return words.supplied_on, day(supply.on or paper.issued_on, paper.locale)


def _title(sheet: Sheet, paper: Paper, words: Words) -> None:
    sheet.write_lines(LEFT, WIDTH, title(paper, words), TITLE)
    if paper.refers_to:
        sentence = words.takes_back if paper.kind is Kind.CANCELLATION else words.takes_back_in_part
        on = day(paper.refers_to.issued_on, paper.locale)
        sheet.down(1)
        sheet.write_lines(LEFT, WIDTH, sentence.format(paper.refers_to.number, on), STRONG)
    if paper.ship_to and paper.ship_to != paper.buyer.address:
        sheet.down(1)
        place = ", ".join(_address_lines(paper.ship_to, paper.seller.country, paper.locale))
        sheet.write_lines(LEFT, WIDTH, f"{words.ship_to}: {place}", SMALL)
    sheet.set_text_color(*INK)
    sheet.down(4)
