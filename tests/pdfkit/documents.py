"""Papers for the tests: whoever makes one says only what matters, and the sums add up by themselves."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Literal

import msgspec

from pdfkit.figures import DIGITS
from pdfkit.paper import (
    Address,
    Adjustment,
    Buyer,
    Kind,
    Line,
    Means,
    Paper,
    Receipt,
    Reference,
    Seller,
    Share,
    Supply,
    TaxCategory,
    TaxGroup,
    Totals,
)

ISSUED = date(2026, 10, 25)
SELLER = Seller(
    name="Nähwerk Schnittmuster GmbH",
    street="Fadengasse 12",
    zip="50667",
    city="Köln",
    country="DE",
    vat_id="DE123456789",
    tax_number="214/5801/1234",
    email="hallo@naehwerk.example",
    phone="+49 221 5550123",
    contact_name="Johanna Zwirn",
    iban="DE02120300000000202051",
    bic="BYLADEM1001",
    bank_name="DKB Berlin",
)
ERIKA = Address(name="Erika Mustermann", line1="Heidestraße 17", zip="51147", city="Köln", country="DE")
CONSUMER = Buyer(address=ERIKA, email="erika@example.org")
BUSINESS = Buyer(
    address=Address(
        name="Max Beispiel",
        company="Änderungsschneiderei Öztürk & Söhne GmbH",
        line1="Industriestraße 4",
        line2="Halle 3",
        zip="80331",
        city="München",
        country="DE",
    ),
    vat_id="DE987654321",
    email="einkauf@oeztuerk.example",
    reference="04011000-12345-03",
    customer_number="K-1007",
)
AUSTRIAN = msgspec.structs.replace(
    BUSINESS, address=Address(company="Wiener Stoffe GmbH", line1="Ring 1", zip="1010", city="Wien", country="AT"),
    vat_id="ATU12345678",
)  # fmt: skip

REASONS = {
    TaxCategory.EXEMPT: ("Steuerfrei nach der Regelung für kleine Unternehmen.", ""),
    TaxCategory.REVERSE_CHARGE: ("Steuerschuldnerschaft des Leistungsempfängers.", "VATEX-EU-AE"),
    TaxCategory.INTRA_EU: ("Steuerfreie innergemeinschaftliche Lieferung.", "VATEX-EU-IC"),
    TaxCategory.EXPORT: ("Steuerfreie Ausfuhrlieferung.", "VATEX-EU-G"),
    TaxCategory.OUTSIDE_SCOPE: ("Nicht steuerbar.", "VATEX-EU-O"),
}


@dataclass(frozen=True)
class Sold:
    """One thing sold, by what the customer pays for it after its discount."""

    gross: int = 2490
    title: str = "Schnittmuster Bente (PDF)"
    quantity: str = "1"
    rate: int = 1900
    category: TaxCategory = TaxCategory.STANDARD
    discount: int = 0
    sku: str = "PDF-BENTE"
    unit: str = ""


@dataclass(frozen=True)
class Extra:
    """Shipping, or a voucher, over all groups or of one rate; `gross` is positive."""

    kind: Literal["allowance", "charge"]
    gross: int
    title: str
    code: str
    rate: int | None = None


SHIPPING = Extra("charge", 490, "Versand", "FC")
VOUCHER = Extra("allowance", 500, "Gutschein HERBST", "95")

_Group = tuple[TaxCategory, int]


def a_paper(*sold: Sold, extras: tuple[Extra, ...] = (), paid: int | None = None, **differs) -> Paper:
    """An invoice for a consumer, paid by PayPal on the day of its issue unless `paid` says how much came in."""
    sold = sold or (Sold(),)
    shares = [_shared(extra, sold) for extra in extras]
    groups, nets = _taxed(sold, extras, shares)
    reasons = differs.pop("reasons", REASONS)
    taxes = tuple(
        TaxGroup(
            category=category, rate=rate, basis=basis, tax=tax,
            reason=reasons.get(category, ("", ""))[0], reason_code=reasons.get(category, ("", ""))[1],
        )
        for (category, rate), (basis, tax) in groups.items()
    )  # fmt: skip
    basis, tax = sum(group.basis for group in taxes), sum(group.tax for group in taxes)
    paid = basis + tax if paid is None else paid
    digits = DIGITS.get(str(differs.get("currency")), 2)
    stated: dict = {
        "kind": Kind.INVOICE,
        "number": "RE-2026-00017",
        "issued_on": ISSUED,
        "locale": "de",
        "currency": "EUR",
        "seller": SELLER,
        "buyer": CONSUMER,
        "supply": Supply(on=ISSUED),
        "lines": tuple(_line(each, nets[index], digits) for index, each in enumerate(sold)),
        "adjustments": tuple(
            Adjustment(kind=extra.kind, title=extra.title, code=extra.code, shares=tuple(nets[len(sold) + index]))
            for index, extra in enumerate(extras)
        ),
        "taxes": taxes,
        "totals": Totals(basis=basis, tax=tax, gross=basis + tax, paid=paid, due=basis + tax - paid),
        "receipts": (Receipt(on=ISSUED, amount=paid, means=Means.PAYPAL),) if paid else (),
        "due_on": date(2026, 11, 8) if paid < basis + tax else None,
        "order_number": "3123456789",
        "ordered_on": date(2026, 10, 24),
    }
    return Paper(**(stated | differs))


def taken_back(paper: Paper, kind: Kind = Kind.CANCELLATION, **differs) -> Paper:
    """What takes back that invoice, with nothing to pay."""
    stated: dict = {
        "kind": kind,
        "number": "ST-2026-00003",
        "issued_on": date(2026, 11, 3),
        "refers_to": Reference(paper.number, paper.issued_on),
        "totals": msgspec.structs.replace(paper.totals, paid=paper.totals.gross, due=0),
        "receipts": (),
        "due_on": None,
    }
    return msgspec.structs.replace(paper, **(stated | differs))


def _shared(extra: Extra, sold: tuple[Sold, ...]) -> list[tuple[_Group, int]]:
    """The gross share of each tax group, by what it weighs."""
    weights: dict[_Group, int] = defaultdict(int)
    for each in sold:
        if extra.rate in (None, each.rate):
            weights[each.category, each.rate] += each.gross
    exact = [Decimal(extra.gross) * weight / sum(weights.values()) for weight in weights.values()]
    return list(zip(weights, _rounded(exact, extra.gross), strict=True))


def _taxed(sold, extras, shares):
    """Basis and tax of each group, and the net of every part: gross first, the cents by largest remainder."""
    parts: dict[_Group, list[tuple[int, int | tuple[int, int], int]]] = defaultdict(list)
    for index, each in enumerate(sold):
        parts[each.category, each.rate].append((1, index, each.gross))
    for index, (extra, given) in enumerate(zip(extras, shares, strict=True)):
        sign = 1 if extra.kind == "charge" else -1
        for group, gross in given:
            parts[group].append((sign, (len(sold) + index, gross), gross))
    groups: dict[_Group, tuple[int, int]] = {}
    nets: dict = defaultdict(list)
    for (category, rate), members in parts.items():
        gross = sum(sign * amount for sign, _, amount in members)
        tax = int((Decimal(gross) * rate / (10_000 + rate)).quantize(Decimal(1), ROUND_HALF_UP))
        groups[category, rate] = (gross - tax, tax)
        exact = [Decimal(sign * amount) * 10_000 / (10_000 + rate) for sign, _, amount in members]
        for (sign, place, amount), net in zip(members, _rounded(exact, gross - tax), strict=True):
            if isinstance(place, tuple):
                nets[place[0]].append(Share(gross=amount, net=sign * net, category=category, rate=rate))
            else:
                nets[place] = net
    return groups, nets


def _rounded(exact: list[Decimal], total: int) -> list[int]:
    floors = [int(each.to_integral_value(ROUND_FLOOR)) for each in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: floors[index] - exact[index])
    for index in by_remainder[: total - sum(floors)]:
        floors[index] += 1
    return floors


def _line(sold: Sold, net: int, digits: int) -> Line:
    discount = int((Decimal(sold.discount) * 10_000 / (10_000 + sold.rate)).quantize(Decimal(1), ROUND_HALF_UP))
    price = abs(Decimal(net + discount).scaleb(-digits) / Decimal(sold.quantity))
    return Line(
        title=sold.title,
        quantity=sold.quantity,
        unit=sold.unit,
        sku=sold.sku,
        total_gross=sold.gross,
        total_net=net,
        price_net=f"{price.quantize(Decimal('0.000001'), ROUND_HALF_UP):f}",
        category=sold.category,
        rate=sold.rate,
        discount_gross=sold.discount,
        discount_net=discount,
    )


def of(category: TaxCategory, **differs) -> Sold:
    """Something that bears no tax."""
    return replace(Sold(rate=0, category=category), **differs)
