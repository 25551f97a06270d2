"""A mail in the merchant's own words: what the placeholders stand for, and the frame that all mails share."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from markupsafe import Markup, escape

from portal import downloads, greetings
from portal.dossiers import Dossier
from portal.new_messages import Written
from portal.placeholders import fill_text
from portal.templated_mails import Wording
from portal.windows import local_day
from views import View, render
from views.format import Formats, Money
from views.languages import locale_of
from views.mail.portal_link import TO_BE_HAD
from views.mail.written import button_colour
from views.seller import Seller

ADDRESSES = ("PortalUrl", "DownloadUrl")
IN_LINK = re.compile(r'href="(?:\{|%7B)(PortalUrl|DownloadUrl)(?:\}|%7D)"')
LINK = re.compile(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', re.S)
ENDS = re.compile(r"</(?:p|ul|ol|blockquote)>|<hr[^>]*>")
LINES = re.compile(r"<br[^>]*>|</li>")
TAG = re.compile(r"<[^>]*>")
EMPTY_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, kw_only=True)
class TemplatedMail(View):
    """`body` is clean; `accent` as `#rrggbb`."""

    template: ClassVar = "mail/templated.html"

    title: str
    body: Markup
    accent: str
    seller: Seller


def written(wording: Wording, dossier: Dossier, url: str, now: datetime) -> Written:
    """`url` is the order's portal link. In the order's own locale, if that is the language of the template."""
    is_theirs = dossier.locale.lower().startswith(wording.locale)
    locale = locale_of(dossier.locale if is_theirs else wording.locale, "")
    values = _values(dossier, url, Formats(locale), now)
    subject = fill_text(wording.subject, values)
    body = _filled(wording.html, values, url)
    text = fill_text(wording.text, values) if wording.text.strip() else as_text(body)
    page = TemplatedMail(
        title=subject,
        body=Markup(body),  # noqa: S704 (greetings.clean has seen it)
        accent=button_colour(dossier.appearance.accent_colour),
        seller=Seller.of(dossier.seller, dossier.shop_name),
    )
    return Written(
        subject=subject,
        text=text.rstrip() + "\n",
        html=render(page, locale=locale) if body.strip() else "",
        locale=str(locale).replace("_", "-"),
    )


def body_of(wording: Wording, dossier: Dossier, url: str, now: datetime) -> Markup:
    """The HTML without its frame, to be shown inside a page."""
    values = _values(dossier, url, Formats(locale_of(wording.locale, "")), now)
    return Markup(_filled(wording.html, values, url))  # noqa: S704 (cleaned)


def as_text(body: str) -> str:
    """What a mail of HTML alone says to programs that show none: paragraphs, lines, and where links lead."""
    linked = LINK.sub(lambda found: _in_words(found[1], found[2]), body)
    lines = TAG.sub("", LINES.sub("\n", ENDS.sub("\n\n", linked)))
    return EMPTY_LINES.sub("\n\n", html.unescape(lines)).strip()


def _in_words(address: str, words: str) -> str:
    return words if TAG.sub("", words).strip() == address else f"{words}: {address}"


def _values(dossier: Dossier, url: str, formats: Formats, now: datetime) -> Mapping[str, str]:
    order = dossier.order
    titles = (each.file.title for each in dossier.entitlements if downloads.refusal(each, now) in TO_BE_HAD)
    return {
        "UserName": dossier.user_name,
        "OrderNumber": order.number,
        "OrderDate": formats.day(local_day(order.ordered_at, dossier.zone)),
        "Platform": dossier.platform or dossier.shop_name,
        "InvoiceNumber": dossier.invoice_number,
        "OpenAmount": formats.money(Money(order.due, order.currency)),
        "PaymentDueDate": formats.day(local_day(order.due_at, dossier.zone)) if order.due_at else "",
        "FileList": "\n".join(f"- {title}" for title in titles),
        **dict.fromkeys(ADDRESSES, url),
    }


def _filled(template_html: str, values: Mapping[str, str], url: str) -> str:
    """An address that stands alone becomes a link; one that a link leads to stays an address."""
    escaped = {name: str(escape(value)).replace("\n", "<br>") for name, value in values.items()}
    linked = dict.fromkeys(ADDRESSES, f'<a href="{escape(url)}">{escape(url)}</a>')
    in_links = IN_LINK.sub(f'href="{escape(url)}"', template_html)
    return greetings.clean(fill_text(in_links, {**escaped, **linked}))
