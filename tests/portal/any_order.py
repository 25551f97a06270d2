"""Any order that could ever come along, for properties that hold of all of them."""

from __future__ import annotations

from hypothesis import strategies as st

from db.orders import OrderKind, PaymentMethod, State
from db.payments import PaymentKind, PaymentStatus
from db.settings import PaidRule
from portal.orders import OrderFacts, PaymentFact
from tests.factories import NOON, ORDERED

AMOUNTS = st.integers(min_value=0, max_value=10**15)
MOVES = st.builds(
    PaymentFact,
    kind=st.sampled_from(PaymentKind),
    status=st.sampled_from(PaymentStatus),
    amount=AMOUNTS,
    at=st.sampled_from([ORDERED, NOON]),
)
ORDERS = st.builds(
    OrderFacts,
    id=st.just(1),
    number=st.just("1"),
    kind=st.sampled_from(OrderKind),
    state=st.sampled_from(State),
    ordered_at=st.just(ORDERED),
    paid_at=st.none() | st.just(ORDERED),
    archived_at=st.none() | st.just(ORDERED),
    total=st.integers(min_value=-(10**15), max_value=10**15) | st.sampled_from([0, 1, 2000]),
    credit_notes=AMOUNTS | st.just(0),
    payments=st.lists(MOVES, max_size=5).map(tuple),
    payment_method=st.none() | st.sampled_from(PaymentMethod),
    amounts_consistent=st.booleans(),
    source_invoice=st.booleans(),
    paid_rule=st.sampled_from(PaidRule),
)
