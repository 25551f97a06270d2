"""Signing in and staying signed in. Whoever guesses learns nothing about accounts."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.engine import Database
from db.merchants import KeptInput, Language, Merchant, MerchantSession, Theme
from portal import merchants
from portal.activity import FIRST_RUN, TRESEN, By, entry
from portal.known_browsers import KnownBrowsers
from portal.tries import WITH_ACCOUNTS, WITH_ADDRESSES, Key, Throttle

UNUSED_FOR = timedelta(days=14)
AT_MOST = timedelta(days=60)
KEPT_FOR = timedelta(hours=1)
NOTED_EVERY = timedelta(hours=1)  # a session in use costs one write an hour, not one a click
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that looks like another


class SignInRefused(Exception):
    """Address and password, or the code, do not fit. Which of them is not told."""


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
    """Somebody at the door: from where, and when. `network` counts as one when tries are counted.

    `mark` is what the browser was given when somebody last signed in with it, empty where it shows none.
    """

    network: str
    at: datetime
    mark: str = ""


def new_code() -> str:
    """`XXXX-XXXX`, for the first run; 40 random bits behind a growing wait."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


class Door:
    """Where merchants come in."""

    def __init__(self, database: Database, browsers: KnownBrowsers, first_run_code: str = "") -> None:
        """Without a code, a random one that nobody is told: the first run waits for `tresen merchant add`."""
        self._database = database
        self._browsers = browsers
        self._failures: dict[str, datetime] = {}  # when one was last noted, by account; "" for all that nobody has
        self._code = _plain(first_run_code or new_code())
        self._throttle = Throttle()

    async def sign_in(self, email: str, password: str, knock: Knock) -> str:
        """The token of a new session. Raises SignInRefused, TooSoon."""
        keys = self._counters(_account(email), knock)
        self._throttle.count(keys, knock.at)
        async with self._database.reading() as session:
            merchant = await merchants.named(email, session)
            known = (merchant.id, merchant.password_hash) if merchant else None
        if not await merchants.fits(known[1] if known else None, password) or known is None:
            await self._note_failure(_account(email) if known else "", knock.at)
            raise SignInRefused
        async with self._database.writing() as session:
            merchant = await session.get(Merchant, known[0])
            if merchant is None or merchant.password_hash != known[1]:  # changed while we compared
                raise SignInRefused
            token = await start(merchant, session, knock.at)
        self._throttle.forget(keys)
        return token

    def mark(self, email: str, now: datetime) -> str:
        """What to give the browser that just came in as that merchant."""
        return self._browsers.mark(_account(email), now)

    def _counters(self, account: str, knock: Knock) -> Sequence[Key]:
        """A known browser answers for itself alone; others share what is counted for the account and the network."""
        if own := self._browsers.counter(knock.mark, account, knock.at):
            return ((f"browser {own}", WITH_ACCOUNTS),)
        return (f"account {account}", WITH_ACCOUNTS), (f"network {knock.network}", WITH_ADDRESSES)

    async def _note_failure(self, account: str, now: datetime) -> None:
        """Once an hour for an account, and for all made-up ones together: no guesser fills the history."""
        last = self._failures.get(account)
        if last is not None and now - last < NOTED_EVERY:
            return
        self._failures[account] = now
        async with self._database.writing() as session:
            session.add(entry(By(TRESEN, now), "sign_in_failed", details={"email": account} if account else {}))

    async def check(self, merchant: SignedIn, password: str, knock: Knock) -> None:
        """That whoever is signed in knows the password, too. Raises SignInRefused, TooSoon."""
        keys = ((f"session {merchant.session_id}", WITH_ACCOUNTS),)
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


async def end(session_id: int, session: AsyncSession, by: By) -> None:
    """Signs out here."""
    await session.execute(delete(MerchantSession).where(MerchantSession.id == session_id))
    session.add(entry(by, "signed_out"))


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


def _account(email: str) -> str:
    """What tries are counted by, whether there is such an account or not."""
    return email.strip().lower()[: merchants.LONGEST_ADDRESS]


def _hash(token: str) -> str:
    # 256 random bits need no slow hash, unlike a password.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalnum())
