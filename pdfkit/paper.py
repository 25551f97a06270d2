"""One invoice, cancellation or correction as it is printed and sent: complete, and without a word about its origin.

Every amount is an integer in the currency's minor unit and every rate an integer in basis points (1900 is 19 %).
Texts are NFC without control characters; only notes may have line breaks. A cancellation and a correction state
their amounts as the invoice did: a returned line is positive here and bears its minus where it is drawn.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

PDF_NAME = "document.pdf"
XML_NAME = "factur-x.xml"
XRECHNUNG_NAME = "xrechnung.xml"

CountryCode = Annotated[str, Meta(pattern="^[A-Z]{2}$")]  # ISO 3166-1
CurrencyCode = Annotated[str, Meta(pattern="^[A-Z]{3}$")]  # ISO 4217
DecimalText = Annotated[str, Meta(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$")]
BasisPoints = Annotated[int, Meta(ge=0, le=10_000)]


class Kind(StrEnum):
    """What the document does."""

    INVOICE = "invoice"
    CANCELLATION = "cancellation"  # takes back a whole invoice: Stornorechnung
    CORRECTION = "correction"  # takes back a part of one: Rechnungskorrektur


class TaxCategory(StrEnum):
    """UNTDID 5305, as far as EN 16931 knows it. The margin scheme is EXEMPT with VATEX-EU-F."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_EU = "K"
    EXPORT = "G"
    OUTSIDE_SCOPE = "O"


class Means(StrEnum):
    """How money came in."""

    PAYPAL = "paypal"
    CARD = "card"
    DIRECT_DEBIT = "direct_debit"
    BANK_TRANSFER = "bank_transfer"
    CASH = "cash"
    MARKETPLACE = "marketplace"
    OTHER = "other"


class Address(Struct, frozen=True, kw_only=True):
    """Where somebody is. `country` is always there; an empty `name` means that `company` stands for it."""

    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    zip: str = ""
    city: str = ""
    region: str = ""
    country: CountryCode


class Seller(Struct, frozen=True, kw_only=True):
    """Who issues the document. `tax_number` or `vat_id` is there; `logo` holds the bytes of a PNG or JPEG."""

    name: str
    street: str
    zip: str
    city: str
    country: CountryCode
    vat_id: str = ""
    tax_number: str = ""
    email: str = ""
    phone: str = ""
    contact_name: str = ""
    iban: str = ""
    bic: str = ""
    bank_name: str = ""
    logo: bytes = b""


class Buyer(Struct, frozen=True, kw_only=True):
    """Whom the document goes to. `reference` is what the buyer wants to read (BT-10), such as a Leitweg-ID."""

    address: Address
    vat_id: str = ""
    email: str = ""
    reference: str = ""
    customer_number: str = ""


class Reference(Struct, frozen=True):
    """The invoice that a cancellation or correction takes back."""

    number: str
    issued_on: date


class Supply(Struct, frozen=True, kw_only=True):
    """When goods or services were supplied: on one day, in a period, or without both on the day of issue.

    `is_advance` says that the money came before the supply, whose day is not known yet.
    """

    on: date | None = None
    until: date | None = None  # with `on` as the first day of a period
    is_advance: bool = False


class Line(Struct, frozen=True, kw_only=True):
    """One line. `total_gross` and `total_net` are after the line's discount, which is positive.

    `price_net` is the price of one unit before the discount, without tax, in major units with up to six decimals, so
    that quantity × price_net − discount_net rounds to total_net. `unit` is how the shop calls it ("kg", "" for pieces).
    A negative total comes with a quantity of either sign; the price is never negative.
    """

    title: str
    quantity: DecimalText
    total_gross: int
    total_net: int
    price_net: DecimalText
    category: TaxCategory
    rate: BasisPoints
    unit: str = ""
    sku: str = ""
    unit_gross: int | None = None  # None: as the quantity divides the total
    discount_gross: int = 0
    discount_net: int = 0


class Share(Struct, frozen=True, kw_only=True):
    """What one tax group bears of an allowance or a charge; positive."""

    gross: int
    net: int
    category: TaxCategory
    rate: BasisPoints


class Adjustment(Struct, frozen=True, kw_only=True):
    """An allowance or a charge on the whole document: one row on paper, one part a tax group in the XML.

    `code` is of UNTDID 5189 for an allowance (95 is a discount), of UNTDID 7161 for a charge (FC is freight).
    """

    kind: Literal["allowance", "charge"]
    title: str
    code: str
    shares: tuple[Share, ...]


class TaxGroup(Struct, frozen=True, kw_only=True):
    """Everything of one category and rate. `reason` and its VATEX `reason_code` say why there is no tax."""

    category: TaxCategory
    rate: BasisPoints
    basis: int
    tax: int
    reason: str = ""
    reason_code: str = ""


class Totals(Struct, frozen=True, kw_only=True):
    """`basis` + `tax` = `gross`; `gross` − `paid` = `due`."""

    basis: int
    tax: int
    gross: int
    paid: int = 0
    due: int = 0


class Receipt(Struct, frozen=True, kw_only=True):
    """Money that came in."""

    on: date
    amount: int
    means: Means


class Paper(Struct, frozen=True, kw_only=True):
    """All that stands on one document. `accent` is the merchant's colour (#0b5e6e) for the one line on top.

    `terms` is a sentence on how to pay or how money goes back; one is needed where something is due without `due_on`.
    """

    kind: Kind
    number: str
    issued_on: date
    locale: Literal["de", "en"]
    currency: CurrencyCode
    seller: Seller
    buyer: Buyer
    supply: Supply
    lines: tuple[Line, ...]
    taxes: tuple[TaxGroup, ...]
    totals: Totals
    adjustments: tuple[Adjustment, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    due_on: date | None = None
    due_means: Means = Means.BANK_TRANSFER  # how what is due is to come
    terms: str = ""
    ship_to: Address | None = None
    refers_to: Reference | None = None
    order_number: str = ""
    ordered_on: date | None = None
    prices_include_tax: bool = True  # whether lines are shown gross
    notes: tuple[str, ...] = ()
    accent: Annotated[str, Meta(pattern="^#[0-9a-f]{6}$")] = "#33373d"


class PaperCause(StrEnum):
    """Why a document is not issued; nothing was left behind."""

    INCOMPLETE = "incomplete"  # detail: the fields, separated by blanks
    NO_GLYPH = "no-glyph"  # detail: the characters that no font here can draw
    UNKNOWN_COUNTRY = "unknown-country"  # detail: the code
    UNKNOWN_CURRENCY = "unknown-currency"  # detail: the code
    SUMS_INCONSISTENT = "sums-inconsistent"  # detail: the rules of EN 16931 that do not hold
    TAX_INCONSISTENT = "tax-inconsistent"  # detail: the rules of EN 16931 on categories that do not hold
    LOGO_DAMAGED = "logo-damaged"
    NOT_CONFORMING = "not-conforming"  # the finished file failed its own check; detail: the findings
    TIMEOUT = "timeout"
    CRASHED = "crashed"


class PaperRefused(Exception):
    """The document was not issued."""

    def __init__(self, cause: PaperCause, detail: str = "") -> None:
        """`detail` as `cause` says; never shown to a customer."""
        super().__init__(f"{cause}: {detail}" if detail else str(cause))
        self.cause = cause
        self.detail = detail


class Printed(Struct, frozen=True, kw_only=True):
    """The finished files lie in the folder that was given, under the names above.

    Where `xrechnung_lacks` names fields of the paper, there is no XRECHNUNG_NAME.
    """

    pages: int
    xrechnung_lacks: tuple[str, ...] = ()
