"""Whether a paper may become a document: complete, by the rules on tax categories, and with sums that add up.

BT and BG are terms of EN 16931, BR its rules. What a document's rule engine would find is found here by hand, so
that nothing but arithmetic stands between an order and its invoice.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from pdfkit.codes import COUNTRIES, CURRENCIES, VAT_PREFIXES
from pdfkit.figures import DIGITS
from pdfkit.letters import is_shapeless
from pdfkit.paper import Kind, Line, Paper, PaperCause, PaperRefused, TaxCategory
from pdfkit.zugferd import billed_quantity

_TAXED = {TaxCategory.STANDARD}
_WITHOUT_REASON = {TaxCategory.STANDARD, TaxCategory.ZERO}
_SELLER_BY_VAT_ID = {TaxCategory.REVERSE_CHARGE, TaxCategory.INTRA_EU, TaxCategory.EXPORT}
_BUYER_BY_VAT_ID = {TaxCategory.REVERSE_CHARGE, TaxCategory.INTRA_EU}
_MAY_BREAK = {"notes", "terms"}  # the fields that may have line breaks

# How EN 16931 calls the rules of a category.
_RULES = {category: category.value for category in TaxCategory} | {TaxCategory.INTRA_EU: "IC"}

Group = tuple[TaxCategory, int]


def normal(paper: Paper) -> Paper:
    """The paper in NFC, without what has no shape of its own: soft hyphens, marks of direction, variation selectors.

    Raises ValueError for control characters: whoever takes a text in drops them there.
    """
    built = msgspec.to_builtins(paper, builtin_types=(bytes,))
    return msgspec.convert(_normal(built, ""), Paper)


def check(paper: Paper) -> None:
    """Raises PaperRefused with the first cause that keeps this paper from becoming a document."""
    questions = (
        (PaperCause.INCOMPLETE, missing),
        (PaperCause.UNKNOWN_COUNTRY, _unknown_countries),
        (PaperCause.UNKNOWN_CURRENCY, _unknown_currency),
        (PaperCause.TAX_INCONSISTENT, _broken_tax_rules),
        (PaperCause.SUMS_INCONSISTENT, broken_sums),
    )
    for cause, question in questions:
        if found := sorted(set(question(paper))):
            raise PaperRefused(cause, " ".join(found))


def missing(paper: Paper) -> Iterator[str]:
    """The fields that a document cannot be without, or that hold nothing of their kind."""
    seller, buyer, due = paper.seller, paper.buyer, paper.totals.due
    wanted: dict[str, object] = {
        "number": paper.number,
        "seller/name": seller.name,
        "seller/street": seller.street,
        "seller/zip": seller.zip,
        "seller/city": seller.city,
        "seller/tax_number": seller.tax_number or seller.vat_id,
        "seller/vat_id": not seller.vat_id or _is_vat_id(seller.vat_id),
        "buyer/address/name": buyer.address.name or buyer.address.company,
        "buyer/vat_id": not buyer.vat_id or _is_vat_id(buyer.vat_id),
        "refers_to": paper.refers_to or paper.kind is Kind.INVOICE,
        "supply/on": paper.supply.on or not paper.supply.until,
        "due_on": due <= 0 or paper.due_on or paper.terms,  # BR-CO-25
        "lines": paper.lines,
        "taxes": paper.taxes,
    }
    yield from (field for field, there in wanted.items() if not there)
    for number, line in enumerate(paper.lines):
        if not line.title:
            yield f"lines/{number}/title"
        if not Decimal(line.quantity):
            yield f"lines/{number}/quantity"


def _is_vat_id(text: str) -> bool:
    return text[:2] in VAT_PREFIXES and re.fullmatch(r"[A-Z]{2}[0-9A-Za-z+*.]{2,13}", text) is not None


def _unknown_countries(paper: Paper) -> Iterator[str]:
    named = [paper.seller.country, paper.buyer.address.country]
    if paper.ship_to:
        named.append(paper.ship_to.country)
    return (country for country in named if country not in COUNTRIES)


def _unknown_currency(paper: Paper) -> Iterator[str]:
    if paper.currency not in CURRENCIES:
        yield paper.currency


def _broken_tax_rules(paper: Paper) -> Iterator[str]:
    """Names the rules as EN 16931 does, with the letter of the category where the standard has one rule for each."""
    groups = [(group.category, group.rate) for group in paper.taxes]
    categories = {category for category, _ in groups}
    if len(set(groups)) < len(groups) or set(_parts(paper)) - set(groups):
        yield "BR-CO-18"
    if TaxCategory.OUTSIDE_SCOPE in categories and len(categories) > 1:
        yield "BR-O-11"
    for group in paper.taxes:
        if (group.rate > 0) is not (group.category in _TAXED):
            yield f"BR-{_RULES[group.category]}-05"
        if bool(group.reason or group.reason_code) is (group.category in _WITHOUT_REASON):
            yield f"BR-{_RULES[group.category]}-10"
    yield from _broken_by_parties(paper, categories)


def _broken_by_parties(paper: Paper, categories: set[TaxCategory]) -> Iterator[str]:
    if not paper.seller.vat_id:
        yield from (f"BR-{_RULES[category]}-02" for category in categories & _SELLER_BY_VAT_ID)
    if not paper.buyer.vat_id:
        yield from (f"BR-{_RULES[category]}-02" for category in categories & _BUYER_BY_VAT_ID)
    if TaxCategory.INTRA_EU in categories:
        if paper.supply.is_advance:
            yield "BR-IC-11"
        if not paper.ship_to:
            yield "BR-IC-12"


def broken_sums(paper: Paper) -> Iterator[str]:
    """Rules of arithmetic that do not hold, by their names in EN 16931; GROSS stands for what the customer sees."""
    totals = paper.totals
    tax, basis = (sum(each) for each in zip(*((group.tax, group.basis) for group in paper.taxes), strict=True))
    net, gross = _sums(paper)
    holds = {
        "BR-CO-13": totals.basis == net,
        "BR-CO-14": totals.tax == tax,
        "BR-S-08": totals.basis == basis,
        "BR-CO-15": totals.gross == totals.basis + totals.tax,
        "BR-CO-16": totals.due == totals.gross - totals.paid,
        "GROSS": totals.gross == gross,
    }
    yield from (rule for rule, is_so in holds.items() if not is_so)
    parts = _parts(paper)
    for group in paper.taxes:
        if parts[group.category, group.rate] != group.basis:
            yield f"BR-{_RULES[group.category]}-08"
        # Tax is taken out of the gross amount, so that the total is what was paid: up to one unit beside BT-117.
        if abs(group.tax - Decimal(group.basis) * group.rate / 10_000) > 1 + Decimal("0.5"):
            yield "BR-CO-17"
    yield from _broken_lines(paper)
    if any(share.net < 0 or share.gross < 0 for each in paper.adjustments for share in each.shares):
        yield "BR-31"


def _broken_lines(paper: Paper) -> Iterator[str]:
    for line in paper.lines:
        if Decimal(line.price_net) < 0:
            yield "BR-27"
        elif not _is_priced_right(line, DIGITS.get(paper.currency, 2)):
            yield "R120"  # PEPPOL-EN16931-R120


def _is_priced_right(line: Line, digits: int) -> bool:
    """Quantity × price − discount is the line's total, as exactly as six decimals of the price allow."""
    quantity = billed_quantity(line)
    exact = (quantity * Decimal(line.price_net)).scaleb(digits) - line.discount_net
    lost = abs(quantity) * Decimal("0.0000005").scaleb(digits)
    return abs(exact.quantize(Decimal(1), ROUND_HALF_UP) - line.total_net) <= lost.to_integral_value(ROUND_HALF_UP)


def _sums(paper: Paper) -> tuple[int, int]:
    """BT-109 by BR-CO-10 to BR-CO-13, and the same of what the customer sees."""
    net = sum(line.total_net for line in paper.lines)
    gross = sum(line.total_gross for line in paper.lines)
    for adjustment in paper.adjustments:
        sign = 1 if adjustment.kind == "charge" else -1
        net += sign * sum(share.net for share in adjustment.shares)
        gross += sign * sum(share.gross for share in adjustment.shares)
    return net, gross


def _parts(paper: Paper) -> dict[Group, int]:
    """Net amounts by group; free shares add to none."""
    parts: dict[Group, int] = defaultdict(int)
    for line in paper.lines:
        parts[line.category, line.rate] += line.total_net
    for adjustment in paper.adjustments:
        sign = 1 if adjustment.kind == "charge" else -1
        for share in adjustment.shares:
            if share.net or share.gross:
                parts[share.category, share.rate] += sign * share.net
    return parts


def _normal(value: object, field: str) -> object:
    if isinstance(value, str):
        return _normal_text(value, field)
    if isinstance(value, dict):
        return {key: _normal(each, key) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_normal(each, field) for each in value]
    return value


def _normal_text(text: str, field: str) -> str:
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = unicodedata.normalize("NFC", "".join(each for each in text if not is_shapeless(each)))
    for character in kept:
        if unicodedata.category(character) == "Cc" and not (character == "\n" and field in _MAY_BREAK):
            raise ValueError(f"{field} holds the control character U+{ord(character):04X}")
    return kept.strip()
