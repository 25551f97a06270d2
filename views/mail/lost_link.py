"""The mail for who lost the link: every order of the address, newest first, each with its own link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.lost_links import FoundLink, LinksFound
from portal.new_messages import Written
from portal.windows import local_day
from views import View
from views.languages import locale_of
from views.mail.written import button_colour
from views.mail.written import written as in_words
from views.seller import Seller
from views.sentences import Sentence, said


@dataclass(frozen=True, kw_only=True)
class LinkRow:
    label: Sentence
    url: str


@dataclass(frozen=True, kw_only=True)
class LostLinkText(View):
    """The part that every mail program shows."""

    template: ClassVar = "mail/lost_link.txt"

    title: Sentence
    greeting: Sentence
    opening: Sentence
    rows: tuple[LinkRow, ...]
    warning: Sentence
    seller: Seller


@dataclass(frozen=True, kw_only=True)
class LostLinkMail(LostLinkText):
    """The same with a button for each order in the merchant's colour, `accent` as `#rrggbb`."""

    template: ClassVar = "mail/lost_link.html"

    accent: str
    open: Sentence


def written(found: LinksFound) -> Written:
    """The mail in the language of the newest order."""
    locale = locale_of(found.locale, "")
    title = said("Your links")
    greeting = said("Hello %(name)s,", name=found.user_name) if found.user_name else said("Hello,")
    opening = said("somebody, most likely you, asked for the links of all orders with this mail address.")
    warning = said("If it was not you, there is nothing to do: only you got this mail.")
    rows = tuple(_row(link, found) for link in found.links)
    seller = Seller.of(found.seller)
    text = LostLinkText(title=title, greeting=greeting, opening=opening, rows=rows, warning=warning, seller=seller)
    mail = LostLinkMail(
        title=title,
        greeting=greeting,
        opening=opening,
        rows=rows,
        warning=warning,
        seller=seller,
        accent=button_colour(found.accent_colour),
        open=said("Open your order"),
    )
    return in_words(said("The links of your orders"), text, mail, locale)


def _row(link: FoundLink, found: LinksFound) -> LinkRow:
    day = local_day(link.ordered_at, found.zone)
    if link.platform:
        label = said("%(number)s of %(day)s, %(platform)s", number=link.number, day=day, platform=link.platform)
    else:
        label = said("%(number)s of %(day)s", number=link.number, day=day)
    return LinkRow(label=label, url=link.url)
