"""Where orders come from: connections that are set up once, and names that scripts push under."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Order
from db.sources import RunCause, Source, SourceKind
from portal import source_options, source_runs, source_webhook_jobs
from portal.activity import By, entry
from portal.connectors import Connectors
from portal.refusals import Conflict, NotFound
from portal.sealed_options import Given
from portal.source_options import SWITCHED_OFF
from portal.vault import Unreadable

NAME = re.compile("[a-z0-9-]{1,64}", re.ASCII)
ORDERS_REFER = "Orders refer to this source; deactivate it instead."
NAME_STAYS = "Orders have come from this source, and its name stands in their addresses: it stays."
Name = Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}$")]


class NewSource(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    name: Name
    kind: SourceKind
    options: Given = {}
    waiver_needs_text: bool = False
    invoices_elsewhere: bool = False
    active: bool = True


class SourceChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`options` are replaced as a whole, but for secrets: one that is not named stays, an empty one is removed.

    Where another address is given, secrets have to be given anew. The kind of a source never changes.
    """

    name: Name | UnsetType = UNSET
    options: Given | UnsetType = UNSET
    waiver_needs_text: bool | UnsetType = UNSET
    invoices_elsewhere: bool | UnsetType = UNSET
    active: bool | UnsetType = UNSET


async def every(session: AsyncSession) -> list[Source]:
    return list(await session.scalars(select(Source).order_by(Source.name)))


async def one(source_id: int, session: AsyncSession) -> Source:
    """Raises NotFound."""
    row = await session.get(Source, source_id)
    if row is None:
        raise NotFound
    return row


async def named(name: str, session: AsyncSession) -> Source | None:
    return await session.scalar(select(Source).where(Source.name == name))


async def of_name(name: str, session: AsyncSession, by: By) -> Source:
    """The source of that name; the first order of an unknown one makes it. Raises Conflict where it takes nothing."""
    row = await named(name, session)
    if row is None:
        row = Source(name=name, created_at=by.at)
        session.add(row)
        await session.flush()
    elif not row.active:
        raise Conflict(SWITCHED_OFF)
    return row


async def add(new: NewSource, connectors: Connectors, session: AsyncSession, by: By) -> Source:
    """Raises Invalid for options that cannot work, Conflict for a name that is taken. Its first run is asked for."""
    connectors.check(new.kind, new.options)
    await _refuse_taken(new.name, session)
    values = msgspec.structs.asdict(new)
    values["options"] = source_options.of(new.kind).sealed(new.options, connectors.vault)
    row = Source(**values, created_at=by.at)
    _note_connection(row, was_asked=False, by=by)
    session.add(row)
    await session.flush()
    details: dict[str, object] = {"source": row.id, "name": row.name, "new": told(row)}
    session.add(entry(by, "source_added", details=details))
    await _begin(row, connectors, session, by)
    return row


async def change(row: Source, wanted: SourceChange, connectors: Connectors, session: AsyncSession, by: By) -> Source:
    """Everything or nothing; what differs is noted, secrets masked.

    Raises Invalid for options that cannot work, Conflict for a name that is taken or stays.
    """
    before, renewed, was_asked = told(row), False, _is_asked(row)
    if wanted.options is not UNSET:
        renewed = _write_options(row, wanted.options, connectors)
    if wanted.name is not UNSET and wanted.name != row.name:
        await _rename(row, wanted.name, session)
    for name in ("waiver_needs_text", "invoices_elsewhere", "active"):
        value = getattr(wanted, name)
        if value is not UNSET:
            setattr(row, name, value)
    now = told(row)
    changed = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
    if not changed and not renewed:
        return row
    details: dict[str, object] = {
        "source": row.id,
        "name": row.name,
        "old": {name: before.get(name) for name in sorted(changed)},
        "new": {name: now.get(name) for name in sorted(changed)},
    }
    session.add(entry(by, "source_changed", details=details))
    _note_connection(row, was_asked, by)
    await session.flush()
    if renewed or "active" in changed:
        await _begin(row, connectors, session, by)
    return row


def _is_asked(row: Source) -> bool:
    return row.active and source_options.is_fetched(row)


def _note_connection(row: Source, was_asked: bool, by: By) -> None:
    """What happened while nobody was to ask for it is not told as if it had happened just now."""
    if _is_asked(row) and not was_asked:
        row.connected_at = by.at


async def _begin(row: Source, connectors: Connectors, session: AsyncSession, by: By) -> None:
    """With keys that work, nobody has to press anything: it is asked, and asked to call us."""
    await source_runs.ask_if_fetched(row, RunCause.CHANGED, session, by)
    if connectors.can_be_called_by(row):
        await source_webhook_jobs.ask_to_register(row, session, by)


async def remove(row: Source, session: AsyncSession, by: By) -> None:
    """Raises Conflict while orders refer to it: its name is part of what they are known by."""
    if await has_orders(row, session):
        raise Conflict(ORDERS_REFER)
    details: dict[str, object] = {"source": row.id, "name": row.name}
    await session.delete(row)
    try:
        await session.flush()
    except IntegrityError as error:  # the tables know best who refers to it
        raise Conflict(ORDERS_REFER) from error
    session.add(entry(by, "source_removed", details=details))


async def has_orders(row: Source, session: AsyncSession) -> bool:
    return await session.scalar(select(Order.id).where(Order.source_id == row.id).limit(1)) is not None


def told(row: Source) -> dict[str, object]:
    """The source as its history notes it: whether a secret is set, and no more."""
    return {
        "name": row.name,
        "kind": row.kind.value,
        "active": row.active,
        "waiver_needs_text": row.waiver_needs_text,
        "invoices_elsewhere": row.invoices_elsewhere,
        **source_options.shown(row),
        **{f"{name}_set": True for name in source_options.set_secrets(row)},
    }


def _write_options(row: Source, given: Mapping[str, str], connectors: Connectors) -> bool:
    """Whether they differ from what is stored, secrets included."""
    kind, vault = source_options.of(row.kind), connectors.vault
    try:
        options = kind.merged(row.options, given, vault)
        before = kind.opened(row.options, vault)
    except Unreadable:  # then all of them are needed anew
        options, before = dict(given), {}
    connectors.check(row.kind, options)
    if before == {name: value for name, value in options.items() if value}:
        return False
    row.options = kind.sealed(options, vault)
    return True


async def _rename(row: Source, name: str, session: AsyncSession) -> None:
    if await has_orders(row, session):
        raise Conflict(NAME_STAYS)
    await _refuse_taken(name, session)
    row.name = name


async def _refuse_taken(name: str, session: AsyncSession) -> None:
    if await named(name, session):
        raise Conflict(f"There is a source named {name!r} already.")
