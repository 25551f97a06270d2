"""The page for who lost the link: one field, and one answer for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.dossiers import SellerFacts
from views import View
from views.seller import Seller
from views.sentences import Sentence, said


@dataclass(frozen=True, kw_only=True)
class LostLinkPage(View):
    """`typed` is what was sent, `complaint` what is wrong with it; `asked` once the question is on its way."""

    template: ClassVar = "customer/lost_link.html"

    seller: Seller
    sends_mail: bool
    asked: bool
    typed: str
    complaint: Sentence | None

    @staticmethod
    def of(seller: SellerFacts, *, sends_mail: bool, asked: bool) -> LostLinkPage:
        """`sends_mail`: whether a mail server is set up at all."""
        return LostLinkPage(seller=Seller.of(seller), sends_mail=sends_mail, asked=asked, typed="", complaint=None)

    @staticmethod
    def again(seller: SellerFacts, typed: str) -> LostLinkPage:
        """The form once more, with what was typed and what it should look like."""
        complaint = said("This is no mail address. A correct one looks like this: erika@example.org")
        return LostLinkPage(seller=Seller.of(seller), sends_mail=True, asked=False, typed=typed, complaint=complaint)
