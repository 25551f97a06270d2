"""From the lines of an order to those of an invoice: how each is taxed, and what is an allowance or a charge."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from db.orders import Line, LineKind, TaxCategory, VatMode
from pdfkit import paper
from pdfkit.paper import Adjustment
from portal.imported import decimal
from portal.refusals import Refusal, Refused
from portal.taxes import WHOLE, Part, Share, Treatment, rounded, taxed
from portal.texts import plain

HIGHEST_RATE = 2700  # Hungary's, the highest of the Union; what is above is a mistake
WITHOUT_TAX = {
    VatMode.SMALL_BUSINESS: TaxCategory.EXEMPT,
    VatMode.MARGIN: TaxCategory.EXEMPT,
    VatMode.INTRA_EU: TaxCategory.INTRA_EU,
    VatMode.EXPORT: TaxCategory.EXPORT,
    VatMode.REVERSE_CHARGE: TaxCategory.REVERSE_CHARGE,
}
SILENT = frozenset({VatMode.SMALL_BUSINESS, VatMode.MARGIN})  # whatever rate a source tells, none is shown
PRICE_PLACES = Decimal("0.000001")


class NotIssued(Refused):
    """No document came of it. `detail` tells the merchant what to mend, and never reaches the customer.

    It is a word and its values between blanks, such as `rate 1600`, for views to word.
    """

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(refusal)
        self.detail = detail


class TaxedShare(Struct, frozen=True, kw_only=True):
    """What of a position falls to one group of the tax table; minor units, signed."""

    category: TaxCategory
    rate: int
    gross: int
    net: int


class Position(Struct, frozen=True, kw_only=True):
    """One line of the order as it was invoiced. `id` is the source's own for it."""

    id: str
    kind: LineKind
    title: str
    sku: str
    quantity: str
    unit: str
    unit_gross: int | None
    discount_gross: int
    gross: int
    shares: tuple[TaxedShare, ...]


def positions(lines: Sequence[Line], mode: VatMode) -> tuple[Position, ...]:
    """Of nothing that costs nothing there is no position.

    Raises NotIssued for a rate that cannot be, and where there is nothing to invoice.
    """
    lines = [line for line in lines if line.line_gross or decimal(line.quantity)]
    parts = [Part(gross=line.line_gross, treatment=_treatment(line, mode)) for line in lines]
    if not any(part.treatment for part in parts):
        raise NotIssued(Refusal.TAX_RATE_UNKNOWN if parts else Refusal.AMOUNTS_INCONSISTENT)
    _one_world({part.treatment.category for part in parts if part.treatment})
    shares = taxed(parts).shares
    return tuple(_position(line, shared) for line, shared in zip(lines, shares, strict=True))


def _treatment(line: Line, mode: VatMode) -> Treatment | None:
    """None for shipping, vouchers and the like that come without a rate: they are taxed like what they belong to."""
    if mode in SILENT:
        return Treatment(WITHOUT_TAX[mode], 0)
    category = WITHOUT_TAX.get(mode, line.tax_category)
    is_told = line.tax_rate or category is not TaxCategory.STANDARD
    if not is_told and (line.kind is not LineKind.ITEM or not line.line_gross):
        return None
    if not _is_possible(category, line.tax_rate):
        raise NotIssued(Refusal.TAX_RATE_UNKNOWN, f"line {line.tax_rate} {category.value} {line.external_id}")
    return Treatment(category, line.tax_rate)


def _is_possible(category: TaxCategory, rate: int) -> bool:
    return 0 < rate <= HIGHEST_RATE if category is TaxCategory.STANDARD else rate == 0


def _one_world(categories: set[TaxCategory]) -> None:
    """What is outside the scope of VAT stands on a document of its own (EN 16931, BR-O-11)."""
    if TaxCategory.OUTSIDE_SCOPE in categories and len(categories) > 1:
        raise NotIssued(Refusal.TAX_RATE_UNKNOWN, "outside-scope")


def _position(line: Line, shares: Sequence[Share]) -> Position:
    quantity = decimal(line.quantity)
    if line.line_gross and (quantity == 0 or (quantity < 0 < line.line_gross)):
        raise NotIssued(Refusal.AMOUNTS_INCONSISTENT, f"quantity {line.quantity} {line.external_id}")
    discount = abs(line.discount_gross) if line.line_gross >= 0 else 0
    return Position(
        id=line.external_id,
        kind=line.kind,
        title=plain(line.title) or plain(line.sku) or line.external_id,
        sku=plain(line.sku),
        quantity=line.quantity,
        unit=plain(line.unit),
        unit_gross=line.unit_gross if _explains(line, quantity, discount) else None,
        discount_gross=discount,
        gross=line.line_gross,
        shares=tuple(
            TaxedShare(category=s.treatment.category, rate=s.treatment.rate, gross=s.gross, net=s.net) for s in shares
        ),
    )


def _explains(line: Line, quantity: Decimal, discount: int) -> bool:
    """Whether quantity and price give the total; a price that does not is left out."""
    price = line.unit_gross
    return price is not None and price >= 0 and abs(quantity * price - discount - line.line_gross) < 1


def printed(found: Sequence[Position]) -> tuple[tuple[paper.Line, ...], tuple[Adjustment, ...]]:
    """The lines of the document, and its allowances and charges. Without an item, all the rest become lines."""
    items = [each for each in found if each.kind is LineKind.ITEM]
    if not items:
        return tuple(_line(each, share) for each in found for share in each.shares), ()
    others = [each for each in found if each.kind is not LineKind.ITEM]
    adjustments = tuple(adjustment for each in others for adjustment in _adjustments(each))
    return tuple(_line(each, each.shares[0]) for each in items), adjustments


def _line(position: Position, share: TaxedShare) -> paper.Line:
    """An item has one share; of what is divided among several rates, each becomes a line."""
    is_whole = share.gross == position.gross
    discount = position.discount_gross if is_whole else 0
    discount_net = _net(discount, share.rate)
    quantity = abs(decimal(position.quantity))
    price = Decimal(abs(share.net + discount_net)) / 100 / (quantity or 1)
    return paper.Line(
        title=position.title,
        quantity=position.quantity,
        unit=position.unit,
        sku=position.sku,
        unit_gross=position.unit_gross if is_whole else None,
        total_gross=share.gross,
        total_net=share.net,
        price_net=f"{price.quantize(PRICE_PLACES):f}",
        discount_gross=discount,
        discount_net=discount_net,
        category=paper.TaxCategory(share.category.value),
        rate=share.rate,
    )


CHARGES = {LineKind.SHIPPING: "FC"}  # UNTDID 7161: freight
OTHER_CHARGE, DISCOUNT = "ABK", "95"  # UNTDID 7161: miscellaneous; UNTDID 5189: discount


def _adjustments(position: Position) -> list[Adjustment]:
    """One, or two where its shares differ in sign. What amounts to nothing is left out."""
    found = []
    for kind, sign in _SIGNS:
        shares = tuple(_share(share, sign) for share in position.shares if share.gross * sign > 0)
        code = CHARGES.get(position.kind, OTHER_CHARGE) if kind == "charge" else DISCOUNT
        if shares:
            found.append(Adjustment(kind=kind, title=position.title, code=code, shares=shares))
    return found


_Kind = Literal["allowance", "charge"]
_SIGNS: tuple[tuple[_Kind, int], ...] = (("charge", 1), ("allowance", -1))


def _share(share: TaxedShare, sign: int) -> paper.Share:
    return paper.Share(
        gross=sign * share.gross,
        net=sign * share.net,
        category=paper.TaxCategory(share.category.value),
        rate=share.rate,
    )


def _net(gross: int, rate: int) -> int:
    return rounded(Decimal(gross) * WHOLE / (WHOLE + rate))
