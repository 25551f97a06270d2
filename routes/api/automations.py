"""What happens by itself."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated

from litestar import delete, get, patch, post
from litestar.params import FromPath, RawBody
from msgspec import Meta, Struct

from db.automations import Automation, Match
from portal import automations, dry_runs, held_mails, held_runs, order_imports
from portal.actions import Action
from portal.automations import AutomationChange, NewAutomation, TriggerChoice
from portal.conditions import Condition
from portal.dry_runs import DryRun
from routes.api.body import decoded
from routes.api.calls import LARGEST_ID, Call, Listed, OrderKey, row_id, told
from routes.api.orders import ORDER
from routes.given import ApiKeyHolder, House, Now, Reading

AUTOMATION = "/automations/{automation:str}"


class ToldAutomation(Struct, kw_only=True, frozen=True):
    """`active_since`: when it was switched on last; `ready_made` names what Tresen brought along."""

    id: int
    name: str
    active: bool
    trigger: TriggerChoice
    match: Match
    conditions: list[Condition]
    actions: list[Action]
    position: int
    active_since: datetime | None
    ready_made: str | None


class NewRun(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`attempt`, if there is one, makes sure that asking twice runs it once."""

    automation: Annotated[int, Meta(ge=1, le=LARGEST_ID)]
    attempt: Annotated[str, Meta(max_length=100)] = ""


class AskedRun(Struct, kw_only=True, frozen=True):
    automation: int


class Discarded(Struct, kw_only=True, frozen=True):
    count: int


@get(
    "/automations",
    opt=told(Call(summary="List the automations, in the order they run", gives={200: Listed[ToldAutomation]})),
)
async def list_automations(reading: Reading) -> Listed[ToldAutomation]:
    return Listed(items=[_told(row) for row in await automations.every(reading)])


@post("/automations", opt=told(Call(summary="Add an automation", takes=NewAutomation, gives={201: ToldAutomation})))
async def add_automation(body: RawBody, house: House, by: ApiKeyHolder) -> ToldAutomation:
    new = decoded(NewAutomation, body)
    async with house.database.writing() as session:
        ready = await house.automation_runs.readiness(session)
        return _told(await automations.add(new, ready, session, by))


@get(AUTOMATION, opt=told(Call(summary="Show an automation", gives={200: ToldAutomation})))
async def show_automation(automation: FromPath[str], reading: Reading) -> ToldAutomation:
    return _told(await automations.one(row_id(automation), reading))


@patch(AUTOMATION, opt=told(Call(summary="Change an automation", takes=AutomationChange, gives={200: ToldAutomation})))
async def change_automation(automation: FromPath[str], body: RawBody, house: House, by: ApiKeyHolder) -> ToldAutomation:
    wanted = decoded(AutomationChange, body)
    async with house.database.writing() as session:
        row = await automations.one(row_id(automation), session)
        ready = await house.automation_runs.readiness(session)
        return _told(await automations.change(row, wanted, ready, session, by))


@delete(AUTOMATION, opt=told(Call(summary="Remove an automation; what it did stays", gives={204: None})))
async def remove_automation(automation: FromPath[str], house: House, by: ApiKeyHolder) -> None:
    async with house.database.writing() as session:
        await automations.remove(await automations.one(row_id(automation), session), session, by)


@post(
    AUTOMATION + "/dry-runs",
    status_code=200,
    opt=told(Call(summary="List the orders an automation is meant for, without doing anything", gives={200: DryRun})),
)
async def dry_run(automation: FromPath[str], house: House, reading: Reading, now: Now) -> DryRun:
    row = await automations.one(row_id(automation), reading)
    return await dry_runs.of(row, house.automation_runs.hands, reading, now, house.zone)


@post(
    ORDER + "/automation-runs",
    status_code=202,
    opt=told(Call(summary="Run an automation with the trigger manual", takes=NewRun, gives={202: AskedRun})),
)
async def run_by_hand(key: OrderKey, body: RawBody, house: House, by: ApiKeyHolder) -> AskedRun:
    new = decoded(NewRun, body)
    async with house.database.writing() as session:
        order = await order_imports.one(key, session)
        row = await automations.one(new.automation, session)
        await automations.run_by_hand(row, order.id, new.attempt or secrets.token_urlsafe(12), session, by)
    return AskedRun(automation=row.id)


@post(
    "/automations/discards",
    status_code=200,
    opt=told(Call(summary="Drop the runs that a pause has held", gives={200: Discarded})),
)
async def discard_held(house: House, by: ApiKeyHolder) -> Discarded:
    async with house.database.writing() as session:
        return Discarded(count=await held_runs.discard(session, by))


@post(
    "/automations/mail-discards",
    status_code=200,
    opt=told(Call(summary="Drop the mails of automations that a pause keeps in the queue", gives={200: Discarded})),
)
async def discard_mails(house: House, by: ApiKeyHolder) -> Discarded:
    async with house.database.writing() as session:
        return Discarded(count=await held_mails.discard(session, by))


def _told(row: Automation) -> ToldAutomation:
    same = "id name active match position active_since ready_made".split()
    return ToldAutomation(
        **{name: getattr(row, name) for name in same},
        trigger=TriggerChoice(kind=row.trigger, delay_minutes=row.delay_minutes),
        conditions=automations.conditions_of(row),
        actions=automations.actions_of(row),
    )
