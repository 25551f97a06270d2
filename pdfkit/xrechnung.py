"""What XRechnung asks for beyond EN 16931: BR-DE and PEPPOL are its rules."""

import re

from pdfkit.paper import Paper, TaxCategory


def lacks(paper: Paper) -> tuple[str, ...]:
    """The fields that keep this paper from being an XRechnung (BR-DE-1 to 28, PEPPOL-EN16931-R010 and R020)."""
    seller, buyer = paper.seller, paper.buyer
    wanted: dict[str, str | bool] = {
        "seller/contact_name": seller.contact_name,
        "seller/phone": len(re.findall("[0-9]", seller.phone)) >= 3,
        "seller/email": _is_mail(seller.email),
        "buyer/email": _is_mail(buyer.email),
        "buyer/reference": buyer.reference or paper.order_number,
        "buyer/address/zip": buyer.address.zip,
        "buyer/address/city": buyer.address.city,
        "ship_to/zip": not paper.ship_to or paper.ship_to.zip,
        "ship_to/city": not paper.ship_to or paper.ship_to.city,
        "taxes": all(group.category is not TaxCategory.OUTSIDE_SCOPE for group in paper.taxes),  # BR-DE-14 wants a rate
        "terms": "#" not in paper.terms,  # which begins a discount for early payment (BR-DE-18)
    }
    return tuple(field for field, there in wanted.items() if not there)


def _is_mail(text: str) -> bool:
    """By BR-DE-28: one @ with at least two characters on either side, none of them a dot at its edge or a blank."""
    return re.fullmatch(r"[^@\s.][^@\s]*[^@\s.]@[^@\s.][^@\s]*[^@\s.]", text) is not None
