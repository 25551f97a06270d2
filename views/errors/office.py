"""What cannot be shown or done behind the counter: in the merchant's words, with a way back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import ClassVar

from views import View
from views.admin.frame import HOME
from views.sentences import Sentence, said

WORDS = {
    HTTPStatus.FORBIDDEN: (
        said("This was not sent from here"),
        said(
            "Your browser says that another page sent it, so nothing was changed."
            " Please open the back office again, and do it from there."
        ),
    ),
    HTTPStatus.NOT_FOUND: (
        said("There is nothing here"),
        said("Perhaps the address is mistyped, or what was here has been removed meanwhile."),
    ),
    HTTPStatus.MISDIRECTED_REQUEST: (
        said("This page has another address"),
        said("Please open the back office at the address that was set up for this shop."),
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (
        said("One moment, please"),
        said("Very many requests came from your connection. In a minute it goes on."),
    ),
    HTTPStatus.INSUFFICIENT_STORAGE: (
        said("The disk of the server is full"),
        said("Nothing was saved. Make room on the server, and do it again: nothing has to be restarted."),
    ),
}
NOT_POSSIBLE = (
    said("That did not work this way"),
    said("Nothing was changed. Please open the page again, and try it from there."),
)
TROUBLE = (
    said("That did not work just now"),
    said("It is not your fault, and what was saved before is not lost. The server’s log tells what happened."),
)


@dataclass(frozen=True, kw_only=True)
class OfficeErrorPage(View):
    template: ClassVar = "errors/office.html"

    title: Sentence
    advice: Sentence
    back: str
    number: str

    @staticmethod
    def of(status: int, largest: int | None = None, *, number: str = "") -> OfficeErrorPage:
        """`largest`: how many bytes may be sent to that address, where they were too many. `number`: for the log."""
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and largest:
            title, advice = said("That is too large"), _too_large(largest)
        else:
            known = {wording.value: words for wording, words in WORDS.items()}
            title, advice = known.get(status) or (TROUBLE if status >= 500 else NOT_POSSIBLE)
        return OfficeErrorPage(title=title, advice=advice, back=HOME, number=number)


def _too_large(largest: int) -> Sentence:
    return said(
        "Nothing was stored. At most %(most)s MB can be sent here at once; go back in your browser and shorten it.",
        most=round(Decimal(largest) / 10**6, 1),
    )
