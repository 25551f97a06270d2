"""Merchants and their passwords."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.merchants import Merchant, MerchantSession
from portal.activity import By, entry

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MAIL_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000
LONGEST_ADDRESS = 320
AT_ONCE = 2  # each hash takes 64 MiB while it is made
T = TypeVar("T")


class NoMailAddress(Exception):
    """What was given is not a mail address."""


class PasswordUnfit(Exception):
    """It has fewer than SHORTEST_PASSWORD or more than LONGEST_PASSWORD characters."""


@dataclass(frozen=True)
class NewMerchant:
    email: str
    password_hash: str


def as_email(text: str) -> str:
    """The address as it is stored and compared. Raises NoMailAddress."""
    if not is_mail_address(text):
        raise NoMailAddress
    return text.strip().lower()


def is_mail_address(text: str) -> bool:
    """Whether as_email would take it."""
    email = text.strip()
    return len(email) <= LONGEST_ADDRESS and MAIL_ADDRESS.fullmatch(email) is not None


def is_fit(password: str) -> bool:
    """Whether its length will do."""
    return SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD


async def newly(email: str, password: str) -> NewMerchant:
    """Checked and hashed, before any transaction. Raises NoMailAddress, PasswordUnfit."""
    return NewMerchant(as_email(email), await hashed(password))


async def hashed(password: str) -> str:
    """Takes a tenth of a second of another thread. Raises PasswordUnfit."""
    if not is_fit(password):
        raise PasswordUnfit
    return await _aside(lambda: _hasher().hash(password))


async def fits(password_hash: str | None, password: str) -> bool:
    """Whether it is the password. Without a hash the answer is no, after the same time."""
    known = await _aside(lambda: _verified(password_hash or _nobodys(), password[:LONGEST_PASSWORD]))
    return known and password_hash is not None


async def exist(session: AsyncSession) -> bool:
    """Whether there is any merchant; until then, the first run is still to be done."""
    return await session.scalar(select(Merchant.id).limit(1)) is not None


async def named(email: str, session: AsyncSession) -> Merchant | None:
    return await session.scalar(select(Merchant).where(Merchant.email == email.strip().lower()))


async def put(new: NewMerchant, session: AsyncSession, by: By) -> Merchant:
    """A new merchant; one who is there already gets the new password, and is signed out everywhere."""
    merchant = await named(new.email, session)
    if merchant is None:
        merchant = Merchant(email=new.email, password_hash=new.password_hash, created_at=by.at, password_set_at=by.at)
        session.add(merchant)
        session.add(entry(by, "merchant_added", details={"email": new.email}))
        await session.flush()
    else:
        await set_password(merchant, new.password_hash, session, by)
    return merchant


async def set_password(
    merchant: Merchant, password_hash: str, session: AsyncSession, by: By, keeping: int | None = None
) -> None:
    """All sessions end but `keeping`, the id of the one that asks for it."""
    merchant.password_hash = password_hash
    merchant.password_set_at = by.at
    ended = delete(MerchantSession).where(MerchantSession.merchant_id == merchant.id)
    await session.execute(ended if keeping is None else ended.where(MerchantSession.id != keeping))
    session.add(entry(by, "password_changed", details={"email": merchant.email}))


async def _aside(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads(), work)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, "passwords")


def _verified(password_hash: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobodys() -> str:
    """A hash that no password fits, as expensive to compare as any."""
    return _hasher().hash(secrets.token_urlsafe(32))
