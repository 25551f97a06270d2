"""The page with the account to pay into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from portal.bank_transfers import Transfer
from portal.dossiers import Dossier
from portal.windows import local_day
from views import View, qr, theme
from views.customer.payments import purpose
from views.format import Money
from views.seller import Seller
from views.sentences import Sentence


@dataclass(frozen=True, kw_only=True)
class BankTransferPage(View):
    """`giro_code` is the address of a picture, empty where there is none; `iban` in groups of four."""

    template: ClassVar = "customer/bank_transfer.html"

    theme_url: str
    seller: Seller
    purpose: Sentence
    name: str
    iban: str
    bic: str
    bank: str
    amount: Money
    reference: str
    giro_code: str
    announced_on: date | None
    announce_url: str
    order_url: str

    @staticmethod
    def of(dossier: Dossier, transfer: Transfer, *, token: str, provider_id: int) -> BankTransferPage:
        said_at = dossier.paying.announced_at
        return BankTransferPage(
            theme_url=theme.address(dossier.appearance.accent_colour),
            seller=Seller.of(dossier.seller, dossier.shop_name),
            purpose=purpose(dossier),
            name=transfer.name,
            iban=" ".join(transfer.iban[start : start + 4] for start in range(0, len(transfer.iban), 4)),
            bic=transfer.bic,
            bank=transfer.bank,
            amount=Money(transfer.amount, transfer.currency),
            reference=transfer.reference,
            giro_code=qr.drawn(transfer.giro_code) if transfer.giro_code else "",
            announced_on=local_day(said_at, dossier.zone) if said_at else None,
            announce_url=f"/o/{token}/bank-transfers/{provider_id}/announcements",
            order_url=f"/o/{token}",
        )
