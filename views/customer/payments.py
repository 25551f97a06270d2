"""The section with the ways to pay what is due, and what came of the last try."""

from __future__ import annotations

from dataclasses import dataclass

from db.payment_providers import PayMethod, ProviderKind
from portal import bank_transfers, payments
from portal.dossiers import Dossier
from portal.orders import OrderFacts, death, not_an_order
from portal.payment_attempts import Standing
from portal.payment_choices import Choice
from portal.payment_facts import Ending
from portal.refusals import Refusal
from portal.windows import local_day
from views.format import Money, Reference
from views.sentences import Sentence, said
from views.wording import Notice, payments_notice

THROUGH_PAYPAL = said("Through PayPal; you need no account there.")
WAYS = {
    PayMethod.PAYPAL: (said("PayPal"), said("Pay with PayPal"), None),
    PayMethod.PAYLATER: (
        said("Pay later"),
        said("Pay later with PayPal"),
        said("In instalments or after 30 days, if PayPal offers it to you."),
    ),
    PayMethod.SEPA: (said("Direct debit"), said("Pay by direct debit"), THROUGH_PAYPAL),
    PayMethod.CARD: (said("Credit or debit card"), said("Pay by card"), THROUGH_PAYPAL),
}
TRANSFER = (said("Bank transfer"), said("Pay by bank transfer"))
WITH_CODE = said("You see the account and a GiroCode for your banking app.")
WITHOUT_CODE = said("You see the account and the reference to give.")


@dataclass(frozen=True, kw_only=True)
class PayChoice:
    """One form: what it is called, what its button says, and what it sends."""

    name: Sentence
    button: Sentence
    hint: Sentence | None
    action: str
    provider: int
    method: str


@dataclass(frozen=True, kw_only=True)
class PaymentSection:
    """`refusal` is a code, empty where there is something to pay and a way to do it."""

    refusal: str
    notice: Notice | None = None
    ending: Notice | None = None
    purpose: Sentence | None = None
    choices: tuple[PayChoice, ...] = ()
    announced: Notice | None = None

    @staticmethod
    def of(dossier: Dossier, path: str) -> PaymentSection | None:
        """None where there is nothing to say of paying: the banner has said it, or nothing was ever to be paid."""
        order, paying = dossier.order, dossier.paying
        if death(order) or not_an_order(order) or order.total == 0:
            return None
        if why := payments.refusal(order, providers=len(paying.choices), is_checking=paying.is_checking):
            return PaymentSection(refusal=why, notice=_why_not(dossier, why), announced=announced(dossier))
        return PaymentSection(
            refusal="",
            ending=None if paying.announced_at else ending(paying.last),
            purpose=purpose(dossier),
            choices=tuple(_choice(choice, order, path) for choice in paying.choices),
            announced=announced(dossier),
        )


def announced(dossier: Dossier) -> Notice | None:
    """What the customer says to have transferred; no word about whether it came."""
    if dossier.paying.announced_at is None:
        return None
    return Notice(
        icon="clock",
        tone="wait",
        title=said("Paid by transfer, waits to arrive"),
        advice=said(
            "On %(day)s you told the shop that you have transferred it."
            " Here it counts as paid as soon as the shop has seen it arrive.",
            day=local_day(dossier.paying.announced_at, dossier.zone),
        ),
    )


def purpose(dossier: Dossier) -> Sentence:
    """What is paid: the order, with its invoice where there is one."""
    number, amount = Reference(dossier.order.number), Money(dossier.order.due, dossier.order.currency)
    if dossier.invoice_number:
        invoice = Reference(dossier.invoice_number)
        return said(
            "Order %(number)s, invoice %(invoice)s: pay %(amount)s", number=number, invoice=invoice, amount=amount
        )
    return said("Order %(number)s: pay %(amount)s", number=number, amount=amount)


def _why_not(dossier: Dossier, why: Refusal) -> Notice:
    order = dossier.order
    if why is Refusal.NOTHING_DUE and order.paid_sum > 0:
        return Notice(icon="check", title=said("%(amount)s paid.", amount=Money(order.paid_sum, order.currency)))
    return payments_notice(why)


def _choice(choice: Choice, order: OrderFacts, path: str) -> PayChoice:
    name, button, hint = WAYS[choice.method or PayMethod.PAYPAL]
    if choice.kind is ProviderKind.BANK_TRANSFER:
        name, button = TRANSFER
        hint = WITH_CODE if bank_transfers.may_have_code(order) else WITHOUT_CODE
    return PayChoice(
        name=name,
        button=button,
        hint=hint,
        action=f"{path}/payments",
        provider=choice.provider_id,
        method=choice.method or "",
    )


ENDINGS = {
    Standing.DECLINED: (
        said("The payment service declined the last payment."),
        said("Nothing was taken. Please try another way to pay."),
    ),
    Standing.CANCELLED: (said("You broke the last payment off."), said("Nothing was taken.")),
    Standing.EXPIRED: (said("The last payment was not confirmed in time."), said("Nothing was taken.")),
    Standing.FAILED: (
        said("The last payment could not be started."),
        said("Nothing was taken. Please try again in a few minutes, or another way to pay."),
    ),
}
CHANGED = (
    said("Your order has changed since you began to pay."),
    said("Nothing was taken. Please pay the amount that is open now."),
)
DUPLICATE = (
    said("The payment service says that this has been paid already."),
    said("Nothing was taken this time. The shop knows and looks into it."),
)


def ending(last: Ending | None) -> Notice | None:
    """How the last try ended; one that only gave way to the next says nothing."""
    if last is None:
        return None
    if last.standing is Standing.REPLACED:
        words = CHANGED if last.reason == "outdated" else None
    else:
        words = DUPLICATE if last.reason == "duplicate" else ENDINGS[last.standing]
    return Notice(icon="triangle", title=words[0], advice=words[1]) if words else None
