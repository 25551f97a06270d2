"""Why there is no invoice, as the merchant can mend it: the reason, what to do, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.refusals import Refusal
from views.admin.labels import SELLER
from views.admin.order_words import REASONS
from views.sentences import Sentence, plain, said

SETTINGS = "/admin/settings/portal/invoices"
MEND_AT_SOURCE = said("Please correct the order where it comes from, and let it be taken over once more.")
REMEDIES: Mapping[Refusal, tuple[Sentence, str]] = {
    Refusal.DISABLED: (said("Switch on “Allow invoice download”."), SETTINGS),
    Refusal.NO_INVOICE: (said("Switch on “Automatic invoice creation”."), SETTINGS),
    Refusal.SELLER_INCOMPLETE: (said("Complete the seller’s details."), SETTINGS),
    Refusal.NOT_PAID: (said("As soon as the payment is there, the invoice can be created."), ""),
    Refusal.INVOICE_ELSEWHERE: (
        said("A second invoice would owe the tax twice. Upload the one that was issued elsewhere."),
        "",
    ),
    Refusal.AMOUNTS_INCONSISTENT: (MEND_AT_SOURCE, ""),
    Refusal.TAX_RATE_UNKNOWN: (MEND_AT_SOURCE, ""),
    Refusal.ADDRESS_INCOMPLETE: (MEND_AT_SOURCE, ""),
    Refusal.VAT_ID_MISSING: (MEND_AT_SOURCE, ""),
    Refusal.CHARACTER_UNPRINTABLE: (MEND_AT_SOURCE, ""),
    Refusal.SUPPLY_DATE_UNKNOWN: (
        said("Let the source report the day of shipping, and take it over again."),
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
        return Obstacle(
            code=refusal.value, reason=REASONS[refusal], detail=_detail(refusal, detail), remedy=remedy, url=url
        )


def _detail(refusal: Refusal, detail: str) -> Sentence | None:
    """The names of fields are those of the settings' tab; everything else is told as it was found."""
    if not detail:
        return None
    if refusal is not Refusal.SELLER_INCOMPLETE:
        return plain(detail)
    names = [name.removeprefix("seller/") for name in detail.split()]
    return listed([SELLER[name].text if name in SELLER else plain(name) for name in names])


def listed(names: list[Sentence]) -> Sentence:
    """`Name, street, town`, the same in every language."""
    first, *others = names
    return Sentence("%(first)s, %(others)s", {"first": first, "others": listed(others)}) if others else first
