"""Whether the tax that an order tells can be true: where it went, to whom, and which rates were in force.

Whoever sells without tax has to show that the buyer and the place allow it; a shop that says so by mistake would make
its merchant owe the tax (§§ 4, 6, 6a, 13b UStG; articles 138, 146 and 196 of directive 2006/112/EC).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pdfkit import paper
from pdfkit.paper import TaxCategory, TaxGroup
from portal.invoice_lines import NotIssued
from portal.refusals import Refusal

UNION = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK XI".split()
)  # Monaco counts as France, Northern Ireland as the Union for goods
# Parts of member states where its VAT does not apply, by the beginning of their postcodes (article 6 of the directive):
# Canary Islands, Ceuta, Melilla; Büsingen, Heligoland; Livigno, Campione d'Italia; Mount Athos.
BEYOND_UNION = {
    "ES": ("35", "38", "51", "52"),
    "DE": ("78266", "27498"),
    "IT": ("23041", "22061"),
    "GR": ("63086", "63087"),
}
PREFIXES = {"EL": "GR"}  # how VAT identification numbers begin where that is not the country's code
# In basis points. Of other countries no table is kept: up to the highest of the Union, any may be in force.
DOMESTIC_RATES = {"DE": frozenset({1900, 700})}
LOWERED_RATES = {"DE": frozenset({1600, 500})}  # second half of 2020 (§ 28 (1) to (3) UStG)
LOWERED = (date(2020, 7, 1), date(2020, 12, 31))


@dataclass(frozen=True, kw_only=True)
class Sale:
    """`destination` is as the source told it; `on` the day by which the rate is chosen."""

    seller_country: str
    destination: paper.Address
    vat_id: str
    is_business: bool
    taxes: Sequence[TaxGroup]
    on: date


def check(sale: Sale) -> None:
    """Raises NotIssued for tax that cannot be right. A VAT id that is needed and missing is asked for before."""
    categories = {group.category for group in sale.taxes}
    if TaxCategory.INTRA_EU in categories and not _is_elsewhere_in_union(sale):
        raise NotIssued(Refusal.EXEMPTION_UNFOUNDED, f"intra-eu {sale.destination.country}")
    if TaxCategory.INTRA_EU in categories and not _is_from_elsewhere_in_union(sale):
        raise NotIssued(Refusal.VAT_ID_MISSING, sale.vat_id)
    if TaxCategory.EXPORT in categories and is_in_union(sale.destination):
        raise NotIssued(Refusal.EXEMPTION_UNFOUNDED, f"export {sale.destination.country}")
    if TaxCategory.REVERSE_CHARGE in categories and not sale.is_business:
        raise NotIssued(Refusal.EXEMPTION_UNFOUNDED, "reverse-charge")
    _check_rates(sale)


def is_in_union(place: paper.Address) -> bool:
    """Whether the VAT of the Union applies there."""
    return place.country in UNION and not place.zip.replace(" ", "").startswith(BEYOND_UNION.get(place.country, ("-",)))


def _is_elsewhere_in_union(sale: Sale) -> bool:
    return is_in_union(sale.destination) and sale.destination.country != sale.seller_country


def _is_from_elsewhere_in_union(sale: Sale) -> bool:
    prefix = sale.vat_id[:2]
    country = PREFIXES.get(prefix, prefix)
    return country in UNION and country != sale.seller_country


def _check_rates(sale: Sale) -> None:
    """At home only those in force; abroad it is the source that knows which country's apply."""
    known = DOMESTIC_RATES.get(sale.seller_country)
    if known is None or sale.destination.country != sale.seller_country:
        return
    if LOWERED[0] <= sale.on <= LOWERED[1]:
        known |= LOWERED_RATES[sale.seller_country]
    for group in sale.taxes:
        if group.category is TaxCategory.STANDARD and group.rate not in known:
            raise NotIssued(Refusal.TAX_RATE_UNKNOWN, f"rate {group.rate}")
