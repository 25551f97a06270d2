"""Mails to customers and to the merchant: written in the caller's transaction, sent from the outbox."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from urllib.parse import urlsplit

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import Update

from db.engine import Database
from db.messages import Attachment, Message, MessageState
from db.outbox import Job
from db.settings import SellerSettings
from portal import envelopes, jobs, kept_back, mail_servers, new_messages, outbox, skipped_runs
from portal.activity import TRESEN, By, entry
from portal.envelopes import BadAddress, Sender
from portal.jobs import Clock, Record
from portal.kept_back import Kept
from portal.mail_proofs import Proofs
from portal.mail_servers import MailerFor, MailRefused, MailServer
from portal.new_messages import NewMessage
from portal.outbox import ORDER_ID, Claimed, NewJob, NotDone
from portal.vault import Unreadable, Vault

# Why a mail that an automation has written must not leave any more, or how it is worded by now; None where it may
# leave as it is. With the job's payload.
SecondLook = Callable[[Message, Mapping[str, object], AsyncSession, datetime], Awaitable[Kept | NewMessage | None]]
OnSent = Callable[[Message, AsyncSession, datetime], Awaitable[None]]  # in the transaction that records it
KIND = "message"
AUTOMATION = "automation"  # in a payload: the id of the one that wrote it
AUTOMATIC = "automatic_message"  # the lane of what nobody waits for: it is capped, and holds up no other mail
LIMIT = timedelta(seconds=30)
LOOK_AGAIN_SECONDS = 0.1
FAILING_FROM = 3  # attempts: after some six minutes this is no hiccup any more
TELL_AGAIN = timedelta(days=1)
NO_SERVER = "No mail server is set up."
UNREADABLE = "The mail server's password cannot be decrypted with the present keys; enter it again."


@dataclass(frozen=True)
class Taken:
    """Which server took a mail, but for the recipients that it refused: address → why."""

    by: MailServer
    refused: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """How it stands with a mail: sent, queued for another attempt, or failed for good; `error` says why."""

    state: MessageState
    error: str


@dataclass(frozen=True, kw_only=True)
class Post:
    """How mail leaves. `fixed` is what the environment sets; `base_url` lends its host where no address is set.

    `second_look` is asked before automatic mail leaves.
    """

    vault: Vault
    mailer_for: MailerFor
    fixed: MailServer | None
    base_url: str
    second_look: SecondLook | None = None


class Messages:
    """All mail of the house. To the worker, it is how the job `message` is done."""

    limit = LIMIT

    def __init__(
        self, database: Database, post: Post, clock: Clock = jobs.utc_now, on_sent: Mapping[str, OnSent] | None = None
    ) -> None:
        """`on_sent`: what follows, by the mail's kind, once a server has taken it."""
        self._database = database
        self._post = post
        self._clock = clock
        self._on_sent = on_sent or {}
        self._told_at: datetime | None = None
        self._proofs = Proofs(post.vault)

    async def is_set_up(self, session: AsyncSession) -> bool:
        """Whether there is a server at all through which mail could leave."""
        try:
            return await self._server(session) is not None
        except NotDone:
            return True  # there is one; that its password is unreadable is the merchant's to mend

    async def is_proven(self, session: AsyncSession) -> bool:
        """Whether the server in use, with the settings it has now, has taken a mail."""
        try:
            server = await self._server(session)
        except NotDone:
            return False
        return server is not None and await self._proofs.exists(server, session)

    async def enqueue(self, new: NewMessage, session: AsyncSession, by: By, *, lane: str = KIND) -> Message:
        """Stands, and will be sent, exactly if the caller's transaction is committed. Raises envelopes.BadAddress."""
        message = Message(
            **new_messages.addressed(new),
            order_id=new.order_id,
            kind=new.kind,
            message_id=f"<{secrets.token_hex(16)}@{await self._domain(session)}>",
            created_at=by.at,
        )
        session.add(message)
        await session.flush()
        session.add_all(new_messages.attachments(new, message.id))
        about: dict[str, object] = {} if new.order_id is None else {ORDER_ID: new.order_id}
        if by.automation is not None:
            about[AUTOMATION] = by.automation
        job = NewJob(kind=lane, key=_key(message.id), payload={"message_id": message.id, **about})
        await outbox.enqueue(job, session, by.at)
        session.add(entry(by, "message_queued", new.order_id, _details(message)))
        return message

    async def send_now(self, message_id: int, timeout: float = 10.0) -> Outcome:  # noqa: ASYNC109 (part of the claim)
        """One attempt of at most `timeout` seconds, ours or the worker's if that was quicker; then the outbox goes on.

        Outside any transaction, and only after the one that queued the mail is committed.
        """
        async with self._database.writing() as session:
            claimed = await outbox.claim_key(_key(message_id), jobs.lease(self), session, self._clock())
        if claimed:
            limit = min(LIMIT, timedelta(seconds=timeout))
            await jobs.attempt(claimed, self, self._database.writing, self._clock, limit)
        else:
            await self._attempt_of_another(message_id, timeout)
        async with self._database.reading() as session:
            message = await session.get_one(Message, message_id)
        return Outcome(message.state, message.error)

    async def _attempt_of_another(self, message_id: int, patience: float) -> None:
        claim = select(Job.locked_until).where(Job.key == _key(message_id))
        try:
            async with asyncio.timeout(patience):
                while True:
                    async with self._database.reading() as session:
                        locked_until = await session.scalar(claim)
                    if locked_until is None or locked_until <= self._clock():
                        return
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
        except TimeoutError:
            return

    async def do(self, job: Claimed) -> Record:
        """Hands the mail to the server. Raises NotDone."""
        async with self._database.reading() as session:
            message = await session.get_one(Message, job.payload["message_id"])
            chosen = select(Attachment).where(Attachment.message_id == message.id).order_by(Attachment.position)
            attachments = list(await session.scalars(chosen))
            server, seller = await self._way(session)
            look = self._post.second_look if job.kind == AUTOMATIC else None
            seen = await look(message, job.payload, session, self._clock()) if look else None
        if isinstance(seen, Kept):
            return partial(_keep_back, message.id, seen)
        if server is None:
            raise NotDone(NO_SERVER)
        sender = self._sender(server, seller)
        try:
            if seen is not None and new_messages.differs(seen, message, attachments):
                async with self._database.writing() as session:  # first, so that an answer to it is shown beside it
                    message, attachments = await new_messages.put_anew(message.id, seen, session)
            envelope = envelopes.envelope(message, attachments, sender)
            accepted = await self._post.mailer_for(server).send(envelope)
        except BadAddress as error:
            raise NotDone(str(error), permanent=True) from error
        except MailRefused as refused:
            raise NotDone(str(refused), permanent=refused.permanent) from refused
        return partial(self._note_sent, message, job.attempts, Taken(server, accepted.refused))

    async def _note_sent(
        self, message: Message, attempts: int, taken: Taken, session: AsyncSession, now: datetime
    ) -> None:
        """`message` is as it was read before it left; nobody else writes it meanwhile."""
        error = "; ".join(f"{address}: {why}" for address, why in taken.refused.items())
        values = {"sent_at": now, "attempts": attempts, "error": error}
        await session.execute(_sent(), {"of_message": message.id, **values})
        await self._proofs.note(taken.by, session, now)
        session.add(entry(By(TRESEN, now), "message_sent", message.order_id, _details(message)))
        if follow := self._on_sent.get(message.kind):
            await follow(await session.get_one(Message, message.id), session, now)

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        message = await session.get_one(Message, job.payload["message_id"])
        message.attempts, message.error = job.attempts, job.error
        if job.dead_at:
            message.state = MessageState.FAILED
        elif job.attempts >= FAILING_FROM and (self._told_at is None or by.at - self._told_at >= TELL_AGAIN):
            self._told_at = by.at
            session.add(entry(by, "mail_failing", details={"error": job.error}, notice=True))

    async def _server(self, session: AsyncSession) -> MailServer | None:
        return (await self._way(session))[0]

    async def _way(self, session: AsyncSession) -> tuple[MailServer | None, SellerSettings]:
        """Raises NotDone."""
        try:
            return await mail_servers.with_seller(self._post.fixed, self._post.vault, session)
        except Unreadable as error:
            raise NotDone(UNREADABLE) from error

    def _sender(self, server: MailServer, seller: SellerSettings) -> Sender:
        """Raises NotDone."""
        try:
            own = envelopes.address(server.from_address or f"tresen@{self._host}", server.from_name)
            answers = envelopes.address(seller.email, seller.name) if seller.email else own
        except BadAddress as error:
            raise NotDone(f"The sender's address cannot be used: {error}") from error
        return Sender(own, reply_to=None if answers.spec == own.spec else answers)

    async def _domain(self, session: AsyncSession) -> str:
        """Of the Message-ID, which stays though the sender's address may change before the mail leaves."""
        try:
            server = await self._server(session)
            return envelopes.address(server.from_address).domain if server else self._host
        except (NotDone, BadAddress):
            return self._host

    @property
    def _host(self) -> str:
        """The public host, if it is a name; an address of numbers is no domain for mail."""
        host = urlsplit(self._post.base_url).hostname or ""
        return host if any(sign.isalpha() for sign in host) and ":" not in host else "localhost"


async def _keep_back(message_id: int, why: Kept, session: AsyncSession, now: datetime) -> None:
    message = await session.get_one(Message, message_id)
    await kept_back.note(message, why, session, By(TRESEN, now))
    if message.order_id is not None:
        await skipped_runs.ask_those_silenced(message.order_id, session, now)


@cache
def _sent() -> Update:
    """Laid out once; past the rows of the session, of which no message is one."""
    table = Message.metadata.tables[Message.__tablename__]
    values = {name: bindparam(name, type_=table.c[name].type) for name in ("sent_at", "attempts", "error")}
    of_message = bindparam("of_message", type_=table.c.id.type)
    return update(table).where(table.c.id == of_message).values(state=MessageState.SENT, **values)


def _details(message: Message) -> dict[str, object]:
    return {"message_id": message.id, "kind": message.kind, "subject": message.subject}


def _key(message_id: int) -> str:
    return f"{KIND}:{message_id}"
