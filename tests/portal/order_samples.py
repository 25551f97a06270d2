"""Orders as shops really send them, retold with names and goods of our own, and what `strict` makes of them.

`open_minor` is what the page asks the customer to pay: the due amount where it is payable, else 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from db.orders import PaymentMethod, State
from db.payments import PaymentStatus
from tests.factories import ORDERED, received, refunded


@dataclass(frozen=True, kw_only=True)
class Sample:
    """`invoiced`: a document was issued elsewhere and lies here. The expectations are those of an outside oracle."""

    tale: str
    facts: dict[str, Any]
    invoiced: bool = True
    order_state: str
    payment_state: str
    invoice_ok: bool
    files_ok: bool
    payable: bool
    open_minor: int


SAMPLES = (
    Sample(
        tale="WooCommerce, processing and paid: prices without tax",
        facts={"state": State.PAID, "paid_at": ORDERED, "total": 2935, "payments": (received(2935),)},
        order_state="paid",
        payment_state="paid",
        invoice_ok=True,
        files_ok=True,
        payable=False,
        open_minor=0,
    ),
    Sample(
        tale="WooCommerce, completed, a part was refunded and the status stayed",
        facts={"state": State.COMPLETED, "total": 30445, "payments": (received(30445), refunded(2430))},
        order_state="completed",
        payment_state="partially_refunded",
        invoice_ok=True,
        files_ok=True,
        payable=False,
        open_minor=0,
    ),
    Sample(
        tale="WooCommerce, processing, paid, prices include tax",
        facts={"state": State.PAID, "paid_at": ORDERED, "total": 3330, "payments": (received(3330),)},
        order_state="paid",
        payment_state="paid",
        invoice_ok=True,
        files_ok=True,
        payable=False,
        open_minor=0,
    ),
    Sample(
        tale="WooCommerce, a download with a taxed fee, whose lines do not add up",
        facts={"state": State.PAID, "total": 4400, "payments": (received(4400),), "amounts_consistent": False},
        order_state="paid",
        payment_state="paid",
        invoice_ok=True,
        files_ok=True,
        payable=False,
        open_minor=0,
    ),
    Sample(
        tale="WooCommerce, processing but cash on delivery: nobody has paid yet",
        facts={"state": State.CONFIRMED, "total": 6400, "payment_method": PaymentMethod.CASH_ON_DELIVERY},
        order_state="confirmed",
        payment_state="unpaid",
        invoice_ok=True,
        files_ok=False,
        payable=True,
        open_minor=6400,
    ),
    Sample(
        tale="WooCommerce, a German shop with two tax rates, completed in the night the clocks went back",
        facts={"state": State.COMPLETED, "paid_at": ORDERED, "total": 3970, "payments": (received(3970),)},
        order_state="completed",
        payment_state="paid",
        invoice_ok=True,
        files_ok=True,
        payable=False,
        open_minor=0,
    ),
    Sample(
        tale="Shopify, cancelled, its authorisation voided, no invoice was ever issued",
        facts={"state": State.CANCELLED, "total": 1000, "payments": (received(1000, PaymentStatus.FAILED),)},
        invoiced=False,
        order_state="cancelled",
        payment_state="voided",
        invoice_ok=False,
        files_ok=False,
        payable=False,
        open_minor=0,
    ),
    Sample(
        tale="Shopify, authorised and not captured: a second payment would charge twice",
        facts={"state": State.CONFIRMED, "total": 40994, "payments": (received(40994, PaymentStatus.AUTHORIZED),)},
        order_state="confirmed",
        payment_state="authorized",
        invoice_ok=True,
        files_ok=False,
        payable=False,
        open_minor=0,
    ),
    Sample(
        tale="Shopify, paid by somebody without name and address",
        facts={"state": State.PAID, "paid_at": ORDERED, "total": 262995, "payments": (received(262995),)},
        order_state="paid",
        payment_state="paid",
        invoice_ok=True,
        files_ok=True,
        payable=False,
        open_minor=0,
    ),
    Sample(
        tale="Shopify, a pattern bought with a discount and paid",
        facts={"state": State.PAID, "paid_at": ORDERED, "total": 2490, "payments": (received(2490),)},
        invoiced=False,
        order_state="paid",
        payment_state="paid",
        invoice_ok=True,
        files_ok=True,
        payable=False,
        open_minor=0,
    ),
    Sample(
        tale="Shopify, the same pattern, to be paid in advance",
        facts={"state": State.ORDERED, "total": 2490, "payment_method": PaymentMethod.PREPAYMENT},
        order_state="ordered",
        payment_state="unpaid",
        invoice_ok=True,
        files_ok=False,
        payable=True,
        open_minor=2490,
    ),
    Sample(
        tale="Billbee, ordered, marked paid although less came in than it cost",
        facts={"state": State.ORDERED, "paid_at": ORDERED, "total": 17076, "payments": (received(16200),)},
        order_state="ordered",
        payment_state="paid",
        invoice_ok=True,
        files_ok=True,
        payable=False,
        open_minor=0,
    ),
    Sample(
        tale="Billbee, shipped on open account and not paid",
        facts={"state": State.SHIPPED, "total": 361284, "payment_method": PaymentMethod.INVOICE},
        order_state="shipped",
        payment_state="unpaid",
        invoice_ok=True,
        files_ok=False,
        payable=True,
        open_minor=361284,
    ),
    Sample(
        tale="Billbee, a paid download with the waiver from the shop and no invoice yet",
        facts={"state": State.PAID, "paid_at": ORDERED, "total": 1290, "payments": (received(1290),)},
        invoiced=False,
        order_state="paid",
        payment_state="paid",
        invoice_ok=True,
        files_ok=True,
        payable=False,
        open_minor=0,
    ),
    Sample(
        tale="Billbee, paid and then cancelled: what was issued stays",
        facts={"state": State.CANCELLED, "paid_at": ORDERED, "total": 1290, "payments": (received(1290),)},
        order_state="cancelled",
        payment_state="paid",
        invoice_ok=True,
        files_ok=False,
        payable=False,
        open_minor=0,
    ),
)
