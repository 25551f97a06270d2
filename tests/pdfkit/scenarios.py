"""Every kind of document that a shop may have to issue, by a name that says what is special about it."""

from __future__ import annotations

from datetime import date

import msgspec

from pdfkit.paper import Address, Kind, Means, Paper, Receipt, Supply, TaxCategory
from tests.pdfkit.documents import (
    AUSTRIAN,
    BUSINESS,
    CONSUMER,
    ISSUED,
    REASONS,
    SELLER,
    SHIPPING,
    VOUCHER,
    Extra,
    Sold,
    a_paper,
    of,
    taken_back,
)

SMALL_SELLER = msgspec.structs.replace(SELLER, name="Papierhafen Inh. Ole Petersen", vat_id="", iban="", bic="")
SWISS = msgspec.structs.replace(
    CONSUMER, address=Address(name="Urs Müller", line1="Bahnhofstr. 1", zip="8001", city="Zürich", country="CH")
)
MARGIN = {TaxCategory.EXEMPT: ("Gebrauchtgegenstände/Sonderregelung.", "VATEX-EU-F")}
VIENNA = AUSTRIAN.address
BOOK = Sold(gross=1990, title="Grundkurs Nähen (Buch)", rate=700, sku="BUCH-1")


def everyone() -> dict[str, Paper]:
    invoice = a_paper(Sold(), BOOK, extras=(SHIPPING,))
    return {
        "one digital good": a_paper(),
        "7 and 19 percent with shipping": invoice,
        "a voucher over both rates": a_paper(Sold(), BOOK, extras=(SHIPPING, VOUCHER)),
        "a discount on a line": a_paper(Sold(gross=4482, quantity="2", discount=498)),
        "zero rated": a_paper(of(TaxCategory.ZERO, title="Solarmodul 450 W", gross=89_900)),
        "small business": a_paper(of(TaxCategory.EXEMPT, gross=1200), seller=SMALL_SELLER),
        "reverse charge": a_paper(of(TaxCategory.REVERSE_CHARGE, gross=50_000), buyer=AUSTRIAN),
        "intra EU": a_paper(of(TaxCategory.INTRA_EU, gross=120_000), buyer=AUSTRIAN, ship_to=VIENNA),
        "export": a_paper(of(TaxCategory.EXPORT, gross=7900), buyer=SWISS, ship_to=SWISS.address),
        "outside the scope": a_paper(of(TaxCategory.OUTSIDE_SCOPE, gross=7900)),
        "one stop shop of Austria": a_paper(
            Sold(rate=2000), Sold(gross=1500, rate=1000), buyer=AUSTRIAN, ship_to=VIENNA
        ),
        "Finnish rate": a_paper(Sold(rate=2550), extras=(SHIPPING,)),
        "margin scheme": a_paper(of(TaxCategory.EXEMPT, gross=15_000), reasons=MARGIN),
        "unpaid, by transfer": a_paper(Sold(), BOOK, buyer=BUSINESS, paid=0),
        "unpaid without an account": a_paper(of(TaxCategory.EXEMPT), seller=SMALL_SELLER, paid=0, due_on=None,
                                             terms="Zahlbar sofort bei Abholung."),
        "partly paid": a_paper(Sold(gross=6480), paid=2000),
        "long overdue": a_paper(Sold(), paid=0, due_on=date(2026, 9, 30)),
        "on delivery": a_paper(Sold(), paid=0, due_on=None, due_means=Means.CASH, terms="Zahlbar bei der Zustellung."),
        "paid twice": a_paper(Sold(), paid=4980, receipts=(
            Receipt(on=ISSUED, amount=2490, means=Means.PAYPAL),
            Receipt(on=date(2026, 10, 26), amount=2490, means=Means.BANK_TRANSFER),
        )),
        "by card, in English": a_paper(locale="en", receipts=(Receipt(on=ISSUED, amount=2490, means=Means.CARD),)),
        "voucher over everything": a_paper(
            Sold(), Sold(gross=1000), extras=(Extra("allowance", 3490, "Gutschein GESCHENK", "95"),)
        ),
        "free of charge": a_paper(Sold(gross=0)),
        "a return beside a sale": a_paper(Sold(gross=9900), Sold(gross=-2490, quantity="-1", title="Rückgabe")),
        "fractions of a quantity": a_paper(
            Sold(gross=1999, quantity="2.5", unit="m", title="Leinen"), Sold(gross=333, quantity="0.125", unit="kg")
        ),
        "paid in advance": a_paper(supply=Supply(is_advance=True)),
        "a period": a_paper(supply=Supply(on=date(2026, 10, 1), until=date(2026, 10, 31))),
        "on the day of issue": a_paper(supply=Supply()),
        "sixty lines": a_paper(
            *(Sold(gross=199 + 7 * n, title=f"Knopf Nr. {n}", rate=(1900, 700)[n % 2]) for n in range(60))
        ),
        "net prices": a_paper(Sold(gross=11_900, quantity="3"), buyer=BUSINESS, prices_include_tax=False),
        "cancellation": taken_back(invoice),
        "correction": taken_back(a_paper(Sold(gross=4482, quantity="2", discount=498), extras=(VOUCHER,)),
                                 Kind.CORRECTION),
        "cancellation of an advance payment": taken_back(a_paper(supply=Supply(is_advance=True))),
        "cancellation that owes money": taken_back(
            invoice, totals=msgspec.structs.replace(invoice.totals, paid=0, due=invoice.totals.gross),
            terms="Der Betrag wird auf demselben Weg erstattet, auf dem bezahlt wurde.",
        ),
        "in francs": a_paper(Sold(), currency="CHF", paid=0),
        "in yen with tax": a_paper(Sold(gross=2491, rate=1000), extras=(SHIPPING,), currency="JPY"),
        "in yen": a_paper(Sold(gross=2490, category=TaxCategory.EXPORT, rate=0), currency="JPY", reasons=REASONS),
    }  # fmt: skip
