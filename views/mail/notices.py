"""The mail that tells a merchant what needs looking after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.new_messages import Written
from portal.notice_mails import NoticesFound
from portal.notices import Noted
from views import View
from views.admin import history_words
from views.format import Reference
from views.languages import locale_of
from views.mail.written import button_colour
from views.mail.written import written as in_words
from views.seller import Seller
from views.sentences import Sentence, counted, plain, said


@dataclass(frozen=True, kw_only=True)
class NoticeRow:
    """`when` and, where it is about an order, `order` stand above the words."""

    when: Sentence
    words: Sentence


@dataclass(frozen=True, kw_only=True)
class NoticesText(View):
    """The part that every mail program shows."""

    template: ClassVar = "mail/notices.txt"

    title: Sentence
    rows: tuple[NoticeRow, ...]
    more: Sentence | None
    open: Sentence
    url: str
    seller: Seller


@dataclass(frozen=True, kw_only=True)
class NoticesMail(NoticesText):
    """The same with a button in the shop's colour, `accent` as `#rrggbb`."""

    template: ClassVar = "mail/notices.html"

    accent: str


def written(found: NoticesFound) -> Written:
    """The mail in the merchant's language, German where none is chosen."""
    locale = locale_of(found.language, "")
    title = counted("%(count)s new notice", "%(count)s new notices", found.total)
    left = found.total - len(found.noted)
    text = NoticesText(
        title=title,
        rows=tuple(_row(each, found) for each in found.noted),
        more=counted("and %(count)s more", "and %(count)s more", left) if left else None,
        open=said("Look at the notices"),
        url=found.url,
        seller=Seller.of(found.seller),
    )
    mail = NoticesMail(**vars(text), accent=button_colour(found.accent_colour))
    shop = found.seller.name or "Tresen"
    subject = counted("%(shop)s: %(count)s new notice", "%(shop)s: %(count)s new notices", found.total, shop=shop)
    return in_words(subject, text, mail, locale)


def _row(noted: Noted, found: NoticesFound) -> NoticeRow:
    entry = history_words.entry(noted.happening, found.zone, {})
    if noted.number:
        when = said("%(at)s, order %(number)s", at=entry.at, number=Reference(noted.number))
    else:
        when = plain(entry.at)
    return NoticeRow(when=when, words=entry.words)
