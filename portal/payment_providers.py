"""Through whom customers may pay: what may be set, and whether the credentials really work.

Portal says what it needs of a payment service; integrations/ has one module for each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter
from typing import Annotated, Protocol

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from db.base import columns
from db.engine import Database
from db.payment_attempts import PaymentAttempt
from db.payment_providers import CheckOutcome, PaymentProvider, PaymentProviderCheck, PayMethod, ProviderKind
from db.settings import SellerSettings
from portal import ibans, open_payments, settings, webhook_jobs
from portal.activity import By, entry
from portal.refusals import Conflict, Fault, Invalid, NotFound
from portal.vault import Unreadable, Vault

SECRET = "payment-provider"  # noqa: S105 (the vault's purpose, not a secret)
BY_APP = frozenset({ProviderKind.PAYPAL, ProviderKind.PAYPAL_PLUS})
ALL_METHODS = tuple(PayMethod)
NEEDS_CREDENTIALS = "Give the client id and the client secret of the PayPal app first."
PAYMENT_OPEN = "A payment is open: the app and the environment stay until its service has said what came of it."
ACCOUNT = frozenset({"client_id", "sandbox"})  # a new secret opens the same account
CREDENTIALS = frozenset({"kind", "client_id", "client_secret", "sandbox"})
HIDDEN = frozenset({"id", "client_secret_set_at", "created_at", "credentials_at"})

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
# What HTTP's basic authentication can carry; a colon would end the id.
ClientId = Annotated[str, Meta(max_length=200, pattern="^[!-9;-~]*$")]
ClientSecret = Annotated[str, Meta(max_length=200, pattern="^[!-~]*$")]
Methods = Annotated[list[PayMethod], Meta(max_length=len(ALL_METHODS))]


class NewProvider(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Without `methods`, PayPal Plus offers all of them."""

    name: Name
    kind: ProviderKind
    active: bool = False
    client_id: ClientId = ""
    client_secret: ClientSecret | None = None
    sandbox: bool = False
    methods: Methods | UnsetType = UNSET


class ProviderChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`client_secret` can be written, never read; null removes it."""

    name: Name | UnsetType = UNSET
    kind: ProviderKind | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    client_id: ClientId | UnsetType = UNSET
    client_secret: ClientSecret | UnsetType | None = UNSET
    sandbox: bool | UnsetType = UNSET
    methods: Methods | UnsetType = UNSET


@dataclass(frozen=True, kw_only=True)
class Credentials:
    client_id: str
    client_secret: str = field(repr=False)
    sandbox: bool


@dataclass(frozen=True)
class Answer:
    """`detail` is what the service said, short and with nothing secret in it."""

    outcome: CheckOutcome
    detail: str = ""


class ProviderCheck(Protocol):
    async def check(self, credentials: Credentials) -> Answer:
        """Asks the service for real; bounded in time. No trouble of the network's is raised: it is an answer."""
        ...


@dataclass(frozen=True)
class ProviderChecks:
    """Who can be asked, by kind, and what opens the secrets. app.py hands in the kinds that exist."""

    by_kind: Mapping[ProviderKind, ProviderCheck]
    vault: Vault


async def every(session: AsyncSession) -> list[PaymentProvider]:
    """In the order in which customers see the active ones."""
    return list(await session.scalars(select(PaymentProvider).order_by(PaymentProvider.id)))


async def one(provider_id: int, session: AsyncSession) -> PaymentProvider:
    """Raises NotFound."""
    row = await session.get(PaymentProvider, provider_id)
    if row is None:
        raise NotFound
    return row


async def add(new: NewProvider, vault: Vault, session: AsyncSession, by: By) -> PaymentProvider:
    """Raises Invalid."""
    row = PaymentProvider(name=new.name, kind=new.kind, created_at=by.at, credentials_at=by.at)
    _write(row, _given(new), vault, by)
    session.add(row)
    await session.flush()
    details: dict[str, object] = {"provider": row.id, "new": answer(row)}
    session.add(entry(by, "payment_provider_added", details=details))
    if _is_called(row):
        await webhook_jobs.ask_to_register(row.id, session, by)
    return row


async def change(
    row: PaymentProvider, wanted: ProviderChange, vault: Vault, session: AsyncSession, by: By
) -> PaymentProvider:
    """Writes the fields that differ and notes old and new, the secret masked; everything or nothing.

    Raises Invalid, and Conflict for another account while money is being asked for from this one.
    """
    before = dict(columns(row))
    told = answer(row)
    if wanted.kind not in (UNSET, row.kind) and await _was_paid_through(row, session):
        raise Invalid(Fault("#/kind", "in-use", "Payments refer to this provider, so that its kind stays."))
    _write(row, _given(wanted), vault, by)
    changed = {name for name, value in columns(row).items() if before[name] != value} - HIDDEN
    if not changed:
        return row
    if changed & ACCOUNT and await open_payments.is_any_asked_for(row.id, session):
        raise Conflict(PAYMENT_OPEN)
    if changed & CREDENTIALS:
        row.credentials_at = by.at
    shown = {f"{name}_set" if name == "client_secret" else name for name in changed}
    now = answer(row)
    details: dict[str, object] = {
        "provider": row.id,
        "name": row.name,
        "old": {name: told[name] for name in shown},
        "new": {name: now[name] for name in shown},
    }
    session.add(entry(by, "payment_provider_changed", details=details))
    if changed & {"client_id", "sandbox"} or (changed & {"active", "kind"} and not _is_called(row)):
        await webhook_jobs.take_away(row, str(before["client_secret"]), session, by)
    if changed & (CREDENTIALS | {"active"}) and _is_called(row):
        await webhook_jobs.ask_to_register(row.id, session, by)
    return row


def _is_called(row: PaymentProvider) -> bool:
    """Whoever is active is given our address, if it is one that can be called."""
    return row.active and row.kind in BY_APP


async def remove(row: PaymentProvider, session: AsyncSession, by: By) -> None:
    """Raises Conflict while payments refer to it: they say through whom the money came."""
    details: dict[str, object] = {"provider": row.id, "name": row.name}
    await webhook_jobs.take_away(row, row.client_secret, session, by)
    await session.delete(row)
    try:
        await session.flush()
    except IntegrityError as error:  # the tables know best who refers to it
        raise Conflict("Payments refer to this provider; deactivate it instead.") from error
    session.add(entry(by, "payment_provider_removed", details=details))


async def _was_paid_through(row: PaymentProvider, session: AsyncSession) -> bool:
    began = select(PaymentAttempt.id).where(PaymentAttempt.provider_id == row.id).limit(1)
    return await session.scalar(began) is not None


def _given(wanted: NewProvider | ProviderChange) -> dict[str, object]:
    return {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not UNSET}


def _write(row: PaymentProvider, values: Mapping[str, object], vault: Vault, by: By) -> None:
    for name, value in values.items():
        if name == "client_secret":
            _write_secret(row, value if isinstance(value, str) else "", vault, by)
        elif getattr(row, name) != value:
            setattr(row, name, value)
    if "methods" not in values:
        _fit_methods(row)
    if found := faults(row):
        raise Invalid(*found)


def _fit_methods(row: PaymentProvider) -> None:
    """Only PayPal Plus has methods, and nobody has to name them: then all are offered."""
    if row.kind is not ProviderKind.PAYPAL_PLUS:
        row.methods = []
    elif not row.methods:
        row.methods = [method.value for method in ALL_METHODS]


def _write_secret(row: PaymentProvider, secret: str, vault: Vault, by: By) -> None:
    """The same secret again is sealed anew: comparing would mean to open what is stored."""
    row.client_secret = vault.sealed(SECRET, secret) if secret else ""
    row.client_secret_set_at = by.at if secret else None


def faults(row: PaymentProvider) -> list[Fault]:
    """What the type of a field alone cannot tell."""
    found = []
    if row.active and row.kind in BY_APP and not has_credentials(row):
        found.append(Fault("#/active", "credentials-missing", NEEDS_CREDENTIALS))
    if len(set(row.methods)) < len(row.methods):
        found.append(Fault("#/methods", "repeated", "Each method can be offered once."))
    if row.kind is ProviderKind.PAYPAL_PLUS and not row.methods:
        found.append(Fault("#/methods", "too-few", "PayPal Plus needs at least one method."))
    if row.kind is not ProviderKind.PAYPAL_PLUS and row.methods:
        found.append(Fault("#/methods", "not-for-this-kind", "Only PayPal Plus lets customers choose a method."))
    return found


def has_credentials(row: PaymentProvider) -> bool:
    return bool(row.client_id and row.client_secret)


def answer(row: PaymentProvider) -> dict[str, object]:
    """The provider as the API shows it: whether a secret is set, and no more."""
    told = {name: value for name, value in columns(row).items() if name not in HIDDEN | {"client_secret"}}
    return told | {"client_secret_set": bool(row.client_secret)}


async def check(provider_id: int, checks: ProviderChecks, database: Database, by: By) -> PaymentProviderCheck:
    """Asks with what is stored, and notes what came of it. Nobody waits on the service. Raises NotFound."""
    async with database.reading() as session:
        row = await one(provider_id, session)
        seller = await settings.of(SellerSettings, session)
    start = perf_counter()
    found = await asked(row, checks, seller)
    took = round((perf_counter() - start) * 1000)
    done = PaymentProviderCheck(
        provider_id=row.id,
        at=by.at + timedelta(milliseconds=took),
        outcome=found.outcome,
        detail=found.detail,
        milliseconds=took,
        sandbox=row.sandbox,
    )
    async with database.writing() as session:
        await one(provider_id, session)  # it may have been deleted meanwhile
        session.add(done)
        details: dict[str, object] = {"provider": row.id, "name": row.name, "outcome": found.outcome.value}
        session.add(entry(by, "payment_provider_checked", details=details))
    return done


async def asked(row: PaymentProvider, checks: ProviderChecks, seller: SellerSettings) -> Answer:
    """What the service says to what is stored; nothing is noted."""
    if row.kind is ProviderKind.BANK_TRANSFER:
        return account_answer(seller)
    if not has_credentials(row):
        return Answer(CheckOutcome.INCOMPLETE, NEEDS_CREDENTIALS)
    try:
        secret = checks.vault.opened(SECRET, row.client_secret)
    except Unreadable:
        return Answer(CheckOutcome.INCOMPLETE, "The stored secret cannot be read with this shop's keys; enter it anew.")
    credentials = Credentials(client_id=row.client_id, client_secret=secret, sandbox=row.sandbox)
    return await checks.by_kind[row.kind].check(credentials)


def account_answer(seller: SellerSettings) -> Answer:
    """A bank transfer asks nobody: it needs the seller's name and an IBAN that can be one."""
    if missing := missing_account(seller):
        return Answer(CheckOutcome.INCOMPLETE, f"The seller's settings lack: {', '.join(missing)}.")
    return Answer(CheckOutcome.OK)


def missing_account(seller: SellerSettings) -> Sequence[str]:
    """What a transfer cannot do without: `name`, `iban`; an IBAN with a typing error counts as none."""
    return [name for name, there in (("name", seller.name), ("iban", ibans.is_one(seller.iban))) if not there]


async def last_check(row: PaymentProvider, session: AsyncSession) -> PaymentProviderCheck | None:
    """The newest one that still says something about the credentials as they are now."""
    newest = (
        select(PaymentProviderCheck)
        .where(PaymentProviderCheck.provider_id == row.id, PaymentProviderCheck.at >= row.credentials_at)
        .order_by(PaymentProviderCheck.id.desc())
    )
    return (await session.scalars(newest.limit(1))).first()
