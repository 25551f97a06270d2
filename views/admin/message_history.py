"""The part of the history that speaks of mails and their templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from views.admin.told import Told, text_of
from views.sentences import Sentence, said


def _given_up(told: Told) -> Sentence:
    return said("A mail was given up: %(error)s", error=text_of(told, "error"))


SENTENCES: Mapping[str, Callable[[Told], Sentence]] = {
    "message_queued": lambda told: said("Mail “%(subject)s” waits to be sent", subject=text_of(told, "subject")),
    "message_sent": lambda told: said("Mail “%(subject)s” sent", subject=text_of(told, "subject")),
    "message_failed": _given_up,
    "automatic_message_failed": _given_up,
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
