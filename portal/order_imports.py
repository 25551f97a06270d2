"""Orders come in: created, updated, unchanged or stale. An import owns what it tells and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.automations import Trigger
from db.orders import Address, AddressRole, Line, Order, OrderKind, OrderTag, State
from db.payments import Payment, PaymentKind, PaymentOrigin, PaymentStatus
from db.sources import Source
from portal import first_paid, foreign_invoices, imported, shop_waivers, sources, triggers
from portal.activity import By, entry
from portal.imported import ImportedLine, ImportedOrder, ImportedPayment, PostalAddress
from portal.refusals import Conflict, Fault, Invalid, NotFound


class ImportResult(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    STALE = "stale"


@dataclass(frozen=True)
class Key:
    """What a source calls an order: the source's name and the id it uses there."""

    source: str
    external_id: str


# Where a payment may go from where it is: late news of an earlier step takes nothing back.
FURTHER = {
    PaymentStatus.PENDING: {PaymentStatus.AUTHORIZED, PaymentStatus.COMPLETED, PaymentStatus.FAILED},
    PaymentStatus.AUTHORIZED: {PaymentStatus.COMPLETED, PaymentStatus.FAILED},
    PaymentStatus.FAILED: {PaymentStatus.COMPLETED},
    PaymentStatus.COMPLETED: {PaymentStatus.REVERSED},
    PaymentStatus.REVERSED: set[PaymentStatus](),
}
PLAIN_FIELDS = (
    "number platform shop_name kind state ordered_at confirmed_at paid_at shipped_at delivered_at due_at archived_at"
    " dunning_level currency prices_include_tax vat_mode payment_method locale total_gross refers_to note custom"
).split()
LINE_FIELDS = (
    "kind title sku quantity unit unit_gross line_gross discount_gross tax_category digital refunded_quantity".split()
)
BUYER_FIELDS = "name company email phone vat_id customer_number reference kind".split()
UNDECIDED = frozenset({PaymentStatus.PENDING, PaymentStatus.AUTHORIZED})


async def put(key: Key, order: ImportedOrder, session: AsyncSession, by: By) -> tuple[Order, ImportResult]:
    """Stores the order unless what is stored is newer. Raises Invalid where its sums do not add up."""
    if found := imported.faults(order):
        raise Invalid(*found)
    return await take(key, order, session, by)


async def take(key: Key, order: ImportedOrder, session: AsyncSession, by: By) -> tuple[Order, ImportResult]:
    """Like `put` for sources that cannot be told off: amounts that do not add up are flagged, not refused."""
    source = await sources.of_name(key.source, session, by)
    known = await _find(source.id, key.external_id, session)
    digest = hashlib.sha256(imported.canonical(order)).hexdigest()
    if known is None:
        known = await _create(source, key, order, session, by)
        if known.kind is OrderKind.ORDER:
            await triggers.fire(Trigger.ORDER_IMPORTED, known.id, session, by)
        await _note(known, session, by)
        return known, ImportResult.CREATED
    if outcome := _already_known(known, order, digest):
        if outcome is ImportResult.UNCHANGED and order.updated_at:
            known.source_updated_at = order.updated_at  # what is older than this news is stale from now on
        return known, outcome
    await _update(known, order, session, by)
    await _note(known, session, by)
    return known, ImportResult.UPDATED


async def known_of(source: Source, external_ids: Iterable[str], session: AsyncSession) -> dict[str, Order]:
    """What is stored of these, by external id. One statement."""
    mine = select(Order).where(Order.source_id == source.id, Order.external_id.in_(external_ids))
    return {row.external_id: row for row in await session.scalars(mine)}


def foretold(known: Order | None, order: ImportedOrder) -> ImportResult:
    """What `take` would make of an order that is stored as `known`. Raises Conflict."""
    if known is None:
        return ImportResult.CREATED
    if outcome := _already_known(known, order, hashlib.sha256(imported.canonical(order)).hexdigest()):
        return outcome
    _refuse_other_kind(known, order)
    return ImportResult.UPDATED


async def _note(order: Order, session: AsyncSession, by: By) -> None:
    """What an import may have been the first to tell, and what stays whatever later ones say."""
    await first_paid.note(order, session, by)
    await shop_waivers.note(order, session, by)
    await foreign_invoices.note_reported(order, session, by)


async def find(key: Key, session: AsyncSession) -> Order | None:
    """The order that a source knows under that id, tombstones included."""
    return await session.scalar(
        select(Order).join(Source).where(Source.name == key.source, Order.external_id == key.external_id)
    )


async def one(key: Key, session: AsyncSession) -> Order:
    """The same, or NotFound."""
    order = await find(key, session)
    if order is None:
        raise NotFound
    return order


async def bury(order: Order, session: AsyncSession, by: By) -> None:
    """A tombstone: the link answers 410, number, invoices and payments stay. Burying twice changes nothing."""
    if order.state is State.DELETED:
        return
    order.state = State.DELETED
    _touch(order, by)
    session.add(entry(by, "order_deleted", order.id))


async def add_payment(order: Order, payment: ImportedPayment, session: AsyncSession, by: By) -> bool:
    """Books one payment; False if it is known. A further status of a known one is taken over.

    What was told here stays, even if an import told it first and lists it no more.
    """
    if payment.currency != order.currency:
        raise Invalid(Fault("#/currency", "other-currency", f"The order is in {order.currency}."))
    stored = await _stored_payments(order, session)
    known = stored.get(_payment_key(payment))
    if known is None:
        _add_payment(order, payment, PaymentOrigin.API, session, by)
    elif known.amount != payment.amount:
        raise Conflict(f"{payment.transaction_id} is stored with another amount.")
    else:
        known.origin = PaymentOrigin.API if known.origin is PaymentOrigin.IMPORT else known.origin
        if payment.status not in FURTHER[known.status]:
            return False
        known.status = payment.status
    _touch(order, by)
    if _is_reversal(payment):
        await _tell_reversal(order, payment, session, by)
    else:
        told = entry(
            by, f"{payment.kind.value}_received", order.id, _told(payment) | {"status": payment.status.value}
        )
        session.add(told)
        if payment.kind is PaymentKind.PAYMENT and payment.status is PaymentStatus.COMPLETED:
            await triggers.fire(Trigger.PAYMENT_RECEIVED, order.id, session, by, told)
    await first_paid.tell(order, session, by)
    return known is None


def _already_known(known: Order, order: ImportedOrder, digest: str) -> ImportResult | None:
    """Whether the source's clock or the content says that there is nothing to take over."""
    told, have = order.updated_at, known.source_updated_at
    if told and have and told < have:
        return ImportResult.STALE
    if known.state is State.DELETED and order.state is not State.DELETED:
        return ImportResult.STALE if told and have and told == have else None  # only something newer revives
    return ImportResult.UNCHANGED if known.content_sha256 == digest else None


async def _find(source_id: int, external_id: str, session: AsyncSession) -> Order | None:
    return await session.scalar(select(Order).where(Order.source_id == source_id, Order.external_id == external_id))


async def _create(source: Source, key: Key, order: ImportedOrder, session: AsyncSession, by: By) -> Order:
    row = Order(
        source_id=source.id,
        external_id=key.external_id,
        created_at=by.at,
        changed_at=by.at,
        content_sha256="",
        **{name: getattr(order, name) for name in PLAIN_FIELDS},
    )
    _copy(order, row)
    session.add(row)
    await session.flush()
    await _replace_parts(row, order, session, by)
    session.add(entry(by, "order_imported", row.id, {"state": order.state.value}))
    return row


async def _update(row: Order, order: ImportedOrder, session: AsyncSession, by: By) -> None:
    _refuse_other_kind(row, order)
    before = row.state
    _copy(order, row)
    _touch(row, by)
    await _replace_parts(row, order, session, by)
    told = entry(by, "order_updated", row.id, {"state": row.state.value, "state_before": before.value})
    session.add(told)
    await state_changed(row, before, told, session, by)


async def state_changed(row: Order, before: State, told: Activity, session: AsyncSession, by: By) -> None:
    """Tells who waits for it, if the state is another one now."""
    if row.state is before:
        return
    await triggers.fire(Trigger.STATE_CHANGED, row.id, session, by, told)
    if row.state is State.CANCELLED:
        await triggers.fire(Trigger.ORDER_CANCELLED, row.id, session, by)


def _refuse_other_kind(row: Order, order: ImportedOrder) -> None:
    if row.kind is not order.kind:
        raise Conflict(f"This order is stored as {row.kind.value} and stays one.")


def _copy(order: ImportedOrder, row: Order) -> None:
    for name in PLAIN_FIELDS:
        setattr(row, name, getattr(order, name))
    for name in BUYER_FIELDS:
        setattr(row, f"buyer_{name}", getattr(order.buyer, name))
    row.buyer_email_key = imported.email_key(order.buyer.email)
    row.waiver_accepted = order.waiver.accepted if order.waiver else None
    row.waiver_at = order.waiver.at if order.waiver else None
    row.waiver_text = order.waiver.text if order.waiver else None
    row.source_invoice_number = order.invoice.number if order.invoice else None
    row.source_invoice_date = order.invoice.date if order.invoice else None
    row.amounts_consistent = imported.amounts_consistent(order)
    row.source_updated_at = order.updated_at or row.source_updated_at
    row.content_sha256 = hashlib.sha256(imported.canonical(order)).hexdigest()


async def _replace_parts(row: Order, order: ImportedOrder, session: AsyncSession, by: By) -> None:
    await session.execute(delete(Address).where(Address.order_id == row.id))
    for role, address in ((AddressRole.BILLING, order.billing), (AddressRole.SHIPPING, order.shipping)):
        if address is not None:
            session.add(_address(row, role, address))
    await session.execute(delete(OrderTag).where(OrderTag.order_id == row.id, ~OrderTag.own))
    own = set(await session.scalars(select(OrderTag.tag).where(OrderTag.order_id == row.id)))
    session.add_all(OrderTag(order_id=row.id, tag=tag) for tag in dict.fromkeys(order.tags) if tag not in own)
    await _merge_lines(row, order.lines, session)
    await _merge_payments(row, order.payments, session, by)


def _address(row: Order, role: AddressRole, address: PostalAddress) -> Address:
    names = "name company line1 line2 zip city region country".split()
    return Address(order_id=row.id, role=role, **{name: getattr(address, name) for name in names})


async def _merge_lines(row: Order, lines: Iterable[ImportedLine], session: AsyncSession) -> None:
    """Lines keep their row as long as their id lives, so that what refers to them stays right."""
    stored = {line.external_id: line for line in await session.scalars(select(Line).where(Line.order_id == row.id))}
    for position, line in enumerate(lines):
        known = stored.pop(line.id, None) or _new_line(row, line, session)
        for name in LINE_FIELDS:
            setattr(known, name, getattr(line, name))
        known.position, known.tax_rate = position, imported.basis_points(line.tax_rate)
    for gone in stored.values():
        await session.delete(gone)


def _new_line(row: Order, line: ImportedLine, session: AsyncSession) -> Line:
    new = Line(
        order_id=row.id, external_id=line.id, position=0, title=line.title, line_gross=line.line_gross, tax_rate=0
    )
    session.add(new)
    return new


async def _merge_payments(row: Order, payments: Iterable[ImportedPayment], session: AsyncSession, by: By) -> None:
    """What the portal, the API or the merchant booked is never removed by an import that does not know of it."""
    stored = await _stored_payments(row, session)
    for payment in payments:
        known = stored.pop(_payment_key(payment), None)
        if _is_reversal(payment) and (known is None or known.status is not PaymentStatus.REVERSED):
            await _tell_reversal(row, payment, session, by)
        if known:
            if known.origin is PaymentOrigin.IMPORT:
                known.amount, known.status, known.at = payment.amount, payment.status, payment.at
            elif _is_news(known, payment):
                known.status = payment.status
        else:
            _add_payment(row, payment, PaymentOrigin.IMPORT, session, by)
    for gone in stored.values():
        if gone.origin is PaymentOrigin.IMPORT:
            await session.delete(gone)


def _add_payment(row: Order, payment: ImportedPayment, origin: PaymentOrigin, session: AsyncSession, by: By) -> None:
    names = "provider transaction_id amount currency kind status at".split()
    values = {name: getattr(payment, name) for name in names}
    session.add(Payment(order_id=row.id, origin=origin, recorded_at=by.at, **values))


def _is_news(known: Payment, payment: ImportedPayment) -> bool:
    """Of what was told here: the import only lags behind where it knows less, and a reversal is always the later."""
    return _is_reversal(payment) or (known.status in UNDECIDED and payment.status not in UNDECIDED)


def _is_reversal(payment: ImportedPayment) -> bool:
    """Whether money that had come in was taken back: not so with a refund, which the merchant gave."""
    return payment.kind is PaymentKind.PAYMENT and payment.status is PaymentStatus.REVERSED


async def _tell_reversal(order: Order, payment: ImportedPayment, session: AsyncSession, by: By) -> None:
    """The merchant must know: the goods may be with a customer who has the money back."""
    told = entry(by, "payment_reversed", order.id, _told(payment), notice=True)
    session.add(told)
    await triggers.fire(Trigger.PAYMENT_REVERSED, order.id, session, by, told)


def _told(payment: ImportedPayment) -> dict[str, object]:
    return {"provider": payment.provider, "amount": payment.amount, "currency": payment.currency}


async def _stored_payments(row: Order, session: AsyncSession) -> dict[tuple[str, str, str], Payment]:
    rows = await session.scalars(select(Payment).where(Payment.order_id == row.id))
    return {(p.provider, p.transaction_id, p.kind): p for p in rows}


def _payment_key(payment: ImportedPayment) -> tuple[str, str, str]:
    return payment.provider, payment.transaction_id, payment.kind


def _touch(row: Order, by: By) -> None:
    row.changed_at = by.at
