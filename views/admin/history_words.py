"""The history in sentences: what happened, by whose hand, and which values it changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from db.orders import State
from portal.activity import COMMAND_LINE, CUSTOMER, DEMO, FIRST_RUN, TRESEN
from portal.order_history import Happening
from portal.refusals import Refusal
from views.admin.file_history import SENTENCES as FILE_SENTENCES
from views.admin.invoice_words import detail_of
from views.admin.labels import BY_SECTION, PROVIDER_HISTORY
from views.admin.order_words import PAYMENT_STATUSES, REASONS, STATES, provider
from views.form import Label
from views.format import Money, Reference
from views.sentences import Sentence, plain, said

Told = Mapping[str, object]
ACTORS = {
    CUSTOMER: said("Customer"),
    TRESEN: said("Tresen"),
    FIRST_RUN: said("First run"),
    COMMAND_LINE: said("Command line"),
    DEMO: said("Demo"),
}
MASKED = "•••"
SECRETS = ("secret", "password", "token", "sealed")
IS_SET = "_set"  # the history of a secret holds whether there is one
LONGEST = 300
STOP = (
    "download_failed mail_failing message_failed payment_reversed payment_differs payment_declined payment_unclear"
    " file_missing file_unstampable storage_unavailable"
    " payment_refund_missing payment_not_due"
).split()
OK = (
    "payment_received payment_restored order_paid waiver_given file_downloaded message_sent invoice_stored"
    " invoice_created credit_note_created"
).split()


Shown: TypeAlias = tuple[Sentence, ...]


@dataclass(frozen=True)
class ChangedValue:
    """One value before and after, each in as many words as it has parts; `old` is None for what was just made."""

    name: Sentence
    old: Shown | None
    new: Shown


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """`at` is a time on the merchant's clock; `tone` is ok, stop or empty."""

    at: datetime
    actor: Sentence
    words: Sentence
    tone: str
    changes: tuple[ChangedValue, ...]


def entry(happening: Happening, zone: ZoneInfo, merchants: Mapping[int, str]) -> HistoryEntry:
    """`merchants` are mail addresses by id."""
    worded = SENTENCES.get(happening.kind)
    tone = "stop" if happening.kind.endswith("_failed") or happening.kind in STOP else ""
    return HistoryEntry(
        at=happening.at.astimezone(zone),
        actor=_actor(happening.actor, merchants),
        words=worded(happening.details) if worded else _unworded(happening),
        tone="ok" if happening.kind in OK else tone,
        changes=_changes(happening.details, _labels(happening)),
    )


def _actor(actor: str, merchants: Mapping[int, str]) -> Sentence:
    kind, _, who = actor.partition(":")
    match kind:
        case "merchant":
            return plain(merchants.get(int(who), who) if who.isdecimal() else who)
        case "key":
            return said("API key %(name)s", name=who)
        case _:
            return ACTORS.get(actor) or plain(actor)


def _text(told: Told, name: str) -> str:
    value = told.get(name, "")
    return value if isinstance(value, str) else str(value)


def _state(told: Told, name: str) -> Sentence:
    text = _text(told, name)
    return STATES[State(text)] if text in set(State) else plain(text)


def _updated(told: Told) -> Sentence:
    if _text(told, "state") == _text(told, "state_before"):
        return said("Order brought up to date")
    return said("State changed: %(old)s, now %(new)s", old=_state(told, "state_before"), new=_state(told, "state"))


def _reason(told: Told) -> Sentence:
    text = _text(told, "refusal")
    return REASONS[Refusal(text)] if text in set(Refusal) else plain(text)


def _payment(told: Told) -> Sentence:
    status = _text(told, "status")
    worded = next((words for known, words in PAYMENT_STATUSES.items() if known.value == status), plain(status))
    return said("Payment by %(provider)s: %(status)s", provider=provider(_text(told, "provider")), status=worded)


def _amount(told: Told) -> Money | str:
    amount, currency = told.get("amount"), _text(told, "currency")
    return Money(amount, currency) if isinstance(amount, int) and currency else _text(told, "amount")


def _reversed(told: Told) -> Sentence:
    return said(
        "Payment by %(provider)s was charged back: %(amount)s",
        provider=provider(_text(told, "provider")),
        amount=_amount(told),
    )


def _refund(told: Told) -> Sentence:
    return said("Refund by %(provider)s", provider=provider(_text(told, "provider")))


def _refund_failed(told: Told) -> Sentence:
    if "attempts" in told:  # nobody asks any more
        return said(
            "Whether a refund went through is not known; the payment is looked at every day: %(detail)s",
            detail=_detail(told),
        )
    return said("A refund was refused: %(detail)s", detail=_detail(told))


def _credit_note_created(told: Told) -> Sentence:
    number = Reference(_text(told, "number"))
    if _text(told, "kind") == "correction":
        return said("Invoice correction %(number)s created", number=number)
    return said("Credit note %(number)s created", number=number)


def _invoice_stored(told: Told) -> Sentence:
    number = Reference(_text(told, "number"))
    if told.get("same_number"):
        return said("Invoice %(number)s stored; one of ours bears the same number", number=number)
    if told.get("beside_own"):
        return said("Invoice %(number)s stored, but there is one of ours already", number=number)
    return said("Invoice %(number)s stored", number=number)


def _invoice_refused(told: Told) -> Sentence:
    text, why = _text(told, "detail"), _text(told, "refusal")
    detail = detail_of(Refusal(why), text) if why in list(Refusal) else plain(text)
    if not text or detail is None:
        return said("The invoice could not be made: %(reason)s", reason=_reason(told))
    return said("The invoice could not be made: %(reason)s (%(detail)s)", reason=_reason(told), detail=detail)


def _detail(told: Told) -> str:
    """In the service's own words, or in ours for them."""
    return _text(told, "detail") or _text(told, "error") or _text(told, "reason")


def _downloaded(told: Told) -> Sentence:
    if told.get("given_back"):
        return said("Download of %(file)s could not be delivered and does not count", file=_text(told, "file_name"))
    if told.get("finished"):
        return said("Download of %(file)s, arrived", file=_text(told, "file_name"))
    return said("Download of %(file)s, started", file=_text(told, "file_name"))


def _allowance(told: Told) -> Sentence:
    return said(
        "%(downloads)s more downloads of %(file)s: %(reason)s",
        downloads=_text(told, "downloads"),
        file=_text(told, "file_name"),
        reason=_text(told, "reason"),
    )


def _provider(told: Told) -> str:
    new = told.get("new")
    name = new.get("name") if isinstance(new, dict) else None
    return str(name) if name else _text(told, "name") or f"#{_text(told, 'provider')}"


def _sign_in_failed(told: Told) -> Sentence:
    if email := _text(told, "email"):
        return said("Somebody tried to sign in as %(email)s with a wrong password", email=email)
    return said("Somebody tried to sign in with a mail address that nobody has here")


def _delivery_given_up(told: Told) -> Sentence:
    name = _text(told, "name")
    if not name:  # a failure of our own names no provider
        return said("What a payment service sent could not be worked on: %(detail)s", detail=_detail(told))
    return said(
        "%(name)s could not be asked whether what came to its webhook is genuine: %(detail)s"
        " Payments are looked at all the same.",
        name=name,
        detail=_detail(told),
    )


def _fixed(sentence: Sentence) -> Callable[[Told], Sentence]:
    return lambda _told: sentence


SENTENCES: Mapping[str, Callable[[Told], Sentence]] = {
    "order_imported": lambda told: said("Order taken over, state: %(state)s", state=_state(told, "state")),
    "order_updated": _updated,
    "order_deleted": _fixed(said("Order removed")),
    "payment_received": _payment,
    "payment_reversed": _reversed,
    "refund_received": _refund,
    "order_paid": _fixed(said("The order is paid")),
    "payment_pending": _fixed(said("A payment is pending at the payment service")),
    "payment_declined": lambda told: said("A payment was declined: %(detail)s", detail=_detail(told)),
    "payment_cancelled": _fixed(said("The customer broke a payment off")),
    "payment_expired": _fixed(said("A payment was not confirmed in time")),
    "payment_failed": lambda told: said("A payment failed: %(detail)s", detail=_detail(told)),
    "payment_start_failed": lambda told: said("A payment could not be started: %(detail)s", detail=_detail(told)),
    "payment_replaced": _fixed(said("The order changed while it was being paid; nothing was taken")),
    "payment_differs": _fixed(said("Another amount came in than was asked for; it is booked as it came")),
    "payment_not_due": lambda told: said(
        "Money came in that is not due any more: %(amount)s. It can be given back on the tab with the payments.",
        amount=_amount(told),
    ),
    "payment_unclear": _fixed(
        said("The payment service has not said for an hour whether it took a payment; it is asked again and again")
    ),
    "payment_restored": lambda told: said(
        "A payment that was charged back has come again: %(amount)s", amount=_amount(told)
    ),
    "payment_refund_failed": _refund_failed,
    "payment_refund_missing": _fixed(said("A refund that was asked for did not go through; it can be asked for again")),
    "receipt_taken_back": lambda told: said(
        "%(amount)s that had been booked by hand was taken back", amount=_amount(told)
    ),
    "refund_asked": _fixed(said("Refund asked for at the payment service")),
    "transfer_announced": _fixed(said("The customer says to have transferred the money")),
    "webhook_registered": lambda told: said("Webhook registered for %(name)s", name=_provider(told)),
    "webhook_registration_failed": lambda told: said(
        "The webhook for %(name)s could not be registered: %(detail)s", name=_provider(told), detail=_detail(told)
    ),
    "webhook_withdrawal_failed": lambda told: said(
        "The webhook of %(name)s could not be taken back at PayPal: %(detail)s What it still sends is refused here.",
        name=_provider(told),
        detail=_detail(told),
    ),
    "webhook_delivery_failed": _delivery_given_up,
    "payment_look_failed": lambda told: said(
        "A look at how a payment stands failed: %(detail)s The next look is planned.", detail=_detail(told)
    ),
    "link_renewed": _fixed(said("Portal link renewed; the old one opens nothing any more")),
    "allowance_given": _allowance,
    "file_downloaded": _downloaded,
    "waiver_given": _fixed(said("Consent given that the right of withdrawal expires")),
    "download_failed": lambda told: said(
        "A customer could not get %(file)s: %(reason)s", file=_text(told, "file_name"), reason=_reason(told)
    ),
    "invoice_stored": _invoice_stored,
    "invoice_created": lambda told: said("Invoice %(number)s created", number=Reference(_text(told, "number"))),
    "invoice_refused": _invoice_refused,
    "backup_restored": _fixed(
        said("The shop was restored from a backup: the numbers of what was issued later would be issued once more")
    ),
    "numbers_skipped": lambda told: said(
        "Numbers %(first)s to %(last)s of %(prefix)s skipped: %(reason)s",
        first=_text(told, "first"),
        last=_text(told, "last"),
        prefix=_text(told, "prefix"),
        reason=_text(told, "reason"),
    ),
    "invoice_reported_elsewhere": lambda told: said(
        "The source reports invoice %(number)s, but there is one of ours already",
        number=Reference(_text(told, "number")),
    ),
    "credit_note_created": _credit_note_created,
    "credit_note_due": lambda told: said(
        "Invoice %(number)s is over the whole amount, but %(amount)s went back before: a correction of it is due",
        number=Reference(_text(told, "number")),
        amount=_amount(told),
    ),
    "billing_address_corrected": _fixed(said("Billing address corrected")),
    "billing_address_withdrawn": _fixed(said("Correction of the billing address withdrawn")),
    "message_queued": lambda told: said("Mail “%(subject)s” waits to be sent", subject=_text(told, "subject")),
    "message_sent": lambda told: said("Mail “%(subject)s” sent", subject=_text(told, "subject")),
    "message_failed": lambda told: said("A mail was given up: %(error)s", error=_text(told, "error")),
    "mail_failing": lambda told: said("Mail does not leave at present: %(error)s", error=_text(told, "error")),
    "settings_changed": _fixed(said("Settings changed")),
    **FILE_SENTENCES,
    "image_uploaded": lambda told: said("Image %(name)s uploaded", name=_text(told, "name")),
    "image_removed": lambda told: said("Image %(name)s removed", name=_text(told, "name")),
    "payment_provider_added": lambda told: said("Payment provider %(name)s added", name=_provider(told)),
    "payment_provider_changed": lambda told: said("Payment provider %(name)s changed", name=_provider(told)),
    "payment_provider_checked": lambda told: said("Payment provider %(name)s checked", name=_provider(told)),
    "payment_provider_removed": lambda told: said("Payment provider %(name)s removed", name=_provider(told)),
    "merchant_added": lambda told: said("%(email)s may sign in", email=_text(told, "email")),
    "password_changed": lambda told: said("New password for %(email)s", email=_text(told, "email")),
    "signed_in": _fixed(said("Signed in")),
    "signed_out": _fixed(said("Signed out")),
    "sign_in_failed": _sign_in_failed,
    "signed_out_everywhere": _fixed(said("Signed out everywhere")),
    "key_added": lambda told: said("API key %(name)s added", name=_text(told, "name")),
    "key_revoked": lambda told: said("API key %(name)s revoked", name=_text(told, "name")),
}


def _unworded(happening: Happening) -> Sentence:
    """Jobs have many names, and an older Tresen may read what a newer one noted: a name is better than silence."""
    words, error = happening.kind.replace("_", " "), _text(happening.details, "error")
    if happening.kind.endswith("_failed"):
        return said("A task was given up (%(task)s): %(error)s", task=words.removesuffix(" failed"), error=error)
    return plain(words)


def _labels(happening: Happening) -> Mapping[str, Label]:
    """What the fields are called on the page where they are set."""
    if happening.kind.startswith("payment_provider_"):
        return PROVIDER_HISTORY
    return BY_SECTION.get(_text(happening.details, "section"), {})


def _changes(told: Told, labels: Mapping[str, Label]) -> tuple[ChangedValue, ...]:
    """Of entries that note `old` and `new`, field by field; of what was just made, only what it has."""
    new, old = told.get("new"), told.get("old", {})
    if not isinstance(old, dict) or not isinstance(new, dict):
        return ()
    is_new = "old" not in told
    changes = []
    for noted in dict.fromkeys([*old, *new]):
        name = noted.removesuffix(IS_SET)
        label = labels.get(name) or Label(plain(name.replace("_", " ")))
        before, after = _shown(noted, label, old.get(noted)), _shown(noted, label, new.get(noted))
        if before or after:
            changes.append(ChangedValue(name=label.text, old=None if is_new else before, new=after))
    return tuple(changes)


def _shown(noted: str, label: Label, value: object) -> Shown:
    """In words; empty for nothing. Of a secret it was only noted whether there is one."""
    match value:
        case None | "" | []:
            return ()
        case _ if noted.endswith(IS_SET) or any(word in noted for word in SECRETS):
            return (plain(MASKED),) if value else ()
        case True:
            return (said("on"),)
        case False:
            return (said("off"),)
        case list():
            return tuple(_word(label, each) for each in value)
        case _:
            return (_word(label, value),)


def _word(label: Label, value: object) -> Sentence:
    text = str(value)
    if text in label.choices:
        return label.choices[text]
    return plain(text if len(text) <= LONGEST else f"{text[:LONGEST]} …")
