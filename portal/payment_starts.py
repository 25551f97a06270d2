"""A payment is begun: one question to the service, and the address where the customer says yes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.invoices import Invoice, InvoiceKind
from db.orders import Order
from db.payment_attempts import AttemptEvent, OpenPayment, PaymentAttempt
from db.payment_providers import ProviderKind
from db.settings import SellerSettings
from portal import order_facts, payment_attempts, payment_choices, payment_looks, payment_providers, payments, settings
from portal.activity import By, entry
from portal.links import Link
from portal.orders import OrderFacts
from portal.paying import Approval, ProviderRefused, ProviderTrouble, Wanted
from portal.payment_attempts import About, Address, Attempt, Standing
from portal.payment_choices import Choice
from portal.refusals import Refusal, Refused
from portal.till import Till

# The service lets a customer say yes for three hours; an older address would lead to an error there.
FRESH = timedelta(hours=2, minutes=30)
ANSWERED_WITHIN = timedelta(seconds=60)  # longer than a service is ever waited for
LONGEST_LABEL, SUFFIX = 127, 6  # characters
LOCALE = re.compile(r"[a-z]{2}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a customer clicked, and the link they came by: empty texts leave the choice to us."""

    link: Link
    provider: str = ""
    method: str = ""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """`url` leads to the service; empty for a bank transfer, which nobody has to be asked for."""

    choice: Choice
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    attempt: Attempt
    click: str
    brand: str
    locale: str


async def begin(asked: Asked, till: Till, by: By) -> Begun:
    """Asks the service once, or not at all where an address of the same payment is still fresh. Raises Refused."""
    click = payment_attempts.new_mark()
    async with till.database.writing() as session:
        order = await session.get_one(Order, asked.link.order_id)
        facts = await order_facts.of_one(order, session)
        seller = await settings.of(SellerSettings, session)
        choice = await _choice(asked, facts, seller, session)
        if choice.kind is ProviderKind.BANK_TRANSFER:
            return Begun(choice=choice)
        attempt = await _reused(choice, facts, session, by) or await _new(choice, order, facts, session, by)
        if attempt.url:
            return Begun(choice=choice, url=attempt.url)
        await payment_attempts.note(attempt, AttemptEvent.STARTING, session, by, About(click))
        brand = seller.name or order.shop_name
        prepared = _Prepared(attempt=attempt, click=click, brand=brand, locale=order.locale)
    approval = await _asked_for(prepared, asked, till, by)
    return Begun(choice=choice, url=approval.url)


async def _choice(asked: Asked, facts: OrderFacts, seller: SellerSettings, session: AsyncSession) -> Choice:
    """Raises Refused."""
    offered = await payment_choices.offered(facts, seller, session)
    found = await payment_attempts.open_one(facts.id, session)
    checking = found is not None and found[0].standing is Standing.CHECKING
    if why := payments.refusal(facts, providers=len(offered), is_checking=checking):
        raise Refused(why)
    choice = payment_choices.chosen(offered, asked.provider, asked.method)
    if choice is None:
        raise Refused(Refusal.NO_PROVIDER)
    return choice


async def _reused(choice: Choice, facts: OrderFacts, session: AsyncSession, by: By) -> Attempt | None:
    """The open attempt if it is the same payment; another one gives way, as no money has moved in it."""
    found = await payment_attempts.open_one(facts.id, session)
    if found is None:
        return None
    attempt, _ = found
    row = await payment_providers.one(choice.provider_id, session)
    asked = (choice.provider_id, row.client_id, row.sandbox, choice.method, facts.due, facts.currency)
    account = (attempt.provider_id, attempt.client_id, attempt.sandbox)
    same = (*account, attempt.method, attempt.amount, attempt.currency) == asked
    if same and by.at - attempt.started_at < FRESH:
        return attempt
    await payment_attempts.note(attempt, AttemptEvent.REPLACED, session, by)
    await payment_attempts.close(attempt, session)
    return None


async def _new(choice: Choice, order: Order, facts: OrderFacts, session: AsyncSession, by: By) -> Attempt:
    provider = await payment_providers.one(choice.provider_id, session)
    mark = payment_attempts.new_mark()
    row = PaymentAttempt(
        mark=mark,
        order_id=order.id,
        provider_id=choice.provider_id,
        method=choice.method,
        amount=facts.due,
        currency=facts.currency,
        label=await _label(order, mark, session),
        client_id=provider.client_id,
        sandbox=provider.sandbox,
        started_at=by.at,
    )
    session.add(row)
    await session.flush()
    session.add(OpenPayment(order_id=order.id, attempt_id=row.id))
    attempt = await payment_attempts.one(row.id, session)
    await payment_looks.plan(attempt, 0, session, by.at)
    return attempt


async def _label(order: Order, mark: str, session: AsyncSession) -> str:
    """The invoice's number, else the order's.

    Services refuse a number that was paid with before, be it by another order of the same number or at another
    shop of the same account: from the second time on it gets a suffix of this attempt's own.
    """
    invoice = select(Invoice.number).where(Invoice.order_id == order.id, Invoice.kind == InvoiceKind.INVOICE)
    number = (await session.scalars(invoice.order_by(Invoice.id.desc()).limit(1))).first() or order.number
    number = number[: LONGEST_LABEL - SUFFIX - 1]
    before = select(PaymentAttempt.id).where(or_(PaymentAttempt.label == number, PaymentAttempt.order_id == order.id))
    is_first = await session.scalar(before.limit(1)) is None
    return number if is_first else f"{number}-{mark[:SUFFIX]}"


async def _asked_for(prepared: _Prepared, asked: Asked, till: Till, by: By) -> Approval:
    """Raises Refused."""
    attempt = prepared.attempt
    back = payment_attempts.token(Address(attempt.id, asked.link), till.signer)
    wanted = Wanted(
        mark=attempt.mark,
        label=attempt.label,
        amount=attempt.amount,
        currency=attempt.currency,
        method=attempt.method,
        locale=prepared.locale if LOCALE.fullmatch(prepared.locale) else "de-DE",
        brand=prepared.brand,
        return_url=f"{till.base_url}/payments/{back}",
        cancel_url=f"{till.base_url}/payments/{back}?cancelled=yes",
    )
    try:
        async with till.database.reading() as session:
            account = await till.account_of(attempt, session)
        approval = await account.service.begin(wanted, account.credentials)
    except (ProviderTrouble, ProviderRefused) as error:
        await _note_failure(prepared, error, till, By(by.actor, till.clock()))
        raise Refused(Refusal.PROVIDER_UNAVAILABLE) from error
    async with till.database.writing() as session:
        found = await payment_attempts.open_one(attempt.order_id, session)
        if found is None or found[0].id != attempt.id:  # it gave way while the service was asked
            raise Refused(Refusal.PAYMENT_REPLACED)
        if not found[0].reference:  # two clicks at once asked for the same, and were answered the same
            about = About(approval.reference, {"url": approval.url})
            await payment_attempts.note(attempt, AttemptEvent.CREATED, session, By(by.actor, till.clock()), about)
    return approval


async def _note_failure(prepared: _Prepared, error: Exception, till: Till, by: By) -> None:
    """The order is free for another try at once, unless another click still asks for the same payment.

    What the merchant has to mend is a notice.
    """
    async with till.database.writing() as session:
        attempt = await payment_attempts.one(prepared.attempt.id, session)
        slot = await session.get(OpenPayment, attempt.order_id)
        told: dict[str, object] = {"error": str(error)}
        if slot is None or slot.attempt_id != attempt.id or attempt.reference or _others_ask(prepared, attempt, by):
            about = About(prepared.click, told)
            await payment_attempts.note(attempt, AttemptEvent.START_FAILED, session, by, about)
            return
        await payment_attempts.note(attempt, AttemptEvent.FAILED, session, by, About(details=told))
        await payment_attempts.close(attempt, session)
        mine = isinstance(error, ProviderRefused)
        details: dict[str, object] = {"provider": attempt.provider_id, **told}
        session.add(entry(by, "payment_start_failed", attempt.order_id, details, notice=mine))


def _others_ask(prepared: _Prepared, attempt: Attempt, by: By) -> bool:
    """Whether another click may still be answered; one of a process that died is not waited for."""
    over = {event.reference for event in attempt.events if event.kind is AttemptEvent.START_FAILED}
    return any(
        event.kind is AttemptEvent.STARTING
        and event.reference not in over | {prepared.click}
        and by.at - event.at < ANSWERED_WITHIN
        for event in attempt.events
    )
