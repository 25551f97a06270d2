"""The part of the history that speaks of invoices, credit notes and their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portal.refusals import Refusal
from views.admin.invoice_words import detail_of
from views.admin.told import Told, amount_of, fixed, reason_of, text_of
from views.format import Reference
from views.sentences import Sentence, plain, said


def _credit_note_created(told: Told) -> Sentence:
    number = Reference(text_of(told, "number"))
    if text_of(told, "kind") == "correction":
        return said("Invoice correction %(number)s created", number=number)
    return said("Credit note %(number)s created", number=number)


def _invoice_stored(told: Told) -> Sentence:
    number = Reference(text_of(told, "number"))
    if told.get("same_number"):
        return said("Invoice %(number)s stored; one of ours bears the same number", number=number)
    if told.get("beside_own"):
        return said("Invoice %(number)s stored, but there is one of ours already", number=number)
    return said("Invoice %(number)s stored", number=number)


def _invoice_refused(told: Told) -> Sentence:
    text, why = text_of(told, "detail"), text_of(told, "refusal")
    detail = detail_of(Refusal(why), text) if why in list(Refusal) else plain(text)
    if not text or detail is None:
        return said("The invoice could not be made: %(reason)s", reason=reason_of(told))
    return said("The invoice could not be made: %(reason)s (%(detail)s)", reason=reason_of(told), detail=detail)


SENTENCES: Mapping[str, Callable[[Told], Sentence]] = {
    "invoice_stored": _invoice_stored,
    "invoice_created": lambda told: said("Invoice %(number)s created", number=Reference(text_of(told, "number"))),
    "invoice_refused": _invoice_refused,
    "backup_restored": fixed(
        said(
            "The shop was restored from a backup: the numbers of what was issued later would be issued once more."
            " Automations pause, as mails that left later are not known here"
        )
    ),
    "numbers_skipped": lambda told: said(
        "Numbers %(first)s to %(last)s of %(prefix)s skipped: %(reason)s",
        first=text_of(told, "first"),
        last=text_of(told, "last"),
        prefix=text_of(told, "prefix"),
        reason=text_of(told, "reason"),
    ),
    "invoice_reported_elsewhere": lambda told: said(
        "The source reports invoice %(number)s, but there is one of ours already",
        number=Reference(text_of(told, "number")),
    ),
    "credit_note_created": _credit_note_created,
    "credit_note_due": lambda told: said(
        "Invoice %(number)s is over the whole amount, but %(amount)s went back before: a correction of it is due",
        number=Reference(text_of(told, "number")),
        amount=amount_of(told),
    ),
}
