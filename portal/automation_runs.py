"""How an automation runs for one order: asked at its event, asked again when its delay is over, and told why not.

Deciding and acting are one transaction, so that nothing is done to an order that changed in between. What leads to
the outside, an invoice that has to be drawn, comes before it and is found again by whoever tries once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.automations import Automation, AutomationRun, AutomationSettings, RunState, Trigger
from db.engine import Database
from db.orders import Order, State
from db.outbox import Job
from portal import actions, automations, conditions, jobs, settings, situations, triggers
from portal.actions import Action, ActionKind, Case, Hands
from portal.activity import TRESEN, By, entry
from portal.issuing import Issuing
from portal.jobs import Clock, Record
from portal.outbox import Claimed
from portal.refusals import Refused
from portal.situations import Situation
from portal.skips import Skip

LIMIT = timedelta(minutes=2)
DEEPEST = 4  # automations in a row; more are a loop
LOOP = "automation_loop"
NO_SERVER = "automations_lack_mail"
TELL_AGAIN = timedelta(days=1)
OPEN = (RunState.NEW, RunState.WAITING, RunState.HELD)
# What has to do with the end of an order is done although it is dead.
FOR_DEAD = frozenset(
    {Trigger.ORDER_CANCELLED, Trigger.PAYMENT_REVERSED, Trigger.STATE_CHANGED, Trigger.MANUAL, Trigger.INVOICE_CREATED}
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A run with all that its decision asks for. `seen` is None for an order that was removed."""

    run: AutomationRun
    automation: Automation
    order: Order
    seen: Situation | None


@dataclass(frozen=True, kw_only=True)
class AutomationRuns:
    """How the job `automation_run` is done."""

    database: Database
    hands: Hands
    issuing: Issuing
    has_base_url: bool
    zone: ZoneInfo | None
    clock: Clock = jobs.utc_now
    limit: timedelta = LIMIT

    async def readiness(self, session: AsyncSession) -> automations.Readiness:
        return automations.Readiness(base_url=self.has_base_url, mail=await self.hands.messages.is_proven(session))

    async def do(self, job: Claimed) -> Record:
        run_id = int(str(job.payload["run"]))
        async with self.database.reading() as session:
            wants_invoice = await self._wants_invoice(run_id, session)
        return partial(self._settle, run_id, await self._invoice(wants_invoice) if wants_invoice else None)

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """The outbox tells the merchant of a run that was given up."""
        if job.dead_at:
            run = await session.get_one(AutomationRun, int(str(job.payload["run"])))
            run.state, run.reason, run.finished_at = RunState.FAILED, job.error, by.at

    async def _asked(self, run_id: int, session: AsyncSession, now: datetime) -> Asked:
        run = await session.get_one(AutomationRun, run_id)
        order = await session.get_one(Order, run.order_id)
        is_there = order.state is not State.DELETED
        return Asked(
            run=run,
            automation=await session.get_one(Automation, run.automation_id),
            order=order,
            seen=await situations.of(order.id, session, self.zone, now) if is_there else None,
        )

    async def _wants_invoice(self, run_id: int, session: AsyncSession) -> Asked | None:
        """The run, if it acts now and issues an invoice among other things."""
        run = await session.get_one(AutomationRun, run_id)
        automation = await session.get_one(Automation, run.automation_id)
        if not any(each.kind is ActionKind.CREATE_INVOICE for each in automations.actions_of(automation)):
            return None
        if run.state not in OPEN or (await settings.of(AutomationSettings, session)).paused:
            return None
        asked = await self._asked(run_id, session, self.clock())
        if _has_to_wait(asked) or await self._obstacle(asked, session) or await self._lacks_mail(asked, session):
            return None
        return asked

    async def _invoice(self, asked: Asked) -> str:
        """Why there is none; empty where there is."""
        try:
            await self.issuing.invoice(asked.order.id, _by(asked, self.clock()))
        except Refused as refused:
            return refused.refusal.value
        return ""

    async def _settle(self, run_id: int, no_invoice: str | None, session: AsyncSession, now: datetime) -> None:
        asked = await self._asked(run_id, session, now)
        run = asked.run
        if run.state not in OPEN:
            return
        if (await settings.of(AutomationSettings, session)).paused:
            run.state = RunState.HELD
        elif why := await self._obstacle(asked, session):
            _skip(asked, *why, session, now)
            if why[0] is Skip.LOOP:
                await _tell_loop(asked, session, now)
        elif _has_to_wait(asked):
            run.state, run.due_at = RunState.WAITING, run.created_at + _delay(asked)
            await triggers.enqueue(run, session, now, run.due_at)
            session.add(_note(asked, "automation_waits", now, {"until": run.due_at.isoformat()}))
        elif await self._lacks_mail(asked, session):
            run.state = RunState.HELD
            await _tell_no_server(session, now)
        elif asked.seen is not None:
            await self._act(asked, asked.seen, no_invoice, session, now)

    async def _obstacle(self, asked: Asked, session: AsyncSession) -> tuple[Skip, dict[str, object]] | None:
        """Why it does nothing, with what the merchant may want to know about it."""
        if why := _standing_in_the_way(asked, self.has_base_url):
            return why, {}
        if asked.seen is None:
            return Skip.ORDER_REMOVED, {}
        wanted = automations.conditions_of(asked.automation)
        if missed := conditions.failing(wanted, asked.automation.match, asked.seen):
            return Skip.CONDITIONS, {"condition": missed.kind.value, "place": wanted.index(missed) + 1}
        return (Skip.LOOP, {}) if asked.run.depth > DEEPEST else None

    async def _lacks_mail(self, asked: Asked, session: AsyncSession) -> bool:
        """Whether it would send mail where no server is set up: it is held until there is one again."""
        sends = any(each.kind is ActionKind.SEND_MESSAGE for each in automations.actions_of(asked.automation))
        return sends and not await self.hands.messages.is_set_up(session)

    async def _act(
        self, asked: Asked, seen: Situation, no_invoice: str | None, session: AsyncSession, now: datetime
    ) -> None:
        by = _by(asked, now)
        done: list[str] = []
        missed: list[dict[str, object]] = []
        for action in automations.actions_of(asked.automation):
            case = Case(seen=seen, order=asked.order, hands=self.hands, session=session, by=by)
            if why := await _why_not(action, case, no_invoice):
                detail = no_invoice or "" if why is Skip.NO_INVOICE else ""
                missed.append({"action": action.kind.value, "reason": why.value, "detail": detail})
            else:
                done.append(action.kind.value)
        if not done:
            _skip(asked, Skip(str(missed[0]["reason"])), {"actions": missed}, session, now)
            return
        asked.run.state, asked.run.finished_at = RunState.DONE, now
        asked.run.reason = ", ".join(str(each["reason"]) for each in missed)
        session.add(_note(asked, "automation_ran", now, {"done": done, "missed": missed}))


async def _why_not(action: Action, case: Case, no_invoice: str | None) -> Skip | None:
    if action.kind is ActionKind.CREATE_INVOICE:
        return None if no_invoice == "" else Skip.NO_INVOICE
    return await actions.act(action, case)


def _standing_in_the_way(asked: Asked, has_base_url: bool) -> Skip | None:
    """What is to be known without a further look, in the order in which it is told."""
    automation = asked.automation
    if asked.seen is None:
        return Skip.ORDER_REMOVED
    if not automation.active:
        return Skip.SWITCHED_OFF
    if asked.run.event.partition(":")[0] != automation.trigger:  # its words speak of something else now
        return Skip.TRIGGER_CHANGED
    if not has_base_url:
        return Skip.NO_BASE_URL
    if asked.seen.dossier.order.is_dead and automation.trigger not in FOR_DEAD:
        return Skip.ORDER_DEAD
    return None


def _has_to_wait(asked: Asked) -> bool:
    return asked.run.state in (RunState.NEW, RunState.HELD) and asked.run.due_at is None and bool(_delay(asked))


def _delay(asked: Asked) -> timedelta:
    return timedelta(minutes=asked.automation.delay_minutes)


def _by(asked: Asked, now: datetime) -> By:
    return By(f"automation:{asked.automation.id}", now, depth=asked.run.depth + 1)


def _skip(asked: Asked, why: Skip, details: dict[str, object], session: AsyncSession, now: datetime) -> None:
    run = asked.run
    run.state, run.reason, run.finished_at = RunState.SKIPPED, why.value, now
    session.add(_note(asked, "automation_skipped", now, {"reason": why.value, **details}))


async def _tell_loop(asked: Asked, session: AsyncSession, now: datetime) -> None:
    """One notice for an order: those that follow would say the same."""
    told = select(Activity.id).where(Activity.order_id == asked.order.id, Activity.kind == LOOP)
    if await session.scalar(told.limit(1)) is None:
        note = _note(asked, LOOP, now, {})
        note.notice = True
        session.add(note)


async def _tell_no_server(session: AsyncSession, now: datetime) -> None:
    """One notice a day."""
    told = select(Activity.id).where(Activity.notice, Activity.kind == NO_SERVER, Activity.at > now - TELL_AGAIN)
    if await session.scalar(told.limit(1)) is None:
        session.add(entry(By(TRESEN, now), NO_SERVER, notice=True))


def _note(asked: Asked, kind: str, now: datetime, details: dict[str, object]) -> Activity:
    about: dict[str, object] = {"automation": asked.automation.id, "name": asked.automation.name, "run": asked.run.id}
    return entry(_by(asked, now), kind, asked.order.id, {**about, **details})
