"""The page for who comes back with a payment of which the order's page would not speak, or to a renewed link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.dossiers import SellerFacts
from portal.payment_attempts import Standing
from views import View
from views.seller import Seller
from views.sentences import Sentence, said

GAVE_WAY = (said("This payment was replaced"), said("A later one took its place. Nothing was taken with this one."))
SEE_ORDER = said("How your order stands is shown on its page.")
NEWER_LINK = said("There is a newer link to your order by now. The shop sends it to you.")
CHECKED = (said("Your payment is being checked"), said("Please do not pay a second time."))
NOT_TAKEN = (said("This payment did not come about"), said("Nothing was taken."))
SAID = {
    Standing.STARTING: NOT_TAKEN,
    Standing.WAITING: NOT_TAKEN,
    Standing.CHECKING: CHECKED,
    Standing.PENDING: CHECKED,
    Standing.COMPLETED: (said("Your payment has arrived"), said("Thank you very much.")),
    Standing.DECLINED: NOT_TAKEN,
    Standing.CANCELLED: NOT_TAKEN,
    Standing.EXPIRED: NOT_TAKEN,
    Standing.REPLACED: NOT_TAKEN,
    Standing.FAILED: NOT_TAKEN,
    Standing.REVERSED: (
        said("Payment charged back"),
        said("The bank or payment service has taken the payment back."),
    ),
}


@dataclass(frozen=True, kw_only=True)
class PaymentReturnPage(View):
    """What came of the payment, and where to go from here; `order_url` is empty where no order may be opened."""

    template: ClassVar = "customer/payment_return.html"

    seller: Seller
    title: Sentence
    outcome: Sentence
    advice: Sentence
    order_url: str

    @staticmethod
    def of(standing: Standing, seller: SellerFacts, *, gave_way: bool, order_url: str) -> PaymentReturnPage:
        title, outcome = GAVE_WAY if gave_way else SAID[standing]
        return PaymentReturnPage(
            seller=Seller.of(seller),
            title=title,
            outcome=outcome,
            advice=SEE_ORDER if order_url else NEWER_LINK,
            order_url=order_url,
        )
