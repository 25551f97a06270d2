"""Words in cells: states, kinds of lines and ways of paying, in German and English."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from db.orders import BuyerKind, LineKind, PaymentMethod, State

Word = TypeVar("Word", bound=StrEnum)


def _table(own: type[Word], more: Mapping[Word, str]) -> Mapping[str, Word]:
    """Each by its own value and by further words, written small and separated by `|`."""
    table = {each.value: each for each in own}
    return table | {word: each for each, words in more.items() for word in words.split("|")}


STATES = _table(
    State,
    {
        State.OFFERED: "angeboten|angebot",
        State.ORDERED: "bestellt|offen|neu|open|new|pending",
        State.CONFIRMED: "bestätigt|bestaetigt",
        State.PAID: "bezahlt",
        State.PACKED: "gepackt|verpackt",
        State.IN_FULFILMENT: "im fulfillment|in fulfilment|in fulfillment|in bearbeitung|processing",
        State.SHIPPED: "versendet|versandt|verschickt",
        State.COMPLETED: "abgeschlossen|erledigt|closed",
        State.COMPLAINT: "reklamation|reklamiert",
        State.RETURNED: "retoure|zurückgegeben|return",
        State.CANCELLED: "storniert|storno|canceled",
        State.DELETED: "gelöscht|geloescht",
    },
)
KINDS = _table(
    LineKind,
    {
        LineKind.ITEM: "artikel|position|produkt|product",
        LineKind.SHIPPING: "versand|porto|versandkosten",
        LineKind.FEE: "gebühr|gebuehr|zuschlag",
        LineKind.DISCOUNT: "rabatt|nachlass",
        LineKind.VOUCHER: "gutschein|coupon",
    },
)
METHODS = _table(
    PaymentMethod,
    {
        PaymentMethod.CARD: "kreditkarte|karte|credit card|creditcard|shopify payments|shopify_payments",
        PaymentMethod.DIRECT_DEBIT: "lastschrift|sepa|sepa-lastschrift|direct debit",
        PaymentMethod.BANK_TRANSFER: "überweisung|ueberweisung|bank transfer|bank deposit",
        PaymentMethod.PREPAYMENT: "vorkasse|vorauskasse",
        PaymentMethod.INVOICE: "rechnung|kauf auf rechnung",
        PaymentMethod.CASH_ON_DELIVERY: "nachnahme|cod|cash on delivery (cod)",
        PaymentMethod.MARKETPLACE: "marktplatz",
        PaymentMethod.PAYPAL: "paypal express|paypal express checkout|paypal plus",
    },
)


def method(told: str) -> PaymentMethod | None:
    """A way of paying that nobody knows is one all the same."""
    return METHODS.get(told.casefold(), PaymentMethod.OTHER) if told else None


def provider(told: str, transaction: str) -> str:
    """What PayPal calls a transaction is one payment, whoever tells of it."""
    return "paypal" if transaction and method(told) is PaymentMethod.PAYPAL else "csv"


def buyer_kind(vat_id: str) -> BuyerKind:
    return BuyerKind.BUSINESS if vat_id else BuyerKind.CONSUMER
