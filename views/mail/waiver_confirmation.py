"""The mail that confirms a consent: the wording, what it concerns, and when it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from babel import Locale

from portal.confirmations import MAIL
from portal.new_messages import NewMessage
from portal.waiver_records import WaiverRecord
from views import View, render
from views.papers.speech import Speech
from views.papers.waivers import as_text, confirmation
from views.sentences import Sentence, said


@dataclass(frozen=True, kw_only=True)
class WaiverConfirmationMail(View):
    """Texts in the language of the mail already; each of the facts is a label and the lines of its value."""

    template: ClassVar = "mail/waiver_confirmation.html"

    title: str
    before: tuple[str, ...]
    quotation: tuple[str, ...]
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    after: tuple[str, ...]
    sender: tuple[str, ...]
    url: str
    open: Sentence


def written(record: WaiverRecord, locale: Locale, url: str) -> NewMessage:
    """`url` is the order's portal link."""
    letter, speech = confirmation(record, locale), Speech(locale)
    opens = said("Open your order")
    page = WaiverConfirmationMail(
        title=letter.title,
        before=letter.before,
        quotation=tuple(letter.quotation.splitlines()),
        facts=tuple((label, tuple(value.splitlines())) for label, value in letter.facts),
        after=letter.after,
        sender=tuple(letter.sender.splitlines()),
        url=url,
        open=opens,
    )
    subject = said("Confirmation of your consent, order %(number)s", number=record.order_number)
    return NewMessage(
        kind=MAIL,
        to=record.buyer_email,
        to_name=record.buyer_name,
        subject=speech.say(subject),
        text=f"{as_text(letter)}\n{speech.say(opens)}: {url}\n",
        html=render(page, locale=locale),
        locale=str(locale).replace("_", "-"),
        order_id=record.order_id,
    )
