"""Whether an open amount may be paid, and money that comes in."""

from __future__ import annotations

from db.orders import State
from portal.orders import OrderFacts, PaymentState, death, not_an_order
from portal.refusals import Refusal

NOT_PAYABLE = frozenset({State.COMPLETED, State.COMPLAINT})
IN_FLIGHT = frozenset({PaymentState.PENDING, PaymentState.AUTHORIZED})


def refusal(order: OrderFacts, *, providers: int, is_checking: bool = False) -> Refusal | None:
    """The first obstacle on the way to paying what is due; `providers` counts the active ones.

    With `is_checking`, a service was asked for money and has not said yet whether it took it.
    """
    if why := death(order) or not_an_order(order):
        return why
    if order.payment_state in IN_FLIGHT or is_checking:
        return Refusal.PAYMENT_PENDING
    if order.is_paid or order.due == 0 or order.state in NOT_PAYABLE:
        return Refusal.NOTHING_DUE
    if order.archived_at is not None:
        return Refusal.ARCHIVED
    return None if providers else Refusal.NO_PROVIDER
