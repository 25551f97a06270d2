"""Signing in and staying signed in. Whoever guesses waits longer each time, and learns nothing about accounts."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.engine import Database
from db.merchants import KeptInput, Language, Merchant, MerchantSession, Theme
from portal import merchants
from portal.activity import By, entry

UNUSED_FOR = timedelta(days=14)
AT_MOST = timedelta(days=60)
KEPT_FOR = timedelta(hours=1)
NOTED_EVERY = timedelta(hours=1)  # a session in use costs one write an hour, not one a click
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that looks like another
FIRST_RUN = "first run"


class SignInRefused(Exception):
    """Address and password, or the code, do not fit. Which of them is not told."""


class TooSoon(Exception):
    """There were too many tries; the next one counts after so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"{seconds} s")
        self.seconds = seconds


class NotTheFirst(Exception):
    """There is a merchant already."""


@dataclass(frozen=True)
class SignedIn:
    """The merchant behind a request. `notices` counts those not read yet."""

    session_id: int
    merchant_id: int
    email: str
    language: Language
    theme: Theme
    notices: int
    at: datetime

    @property
    def by(self) -> By:
        return By(f"merchant:{self.merchant_id}", self.at)

    @property
    def locale(self) -> str:
        """Empty where the browser's language decides."""
        return "" if self.language == Language.BROWSER else self.language.value


@dataclass(frozen=True)
class Knock:
    """Somebody at the door: from where, and when. `network` counts as one when tries are counted."""

    network: str
    at: datetime


@dataclass(frozen=True)
class Patience:
    """So many tries are free; then the wait doubles from one second up to `longest`."""

    free: int
    longest: timedelta

    def wait(self, tries: int) -> timedelta:
        """How long after that many tries the next one may come."""
        if tries < self.free:
            return timedelta(0)
        return min(self.longest, timedelta(seconds=2 ** min(tries - self.free, 20)))


# An account's wait stays short, so that nobody can lock a merchant out by guessing on purpose.
WITH_ACCOUNTS = Patience(free=5, longest=timedelta(minutes=1))
WITH_ADDRESSES = Patience(free=15, longest=timedelta(minutes=15))
Key = tuple[str, Patience]


class Throttle:
    """Remembers the tries of the last hour, for the busiest `most` keys."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._tries: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def count(self, keys: Sequence[Key], now: datetime) -> None:
        """Counts one try before it is known how it ends, so that many at once are many. Raises TooSoon, uncounted."""
        waits = [self._at(key, now)[1] + patience.wait(self._at(key, now)[0]) - now for key, patience in keys]
        if (longest := max(waits)) > timedelta(0):
            raise TooSoon(ceil(longest.total_seconds()))
        for key, _ in keys:
            self._tries[key] = (self._at(key, now)[0] + 1, now)
            self._tries.move_to_end(key)
        while len(self._tries) > self._most:
            self._tries.popitem(last=False)

    def forget(self, keys: Sequence[Key]) -> None:
        """Whoever came in begins anew."""
        for key, _ in keys:
            self._tries.pop(key, None)

    def _at(self, key: str, now: datetime) -> tuple[int, datetime]:
        tries, last = self._tries.get(key, (0, now))
        return (tries, last) if now - last < timedelta(hours=1) else (0, now)


def new_code() -> str:
    """`XXXX-XXXX`, for the first run; 40 random bits behind a growing wait."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


class Door:
    """Where merchants come in."""

    def __init__(self, database: Database, first_run_code: str = "") -> None:
        """Without a code, a random one that nobody is told: the first run waits for `tresen merchant add`."""
        self._database = database
        self._code = _plain(first_run_code or new_code())
        self._throttle = Throttle()

    async def sign_in(self, email: str, password: str, knock: Knock) -> str:
        """The token of a new session. Raises SignInRefused, TooSoon."""
        account = email.strip().lower()[: merchants.LONGEST_ADDRESS]
        keys = (f"account {account}", WITH_ACCOUNTS), (f"network {knock.network}", WITH_ADDRESSES)
        self._throttle.count(keys, knock.at)
        async with self._database.reading() as session:
            merchant = await merchants.named(email, session)
            known = (merchant.id, merchant.password_hash) if merchant else None
        if not await merchants.fits(known[1] if known else None, password) or known is None:
            raise SignInRefused
        async with self._database.writing() as session:
            merchant = await session.get(Merchant, known[0])
            if merchant is None or merchant.password_hash != known[1]:  # changed while we compared
                raise SignInRefused
            token = await start(merchant, session, knock.at)
        self._throttle.forget(keys)
        return token

    async def check(self, merchant: SignedIn, password: str, knock: Knock) -> None:
        """That whoever is signed in knows the password, too. Raises SignInRefused, TooSoon."""
        keys = ((f"account {merchant.email}", WITH_ACCOUNTS),)
        self._throttle.count(keys, knock.at)
        async with self._database.reading() as session:
            row = await session.get_one(Merchant, merchant.merchant_id)
        if not await merchants.fits(row.password_hash, password):
            raise SignInRefused
        self._throttle.forget(keys)

    async def first_run(self, code: str, email: str, password: str, knock: Knock) -> str:
        """Makes the first merchant and signs them in.

        Raises SignInRefused, TooSoon, NotTheFirst, NoMailAddress, PasswordUnfit.
        """
        keys = (FIRST_RUN, WITH_ACCOUNTS), (f"network {knock.network}", WITH_ADDRESSES)
        self._throttle.count(keys, knock.at)
        if not hmac.compare_digest(_plain(code).encode(), self._code.encode()):
            raise SignInRefused
        self._throttle.forget(keys)
        new = await merchants.newly(email, password)
        async with self._database.writing() as session:
            if await merchants.exist(session):
                raise NotTheFirst
            merchant = await merchants.put(new, session, By(FIRST_RUN, knock.at))
            return await start(merchant, session, knock.at)

    async def is_first_run(self) -> bool:
        async with self._database.reading() as session:
            return not await merchants.exist(session)


async def start(merchant: Merchant, session: AsyncSession, now: datetime) -> str:
    """A new session of that merchant; its token, which is stored nowhere. Ended ones are cleared away."""
    over = (MerchantSession.seen_at < now - UNUSED_FOR) | (MerchantSession.started_at < now - AT_MOST)
    await session.execute(delete(MerchantSession).where(over))
    token = secrets.token_urlsafe(32)
    session.add(MerchantSession(merchant_id=merchant.id, token_sha256=_hash(token), started_at=now, seen_at=now))
    session.add(entry(By(f"merchant:{merchant.id}", now), "signed_in"))
    return token


async def behind(token: str, database: Database, now: datetime) -> SignedIn | None:
    """Who is signed in with that token; using a session keeps it alive."""
    async with database.reading() as session:
        row = (await session.execute(_lookup(token, now))).one_or_none()
    if row is None:
        return None
    own, merchant, notices = row
    if now - own.seen_at > NOTED_EVERY:
        async with database.writing() as session:
            await session.execute(update(MerchantSession).where(MerchantSession.id == own.id).values(seen_at=now))
    return SignedIn(
        session_id=own.id,
        merchant_id=merchant.id,
        email=merchant.email,
        language=merchant.language,
        theme=merchant.theme,
        notices=notices,
        at=now,
    )


async def end(session_id: int, session: AsyncSession) -> None:
    await session.execute(delete(MerchantSession).where(MerchantSession.id == session_id))


async def end_all(merchant_id: int, session: AsyncSession, by: By) -> None:
    """Signs out everywhere, here too."""
    await session.execute(delete(MerchantSession).where(MerchantSession.merchant_id == merchant_id))
    session.add(entry(by, "signed_out_everywhere"))


async def keep(session_id: int, action: str, sealed: str, session: AsyncSession, now: datetime) -> None:
    """Puts something sealed aside for the page whose form posts to that action. What is too old is cleared away."""
    await session.execute(delete(KeptInput).where(KeptInput.kept_at < now - KEPT_FOR))
    await session.merge(KeptInput(session_id=session_id, action=action, sealed=sealed, kept_at=now))


async def kept(merchant: SignedIn, session: AsyncSession) -> dict[str, str]:
    """Action → what waits there, sealed."""
    waiting = select(KeptInput.action, KeptInput.sealed).where(
        KeptInput.session_id == merchant.session_id, KeptInput.kept_at >= merchant.at - KEPT_FOR
    )
    return {action: sealed for action, sealed in await session.execute(waiting)}


async def let_go(session_id: int, action: str, session: AsyncSession) -> None:
    """What was kept for that action is not needed any more."""
    kept_there = (KeptInput.session_id == session_id, KeptInput.action == action)
    await session.execute(delete(KeptInput).where(*kept_there))


async def id_of(token: str, session: AsyncSession) -> int:
    return (await session.scalars(select(MerchantSession.id).where(MerchantSession.token_sha256 == _hash(token)))).one()


def _lookup(token: str, now: datetime) -> Select[MerchantSession, Merchant, int]:
    unread = (
        select(func.count())
        .select_from(Activity)
        .where(Activity.notice, Activity.id > Merchant.notices_seen)
        .correlate(Merchant)
        .scalar_subquery()
    )
    return (
        select(MerchantSession, Merchant, unread)
        .join(Merchant, Merchant.id == MerchantSession.merchant_id)
        .where(
            MerchantSession.token_sha256 == _hash(token),
            MerchantSession.seen_at >= now - UNUSED_FOR,
            MerchantSession.started_at >= now - AT_MOST,
        )
    )


def _hash(token: str) -> str:
    # 256 random bits need no slow hash, unlike a password.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalnum())
