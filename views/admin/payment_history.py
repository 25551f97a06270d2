"""The part of the history that speaks of payments, refunds and the services they go through."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from views.admin.order_words import PAYMENT_STATUSES, provider
from views.admin.told import Told, amount_of, fixed, in_their_words, provider_name, text_of
from views.sentences import Sentence, plain, said


def _payment(told: Told) -> Sentence:
    status = text_of(told, "status")
    worded = next((words for known, words in PAYMENT_STATUSES.items() if known.value == status), plain(status))
    return said("Payment by %(provider)s: %(status)s", provider=provider(text_of(told, "provider")), status=worded)


def _reversed(told: Told) -> Sentence:
    return said(
        "Payment by %(provider)s was charged back: %(amount)s",
        provider=provider(text_of(told, "provider")),
        amount=amount_of(told),
    )


def _refund(told: Told) -> Sentence:
    return said("Refund by %(provider)s", provider=provider(text_of(told, "provider")))


def _refund_failed(told: Told) -> Sentence:
    if "attempts" in told:  # nobody asks any more
        return said(
            "Whether a refund went through is not known; the payment is looked at every day: %(detail)s",
            detail=in_their_words(told),
        )
    return said("A refund was refused: %(detail)s", detail=in_their_words(told))


def _delivery_given_up(told: Told) -> Sentence:
    name = text_of(told, "name")
    if not name:  # a failure of our own names no provider
        return said("What a payment service sent could not be worked on: %(detail)s", detail=in_their_words(told))
    if "source" in told:
        return said(
            "What the shop of %(name)s sent could not be worked on: %(detail)s"
            " It can be tried once more, under Sources.",
            name=name,
            detail=in_their_words(told),
        )
    return said(
        "%(name)s could not be asked whether what came to its webhook is genuine: %(detail)s"
        " Payments are looked at all the same.",
        name=name,
        detail=in_their_words(told),
    )


SENTENCES: Mapping[str, Callable[[Told], Sentence]] = {
    "payment_received": _payment,
    "payment_reversed": _reversed,
    "refund_received": _refund,
    "payment_pending": fixed(said("A payment is pending at the payment service")),
    "payment_declined": lambda told: said("A payment was declined: %(detail)s", detail=in_their_words(told)),
    "payment_cancelled": fixed(said("The customer broke a payment off")),
    "payment_expired": fixed(said("A payment was not confirmed in time")),
    "payment_failed": lambda told: said("A payment failed: %(detail)s", detail=in_their_words(told)),
    "payment_start_failed": lambda told: said(
        "A payment could not be started: %(detail)s", detail=in_their_words(told)
    ),
    "payment_replaced": fixed(said("The order changed while it was being paid; nothing was taken")),
    "payment_differs": fixed(said("Another amount came in than was asked for; it is booked as it came")),
    "payment_not_due": lambda told: said(
        "Money came in that is not due any more: %(amount)s. It can be given back on the tab with the payments.",
        amount=amount_of(told),
    ),
    "payment_unclear": fixed(
        said("The payment service has not said for an hour whether it took a payment; it is asked again and again")
    ),
    "payment_restored": lambda told: said(
        "A payment that was charged back has come again: %(amount)s", amount=amount_of(told)
    ),
    "payment_refund_failed": _refund_failed,
    "payment_refund_missing": fixed(said("A refund that was asked for did not go through; it can be asked for again")),
    "receipt_taken_back": lambda told: said(
        "%(amount)s that had been booked by hand was taken back", amount=amount_of(told)
    ),
    "refund_asked": fixed(said("Refund asked for at the payment service")),
    "transfer_announced": fixed(said("The customer says to have transferred the money")),
    "webhook_registered": lambda told: said("Webhook registered for %(name)s", name=provider_name(told)),
    "webhook_registration_failed": lambda told: said(
        "The webhook for %(name)s could not be registered: %(detail)s",
        name=provider_name(told),
        detail=in_their_words(told),
    ),
    "webhook_withdrawal_failed": lambda told: said(
        "The webhook of %(name)s could not be taken back at PayPal: %(detail)s What it still sends is refused here.",
        name=provider_name(told),
        detail=in_their_words(told),
    ),
    "webhook_delivery_failed": _delivery_given_up,
    "payment_look_failed": lambda told: said(
        "A look at how a payment stands failed: %(detail)s The next look is planned.", detail=in_their_words(told)
    ),
    "payment_provider_added": lambda told: said("Payment provider %(name)s added", name=provider_name(told)),
    "payment_provider_changed": lambda told: said("Payment provider %(name)s changed", name=provider_name(told)),
    "payment_provider_checked": lambda told: said("Payment provider %(name)s checked", name=provider_name(told)),
    "payment_provider_removed": lambda told: said("Payment provider %(name)s removed", name=provider_name(told)),
}
