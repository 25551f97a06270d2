"""What an invoice is made from, frozen: the paper as it will be printed, and its positions for later corrections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from db.orders import Address, BillingCorrection, BuyerKind, Line, Order, TaxCategory, VatMode
from db.settings import InvoiceTextSettings, SellerSettings, TaxRegime
from pdfkit import paper
from pdfkit.letters import unprintable
from pdfkit.paper import Kind, Paper, TaxGroup, Totals
from portal import destinations, receipts, supplies
from portal.buyers import Asked, buyer, destination, ship_to
from portal.destinations import Sale
from portal.invoice_lines import NotIssued, Position, positions, printed
from portal.invoice_texts import Language, reason
from portal.orders import OrderFacts
from portal.refusals import Refusal
from portal.settings import missing_seller_fields
from portal.supplies import Way
from portal.texts import plain
from portal.windows import local_day

CURRENCY = "EUR"
UNNUMBERED, UNDATED = "", date.min


class Snapshot(Struct, frozen=True, kw_only=True):
    """`paper` has neither number nor day before it is issued, and no logo once it is stored."""

    paper: Paper
    positions: tuple[Position, ...]

    def numbered(self, number: str, issued_on: date) -> Snapshot:
        return msgspec.structs.replace(
            self, paper=msgspec.structs.replace(self.paper, number=number, issued_on=issued_on)
        )

    def stored(self) -> str:
        """As JSON; the logo is in the document itself and would be here once more for each."""
        bare = msgspec.structs.replace(self.paper.seller, logo=b"")
        return msgspec.json.encode(
            msgspec.structs.replace(self, paper=msgspec.structs.replace(self.paper, seller=bare))
        ).decode()


def restored(content: str) -> Snapshot:
    return msgspec.json.decode(content, type=Snapshot)


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """Who issues, in which words and colours."""

    settings: SellerSettings
    texts: InvoiceTextSettings
    accent: str
    logo: bytes
    zone: ZoneInfo


@dataclass(frozen=True, kw_only=True)
class Bought:
    """The order as it is stored, with all that an invoice tells of it."""

    row: Order
    facts: OrderFacts
    lines: Sequence[Line]
    addresses: Sequence[Address]
    correction: BillingCorrection | None
    way: Way


def of_order(bought: Bought, issuer: Issuer) -> Snapshot:
    """The invoice of an order, without number and day. Raises NotIssued with what the merchant has to mend."""
    _check(bought, issuer)
    mode = _mode(bought.row, issuer.settings)
    found = positions(bought.lines, mode)
    lines, adjustments = printed(found)
    if not lines:
        raise NotIssued(Refusal.AMOUNTS_INCONSISTENT, "nothing")
    language = language_of(bought.row.locale)
    taxes = groups(found, mode, issuer.texts, language)
    asked = Asked(
        row=bought.row,
        addresses=bought.addresses,
        correction=bought.correction,
        categories=frozenset(group.category for group in taxes),
        seller=issuer.settings,
    )
    recipient = buyer(asked)
    supply = supplies.supply(bought.facts, bought.way, issuer.zone)
    needs_day = paper.TaxCategory.INTRA_EU in asked.categories  # EN 16931, BR-IC-11
    if supply is None or (needs_day and supply.on is None):
        raise NotIssued(Refusal.SUPPLY_DATE_UNKNOWN)
    ordered_on = local_day(bought.row.ordered_at, issuer.zone)
    destinations.check(
        Sale(
            seller_country=issuer.settings.country,
            destination=destination(asked),
            vat_id=recipient.vat_id,
            is_business=bought.row.buyer_kind is BuyerKind.BUSINESS,
            taxes=taxes,
            on=supply.until or supply.on or ordered_on,
        )
    )
    made = Snapshot(
        paper=Paper(
            kind=Kind.INVOICE,
            number=UNNUMBERED,
            issued_on=UNDATED,
            locale=language,
            currency=bought.row.currency,
            seller=seller(issuer),
            buyer=recipient,
            supply=supply,
            lines=lines,
            taxes=taxes,
            totals=totals(taxes, receipts.due(bought.facts)),
            adjustments=adjustments,
            receipts=receipts.of(bought.facts, issuer.zone),
            **receipts.terms(bought.facts, issuer.zone, language),
            ship_to=ship_to(asked),
            order_number=plain(bought.row.number),
            ordered_on=ordered_on,
            prices_include_tax=bought.row.prices_include_tax,
            accent=issuer.accent,
        ),
        positions=found,
    )
    if found_out := "\n".join(_unprintable(msgspec.to_builtins(made.paper, builtin_types=(bytes, date)), "")):
        raise NotIssued(Refusal.CHARACTER_UNPRINTABLE, found_out)
    return made


def _unprintable(value: object, place: str) -> Iterator[str]:
    """Each field with the characters that no typeface has, such as `lines/0/title 🎉`."""
    match value:
        case str():
            if signs := unprintable(value):
                yield f"{place} {signs}"
        case dict():
            for name, each in value.items():
                yield from _unprintable(each, f"{place}/{name}".removeprefix("/"))
        case list() | tuple():
            for number, each in enumerate(value):
                yield from _unprintable(each, f"{place}/{number}")


def _check(bought: Bought, issuer: Issuer) -> None:
    if missing := missing_seller_fields(issuer.settings):
        raise NotIssued(Refusal.SELLER_INCOMPLETE, " ".join(missing))
    if bought.row.currency != CURRENCY:  # the tax would have to be told in euro, at a rate that no source tells
        raise NotIssued(Refusal.FOREIGN_CURRENCY, bought.row.currency)
    total = sum(line.line_gross for line in bought.lines)
    if not bought.row.amounts_consistent or total != bought.row.total_gross:
        raise NotIssued(Refusal.AMOUNTS_INCONSISTENT, f"sums {total} {bought.row.total_gross} {bought.row.currency}")


def _mode(row: Order, settings: SellerSettings) -> VatMode:
    """A small business shows no tax, whatever rates its shop tells; nobody else is one because a shop says so."""
    if row.vat_mode is VatMode.SMALL_BUSINESS and settings.tax_regime is not TaxRegime.SMALL_BUSINESS:
        raise NotIssued(Refusal.TAX_RATE_UNKNOWN, "small-business")
    return VatMode.SMALL_BUSINESS if settings.tax_regime is TaxRegime.SMALL_BUSINESS else row.vat_mode


def language_of(locale: str) -> Language:
    return "en" if locale.lower().replace("_", "-").partition("-")[0] == "en" else "de"


def seller(issuer: Issuer) -> paper.Seller:
    same = "street zip city vat_id tax_number email phone contact_name iban bic bank_name".split()
    return paper.Seller(
        name=plain(issuer.settings.name),
        country=issuer.settings.country,
        logo=issuer.logo,
        **{name: plain(getattr(issuer.settings, name)) for name in same},
    )


def groups(
    found: Sequence[Position], mode: VatMode, texts: InvoiceTextSettings, language: Language
) -> tuple[TaxGroup, ...]:
    """The tax table, the highest rate first."""
    gross: dict[tuple[TaxCategory, int], int] = defaultdict(int)
    basis: dict[tuple[TaxCategory, int], int] = defaultdict(int)
    for share in (share for position in found for share in position.shares):
        gross[share.category, share.rate] += share.gross
        basis[share.category, share.rate] += share.net
    return tuple(
        TaxGroup(
            category=paper.TaxCategory(category.value),
            rate=rate,
            basis=basis[category, rate],
            tax=gross[category, rate] - basis[category, rate],
            **reason(category, mode, texts, language),
        )
        for category, rate in sorted(gross, key=lambda key: (-key[1], key[0]))
    )


def totals(taxes: Sequence[TaxGroup], due: int = 0) -> Totals:
    """What is not due is paid: what came in beyond the total is no matter of this document."""
    basis, tax = sum(group.basis for group in taxes), sum(group.tax for group in taxes)
    return Totals(basis=basis, tax=tax, gross=basis + tax, paid=basis + tax - due, due=due)


def issued_by(issuer: Issuer, snapshot: Snapshot) -> Snapshot:
    """The same from whoever the seller is today: what takes an invoice back is a document of its own."""
    paper = msgspec.structs.replace(snapshot.paper, seller=seller(issuer), accent=issuer.accent)
    return msgspec.structs.replace(snapshot, paper=paper)
