"""The labels of a document in German and in English. Legal wording is none of them: it comes with the paper."""

from dataclasses import dataclass
from typing import ClassVar

from pdfkit.figures import Language
from pdfkit.paper import Kind, Means


@dataclass(frozen=True, kw_only=True)
class Words:
    """`{}` is where a value goes; `{0}` and `{1}` where there are two."""

    titles: dict[Kind, str]
    takes_back: str
    takes_back_in_part: str
    numbers: dict[Kind, str]
    issued_on: str
    supplied_on: str
    supplied_in: str
    still_to_come: str
    order: str
    ordered_on: str
    customer: str
    buyer_vat_id: str
    reference: str
    ship_to: str
    position: str
    description: str
    quantity: str
    unit_price: str
    unit_price_net: str
    tax: str
    amount: str
    amount_net: str
    sku: str
    discount: str
    carried: str
    lines_total: str
    net_total: str
    tax_at: str
    total: str
    paid: str
    due: str
    overpaid: str
    tax_rate: str
    tax_basis: str
    tax_amount: str
    tax_gross: str
    paid_on: str
    paid_by: dict[Means, str]
    in_advance: str
    nothing_due: str
    pay_until: str
    was_due: str
    account_holder: str
    bank: str
    purpose: str
    scan: str
    page: str
    tax_number: str
    vat_id: str
    phone: str

    of: ClassVar[dict[Language, "Words"]]


_GERMAN = Words(
    titles={
        Kind.INVOICE: "Rechnung",
        Kind.CANCELLATION: "Stornorechnung",
        Kind.CORRECTION: "Rechnungskorrektur",
    },
    takes_back="Storniert die Rechnung {0} vom {1} vollständig.",
    takes_back_in_part="Berichtigt die Rechnung {0} vom {1} um die folgenden Positionen.",
    numbers={
        Kind.INVOICE: "Rechnungs-Nr.",
        Kind.CANCELLATION: "Storno-Nr.",
        Kind.CORRECTION: "Korrektur-Nr.",
    },
    issued_on="Datum",
    supplied_on="Leistungsdatum",
    supplied_in="Leistungszeit",
    still_to_come="steht noch aus",
    order="Bestellung",
    ordered_on="Bestellt am",
    customer="Kundennummer",
    buyer_vat_id="Ihre USt-IdNr.",
    reference="Ihre Referenz",
    ship_to="Lieferadresse",
    position="Pos.",
    description="Bezeichnung",
    quantity="Menge",
    unit_price="Einzelpreis",
    unit_price_net="Einzelpreis netto",
    tax="USt.",
    amount="Betrag",
    amount_net="Betrag netto",
    sku="Art.-Nr. {}",
    discount="nach Abzug von {} Rabatt",
    carried="Übertrag",
    lines_total="Zwischensumme",
    net_total="Summe netto",
    tax_at="Umsatzsteuer {}",
    total="Gesamtbetrag",
    paid="Bereits bezahlt",
    due="Offener Betrag",
    overpaid="Zu viel bezahlt",
    tax_rate="USt.",
    tax_basis="Netto",
    tax_amount="Steuer",
    tax_gross="Brutto",
    paid_on="Bezahlt am {0}{1}: {2}.",
    paid_by={
        Means.PAYPAL: " mit PayPal",
        Means.CARD: " mit Karte",
        Means.DIRECT_DEBIT: " per Lastschrift",
        Means.BANK_TRANSFER: " per Überweisung",
        Means.CASH: " in bar",
        Means.MARKETPLACE: " über den Marktplatz",
        Means.OTHER: "",
    },
    in_advance="Die Zahlung ist vor der Lieferung eingegangen.",
    nothing_due="Der Betrag ist vollständig bezahlt.",
    pay_until="Bitte zahlen Sie {0} bis zum {1}.",
    was_due="{0} waren bis zum {1} zu zahlen und sind noch offen.",
    account_holder="Empfänger",
    bank="Bank",
    purpose="Zweck",
    scan="GiroCode für Ihre Banking-App",
    page="Seite {0} von {1}",
    tax_number="Steuernummer {}",
    vat_id="USt-IdNr. {}",
    phone="Telefon {}",
)

_ENGLISH = Words(
    titles={
        Kind.INVOICE: "Invoice",
        Kind.CANCELLATION: "Cancellation invoice",
        Kind.CORRECTION: "Invoice correction",
    },
    takes_back="Cancels invoice {0} of {1} completely.",
    takes_back_in_part="Corrects invoice {0} of {1} by the following lines.",
    numbers={
        Kind.INVOICE: "Invoice no.",
        Kind.CANCELLATION: "Cancellation no.",
        Kind.CORRECTION: "Correction no.",
    },
    issued_on="Date",
    supplied_on="Date of supply",
    supplied_in="Period of supply",
    still_to_come="still to come",
    order="Order",
    ordered_on="Ordered on",
    customer="Customer no.",
    buyer_vat_id="Your VAT ID",
    reference="Your reference",
    ship_to="Delivered to",
    position="No.",
    description="Description",
    quantity="Quantity",
    unit_price="Unit price",
    unit_price_net="Unit price, net",
    tax="VAT",
    amount="Amount",
    amount_net="Amount, net",
    sku="SKU {}",
    discount="after a discount of {}",
    carried="Carried forward",
    lines_total="Subtotal",
    net_total="Net total",
    tax_at="VAT {}",
    total="Total",
    paid="Already paid",
    due="Amount due",
    overpaid="Paid too much",
    tax_rate="VAT",
    tax_basis="Net",
    tax_amount="Tax",
    tax_gross="Gross",
    paid_on="Paid on {0}{1}: {2}.",
    paid_by={
        Means.PAYPAL: " by PayPal",
        Means.CARD: " by card",
        Means.DIRECT_DEBIT: " by direct debit",
        Means.BANK_TRANSFER: " by bank transfer",
        Means.CASH: " in cash",
        Means.MARKETPLACE: " through the marketplace",
        Means.OTHER: "",
    },
    in_advance="The payment was received before the supply.",
    nothing_due="The amount has been paid in full.",
    pay_until="Please pay {0} by {1}.",
    was_due="{0} was to be paid by {1} and is still open.",
    account_holder="Payee",
    bank="Bank",
    purpose="Reference",
    scan="Scan with your banking app",
    page="Page {0} of {1}",
    tax_number="Tax number {}",
    vat_id="VAT ID {}",
    phone="Phone {}",
)

Words.of = {"de": _GERMAN, "en": _ENGLISH}
