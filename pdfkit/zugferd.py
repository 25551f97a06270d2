"""Writes a paper as XML: Cross Industry Invoice in the profile EN 16931 of ZUGFeRD and Factur-X, or as XRechnung.

BT and BG are the numbers by which EN 16931 calls its terms, BR its rules. XRechnung has the same body under another
head and asks for more (xrechnung.py).
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum

from lxml import etree

from pdfkit import statements
from pdfkit.figures import amount_of
from pdfkit.paper import Address, Adjustment, Buyer, Kind, Line, Means, Paper, Seller, Share, TaxCategory, TaxGroup
from pdfkit.units import unit_code

_RSM = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
_RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
_UDT = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
_QDT = "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"

# BT-3, UNTDID 1001: commercial invoice, credit note, corrected invoice.
_TYPES = {Kind.INVOICE: "380", Kind.CANCELLATION: "381", Kind.CORRECTION: "384"}

# BT-81, UNTDID 4461. Cards and debits reach a shop through a service (68); their own codes 48 and 59 would oblige an
# XRechnung to name the card's last digits or the mandate (BR-DE-24, BR-DE-25), which no shop is told.
_TRANSFER, _UNDEFINED = "58", "1"
_MEANS = {
    Means.PAYPAL: ("68", "PayPal"),
    Means.CARD: ("68", "Card"),
    Means.DIRECT_DEBIT: ("68", "Direct debit"),
    Means.MARKETPLACE: ("68", "Marketplace"),
    Means.BANK_TRANSFER: (_TRANSFER, ""),
    Means.CASH: ("10", ""),
    Means.OTHER: (_UNDEFINED, ""),
}


class Profile(StrEnum):
    """BT-24."""

    EN16931 = "urn:cen.eu:en16931:2017"
    XRECHNUNG = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"


_XRECHNUNG_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"  # BT-23


def written(paper: Paper, profile: Profile = Profile.EN16931) -> bytes:
    """The XML in UTF-8. The paper has to be consistent (consistency.complaint); the same paper gives the same bytes."""
    namespaces = {"rsm": _RSM, "ram": _RAM, "udt": _UDT, "qdt": _QDT}
    root = etree.Element(f"{{{_RSM}}}CrossIndustryInvoice", nsmap=namespaces)
    context = etree.SubElement(root, f"{{{_RSM}}}ExchangedDocumentContext")
    if profile is Profile.XRECHNUNG:
        _add(_add(context, "BusinessProcessSpecifiedDocumentContextParameter"), "ID", _XRECHNUNG_PROCESS)
    _add(_add(context, "GuidelineSpecifiedDocumentContextParameter"), "ID", profile)
    _head(etree.SubElement(root, f"{{{_RSM}}}ExchangedDocument"), paper)
    _Body(paper).write(etree.SubElement(root, f"{{{_RSM}}}SupplyChainTradeTransaction"))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_RAM}}}{name}", attributes)
    if text:
        element.text = text
    return element


def _add_if(parent: etree._Element, name: str, text: str, **attributes: str) -> None:
    """No rule of EN 16931 likes an empty element."""
    if text:
        _add(parent, name, text, **attributes)


def _add_date(parent: etree._Element, name: str, day: date, namespace: str = _UDT) -> None:
    stamp = etree.SubElement(_add(parent, name), f"{{{namespace}}}DateTimeString", format="102")
    stamp.text = f"{day:%Y%m%d}"


def _head(document: etree._Element, paper: Paper) -> None:
    _add(document, "ID", paper.number)
    _add(document, "TypeCode", _TYPES[paper.kind])
    _add_date(document, "IssueDateTime", paper.issued_on)
    for note in (*statements.on_money(paper), *paper.notes):
        _add(_add(document, "IncludedNote"), "Content", note)


class _Body:
    """Everything below the head. A correction turns the sign of quantities and amounts, a cancellation does not:
    its type says that the money goes the other way."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._sign = -1 if paper.kind is Kind.CORRECTION else 1
        self._outside = any(group.category is TaxCategory.OUTSIDE_SCOPE for group in paper.taxes)

    def write(self, transaction: etree._Element) -> None:
        for number, line in enumerate(self._paper.lines, start=1):
            self._line(_add(transaction, "IncludedSupplyChainTradeLineItem"), number, line)
        self._agreement(_add(transaction, "ApplicableHeaderTradeAgreement"))
        self._delivery(_add(transaction, "ApplicableHeaderTradeDelivery"))
        self._settlement(_add(transaction, "ApplicableHeaderTradeSettlement"))

    def _money(self, amount: int) -> str:
        return amount_of(self._sign * amount, self._paper.currency)

    def _line(self, item: etree._Element, number: int, line: Line) -> None:
        _add(_add(item, "AssociatedDocumentLineDocument"), "LineID", str(number))
        product = _add(item, "SpecifiedTradeProduct")
        _add_if(product, "SellerAssignedID", line.sku)
        _add(product, "Name", line.title)
        # The price before a discount (BT-148) would be one without tax, which the customer never saw.
        price = _add(_add(item, "SpecifiedLineTradeAgreement"), "NetPriceProductTradePrice")
        _add(price, "ChargeAmount", line.price_net)
        quantity = f"{self._sign * billed_quantity(line):f}"
        _add(_add(item, "SpecifiedLineTradeDelivery"), "BilledQuantity", quantity, unitCode=unit_code(line.unit))
        settlement = _add(item, "SpecifiedLineTradeSettlement")
        self._tax(_add(settlement, "ApplicableTradeTax"), line.category, line.rate)
        if line.discount_net:
            discount = _add(settlement, "SpecifiedTradeAllowanceCharge")
            self._indicator(discount, is_charge=False)
            _add(discount, "ActualAmount", self._money(line.discount_net))
            _add(discount, "ReasonCode", "95")
        summation = _add(settlement, "SpecifiedTradeSettlementLineMonetarySummation")
        _add(summation, "LineTotalAmount", self._money(line.total_net))

    def _tax(self, tax: etree._Element, category: TaxCategory, rate: int) -> None:
        _add(tax, "TypeCode", "VAT")
        _add(tax, "CategoryCode", category)
        if category is not TaxCategory.OUTSIDE_SCOPE:  # BR-O-05
            _add(tax, "RateApplicablePercent", _percent(rate))

    def _indicator(self, parent: etree._Element, is_charge: bool) -> None:
        indicator = etree.SubElement(_add(parent, "ChargeIndicator"), f"{{{_UDT}}}Indicator")
        indicator.text = "true" if is_charge else "false"

    def _agreement(self, agreement: etree._Element) -> None:
        paper = self._paper
        _add_if(agreement, "BuyerReference", paper.buyer.reference or paper.order_number)
        self._seller(_add(agreement, "SellerTradeParty"), paper.seller)
        self._buyer(_add(agreement, "BuyerTradeParty"), paper.buyer)
        if paper.order_number:
            _add(_add(agreement, "BuyerOrderReferencedDocument"), "IssuerAssignedID", paper.order_number)

    def _seller(self, party: etree._Element, seller: Seller) -> None:
        vat_id = "" if self._outside else seller.vat_id  # BR-O-02
        if not vat_id:  # BR-CO-26 wants one way to tell who this is
            _add(party, "ID", seller.tax_number or seller.vat_id)
        _add(party, "Name", seller.name)
        if seller.contact_name or seller.phone or seller.email:
            contact = _add(party, "DefinedTradeContact")
            _add_if(contact, "PersonName", seller.contact_name)
            if seller.phone:
                _add(_add(contact, "TelephoneUniversalCommunication"), "CompleteNumber", seller.phone)
            if seller.email:
                _add(_add(contact, "EmailURIUniversalCommunication"), "URIID", seller.email)
        address = Address(line1=seller.street, zip=seller.zip, city=seller.city, country=seller.country)
        _address(_add(party, "PostalTradeAddress"), address)
        _electronic_address(party, seller.email)
        for scheme, number in (("VA", vat_id), ("FC", seller.tax_number)):
            if number:
                _add(_add(party, "SpecifiedTaxRegistration"), "ID", number, schemeID=scheme)

    def _buyer(self, party: etree._Element, buyer: Buyer) -> None:
        address = buyer.address
        _add_if(party, "ID", buyer.customer_number)
        _add(party, "Name", address.company or address.name)
        if address.company and address.name:
            _add(_add(party, "DefinedTradeContact"), "PersonName", address.name)
        _address(_add(party, "PostalTradeAddress"), address)
        _electronic_address(party, buyer.email)
        if buyer.vat_id and not self._outside:
            _add(_add(party, "SpecifiedTaxRegistration"), "ID", buyer.vat_id, schemeID="VA")

    def _delivery(self, delivery: etree._Element) -> None:
        paper, supply = self._paper, self._paper.supply
        has_day = not supply.is_advance and not supply.until
        # The element is obligatory and must not be empty: without a day it says where to.
        if place := paper.ship_to or (None if has_day else paper.buyer.address):
            party = _add(delivery, "ShipToTradeParty")  # mail address and tax ids have no place here
            _add_if(party, "Name", place.company or place.name)
            _address(_add(party, "PostalTradeAddress"), place)
        if has_day:
            event = _add(delivery, "ActualDeliverySupplyChainEvent")
            _add_date(event, "OccurrenceDateTime", supply.on or paper.issued_on)

    def _settlement(self, settlement: etree._Element) -> None:
        paper = self._paper
        if paper.totals.due > 0:
            _add(settlement, "PaymentReference", paper.number)
        _add(settlement, "InvoiceCurrencyCode", paper.currency)
        self._means(_add(settlement, "SpecifiedTradeSettlementPaymentMeans"))
        for group in paper.taxes:
            self._group(_add(settlement, "ApplicableTradeTax"), group)
        if paper.supply.on and paper.supply.until:
            period = _add(settlement, "BillingSpecifiedPeriod")
            _add_date(period, "StartDateTime", paper.supply.on)
            _add_date(period, "EndDateTime", paper.supply.until)
        for adjustment in paper.adjustments:
            self._adjustment(settlement, adjustment)
        if paper.terms or paper.due_on:
            terms = _add(settlement, "SpecifiedTradePaymentTerms")
            _add_if(terms, "Description", paper.terms)
            if paper.due_on:
                _add_date(terms, "DueDateDateTime", paper.due_on)
        self._summation(_add(settlement, "SpecifiedTradeSettlementHeaderMonetarySummation"))
        if paper.refers_to:
            reference = _add(settlement, "InvoiceReferencedDocument")
            _add(reference, "IssuerAssignedID", paper.refers_to.number)
            _add_date(reference, "FormattedIssueDateTime", paper.refers_to.issued_on, _QDT)

    def _means(self, means: etree._Element) -> None:
        seller = self._paper.seller
        code, name = _how_it_is_paid(self._paper)
        _add(means, "TypeCode", code)
        _add_if(means, "Information", name)
        if code == _TRANSFER:
            account = _add(means, "PayeePartyCreditorFinancialAccount")
            _add(account, "IBANID", "".join(seller.iban.split()))
            _add(account, "AccountName", seller.name)
            if seller.bic:
                _add(_add(means, "PayeeSpecifiedCreditorFinancialInstitution"), "BICID", seller.bic)

    def _group(self, tax: etree._Element, group: TaxGroup) -> None:
        _add(tax, "CalculatedAmount", self._money(group.tax))
        _add(tax, "TypeCode", "VAT")
        _add_if(tax, "ExemptionReason", group.reason)
        _add(tax, "BasisAmount", self._money(group.basis))
        _add(tax, "CategoryCode", group.category)
        _add_if(tax, "ExemptionReasonCode", group.reason_code)
        if group.category is not TaxCategory.OUTSIDE_SCOPE:
            _add(tax, "RateApplicablePercent", _percent(group.rate))

    def _adjustment(self, settlement: etree._Element, adjustment: Adjustment) -> None:
        for share in _weighty(adjustment):
            part = _add(settlement, "SpecifiedTradeAllowanceCharge")
            self._indicator(part, adjustment.kind == "charge")
            _add(part, "ActualAmount", self._money(share.net))
            _add(part, "ReasonCode", adjustment.code)
            _add(part, "Reason", adjustment.title)
            self._tax(_add(part, "CategoryTradeTax"), share.category, share.rate)

    def _summation(self, summation: etree._Element) -> None:
        totals, lines = self._paper.totals, self._paper.lines
        allowances, charges = (
            sum(share.net for each in self._paper.adjustments if each.kind == kind for share in each.shares)
            for kind in ("allowance", "charge")
        )
        _add(summation, "LineTotalAmount", self._money(sum(line.total_net for line in lines)))
        _add(summation, "ChargeTotalAmount", self._money(charges))
        _add(summation, "AllowanceTotalAmount", self._money(allowances))
        _add(summation, "TaxBasisTotalAmount", self._money(totals.basis))
        _add(summation, "TaxTotalAmount", self._money(totals.tax), currencyID=self._paper.currency)
        _add(summation, "GrandTotalAmount", self._money(totals.gross))
        _add(summation, "TotalPrepaidAmount", self._money(totals.paid))
        _add(summation, "DuePayableAmount", self._money(totals.due))


def billed_quantity(line: Line) -> Decimal:
    """BT-129 with the sign of the line's total, as a price is never negative (BR-27)."""
    quantity = abs(Decimal(line.quantity))
    return -quantity if line.total_net < 0 else quantity


def _how_it_is_paid(paper: Paper) -> tuple[str, str]:
    """BT-81 and BT-82: how the rest is to come while something is due, else how the last money came."""
    if paper.kind is not Kind.INVOICE:
        return _UNDEFINED, ""
    if paper.totals.due > 0:
        code, name = _MEANS[paper.due_means]
    else:
        code, name = _MEANS[max(paper.receipts, key=lambda receipt: receipt.on).means] if paper.receipts else ("1", "")
    return (_UNDEFINED, "") if code == _TRANSFER and not paper.seller.iban else (code, name)  # BR-50


def _weighty(adjustment: Adjustment) -> Iterator[Share]:
    """Free shipping adds nothing to a tax group, and may be of one that the document does not have."""
    return (share for share in adjustment.shares if share.net or share.gross)


def _percent(rate: int) -> str:
    return f"{Decimal(rate) / 100:.2f}"


def _address(postal: etree._Element, address: Address) -> None:
    _add_if(postal, "PostcodeCode", address.zip)
    _add_if(postal, "LineOne", address.line1)
    _add_if(postal, "LineTwo", address.line2)
    _add_if(postal, "CityName", address.city)
    _add(postal, "CountryID", address.country)
    _add_if(postal, "CountrySubDivisionName", address.region)


def _electronic_address(party: etree._Element, mail: str) -> None:
    if mail:
        _add(_add(party, "URIUniversalCommunication"), "URIID", mail, schemeID="EM")
