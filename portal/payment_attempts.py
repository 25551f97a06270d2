"""How one payment stands, read from what happened to it; and its address, from which none can tell the order's."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.payment_attempts import AttemptEvent, OpenPayment, PaymentAttempt, PaymentEvent
from db.payment_providers import PayMethod
from portal.activity import By
from portal.links import Link
from portal.paying import Told
from portal.refusals import NotFound
from portal.signing import Signer

PURPOSE = "payment"


class Standing(StrEnum):
    """`checking`: the service was asked for the money, and has not said yet whether it took it."""

    STARTING = "starting"
    WAITING = "waiting"
    CHECKING = "checking"
    PENDING = "pending"
    COMPLETED = "completed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REPLACED = "replaced"
    FAILED = "failed"
    REVERSED = "reversed"


ENDED = frozenset({Standing.DECLINED, Standing.CANCELLED, Standing.EXPIRED, Standing.REPLACED, Standing.FAILED})
STANDINGS = {
    AttemptEvent.CREATED: Standing.WAITING,
    AttemptEvent.RELEASED: Standing.WAITING,
    AttemptEvent.CAPTURING: Standing.CHECKING,
    AttemptEvent.PENDING: Standing.PENDING,
    AttemptEvent.COMPLETED: Standing.COMPLETED,
    AttemptEvent.DECLINED: Standing.DECLINED,
    AttemptEvent.CANCELLED: Standing.CANCELLED,
    AttemptEvent.EXPIRED: Standing.EXPIRED,
    AttemptEvent.REPLACED: Standing.REPLACED,
    AttemptEvent.FAILED: Standing.FAILED,
    AttemptEvent.REVERSED: Standing.REVERSED,
    AttemptEvent.RESTORED: Standing.COMPLETED,
}


@dataclass(frozen=True, kw_only=True)
class Happened:
    kind: AttemptEvent
    at: datetime
    reference: str
    details: dict[str, object]

    def text(self, name: str) -> str:
        value = self.details.get(name, "")
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        value = self.details.get(name, 0)
        return value if isinstance(value, int) else 0


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One payment with its events, oldest first. `amount` in minor units."""

    id: int
    mark: str
    order_id: int
    provider_id: int
    method: PayMethod | None
    amount: int
    currency: str
    label: str
    client_id: str
    sandbox: bool
    started_at: datetime
    events: tuple[Happened, ...] = ()

    @property
    def standing(self) -> Standing:
        last = self.decisive
        return STANDINGS[last.kind] if last else Standing.STARTING

    @property
    def decisive(self) -> Happened | None:
        """The event that tells how it stands: refunds change nothing of it, nor does an order that comes too late."""
        found = None
        for event in self.events:
            is_late = found is not None and event.kind is AttemptEvent.CREATED
            if event.kind in STANDINGS and not is_late:
                found = event
        return found

    @property
    def checking_since(self) -> datetime | None:
        """When its money was asked for first, of all the times that have no answer; None where there is an answer."""
        since = None
        for event in self.events:
            if event.kind is AttemptEvent.CAPTURING:
                since = since or event.at
            elif event.kind in STANDINGS and event.kind is not AttemptEvent.CREATED:
                since = None
        return since

    @property
    def asked_at(self) -> datetime | None:
        """When its money was asked for last; None where it never was."""
        return next((e.at for e in reversed(self.events) if e.kind is AttemptEvent.CAPTURING), None)

    @property
    def reference(self) -> str:
        """The service's id of its own order for this payment; empty as long as there is none."""
        return next((event.reference for event in self.events if event.kind is AttemptEvent.CREATED), "")

    @property
    def url(self) -> str:
        """Where the customer says yes."""
        return next((event.text("url") for event in self.events if event.kind is AttemptEvent.CREATED), "")

    @property
    def capture(self) -> Happened | None:
        """The event that tells of money taken; None if none was."""
        return next((event for event in self.events if event.kind is AttemptEvent.COMPLETED), None)

    @property
    def changed_at(self) -> datetime:
        return self.events[-1].at if self.events else self.started_at

    def knows(self, kind: AttemptEvent, reference: str) -> bool:
        return any(event.kind is kind and event.reference == reference for event in self.events)


@dataclass(frozen=True)
class About:
    """What an event speaks of: the service's id for it, or ours for a question; and the rest."""

    reference: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


NOTHING = About()


@dataclass(frozen=True)
class Address:
    """Whose return it is, and the portal link they came by: with a renewed link, this address opens no order."""

    attempt_id: int
    link: Link


def token(address: Address, signer: Signer) -> str:
    return signer.sign(PURPOSE, [address.attempt_id, address.link.order_id, address.link.version])


def read(text: str, signer: Signer) -> Address | None:
    match signer.read(PURPOSE, text):
        case [int(attempt_id), int(order_id), int(version)]:
            return Address(attempt_id, Link(order_id, version))
        case _:
            return None


def new_mark() -> str:
    return secrets.token_hex(16)


async def one(attempt_id: int, session: AsyncSession) -> Attempt:
    """Raises NotFound."""
    row = await session.get(PaymentAttempt, attempt_id)
    if row is None:
        raise NotFound
    return (await _with_events([row], session))[0]


async def of_order(order_id: int, session: AsyncSession) -> list[Attempt]:
    """Newest first. Two statements."""
    rows = await session.scalars(
        select(PaymentAttempt).where(PaymentAttempt.order_id == order_id).order_by(PaymentAttempt.id.desc())
    )
    return await _with_events(list(rows), session)


async def latest(order_id: int, session: AsyncSession) -> Attempt | None:
    newest = select(PaymentAttempt).where(PaymentAttempt.order_id == order_id).order_by(PaymentAttempt.id.desc())
    row = (await session.scalars(newest.limit(1))).first()
    return (await _with_events([row], session))[0] if row else None


async def open_one(order_id: int, session: AsyncSession) -> tuple[Attempt, OpenPayment] | None:
    """The one that may still take money."""
    slot = await session.get(OpenPayment, order_id)
    return (await one(slot.attempt_id, session), slot) if slot else None


async def spoken_of(told: Told, provider_id: int, session: AsyncSession) -> Attempt | None:
    """By our own mark, else by an id that the service gave; another provider's payments are nobody's."""
    of_provider = select(PaymentAttempt).where(PaymentAttempt.provider_id == provider_id)
    row = None
    if told.mark:
        row = await session.scalar(of_provider.where(PaymentAttempt.mark == told.mark))
    for reference in filter(None, (told.reference, told.capture, told.mark)):  # a refund is marked with its own key
        if row is None:
            known = of_provider.join(PaymentEvent).where(PaymentEvent.reference == reference)
            row = (await session.scalars(known.limit(1))).first()
    return (await _with_events([row], session))[0] if row else None


async def note(attempt: Attempt, kind: AttemptEvent, session: AsyncSession, by: By, about: About = NOTHING) -> None:
    """A further event, in the running transaction."""
    details = dict(about.details)
    session.add(PaymentEvent(attempt_id=attempt.id, at=by.at, kind=kind, reference=about.reference, details=details))
    await session.flush()


async def close(attempt: Attempt, session: AsyncSession) -> None:
    """It takes no money any more: the order is free for another one."""
    await session.execute(delete(OpenPayment).where(OpenPayment.attempt_id == attempt.id))


async def _with_events(rows: Iterable[PaymentAttempt], session: AsyncSession) -> list[Attempt]:
    rows = list(rows)
    events: dict[int, list[Happened]] = {row.id: [] for row in rows}
    of_them = select(PaymentEvent).where(PaymentEvent.attempt_id.in_(list(events))).order_by(PaymentEvent.id)
    for event in await session.scalars(of_them):
        happened = Happened(kind=event.kind, at=event.at, reference=event.reference, details=event.details)
        events[event.attempt_id].append(happened)
    names = "id mark order_id provider_id method amount currency label client_id sandbox started_at".split()
    return [Attempt(**{name: getattr(row, name) for name in names}, events=tuple(events[row.id])) for row in rows]
