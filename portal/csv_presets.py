"""Mappings that a merchant keeps under a name, for the next file of the same kind."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.csv_imports import CsvPreset
from portal import csv_mappings
from portal.activity import By, entry
from portal.csv_mappings import CsvMapping
from portal.refusals import Conflict, NotFound

LONGEST_NAME = 100
NAME_TAKEN = "Another mapping has this name already."


async def every(session: AsyncSession) -> list[CsvPreset]:
    return list(await session.scalars(select(CsvPreset).order_by(CsvPreset.name)))


async def one(preset_id: int, session: AsyncSession) -> CsvPreset:
    """Raises NotFound."""
    row = await session.get(CsvPreset, preset_id)
    if row is None:
        raise NotFound
    return row


async def fitting(header: list[str], session: AsyncSession) -> list[CsvPreset]:
    """Those whose columns that header has, the one that knows most of them first."""
    found = [row for row in await every(session) if csv_mappings.fits(csv_mappings.of(row.mapping), header)]
    return sorted(found, key=lambda row: (-len(csv_mappings.of(row.mapping).columns), -row.id))


async def keep(name: str, mapping: CsvMapping, session: AsyncSession, by: By) -> CsvPreset:
    """The mapping under that name; it takes the place of what bore it before."""
    row = await session.scalar(select(CsvPreset).where(CsvPreset.name == name))
    stored = csv_mappings.told(mapping) | {"name": name}
    if row is None:
        row = CsvPreset(name=name, mapping=stored, created_at=by.at, created_by=by.actor)
        session.add(row)
        await session.flush()
    elif row.mapping == stored:
        return row
    row.mapping = stored
    session.add(entry(by, "csv_preset_kept", details={"preset": row.id, "name": name}))
    return row


async def rename(row: CsvPreset, name: str, session: AsyncSession, by: By) -> None:
    """Raises Conflict where another one has it."""
    if name == row.name:
        return
    if await session.scalar(select(CsvPreset.id).where(CsvPreset.name == name)):
        raise Conflict(NAME_TAKEN)
    details: dict[str, object] = {"preset": row.id, "name": name, "before": row.name}
    row.name, row.mapping = name, row.mapping | {"name": name}
    session.add(entry(by, "csv_preset_renamed", details=details))


async def remove(row: CsvPreset, session: AsyncSession, by: By) -> None:
    await session.delete(row)
    session.add(entry(by, "csv_preset_removed", details={"preset": row.id, "name": row.name}))
