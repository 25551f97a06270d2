"""Why there is no invoice, as the merchant can mend it: the reason, what to do, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.refusals import Refusal
from views.admin.labels import SELLER
from views.admin.order_words import REASONS
from views.format import Money, Percent
from views.sentences import Sentence, Value, plain, said

SETTINGS = "/admin/settings/portal/invoices"
IN_SETTINGS = ("seller/", "taxes/")
# By their last name on a document, beside the seller's by the settings' own names.
FIELDS: Mapping[str, Sentence] = {name: label.text for name, label in SELLER.items()} | {
    "line1": SELLER["street"].text,
    "line2": said("Addition to the address"),
    "company": said("Company"),
    "region": said("Region"),
    "title": said("Title"),
    "sku": plain("SKU"),
    "unit": said("Unit"),
    "reference": said("Buyer reference"),
    "customer_number": said("Customer number"),
    "order_number": said("Order number"),
    "reason": said("Wording without tax"),
}
MEND_AT_SOURCE = said("Please correct the order where it comes from, and let it be taken over once more.")
REMEDIES: Mapping[Refusal, tuple[Sentence, str]] = {
    Refusal.SELLER_INCOMPLETE: (said("Complete the seller’s details."), SETTINGS),
    Refusal.INVOICE_ELSEWHERE: (
        said("A second invoice would owe the tax twice. Upload the one that was issued elsewhere."),
        "",
    ),
    Refusal.AMOUNTS_INCONSISTENT: (MEND_AT_SOURCE, ""),
    Refusal.TAX_RATE_UNKNOWN: (MEND_AT_SOURCE, ""),
    Refusal.ADDRESS_INCOMPLETE: (MEND_AT_SOURCE, ""),
    Refusal.VAT_ID_MISSING: (MEND_AT_SOURCE, ""),
    Refusal.EXEMPTION_UNFOUNDED: (MEND_AT_SOURCE, ""),
    Refusal.CHARACTER_UNPRINTABLE: (MEND_AT_SOURCE, ""),
    Refusal.SUPPLY_DATE_UNKNOWN: (
        said("Let the source report the day of shipping or, for files, of payment, and take the order over again."),
        "",
    ),
    Refusal.FOREIGN_CURRENCY: (said("Issue this invoice elsewhere, and upload it here."), ""),
    Refusal.NUMBER_TAKEN: (said("Choose another number series."), SETTINGS),
    Refusal.DAY_AHEAD: (
        said("Put the clock of the server right. If it is right, choose another number series."),
        SETTINGS,
    ),
    Refusal.INVOICE_FAILED: (said("Try again; if it fails once more, the log says more."), ""),
}
FOUND: Mapping[str, Sentence] = {
    "nothing": said("no line has a quantity or an amount"),
    "small-business": said("the order is a small business’s, the seller is none"),
    "outside-scope": said("what is not taxable stands beside other lines"),
    "reverse-charge": said("reverse charge, but the buyer is no business"),
}


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """`detail` names what is meant, where something is; `url` is where it can be mended, empty where not here."""

    code: str
    reason: Sentence
    detail: Sentence | None
    remedy: Sentence | None
    url: str

    @staticmethod
    def of(refusal: Refusal, detail: str = "") -> Obstacle:
        remedy, url = REMEDIES.get(refusal, (None, ""))
        if refusal is Refusal.CHARACTER_UNPRINTABLE and detail.startswith(IN_SETTINGS):
            remedy, url = said("Write it without these characters in the settings."), SETTINGS
        return Obstacle(
            code=refusal.value, reason=REASONS[refusal], detail=detail_of(refusal, detail), remedy=remedy, url=url
        )


def detail_of(refusal: Refusal, detail: str) -> Sentence | None:
    """What was found, in words; a code or a name that is the same in every language as it is."""
    if not detail:
        return None
    match refusal:
        case Refusal.SELLER_INCOMPLETE | Refusal.ADDRESS_INCOMPLETE:
            return listed([_field(name) for name in detail.split()])
        case Refusal.CHARACTER_UNPRINTABLE:
            return listed([_unprintable(line) for line in detail.splitlines()])
        case _:
            return _found(detail.split())


def _field(name: str) -> Sentence:
    """By the last part of its place: `buyer/address/zip` is a postcode."""
    last = name.rpartition("/")[2]
    return FIELDS[last] if last in FIELDS else plain(name)


def _unprintable(line: str) -> Sentence:
    place, _, signs = line.partition(" ")
    if not signs:
        return plain(line)
    words: dict[str, Value] = {"field": _field(place), "signs": signs}
    match place.split("/"):
        case ["seller" | "taxes", *_]:
            return said("settings, %(field)s: %(signs)s", **words)
        case ["lines", number, *_] if number.isdecimal():
            return said("line %(line)s, %(field)s: %(signs)s", line=int(number) + 1, **words)
        case _:
            return said("order, %(field)s: %(signs)s", **words)


def _found(words: list[str]) -> Sentence:
    match words:
        case [word] if word in FOUND:
            return FOUND[word]
        case ["sums", told, total, currency]:
            sums = {"told": Money(int(told), currency), "total": Money(int(total), currency)}
            return said("the lines add up to %(told)s, the total is %(total)s", **sums)
        case ["quantity", quantity, *line]:
            return said("line %(line)s: quantity %(quantity)s", line=" ".join(line), quantity=quantity)
        case ["line", rate, category, *line]:
            found: dict[str, Value] = {"line": " ".join(line), "rate": Percent(int(rate)), "category": category}
            return said("line %(line)s: %(rate)s (%(category)s)", **found)
        case ["rate", rate]:
            return said("%(rate)s is not in force", rate=Percent(int(rate)))
        case _:
            return _elsewhere(words)


def _elsewhere(words: list[str]) -> Sentence:
    match words:
        case ["intra-eu", country]:
            return said("within the EU, but it went to %(country)s", country=country)
        case ["export", country]:
            return said("export, but it went to %(country)s", country=country)
        case _:
            return plain(" ".join(words))


def listed(names: list[Sentence]) -> Sentence:
    """`Name, street, town`, the same in every language."""
    first, *others = names
    return Sentence("%(first)s, %(others)s", {"first": first, "others": listed(others)}) if others else first
