"""What a refusal says to the customer: why, since or until when, and what to do. Never a code, never a sigh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.refusals import Refusal
from views.sentences import Sentence, counted, said


@dataclass(frozen=True, kw_only=True)
class Notice:
    """`tone`: "" a rule applies, `wait` it takes time, `stop` something failed on our side.

    With `ask`, the way to the merchant stands behind the advice.
    """

    icon: str
    tone: str = ""
    title: Sentence
    advice: Sentence | None = None
    ask: bool = False


@dataclass(frozen=True, kw_only=True)
class FileTerms:
    """The numbers and days of one file, as far as there are any; on `unlocks_on` it is to be had without consent."""

    limit: int = 0
    last: date | None = None
    until: date | None = None
    unlocks_on: date | None = None


def file_notice(refusal: Refusal, terms: FileTerms) -> Notice:
    """Why this one file is not to be had."""
    match refusal:
        case Refusal.EXPIRED if terms.until:
            return Notice(
                icon="clock",
                title=said("The download was possible until %(until)s.", until=terms.until),
                advice=said("Do you still need the file?"),
                ask=True,
            )
        case Refusal.LIMIT_REACHED if terms.last:
            return Notice(
                icon="lock",
                title=counted(
                    "The one download was used on %(last)s.",
                    "All %(count)s downloads are used up, the last one on %(last)s.",
                    terms.limit,
                    last=terms.last,
                ),
                advice=said("If something went wrong, the shop gives you more:"),
                ask=True,
            )
        case Refusal.WAIVER_MISSING if terms.unlocks_on:
            return Notice(
                icon="lock",
                tone="wait",
                title=said("Waits for your consent."),
                advice=said("Without consent it is available from %(day)s.", day=terms.unlocks_on),
            )
        case _:
            return FILE_NOTICES[refusal]


FILE_NOTICES = {
    Refusal.EXPIRED: Notice(
        icon="clock",
        title=said("The time for this download is over."),
        advice=said("Do you still need the file?"),
        ask=True,
    ),
    Refusal.LIMIT_REACHED: Notice(
        icon="lock",
        title=said("All downloads of this file are used up."),
        advice=said("If something went wrong, the shop gives you more:"),
        ask=True,
    ),
    Refusal.REFUNDED: Notice(
        icon="back",
        title=said("The price of this file was refunded."),
        advice=said("That is why it no longer belongs to your order."),
        ask=True,
    ),
    Refusal.WAIVER_MISSING: Notice(icon="lock", tone="wait", title=said("Waits for your consent."), ask=True),
    Refusal.WAIVER_CONFIRMATION_PENDING: Notice(
        icon="clock",
        tone="wait",
        title=said("Waits for the confirmation of your consent."),
        advice=said("As soon as you have it, the download starts from here."),
    ),
    Refusal.WINDOW_NOT_OPEN: Notice(
        icon="clock",
        tone="wait",
        title=said("Available after the end of the withdrawal period."),
        advice=said("Then the file is ready for you here."),
    ),
    Refusal.FILE_MISSING: Notice(
        icon="triangle",
        tone="stop",
        title=said("This file is missing from the shop’s store at the moment."),
        advice=said("This is known, and your downloads are kept. Please look in again later."),
        ask=True,
    ),
    Refusal.STAMP_FAILED: Notice(
        icon="triangle",
        tone="stop",
        title=said("The file cannot be prepared at the moment."),
        advice=said("This is known, and your downloads are kept. Please look in again later."),
        ask=True,
    ),
    Refusal.STORAGE_UNAVAILABLE: Notice(
        icon="triangle",
        tone="stop",
        title=said("The shop’s store cannot be reached at the moment."),
        advice=said("Your downloads are kept. Please try again in a few minutes."),
    ),
    Refusal.DISK_FULL: Notice(
        icon="triangle",
        tone="stop",
        title=said("The shop has no room at the moment to prepare your file."),
        advice=said("It has been told, and your downloads are kept. Please try again later."),
    ),
    Refusal.REPLACED: Notice(
        icon="again",
        title=said("The shop has replaced this file meanwhile."),
        advice=said("This download does not count. The new version is ready for you on the page of your order."),
    ),
    Refusal.UNLINKED: Notice(
        icon="cross",
        title=said("The shop has removed this file."),
        advice=said("That is why it no longer belongs to your order."),
        ask=True,
    ),
}


def files_notice(refusal: Refusal, files: int) -> Notice:
    """Why none of the order's files is to be had; `files` is how many there are."""
    if refusal is Refusal.NOT_PAID:
        return Notice(
            icon="lock",
            title=counted("1 file waits for your payment.", "%(count)s files wait for your payment.", files),
            advice=counted(
                "It is ready for you here as soon as your payment has arrived.",
                "They are ready for you here as soon as your payment has arrived.",
                files,
            ),
        )
    return FILES_NOTICES[refusal]


FILES_NOTICES = {
    Refusal.CANCELLED: Notice(
        icon="cross",
        title=said("This order was cancelled."),
        advice=said("Its files are therefore no longer available here."),
        ask=True,
    ),
    Refusal.DELETED: Notice(icon="cross", title=said("The shop has removed this order."), ask=True),
    Refusal.REFUNDED: Notice(
        icon="back",
        title=said("This order was refunded."),
        advice=said("Its files are therefore no longer available here."),
        ask=True,
    ),
    Refusal.NOT_ORDERED: Notice(
        icon="clock",
        title=said("This is not a confirmed order yet."),
        advice=said("The files are ready for you here as soon as it is ordered and paid."),
    ),
    Refusal.DISABLED: Notice(
        icon="lock",
        title=said("Files are not handed out on this page at present."),
        advice=said("The shop tells you how to get your files."),
        ask=True,
    ),
}


def invoices_notice(refusal: Refusal, until: date | None = None) -> Notice:
    """Why there is no invoice to be had; `until` is the last day on which one was."""
    if refusal is Refusal.EXPIRED and until:
        return Notice(
            icon="clock",
            title=said("The invoice was available here until %(until)s.", until=until),
            advice=said("Do you still need it?"),
            ask=True,
        )
    return INVOICES_NOTICES.get(refusal, INVOICE_FOLLOWS)


INVOICE_FOLLOWS = Notice(
    icon="clock",
    tone="wait",
    title=said("Your invoice will follow."),
    advice=said("It is not made yet and appears here as soon as it is ready. You need not do anything."),
)
INVOICES_NOTICES = {
    Refusal.NOT_PAID: Notice(
        icon="lock",
        title=said("Your invoice waits for your payment."),
        advice=said("Your invoice is ready for you here as soon as your payment has arrived."),
    ),
    Refusal.CANCELLED: Notice(
        icon="cross", title=said("This order was cancelled, and there is no invoice for it."), ask=True
    ),
    Refusal.DELETED: Notice(icon="cross", title=said("The shop has removed this order."), ask=True),
    Refusal.REFUNDED: Notice(
        icon="back", title=said("This order was refunded, and there is no invoice for it."), ask=True
    ),
    Refusal.NOT_ORDERED: Notice(
        icon="clock",
        title=said("This is not a confirmed order yet."),
        advice=said("Your invoice appears here after you have ordered."),
    ),
    Refusal.DISABLED: Notice(
        icon="lock",
        title=said("Invoices are not handed out on this page."),
        advice=said("The shop sends you yours on request."),
        ask=True,
    ),
    Refusal.INVOICE_ELSEWHERE: Notice(
        icon="clock",
        tone="wait",
        title=said("Your invoice is issued, but does not lie here yet."),
        advice=said("It appears here as soon as the shop has handed it over. Do you need it right away?"),
        ask=True,
    ),
    Refusal.ARCHIVED: Notice(
        icon="lock",
        title=said("No invoice is made here for this order any more."),
        advice=said("The shop sends you one on request."),
        ask=True,
    ),
}


def payments_notice(refusal: Refusal) -> Notice:
    """Why nothing can be paid here."""
    return PAYMENTS_NOTICES.get(refusal, PAY_ELSEWHERE)


PAY_ELSEWHERE = Notice(
    icon="lock",
    title=said("This order is not paid on this page."),
    advice=said("The shop tells you how to pay."),
    ask=True,
)
PAYMENTS_NOTICES = {
    Refusal.PAYMENT_PENDING: Notice(
        icon="clock",
        tone="wait",
        title=said("Your payment is being checked."),
        advice=said("This page shows as soon as it has arrived. Please do not pay a second time."),
    ),
    Refusal.NOTHING_DUE: Notice(icon="check", title=said("There is nothing left to pay.")),
    Refusal.ARCHIVED: Notice(
        icon="lock",
        title=said("The shop has closed this order."),
        advice=said("Is there still something open?"),
        ask=True,
    ),
}


def write_to(shop: str) -> Sentence:
    """The words of the link to the merchant."""
    return said("Write to %(shop)s", shop=shop) if shop else said("Write to the shop")
