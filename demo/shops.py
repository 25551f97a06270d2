"""The demo's connected shops: a Billbee and a WooCommerce of this machine, with orders that come in by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from db.sources import SourceKind
from demo import billbee_stand_in, woocommerce_stand_in
from demo.billbee_stand_in.account import Told
from portal import sources
from portal.activity import By
from portal.connectors import Connectors
from portal.sources import NewSource, SourceChange

BILLBEE, WOOCOMMERCE = "billbee", "werkstatt"
ERIKA: Told = {
    "FirstName": "Erika",
    "LastName": "Mustermann",
    "Street": "Heidestraße",
    "HouseNumber": "17",
    "Zip": "51147",
    "City": "Köln",
    "CountryISO2": "DE",
    "Email": "erika@example.org",
}


@dataclass(frozen=True)
class Shops:
    billbee: billbee_stand_in.StandIn
    woocommerce: woocommerce_stand_in.StandIn

    def sell(self, now: datetime) -> None:
        """Two orders in each: one that is paid, and one that waits for its money."""
        self.billbee.account.put(_billbee_order(20001, now, State=3, PayedAt=_local(now - timedelta(hours=20))))
        self.billbee.account.put(_billbee_order(20002, now, State=1, PaymentMethod=59))
        self.woocommerce.till.products[7] = {"id": 7, "downloadable": True, "virtual": True}
        paid = (now - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S")
        self.woocommerce.till.put(_woo_order(731, now, status="completed", date_paid_gmt=paid))
        self.woocommerce.till.put(_woo_order(732, now, status="on-hold", payment_method="bacs"))


@contextmanager
def open_for_business(now: datetime) -> Iterator[Shops]:
    with billbee_stand_in.standing_in() as billbee, woocommerce_stand_in.standing_in() as woocommerce:
        shops = Shops(billbee, woocommerce)
        shops.sell(now)
        yield shops


async def connect(shops: Shops, connectors: Connectors, session: AsyncSession, by: By) -> None:
    """Where the demo was started on this directory before, its WooCommerce has moved meanwhile."""
    stand_in = billbee_stand_in
    keys = {"username": stand_in.USERNAME, "password": stand_in.PASSWORD, "api_key": stand_in.API_KEY}
    if await sources.named(BILLBEE, session) is None:
        new = NewSource(name=BILLBEE, kind=SourceKind.BILLBEE, options=keys)
        await sources.add(new, connectors, session, by)
    options = {
        "base_url": shops.woocommerce.origin,
        "consumer_key": woocommerce_stand_in.CONSUMER_KEY,
        "consumer_secret": woocommerce_stand_in.CONSUMER_SECRET,
    }
    known = await sources.named(WOOCOMMERCE, session)
    if known is None:
        new = NewSource(name=WOOCOMMERCE, kind=SourceKind.WOOCOMMERCE, options=options)
        await sources.add(new, connectors, session, by)
    else:
        await sources.change(known, SourceChange(options=options), connectors, session, by)


def _local(at: datetime) -> str:
    return at.astimezone(billbee_stand_in.ZONE).replace(tzinfo=None).isoformat(timespec="seconds")


def _billbee_order(number: int, now: datetime, **told: object) -> Told:
    product = {"Title": "Schnittmuster Wickeljacke „Bente“ (PDF)", "SKU": "PDF-BENTE", "IsDigital": True}
    return {
        "BillBeeOrderId": number,
        "OrderNumber": f"BB-{number}",
        "VatMode": 0,
        "CreatedAt": _local(now - timedelta(days=1)),
        "InvoiceAddress": ERIKA,
        "TotalCost": 12.9,
        "ShippingCost": 0.0,
        "Currency": "EUR",
        "TaxRate1": 19.0,
        "TaxRate2": 7.0,
        "PaymentMethod": 3,
        "AcceptLossOfReturnRight": True,
        "LanguageCode": "DE",
        "Seller": {"Platform": "Etsy", "BillbeeShopName": "Nähwerk bei Etsy"},
        "OrderItems": [
            {"BillbeeId": number * 10, "Quantity": 1.0, "TotalPrice": 12.9, "TaxIndex": 1, "Product": product}
        ],
        "Payments": [],
        "PaidAmount": 0.0,
    } | told


def _woo_order(number: int, now: datetime, **told: object) -> Told:
    address = {
        "first_name": "Erika",
        "last_name": "Mustermann",
        "address_1": "Heidestraße 17",
        "postcode": "51147",
        "city": "Köln",
        "country": "DE",
        "email": "erika@example.org",
    }
    item = {
        "id": number * 10,
        "name": "Schnittmuster Wickeljacke „Bente“ (PDF)",
        "sku": "PDF-BENTE",
        "product_id": 7,
        "quantity": 1,
        "total": "10.84",
        "total_tax": "2.06",
    }
    return {
        "id": number,
        "number": str(number),
        "currency": "EUR",
        "total": "12.90",
        "date_created_gmt": (now - timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%S"),
        "payment_method": "paypal",
        "billing": address,
        "line_items": [item],
    } | told
