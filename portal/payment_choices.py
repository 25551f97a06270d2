"""What a customer can pay with: the merchant's active providers, each with its ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.payment_providers import PaymentProvider, PayMethod, ProviderKind
from db.settings import SellerSettings
from portal.orders import OrderFacts
from portal.payment_providers import BY_APP, has_credentials, missing_account

# https://developer.paypal.com/api/rest/reference/currency-codes/
WITHOUT_DECIMALS = frozenset({"HUF", "JPY", "TWD"})
PAYPALS_CURRENCIES = WITHOUT_DECIMALS | frozenset(
    "AUD BRL CAD CNY CZK DKK EUR HKD ILS MYR MXN NZD NOK PHP PLN GBP SGD SEK CHF THB USD".split()
)
PAYLATER_FROM, PAYLATER_TO = 99_00, 10_000_00  # cents
MINOR_DIGITS = {"JPY": 0}  # ISO 4217, of the currencies above; 2 for all the others


@dataclass(frozen=True, kw_only=True)
class Choice:
    """`method` is None where the provider asks for nothing more."""

    provider_id: int
    kind: ProviderKind
    method: PayMethod | None = None


async def offered(order: OrderFacts, seller: SellerSettings, session: AsyncSession) -> tuple[Choice, ...]:
    """In the merchant's order. One statement."""
    rows = await session.scalars(select(PaymentProvider).where(PaymentProvider.active).order_by(PaymentProvider.id))
    return choices(rows, order, seller)


def choices(rows: Iterable[PaymentProvider], order: OrderFacts, seller: SellerSettings) -> tuple[Choice, ...]:
    """What really leads to a payment of what is due: an account that cannot be paid into is none."""
    found: list[Choice] = []
    for row in rows:
        if row.kind in BY_APP:
            if has_credentials(row) and takes(order.due, order.currency):
                methods: list[PayMethod | None] = [PayMethod(each) for each in row.methods] or [None]
                fitting = [each for each in methods if works(each, order.due, order.currency)]
                found += [Choice(provider_id=row.id, kind=row.kind, method=method) for method in fitting]
        elif not missing_account(seller):
            found.append(Choice(provider_id=row.id, kind=row.kind))
    return tuple(found)


def chosen(offered: Iterable[Choice], provider: str, method: str) -> Choice | None:
    """What a form means by `provider` and `method`; what it leaves open is the first one there is."""
    fitting = [each for each in offered if provider in ("", str(each.provider_id))]
    return next((each for each in fitting if method in ("", each.method or "")), None)


def takes(amount: int, currency: str) -> bool:
    """Whether PayPal can be asked for that amount of minor units."""
    if currency not in PAYPALS_CURRENCIES or amount <= 0:
        return False
    value = Decimal(amount).scaleb(-minor_digits(currency))
    return currency not in WITHOUT_DECIMALS or value == value.to_integral_value()


def works(method: PayMethod | None, amount: int, currency: str) -> bool:
    """Whether that way can lead to a payment; where it cannot, PayPal would show something else than was chosen.

    Paying later is PayPal's credit to buyers in Germany: https://developer.paypal.com/docs/business/pay-later/de/.
    A direct debit is one of the euro's scheme.
    """
    if method is PayMethod.PAYLATER:
        return currency == "EUR" and PAYLATER_FROM <= amount <= PAYLATER_TO
    return method is not PayMethod.SEPA or currency == "EUR"


def minor_digits(currency: str) -> int:
    return MINOR_DIGITS.get(currency, 2)
