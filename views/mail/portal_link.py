"""The mail that brings the portal link: what is ready, one button, and the address once more to copy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from babel import Locale

from portal import downloads
from portal.dossiers import Dossier
from portal.new_messages import NewMessage
from portal.refusals import Refusal
from portal.windows import local_day
from views import View
from views.mail.written import button_colour
from views.mail.written import written as in_words
from views.seller import Seller
from views.sentences import Sentence, Value, said

KIND = "portal_link"
# What the customer clears behind the link is no reason to be silent about a file.
TO_BE_HAD = (None, Refusal.WAIVER_MISSING, Refusal.WAIVER_CONFIRMATION_PENDING)


@dataclass(frozen=True, kw_only=True)
class PortalLinkText(View):
    """The part that every mail program shows."""

    template: ClassVar = "mail/portal_link.txt"

    title: Sentence
    greeting: Sentence
    opening: Sentence
    open: Sentence
    url: str
    files: tuple[str, ...]
    warning: Sentence
    seller: Seller


@dataclass(frozen=True, kw_only=True)
class PortalLinkMail(PortalLinkText):
    """The same with a button in the merchant's colour, `accent` as `#rrggbb`."""

    template: ClassVar = "mail/portal_link.html"

    accent: str
    copy: Sentence


def written(dossier: Dossier, url: str, locale: Locale, now: datetime) -> NewMessage:
    """`url` is the order's portal link."""
    order = dossier.order
    files = tuple(each.file.title for each in dossier.entitlements if downloads.refusal(each, now) in TO_BE_HAD)
    values: dict[str, Value] = {"number": order.number, "day": local_day(order.ordered_at, dossier.zone)}
    parts: dict[str, Sentence] = {
        "greeting": said("Hello %(name)s,", name=dossier.user_name) if dossier.user_name else said("Hello,"),
        "open": said("Open your order"),
        "warning": said("The link opens this order only. Please do not pass it on."),
    }
    if files:
        subject = said("Your files for order %(number)s", number=order.number)
        parts["title"] = said("Your files are ready")
        parts["opening"] = said(
            "your order %(number)s of %(day)s is paid."
            " Behind this link you find your files and all that belongs to it.",
            **values,
        )
    else:
        subject = parts["title"] = said("Your order %(number)s", number=order.number)
        parts["opening"] = said(
            "behind this link you find all that belongs to your order %(number)s of %(day)s.", **values
        )
    seller = Seller.of(dossier.seller, dossier.shop_name)
    text = PortalLinkText(**parts, url=url, files=files, seller=seller)
    copy = said("If the button does not work, copy this address:")
    accent = button_colour(dossier.appearance.accent_colour)
    mail = PortalLinkMail(**parts, url=url, files=files, seller=seller, accent=accent, copy=copy)
    words = in_words(subject, text, mail, locale)
    return NewMessage(
        kind=KIND,
        to=dossier.buyer_email,
        to_name=dossier.user_name,
        subject=words.subject,
        text=words.text,
        html=words.html,
        locale=words.locale,
        order_id=order.id,
    )

