"""Paying by bank transfer: what to transfer and where to, as a GiroCode too, and what the customer says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from db.bank_transfers import TransferAnnouncement
from db.orders import Order
from db.payment_providers import ProviderKind
from db.settings import SellerSettings
from portal import order_facts, payment_attempts, payment_choices, payment_facts, payments, settings
from portal.activity import By, entry
from portal.dossiers import Dossier
from portal.orders import OrderFacts
from portal.payment_attempts import Standing
from portal.payment_choices import Choice
from portal.refusals import NotFound, Refused

LARGEST_AMOUNT = 99_999_999_999  # minor units, by the guideline below
LONGEST_NAME, LONGEST_REFERENCE = 70, 140  # characters
LONGEST_CODE = 331  # bytes, what a code of version 13 with error correction M holds


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """`amount` in minor units; `bic` and `bank` may be empty; `giro_code` is the code's text, empty where none fits."""

    name: str
    iban: str
    bic: str
    bank: str
    amount: int
    currency: str
    reference: str
    giro_code: str


def transfer(order: OrderFacts, seller: SellerSettings, reference: str) -> Transfer:
    """What is due now, to the seller's account."""
    iban, bic = ("".join(text.split()).upper() for text in (seller.iban, seller.bic))
    return Transfer(
        name=seller.name,
        iban=iban,
        bic=bic,
        bank=seller.bank_name,
        amount=order.due,
        currency=order.currency,
        reference=reference,
        giro_code=giro_code(seller.name, (iban, bic), order, reference),
    )


def may_have_code(order: OrderFacts) -> bool:
    """Whether a GiroCode can say that amount; names that are too long for one are rare."""
    return order.currency == "EUR" and 0 < order.due <= LARGEST_AMOUNT


def giro_code(name: str, account: tuple[str, str], order: OrderFacts, reference: str) -> str:
    """The text of the QR code by EPC069-12, version 002: credit transfers in euro, UTF-8, unstructured remittance.

    `account` is IBAN and BIC; inside the EEA the BIC may be empty.
    """
    if not may_have_code(order):
        return ""
    iban, bic = account
    amount = f"EUR{Decimal(order.due).scaleb(-2):.2f}"
    lines = ("BCD", "002", "1", "SCT", bic, name[:LONGEST_NAME], iban, amount, "", "", reference[:LONGEST_REFERENCE])
    text = "\n".join(" ".join(line.split()) for line in lines)
    return text if len(text.encode()) <= LONGEST_CODE else ""


def reference(dossier: Dossier) -> str:
    """By what the merchant finds the money: the invoice's number, else the order's."""
    return dossier.invoice_number or dossier.order.number


async def offered(dossier: Dossier, provider_id: int, session: AsyncSession) -> Transfer:
    """What that provider's page shows. Raises NotFound for what is no bank transfer, Refused where nothing is due."""
    seller = await settings.of(SellerSettings, session)
    found = await payment_choices.offered(dossier.order, seller, session)
    if why := payments.refusal(dossier.order, providers=len(found), is_checking=dossier.paying.is_checking):
        raise Refused(why)
    if not _is_offered(found, provider_id):
        raise NotFound
    return transfer(dossier.order, seller, reference(dossier))


async def announce(order_id: int, provider_id: int, session: AsyncSession, by: By) -> None:
    """The customer says to have transferred what is due; twice is the same as once. Raises NotFound, Refused."""
    facts = await order_facts.of_one(await session.get_one(Order, order_id), session)
    found = await payment_choices.offered(facts, await settings.of(SellerSettings, session), session)
    attempt = await payment_attempts.latest(order_id, session)
    is_checking = attempt is not None and attempt.standing is Standing.CHECKING
    if why := payments.refusal(facts, providers=len(found), is_checking=is_checking):
        raise Refused(why)
    if not _is_offered(found, provider_id):
        raise NotFound
    if any(known.amount == facts.due for known in await payment_facts.announcements(order_id, session)):
        return
    session.add(
        TransferAnnouncement(
            order_id=order_id, provider_id=provider_id, amount=facts.due, currency=facts.currency, at=by.at
        )
    )
    told: dict[str, object] = {"amount": facts.due, "currency": facts.currency, "provider": provider_id}
    session.add(entry(by, "transfer_announced", order_id, told))


def _is_offered(found: Sequence[Choice], provider_id: int) -> bool:
    return any(each.provider_id == provider_id and each.kind is ProviderKind.BANK_TRANSFER for each in found)
