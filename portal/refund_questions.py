"""Refunds that the merchant asked for here: which have no answer yet, and which refund answers which question."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from db.payment_attempts import AttemptEvent
from db.payments import PaymentStatus
from portal.paying import Refund
from portal.payment_attempts import Attempt

ASKED, ANSWERED = AttemptEvent.REFUND_ASKED, AttemptEvent.REFUNDED


def open_questions(attempt: Attempt) -> dict[str, int]:
    """Key → amount of refunds that were asked for and have no answer yet."""
    asked = {event.reference: event.number("amount") for event in attempt.events if event.kind is ASKED}
    known = {event.text("key") for event in attempt.events if event.kind is ANSWERED}
    failed = {event.reference for event in attempt.events if event.kind is AttemptEvent.REFUND_FAILED}
    return {key: amount for key, amount in asked.items() if key not in known | failed}


def given_up(attempt: Attempt) -> dict[str, datetime]:
    """Key → since when nobody asks any more, of questions that are still open: a look has to answer them."""
    over = {e.reference: e.at for e in attempt.events if e.kind is AttemptEvent.REFUND_GIVEN_UP}
    return {key: over[key] for key in open_questions(attempt) if key in over}


def is_unsettled(attempt: Attempt) -> bool:
    """Whether a look has to tell what becomes of money that is on its way back."""
    last = {event.reference: event.text("status") for event in attempt.events if event.kind is ANSWERED}
    return PaymentStatus.PENDING in last.values() or bool(given_up(attempt))


def key_of(refund: Refund, attempt: Attempt) -> str:
    """The question that this refund bears the key of; empty where it was started elsewhere."""
    return refund.mark if attempt.knows(ASKED, refund.mark) else ""


def answer_to(key: str, refunds: Iterable[Refund], attempt: Attempt) -> Refund | None:
    """The refund that this question led to, perhaps without our hearing of it.

    By its key; else one of the same amount that nobody can account for otherwise: to believe that the money has gone
    back is the smaller mistake, as it can be asked for again.
    """
    refunds = list(refunds)
    if found := next((refund for refund in refunds if refund.mark == key), None):
        return found
    amount, known = open_questions(attempt).get(key), _known_before(key, attempt)
    free = (each for each in refunds if each.id not in known and not key_of(each, attempt))
    return next((each for each in free if each.amount == amount), None)


def _known_before(key: str, attempt: Attempt) -> set[str]:
    """Refunds that were told of before the question was put, or as the answer to another one."""
    found: set[str] = set()
    is_asked = False
    for event in attempt.events:
        is_asked = is_asked or (event.kind is ASKED and event.reference == key)
        if event.kind is ANSWERED and (not is_asked or event.text("key")):
            found.add(event.reference)
    return found
