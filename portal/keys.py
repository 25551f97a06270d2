"""API keys: shown once, stored as a hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.keys import ApiKey, ApiKeyObservation
from portal.activity import By, entry
from portal.refusals import Conflict, NotFound

PREFIX = "tresen_"  # lets scanners of leaked secrets find it


class NameTaken(Conflict):
    """A key in force has that name: with two, the history could not tell which of them acted."""


async def add(name: str, session: AsyncSession, by: By) -> str:
    """The new key, which nobody can read again. Raises NameTaken, whatever the letters' case."""
    if any(key.name.casefold() == name.casefold() for key in await every(session)):
        raise NameTaken(f"There is a key named {name} already.")
    key = PREFIX + secrets.token_urlsafe(32)
    session.add(ApiKey(name=name, key_sha256=_hash(key), created_at=by.at))
    session.add(entry(by, "key_added", details={"name": name}))
    return key


async def every(session: AsyncSession) -> list[ApiKey]:
    """Those that open the API, the newest first."""
    return list(await session.scalars(select(ApiKey).where(ApiKey.revoked_at.is_(None)).order_by(ApiKey.id.desc())))


async def last_used(session: AsyncSession) -> Mapping[int, datetime]:
    """By key, to the hour; keys that nobody used are not in it."""
    newest = select(ApiKeyObservation.key_id, func.max(ApiKeyObservation.at)).group_by(ApiKeyObservation.key_id)
    return {key_id: at for key_id, at in await session.execute(newest)}


async def revoke(key_id: int, session: AsyncSession, by: By) -> None:
    """From now on it opens nothing. Raises NotFound."""
    key = await session.get(ApiKey, key_id)
    if key is None:
        raise NotFound
    if key.revoked_at is None:
        key.revoked_at = by.at
        session.add(entry(by, "key_revoked", details={"name": key.name}))


async def owner(key: str, session: AsyncSession) -> ApiKey | None:
    """Whose key it is; found by its hash, so that comparing takes no telling time."""
    return await session.scalar(select(ApiKey).where(ApiKey.key_sha256 == _hash(key), ApiKey.revoked_at.is_(None)))


def _hash(key: str) -> str:
    # 256 random bits need no slow hash, unlike a password.
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def actor(key: ApiKey) -> str:
    return f"key:{key.name}"


def by(key: ApiKey, at: datetime) -> By:
    return By(actor(key), at)
