"""The confirmation of a consent as a page that can be read, printed and saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from babel import Locale

from portal.waiver_records import WaiverRecord
from views import View, theme
from views.papers.waivers import confirmation
from views.seller import Seller


@dataclass(frozen=True, kw_only=True)
class WaiverConfirmationPage(View):
    """The same words as the paper; each of the facts is a label and the lines of its value."""

    template: ClassVar = "customer/waiver_confirmation.html"

    theme_url: str
    seller: Seller
    title: str
    before: tuple[str, ...]
    quotation: str
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    after: tuple[str, ...]
    pdf_url: str
    order_url: str

    @staticmethod
    def of(record: WaiverRecord, locale: Locale, *, token: str) -> WaiverConfirmationPage:
        letter = confirmation(record, locale)
        return WaiverConfirmationPage(
            theme_url=theme.address(record.accent_colour),
            seller=Seller.of(record.contact, record.shop_name),
            title=letter.title,
            before=letter.before,
            quotation=letter.quotation,
            facts=tuple((label, tuple(value.splitlines())) for label, value in letter.facts),
            after=letter.after,
            pdf_url=f"/o/{token}/waivers/{record.waiver.id}.pdf",
            order_url=f"/o/{token}",
        )
