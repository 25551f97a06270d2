"""What happens by itself: set up, switched on where mail can leave, removed without losing what it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Automation, Match, Trigger
from db.message_templates import MessageTemplate
from portal import actions, conditions, triggers
from portal.actions import Action, ActionKind
from portal.activity import By, entry
from portal.conditions import Condition
from portal.refusals import Conflict, Fault, Invalid, NotFound

LONGEST_DELAY = 366 * 24 * 60
MOST_PARTS = 20
NO_BASE_URL = "Automations stay off until TRESEN_BASE_URL is set: mails would bring links that lead nowhere."
NO_MAIL_SERVER = "This automation sends mail, and no mail has left by the present mail settings yet: send a test."
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Conditions = Annotated[list[Condition], Meta(max_length=MOST_PARTS)]
Actions = Annotated[list[Action], Meta(min_length=1, max_length=MOST_PARTS)]
Position = Annotated[int, Meta(ge=1, le=1000)]


class TriggerChoice(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    kind: Trigger
    delay_minutes: Annotated[int, Meta(ge=0, le=LONGEST_DELAY)] = 0


class NewAutomation(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Without `position` it runs after all others."""

    name: Name
    active: bool = False
    trigger: TriggerChoice
    match: Match = Match.ALL
    conditions: Conditions = msgspec.field(default_factory=list)
    actions: Actions
    position: Position | None = None


class AutomationChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    trigger: TriggerChoice | UnsetType = UNSET
    match: Match | UnsetType = UNSET
    conditions: Conditions | UnsetType = UNSET
    actions: Actions | UnsetType = UNSET
    position: Position | UnsetType = UNSET


class Readiness(Struct, kw_only=True, frozen=True):
    """What automations need of the place they run at. `mail`: one has left by the mail settings of now."""

    base_url: bool
    mail: bool

    def obstacle(self, wanted: Sequence[Action]) -> str:
        """Why an automation with these actions cannot be switched on; empty where it can."""
        if not self.base_url:
            return NO_BASE_URL
        sends = any(each.kind is ActionKind.SEND_MESSAGE for each in wanted)
        return NO_MAIL_SERVER if sends and not self.mail else ""


async def every(session: AsyncSession) -> Sequence[Automation]:
    """In the order in which they run."""
    there = select(Automation).where(Automation.removed_at.is_(None))
    return (await session.scalars(there.order_by(Automation.position, Automation.id))).all()


async def one(automation_id: int, session: AsyncSession) -> Automation:
    """Raises NotFound, also for one that was removed."""
    row = await session.get(Automation, automation_id)
    if row is None or row.removed_at is not None:
        raise NotFound
    return row


def conditions_of(row: Automation) -> list[Condition]:
    return msgspec.convert(row.conditions, list[Condition])


def actions_of(row: Automation) -> list[Action]:
    return msgspec.convert(row.actions, list[Action])


async def add(new: NewAutomation, ready: Readiness, session: AsyncSession, by: By) -> Automation:
    """Raises Invalid, and Conflict where it cannot be switched on."""
    wanted = await _checked(new.conditions, new.actions, session)
    if new.active and (why := ready.obstacle(wanted)):
        raise Conflict(why)
    row = Automation(
        name=new.name,
        active=new.active,
        active_since=by.at if new.active else None,
        position=new.position or await _last(session) + 1,
        trigger=new.trigger.kind,
        delay_minutes=new.trigger.delay_minutes,
        match=new.match,
        conditions=msgspec.to_builtins(new.conditions),
        actions=msgspec.to_builtins(wanted),
        created_at=by.at,
    )
    session.add(row)
    await session.flush()
    triggers.forget_listening(session)
    session.add(entry(by, "automation_added", details={"automation": row.id, "name": row.name}))
    return row


async def change(
    row: Automation, wanted: AutomationChange, ready: Readiness, session: AsyncSession, by: By
) -> Automation:
    """Writes what differs. Raises as `add` does."""
    news = {name: value for name, value in (await _columns(wanted, session)).items() if getattr(row, name) != value}
    if not news:
        return row
    olds = {name: getattr(row, name) for name in news}
    for name, value in news.items():
        setattr(row, name, value)
    if row.active and (news.keys() & {"active", "actions"}) and (why := ready.obstacle(actions_of(row))):
        raise Conflict(why)
    if news.get("active"):
        row.active_since = by.at
    triggers.forget_listening(session)
    details: dict[str, object] = {"automation": row.id, "name": row.name}
    plain = [name for name in news if name not in ("conditions", "actions")]
    shown = {"old": {name: olds[name] for name in plain}, "new": {name: news[name] for name in plain}}
    session.add(entry(by, "automation_changed", details={**details, **shown}))
    return row


async def remove(row: Automation, session: AsyncSession, by: By) -> None:
    """What waits for it is skipped; what it did stays in the histories."""
    row.active, row.removed_at = False, by.at
    triggers.forget_listening(session)
    session.add(entry(by, "automation_removed", details={"automation": row.id, "name": row.name}))


async def run_by_hand(row: Automation, order_id: int, attempt: str, session: AsyncSession, by: By) -> None:
    """At most once for each attempt. Raises Conflict for one that waits for something else, or is switched off."""
    if row.trigger is not Trigger.MANUAL:
        raise Conflict("This automation has another trigger than manual.")
    if not row.active:
        raise Conflict("This automation is switched off.")
    await triggers.ask([row.id], order_id, f"{Trigger.MANUAL.value}:{attempt}", session, by)


async def sends(template: str, session: AsyncSession) -> bool:
    """Whether one of them, switched on or not, sends messages of that name."""
    return any(each.template == template for row in await every(session) for each in actions_of(row))


async def _columns(wanted: AutomationChange, session: AsyncSession) -> Mapping[str, object]:
    """The fields that are given, as they are stored."""
    given = {name: value for name in wanted.__struct_fields__ if (value := getattr(wanted, name)) is not UNSET}
    if isinstance(choice := given.pop("trigger", None), TriggerChoice):
        given |= {"trigger": choice.kind, "delay_minutes": choice.delay_minutes}
    has = wanted.conditions if isinstance(wanted.conditions, list) else []
    does = wanted.actions if isinstance(wanted.actions, list) else []
    stored = await _checked(has, does, session)
    if "conditions" in given:
        given["conditions"] = msgspec.to_builtins(has)
    if "actions" in given:
        given["actions"] = msgspec.to_builtins(stored)
    return given


async def _checked(has: Sequence[Condition], does: Sequence[Action], session: AsyncSession) -> list[Action]:
    """The actions with their templates by name. Raises Invalid."""
    rows = await session.execute(select(MessageTemplate.id, MessageTemplate.name))
    names = {template_id: name for template_id, name in rows}
    named = [actions.named(each, names) for each in does]
    found: list[Fault] = [*conditions.faults(has), *actions.faults(named, set(names.values()))]
    if found:
        raise Invalid(*found)
    return named


async def _last(session: AsyncSession) -> int:
    return await session.scalar(select(func.max(Automation.position))) or 0
