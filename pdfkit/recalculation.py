"""Adds up an e-invoice anew from nothing but its XML, so that what was written is checked and not what was meant.

The rules are those of EN 16931 by their names (BR-CO-10 to 17, PEPPOL-EN16931-R120) and BT-25 for whatever takes an
invoice back.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from pdfkit.figures import DIGITS

_RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
_TAKES_BACK = {"381", "384"}
# What PEPPOL-EN16931-R120 allows a line. In BR-CO-17 half a minor unit is for rounding, and one for tax that is taken
# out of the gross amount, so that the total stays what was paid.
_SLACK, _GROSS_FIRST = Decimal("0.02"), Decimal("1.5")


def broken(xml: bytes) -> list[str]:
    """The names of the rules that do not hold. Raises lxml.etree.XMLSyntaxError for what is no XML."""
    root = etree.fromstring(xml)
    settlement = next(root.iter(f"{_RAM}ApplicableHeaderTradeSettlement"))
    return [
        *_broken_totals(root, settlement),
        *_broken_taxes(settlement),
        *(f"R120:{number}" for number, line in enumerate(_lines(root), start=1) if not _is_right(line)),
        *(["BT-25"] if _refers_to_nothing(root, settlement) else []),
    ]


def _lines(root: etree._Element) -> Iterator[etree._Element]:
    return root.iter(f"{_RAM}IncludedSupplyChainTradeLineItem")


def _broken_totals(root: etree._Element, settlement: etree._Element) -> Iterator[str]:
    stated = next(settlement.iter(f"{_RAM}SpecifiedTradeSettlementHeaderMonetarySummation"))
    currency = settlement.findtext("{*}InvoiceCurrencyCode")  # the tax may be told in a second one, too
    total = {
        str(each.tag).removeprefix(_RAM): Decimal(each.text or "0")
        for each in stated
        if each.get("currencyID", currency) == currency
    }
    nothing = Decimal(0)
    lines = sum((_amount(each, ".//{*}LineTotalAmount") for each in _lines(root)), nothing)
    allowances, charges = (
        sum((_amount(each, "{*}ActualAmount") for each in _adjustments(settlement, is_charge)), nothing)
        for is_charge in ("false", "true")
    )
    taxes = sum(
        (_amount(each, "{*}CalculatedAmount") for each in settlement.findall(f"{_RAM}ApplicableTradeTax")), nothing
    )
    basis, gross = total["TaxBasisTotalAmount"], total["GrandTotalAmount"]
    paid, rounding = total.get("TotalPrepaidAmount", nothing), total.get("RoundingAmount", nothing)
    holds = {
        "BR-CO-10": total["LineTotalAmount"] == lines,
        "BR-CO-11": total.get("AllowanceTotalAmount", nothing) == allowances,
        "BR-CO-12": total.get("ChargeTotalAmount", nothing) == charges,
        "BR-CO-13": basis == lines - allowances + charges,
        "BR-CO-14": total.get("TaxTotalAmount", nothing) == taxes,
        "BR-CO-15": gross == basis + taxes,
        "BR-CO-16": total["DuePayableAmount"] == gross - paid + rounding,
    }
    yield from (rule for rule, is_so in holds.items() if not is_so)


def _broken_taxes(settlement: etree._Element) -> Iterator[str]:
    unit = Decimal(1).scaleb(-DIGITS.get(settlement.findtext("{*}InvoiceCurrencyCode") or "", 2))
    for group in settlement.findall(f"{_RAM}ApplicableTradeTax"):
        exact = _amount(group, "{*}BasisAmount") * _amount(group, "{*}RateApplicablePercent") / 100
        if abs(_amount(group, "{*}CalculatedAmount") - exact) > _GROSS_FIRST * unit:
            yield "BR-CO-17"


def _is_right(line: etree._Element) -> bool:
    """Quantity × price − allowances + charges is the line's total."""
    price = line.find(".//{*}NetPriceProductTradePrice")
    settlement = line.find("{*}SpecifiedLineTradeSettlement")
    if price is None or settlement is None:
        return False
    quantity = _amount(line, ".//{*}BilledQuantity")
    per = _amount(price, "{*}BasisQuantity") or Decimal(1)
    expected = quantity * _amount(price, "{*}ChargeAmount") / per
    expected -= sum(_amount(each, "{*}ActualAmount") for each in _adjustments(settlement, "false"))
    expected += sum(_amount(each, "{*}ActualAmount") for each in _adjustments(settlement, "true"))
    allowed = _SLACK + abs(quantity) * Decimal("0.0000005")  # the price has six decimals
    return abs(_amount(line, ".//{*}LineTotalAmount") - expected) <= allowed


def _adjustments(settlement: etree._Element, is_charge: str) -> list[etree._Element]:
    found = settlement.findall(f"{_RAM}SpecifiedTradeAllowanceCharge")
    return [each for each in found if (each.findtext("{*}ChargeIndicator/{*}Indicator") or "").strip() == is_charge]


def _refers_to_nothing(root: etree._Element, settlement: etree._Element) -> bool:
    return root.findtext("{*}ExchangedDocument/{*}TypeCode") in _TAKES_BACK and not settlement.findtext(
        "{*}InvoiceReferencedDocument/{*}IssuerAssignedID"
    )


def _amount(element: etree._Element, path: str) -> Decimal:
    return Decimal((element.findtext(path) or "0").strip())
