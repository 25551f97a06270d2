"""The part of the history that speaks of mails and their templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portal import kept_back
from portal.kept_back import Kept
from views.admin.told import Told, count_of, text_of
from views.sentences import Sentence, counted, plain, said


def _given_up(told: Told) -> Sentence:
    return said("A mail was given up: %(error)s", error=text_of(told, "error"))


KEPT: Mapping[Kept, Sentence] = {
    Kept.ORDER_REMOVED: said("the order was removed before it could leave"),
    Kept.LINK_RENEWED: said("the portal link in it was renewed before it could leave"),
    Kept.SWITCHED_OFF: said("its automation was switched off or deleted before it could leave"),
    Kept.ORDER_DEAD: said("the order was cancelled or refunded before it could leave"),
    Kept.CONDITIONS: said("what its automation asks for was no longer so when it could leave"),
    Kept.ADDRESS_CHANGED: said("the order lost the mail address that may be written to before it could leave"),
    Kept.INVOICE_GONE: said("the invoice that went with it was gone before it could leave"),
    Kept.REPEATED: said("another one of its kind waits behind it, which says the same by now"),
    Kept.DISCARDED: said("the automations were paused, and what was queued has been dropped"),
}


def why_kept(reason: str) -> Sentence:
    """A reason as it was noted, perhaps by a newer Tresen."""
    return KEPT[Kept(reason)] if reason in set(Kept) else plain(reason)


SENTENCES: Mapping[str, Callable[[Told], Sentence]] = {
    "message_queued": lambda told: said("Mail “%(subject)s” waits to be sent", subject=text_of(told, "subject")),
    "message_sent": lambda told: said("Mail “%(subject)s” sent", subject=text_of(told, "subject")),
    "message_failed": _given_up,
    "automatic_message_failed": _given_up,
    kept_back.HISTORY: lambda told: said(
        "Mail “%(subject)s” was kept back: %(reason)s",
        subject=text_of(told, "subject"),
        reason=why_kept(text_of(told, "reason")),
    ),
    kept_back.NOTICE: lambda told: said(
        "Mails of automations were kept back, the message log names them: %(reason)s",
        reason=why_kept(text_of(told, "reason")),
    ),
    "held_mails_discarded": lambda told: counted(
        "One mail that a pause had held was dropped",
        "%(count)s mails that a pause had held were dropped",
        count_of(told),
    ),
    "message_bounced": lambda told: said(
        "Mail “%(subject)s” to %(to)s came back: %(error)s",
        subject=text_of(told, "subject"),
        to=text_of(told, "to"),
        error=text_of(told, "error"),
    ),
    "message_unfilled": lambda told: said(
        "Message %(name)s reaches customers with %(names)s, which nothing fills",
        name=text_of(told, "name"),
        names=text_of(told, "names"),
    ),
    "mail_failing": lambda told: said("Mail does not leave at present: %(error)s", error=text_of(told, "error")),
    "message_template_added": lambda told: said("Message %(name)s added", name=text_of(told, "name")),
    "message_template_changed": lambda told: said("Message %(name)s changed", name=text_of(told, "name")),
    "message_template_removed": lambda told: said("Message %(name)s removed", name=text_of(told, "name")),
}
