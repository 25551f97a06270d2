"""Small pages for what cannot be shown: one paper on an empty counter, no order data, one way on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from portal.dossiers import SellerFacts
from views import View
from views.seller import Seller
from views.sentences import Sentence, said


@dataclass(frozen=True, kw_only=True)
class ErrorPage(View):
    """What is the matter and what to do; `status` is the one it is answered with."""

    template: ClassVar = "errors/error.html"
    status: ClassVar[int]
    says: ClassVar[Sentence]
    helps: ClassVar[Sentence]
    about_a_link: ClassVar = False

    seller: Seller
    title: Sentence
    advice: Sentence
    way_on: bool
    number: str

    @classmethod
    def of(cls, seller: SellerFacts, number: str = "") -> Self:
        """The page with its own words and this merchant's contact; `number` is what the log knows the failure by."""
        return cls(
            seller=Seller.of(seller), title=cls.says, advice=cls.helps, way_on=cls.about_a_link, number=number
        )


class LinkUnknown(ErrorPage):
    """The same for every cause, so that nobody learns which it was."""

    status: ClassVar = 404
    about_a_link: ClassVar = True
    says: ClassVar = said("This link opens no order")
    helps: ClassVar = said(
        "Perhaps a piece of the address is missing, or there is a newer link."
        " Please open the link from the shop’s latest mail."
    )


class LinkEnded(ErrorPage):
    status: ClassVar = 410
    says: ClassVar = said("This order is no longer here")
    helps: ClassVar = said(
        "The shop has removed it from the customer portal."
        " It keeps invoices that were issued, and sends them to you on request."
    )


class DownloadEnded(ErrorPage):
    status: ClassVar = 410
    says: ClassVar = said("This download has ended")
    helps: ClassVar = said(
        "Its address works for one day, and ends sooner where the file or the order changes."
        " Please open your order again, and start the download from there."
    )


class DownloadServed(ErrorPage):
    status: ClassVar = 410
    says: ClassVar = said("This download was fetched often enough")
    helps: ClassVar = said(
        "Its address hands out three times the file’s size at most, and has done so."
        " Please open your order again, and start the download from there."
    )


class StorageAway(ErrorPage):
    status: ClassVar = 503
    says: ClassVar = said("The shop’s store cannot be reached at the moment.")
    helps: ClassVar = said("Your downloads are kept. Please try again in a few minutes.")


class NotPossible(ErrorPage):
    """What was sent did not come from one of our own forms, or not as they send it."""

    status: ClassVar = 400
    says: ClassVar = said("That did not work this way")
    helps: ClassVar = said("Nothing was changed. Please open the link to your order again, and try it from there.")


class Misdirected(ErrorPage):
    status: ClassVar = 421
    says: ClassVar = said("This page has another address")
    helps: ClassVar = said("Please open it with the link from the shop’s mail.")


class TooMany(ErrorPage):
    status: ClassVar = 429
    says: ClassVar = said("One moment, please")
    helps: ClassVar = said("Very many requests came from your connection. In a minute it goes on.")


class Trouble(ErrorPage):
    status: ClassVar = 500
    says: ClassVar = said("That did not work just now")
    helps: ClassVar = said("It is our fault, not yours, and nothing is lost. Please try again in a few minutes.")
