"""What Billbee's numbers say. They are names, not steps: 13 (packed) comes before 4 (shipped)."""

from __future__ import annotations

from collections.abc import Mapping

from db.orders import PaymentMethod, State, VatMode

ARCHIVED = 9
STATES: Mapping[int, State] = {
    1: State.ORDERED,
    2: State.CONFIRMED,
    3: State.PAID,
    4: State.SHIPPED,
    5: State.COMPLAINT,
    6: State.DELETED,  # a deleted order goes on being listed
    7: State.COMPLETED,
    8: State.CANCELLED,
    ARCHIVED: State.COMPLETED,
    10: State.COMPLETED,  # "rated", which Billbee no longer sets
    11: State.ORDERED,
    12: State.ORDERED,
    13: State.PACKED,
    14: State.OFFERED,
    15: State.ORDERED,
    16: State.IN_FULFILMENT,
    17: State.RETURNED,
}
DUNNING = {11: 1, 12: 2}  # 15 is a friendly reminder, which is no dunning yet

VAT_MODES: Mapping[int, VatMode] = {
    0: VatMode.STANDARD,
    1: VatMode.SMALL_BUSINESS,
    2: VatMode.INTRA_EU,
    3: VatMode.EXPORT,
    4: VatMode.MARGIN,
}

PAYPALS_OWN = frozenset({3, 54, 79, 80, 81, 135})  # their transaction ids are PayPal's


def _all(method: PaymentMethod, *numbers: int) -> dict[int, PaymentMethod]:
    return dict.fromkeys(numbers, method)


METHODS: Mapping[int, PaymentMethod] = {
    **_all(PaymentMethod.BANK_TRANSFER, 1, 137),
    **_all(PaymentMethod.CASH_ON_DELIVERY, 2),
    **_all(PaymentMethod.PAYPAL, 3, 52, 71, 75, 79, 80, 81, 112, 116, 135),
    **_all(PaymentMethod.DIRECT_DEBIT, 23, 28, 30, 38, 46, 47),
    **_all(PaymentMethod.INVOICE, 25, 26, 29, 51, 54, 101, 106, 111, 132, 147, 149),
    **_all(PaymentMethod.CARD, 27, 31, 32, 40, 43, 45, 48, 49, 50, 63, 70, 77, 107, 110, 115),
    **_all(PaymentMethod.PREPAYMENT, 59, 87, 124),
    **_all(PaymentMethod.MARKETPLACE, 55, 56, 57, 58, 61, 74, 82, 93, 94, 95, 97, 99, 103, 104),
    **_all(PaymentMethod.MARKETPLACE, 119, 120, 136, 140, 145, 146),
}


def method(number: int | None) -> PaymentMethod | None:
    return None if number is None else METHODS.get(number, PaymentMethod.OTHER)
