"""What just did not happen although somebody clicked, why, and that nothing was lost: said once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from portal.refusals import Refusal
from views.sentences import Sentence, said


@dataclass(frozen=True, kw_only=True)
class Flash:
    """What just came of a click, said once. `stop` when it was our fault."""

    tone: str
    title: Sentence
    reason: Sentence
    comfort: Sentence


OUR_FAULT = frozenset({Refusal.FILE_MISSING, Refusal.STAMP_FAILED, Refusal.STORAGE_UNAVAILABLE, Refusal.DISK_FULL})
ABOUT_MONEY = frozenset(
    {
        Refusal.PAYMENT_PENDING,
        Refusal.NOTHING_DUE,
        Refusal.NO_PROVIDER,
        Refusal.PROVIDER_UNAVAILABLE,
        Refusal.PAYMENT_REPLACED,
    }
)
ABOUT_INVOICES = frozenset(
    {
        Refusal.NO_INVOICE,
        Refusal.INVOICE_ELSEWHERE,
        Refusal.ARCHIVED,
    }
)
# The merchant reads what exactly is in the way; the customer has nothing to do with it.
SHOP_MENDS = frozenset(
    {
        Refusal.SELLER_INCOMPLETE,
        Refusal.AMOUNTS_INCONSISTENT,
        Refusal.TAX_RATE_UNKNOWN,
        Refusal.FOREIGN_CURRENCY,
        Refusal.ADDRESS_INCOMPLETE,
        Refusal.VAT_ID_MISSING,
        Refusal.EXEMPTION_UNFOUNDED,
        Refusal.SUPPLY_DATE_UNKNOWN,
        Refusal.CHARACTER_UNPRINTABLE,
        Refusal.NUMBER_TAKEN,
        Refusal.DAY_AHEAD,
    }
)


class Deed(Enum):
    """What somebody wanted, where the reason alone does not tell."""

    INVOICE = auto()
    ADDRESS = auto()


def flash(refusal: Refusal, deed: Deed | None = None, file: str = "") -> Flash:
    """What did not happen, why, and that nothing was lost. `file` is what was to be downloaded, if it was one alone."""
    reason = REASONS[refusal]
    if deed is Deed.ADDRESS or refusal is Refusal.ALREADY_INVOICED:
        title = said("The address was not changed.")
        return Flash(tone="", title=title, reason=reason, comfort=said("The shop helps you with it."))
    if refusal is Refusal.INVOICE_FAILED:
        title = said("Your invoice could not be made just now.")
        return Flash(tone="stop", title=title, reason=reason, comfort=said("Nothing was changed."))
    if refusal in SHOP_MENDS:
        title = said("Your invoice will follow.")
        return Flash(tone="", title=title, reason=reason, comfort=said("You need not do anything."))
    if refusal in ABOUT_MONEY:
        tone = "stop" if refusal is Refusal.PROVIDER_UNAVAILABLE else ""
        return Flash(tone=tone, title=said("No payment was started."), reason=reason, comfort=said("Nothing was paid."))
    if deed is Deed.INVOICE or refusal in ABOUT_INVOICES:
        return Flash(tone="", title=said("No invoice was made."), reason=reason, comfort=said("Nothing was changed."))
    return Flash(
        tone="stop" if refusal in OUR_FAULT else "",
        title=said("The download of %(file)s could not start.", file=file)
        if file
        else said("The download could not start."),
        reason=reason,
        comfort=said("No download was used up."),
    )


REASONS = {
    Refusal.DISABLED: said("This is switched off on this page at present."),
    Refusal.NOT_ORDERED: said("This is not a confirmed order yet."),
    Refusal.NOT_PAID: said("Your payment has not arrived yet."),
    Refusal.CANCELLED: said("This order was cancelled."),
    Refusal.DELETED: said("The shop has removed this order."),
    Refusal.REFUNDED: said("The price was refunded."),
    Refusal.EXPIRED: said("The time for it is over."),
    Refusal.LIMIT_REACHED: said("All downloads of this file are used up."),
    Refusal.WAIVER_MISSING: said("The file waits for your consent."),
    Refusal.WAIVER_CONFIRMATION_PENDING: said("You do not have the confirmation of your consent yet."),
    Refusal.NO_INVOICE: said("The shop makes the invoice itself, and it then appears here."),
    Refusal.INVOICE_ELSEWHERE: said("There is an invoice for this order already."),
    Refusal.ARCHIVED: said("The shop has closed this order."),
    Refusal.WINDOW_NOT_OPEN: said("The withdrawal period has not ended yet."),
    **dict.fromkeys(SHOP_MENDS, said("The shop knows that you wait for it, and it then appears here.")),
    Refusal.INVOICE_FAILED: said("The shop knows of it. Please try again in a few minutes."),
    Refusal.ALREADY_INVOICED: said("There is an invoice with the previous address already."),
    Refusal.FILE_MISSING: said("The file is missing from the shop’s store at the moment. Please try again later."),
    Refusal.STAMP_FAILED: said("The file could not be prepared. Please try again in a few minutes."),
    Refusal.STORAGE_UNAVAILABLE: said("The shop’s store cannot be reached. Please try again in a few minutes."),
    Refusal.DISK_FULL: said("The shop has no room at the moment to prepare your file. Please try again later."),
    Refusal.BEING_PREPARED: said("Your files are still being prepared. Please click once more in a minute."),
    Refusal.REPLACED: said("The shop has replaced this file meanwhile. Please click once more."),
    Refusal.UNLINKED: said("The shop has removed this file."),
    Refusal.PAYMENT_PENDING: said("A payment is being checked already."),
    Refusal.NOTHING_DUE: said("There is nothing to pay."),
    Refusal.NO_PROVIDER: said("The shop takes no payments on this page at present."),
    Refusal.PROVIDER_UNAVAILABLE: said(
        "The payment service cannot be reached. Please try again in a few minutes, or another way to pay."
    ),
    Refusal.PAYMENT_REPLACED: said("Another payment of this order was begun meanwhile. Please choose once more."),
}
