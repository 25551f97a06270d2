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
from views.admin.automation_history import SENTENCES as AUTOMATION_SENTENCES
from views.admin.backup_words import SENTENCES as BACKUP_SENTENCES
from views.admin.file_history import SENTENCES as FILE_SENTENCES
from views.admin.invoice_history import SENTENCES as INVOICE_SENTENCES
from views.admin.labels import AUTOMATION_HISTORY, BY_SECTION, MESSAGE, PROVIDER_HISTORY, SOURCE
from views.admin.message_history import SENTENCES as MESSAGE_SENTENCES
from views.admin.order_words import STATES
from views.admin.payment_history import SENTENCES as PAYMENT_SENTENCES
from views.admin.source_history import SENTENCES as SOURCE_SENTENCES
from views.admin.told import Told, fixed, text_of
from views.form import Label
from views.sentences import Sentence, plain, said

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
    "download_failed mail_failing message_failed message_bounced automation_loop"
    " payment_reversed payment_differs payment_declined payment_unclear"
    " file_missing file_unstampable storage_unavailable"
    " automations_lack_mail payment_refund_missing payment_not_due source_failing source_orders_unread"
).split()
OK = (
    "payment_received payment_restored order_paid waiver_given file_downloaded message_sent invoice_stored"
    " invoice_created credit_note_created automation_ran"
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
    """`at` is a time on the merchant's clock; `tone` is ok, stop or empty.

    `again` is where a run that did nothing can be asked once more; empty where none can.
    """

    at: datetime
    actor: Sentence
    words: Sentence
    tone: str
    changes: tuple[ChangedValue, ...]
    again: str = ""


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
        case "automation":
            return said("Automation")
        case "key":
            return said("API key %(name)s", name=who)
        case "source":
            return said("Source %(name)s", name=who)
        case _:
            return ACTORS.get(actor) or plain(actor)


def _state(told: Told, name: str) -> Sentence:
    text = text_of(told, name)
    return STATES[State(text)] if text in set(State) else plain(text)


def _updated(told: Told) -> Sentence:
    if text_of(told, "state") == text_of(told, "state_before"):
        return said("Order brought up to date")
    return said("State changed: %(old)s, now %(new)s", old=_state(told, "state_before"), new=_state(told, "state"))


def _downloaded(told: Told) -> Sentence:
    if told.get("given_back"):
        return said("Download of %(file)s could not be delivered and does not count", file=text_of(told, "file_name"))
    if told.get("finished"):
        return said("Download of %(file)s, arrived", file=text_of(told, "file_name"))
    return said("Download of %(file)s, started", file=text_of(told, "file_name"))


def _allowance(told: Told) -> Sentence:
    return said(
        "%(downloads)s more downloads of %(file)s: %(reason)s",
        downloads=text_of(told, "downloads"),
        file=text_of(told, "file_name"),
        reason=text_of(told, "reason"),
    )


def _sign_in_failed(told: Told) -> Sentence:
    if email := text_of(told, "email"):
        return said("Somebody tried to sign in as %(email)s with a wrong password", email=email)
    return said("Somebody tried to sign in with a mail address that nobody has here")


SENTENCES: Mapping[str, Callable[[Told], Sentence]] = {
    "order_imported": lambda told: said("Order taken over, state: %(state)s", state=_state(told, "state")),
    "order_updated": _updated,
    "order_deleted": fixed(said("Order removed")),
    "order_erased": fixed(said("The buyer was erased; lines and sums stay")),
    "erasure_asked": lambda told: said("Erasure %(number)s begun", number=text_of(told, "erasure")),
    "erasure_ended": lambda told: said("Erasure %(number)s done", number=text_of(told, "erasure")),
    "order_paid": fixed(said("The order is paid")),
    "link_renewed": fixed(said("Portal link renewed; the old one opens nothing any more")),
    "allowance_given": _allowance,
    "file_downloaded": _downloaded,
    "waiver_given": fixed(said("Consent given that the right of withdrawal expires")),
    "billing_address_corrected": fixed(said("Billing address corrected")),
    "billing_address_withdrawn": fixed(said("Correction of the billing address withdrawn")),
    **MESSAGE_SENTENCES,
    **AUTOMATION_SENTENCES,
    **BACKUP_SENTENCES,
    "settings_changed": fixed(said("Settings changed")),
    **FILE_SENTENCES,
    **INVOICE_SENTENCES,
    **PAYMENT_SENTENCES,
    **SOURCE_SENTENCES,
    "image_uploaded": lambda told: said("Image %(name)s uploaded", name=text_of(told, "name")),
    "image_removed": lambda told: said("Image %(name)s removed", name=text_of(told, "name")),
    "merchant_added": lambda told: said("%(email)s may sign in", email=text_of(told, "email")),
    "password_changed": lambda told: said("New password for %(email)s", email=text_of(told, "email")),
    "signed_in": fixed(said("Signed in")),
    "signed_out": fixed(said("Signed out")),
    "sign_in_failed": _sign_in_failed,
    "signed_out_everywhere": fixed(said("Signed out everywhere")),
    "key_added": lambda told: said("API key %(name)s added", name=text_of(told, "name")),
    "key_revoked": lambda told: said("API key %(name)s revoked", name=text_of(told, "name")),
}


def _unworded(happening: Happening) -> Sentence:
    """Jobs have many names, and an older Tresen may read what a newer one noted: a name is better than silence."""
    words, error = happening.kind.replace("_", " "), text_of(happening.details, "error")
    if happening.kind.endswith("_failed"):
        return said("A task was given up (%(task)s): %(error)s", task=words.removesuffix(" failed"), error=error)
    return plain(words)


def _labels(happening: Happening) -> Mapping[str, Label]:
    """What the fields are called on the page where they are set."""
    if happening.kind.startswith("payment_provider_"):
        return PROVIDER_HISTORY
    if happening.kind.startswith("source_"):
        return SOURCE
    if happening.kind.startswith("message_template_"):
        return MESSAGE
    if happening.kind.startswith("automation_"):
        return AUTOMATION_HISTORY
    return BY_SECTION.get(text_of(happening.details, "section"), {})


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
