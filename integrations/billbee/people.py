"""Who bought, and where it goes. Where the buyer is missing, the address knows, and at last Billbee's own customer."""

from __future__ import annotations

import re

from db.orders import BuyerKind
from integrations.billbee.shapes import Address, Order, Person
from portal.imported import Buyer, PostalAddress

BUSINESS = 1


def buyer(order: Order) -> Buyer:
    address, customer = order.invoice_address, order.customer
    vat_id = _first(order.customer_vat_id, order.vat_id, customer.vat_id)
    is_business = customer.type == BUSINESS or bool(vat_id)
    return Buyer(
        name=_first(_person(order.buyer), _full(address.first_name, address.last_name), customer.name),
        company=address.company.strip(),
        email=_first(order.buyer.email, address.email, customer.email),
        phone=_first(address.phone, customer.tel1),
        vat_id=vat_id,
        customer_number=_first(order.customer_number, customer.number),
        kind=BuyerKind.BUSINESS if is_business else BuyerKind.CONSUMER,
    )


def address(told: Address) -> PostalAddress | None:
    countries = (told.country_iso2.strip().upper(), told.country.strip().upper())
    found = PostalAddress(
        name=_full(told.first_name, told.last_name),
        company=told.company.strip(),
        line1=_full(told.street, told.house_number),
        line2=", ".join(part for part in (told.name_addition.strip(), told.line2.strip()) if part),
        zip=told.zip.strip(),
        city=told.city.strip(),
        region=told.state.strip(),
        country=next((country for country in countries if re.fullmatch("[A-Z]{2}", country)), ""),
    )
    is_empty = not (found.name or found.company or found.line1 or found.zip or found.city)
    return None if is_empty else found


def _person(told: Person) -> str:
    return _first(told.full_name, _full(told.first_name, told.last_name))


def _full(*parts: str) -> str:
    return " ".join(part.strip() for part in parts if part.strip())


def _first(*texts: str) -> str:
    return next((text.strip() for text in texts if text.strip()), "")
