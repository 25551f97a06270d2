"""Whom an invoice goes to, and where the goods went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from db.orders import Address, AddressRole, BillingCorrection, BuyerKind, Order
from db.settings import SellerSettings
from pdfkit import paper
from pdfkit.paper import TaxCategory
from portal import vat_ids
from portal.invoice_lines import NotIssued
from portal.refusals import Refusal
from portal.texts import plain

SMALL_AMOUNT = 250_00  # up to this total an invoice needs no recipient (§ 33 UStDV)
NAMES_BUYER = frozenset({TaxCategory.REVERSE_CHARGE, TaxCategory.INTRA_EU})
NAMES_SELLER = frozenset({*NAMES_BUYER, TaxCategory.EXPORT})
LEAVES_COUNTRY = frozenset({TaxCategory.INTRA_EU, TaxCategory.EXPORT})


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What of an order says who bought, and how it is taxed."""

    row: Order
    addresses: Sequence[Address]
    correction: BillingCorrection | None
    categories: frozenset[TaxCategory]
    seller: SellerSettings

    def address(self, role: AddressRole) -> Address | None:
        return next((address for address in self.addresses if address.role is role), None)


def buyer(asked: Asked) -> paper.Buyer:
    """Raises NotIssued where the address or a VAT id is missing that the document must show."""
    row = asked.row
    vat_id = vat_ids.compact(row.buyer_vat_id)
    is_vat_id = vat_ids.wrong(vat_id) is None
    if asked.categories & NAMES_BUYER and not is_vat_id:
        raise NotIssued(Refusal.VAT_ID_MISSING, vat_id)
    if asked.categories & NAMES_SELLER and not asked.seller.vat_id:
        raise NotIssued(Refusal.SELLER_INCOMPLETE, "vat_id")
    return paper.Buyer(
        address=_complete(_billing(asked), row.total_gross),
        vat_id=vat_id if is_vat_id else "",
        email=plain(row.buyer_email),
        reference=plain(row.buyer_reference),
        customer_number=plain(row.buyer_customer_number),
    )


def destination(asked: Asked) -> paper.Address:
    """Where it went, as the source told it: it decides about the tax, so what customers type has no say in it."""
    shipping = asked.address(AddressRole.SHIPPING)
    told = shipping if shipping and shipping.country else asked.address(AddressRole.BILLING) or shipping
    return _address(told, asked)


def ship_to(asked: Asked) -> paper.Address | None:
    """Where it went if that is not where the invoice goes, or if its country decides about the tax."""
    billing, place = _billing(asked), destination(asked)
    found = asked.address(AddressRole.SHIPPING)
    if not (found and found.country) and billing.country == place.country:
        place = billing  # as it was corrected, for there is no other
    is_abroad = bool(asked.categories & LEAVES_COUNTRY) or place.country != asked.seller.country
    return place if is_abroad or place != billing else None


def _billing(asked: Asked) -> paper.Address:
    """As the customer corrected it, else as the source told it, else where the goods go."""
    told = asked.address(AddressRole.BILLING) or asked.address(AddressRole.SHIPPING)
    address = _address(asked.correction or told, asked)
    if address.company or asked.row.buyer_kind is not BuyerKind.BUSINESS:
        return address
    return structs.replace(address, company=plain(asked.row.buyer_company))  # it is the business that bought


def _address(told: Address | BillingCorrection | None, asked: Asked) -> paper.Address:
    """A name where there is none is the buyer's. Where no country is told, the sale was at home."""
    same = "name company line1 line2 zip city".split()
    texts = {name: plain(getattr(told, name)) if told else "" for name in same}
    if not texts["name"] and not texts["company"]:
        texts |= {"name": plain(asked.row.buyer_name), "company": plain(asked.row.buyer_company)}
    region = plain(told.region) if isinstance(told, Address) else ""
    return paper.Address(country=(told.country if told else "") or asked.seller.country, region=region, **texts)


def _complete(address: paper.Address, total: int) -> paper.Address:
    """Name and address of the recipient are mandatory (§ 14 (4) no. 1 UStG), except for small amounts."""
    missing = [] if address.name or address.company else ["name"]
    if total > SMALL_AMOUNT:
        missing += [name for name in ("line1", "zip", "city") if not getattr(address, name)]
    if missing:
        raise NotIssued(Refusal.ADDRESS_INCOMPLETE, " ".join(missing))
    return address
