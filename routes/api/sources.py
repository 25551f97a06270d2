"""Where orders come from: connections, and what came of asking them."""

from __future__ import annotations

from datetime import datetime

from litestar import delete, get, patch, post
from litestar.params import FromPath, RawBody
from msgspec import Struct

from db.sources import RunCause, RunOutcome, Source, SourceKind, SourceRun
from portal import source_checks, source_options, source_runs, source_webhooks, sources
from portal.sources import NewSource, SourceChange
from routes.api.body import decoded
from routes.api.calls import Call, Listed, row_id, told
from routes.given import ApiKeyHolder, House, Reading

SOURCE = "/sources/{source:str}"


class ToldSource(Struct, kw_only=True, frozen=True):
    """`options` without the secrets; `secrets_set` names those that are there."""

    id: int
    name: str
    kind: SourceKind
    options: dict[str, str]
    secrets_set: list[str]
    waiver_needs_text: bool
    invoices_elsewhere: bool
    active: bool


class ToldRun(Struct, kw_only=True, frozen=True):
    """One time that a source is asked. `outcome` is null as long as it has not ended, `ok` where all went well."""

    id: int
    cause: RunCause
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    outcome: RunOutcome | None
    detail: str
    created: int
    updated: int
    unchanged: int
    stale: int
    ignored: int
    failed: int


class SourceCheck(Struct, kw_only=True, frozen=True):
    """What came of asking for real; `outcome` is `ok` or the kind of trouble, `orders` how many can be read."""

    ok: bool
    outcome: RunOutcome
    detail: str
    milliseconds: int
    orders: int


class ToldWebhook(Struct, kw_only=True, frozen=True):
    """The address that the shop calls."""

    url: str
    registered_at: datetime


@get("/sources", opt=told(Call(summary="List the sources", gives={200: Listed[ToldSource]})))
async def list_sources(reading: Reading) -> Listed[ToldSource]:
    return Listed(items=[_told(row) for row in await sources.every(reading)])


@post("/sources", opt=told(Call(summary="Connect a source", takes=NewSource, gives={201: ToldSource})))
async def add_source(body: RawBody, house: House, by: ApiKeyHolder) -> ToldSource:
    new = decoded(NewSource, body)
    async with house.database.writing() as session:
        return _told(await sources.add(new, house.connectors, session, by))


@get(SOURCE, opt=told(Call(summary="Show a source", gives={200: ToldSource})))
async def show_source(source: FromPath[str], reading: Reading) -> ToldSource:
    return _told(await sources.one(row_id(source), reading))


@patch(SOURCE, opt=told(Call(summary="Change a source", takes=SourceChange, gives={200: ToldSource})))
async def change_source(source: FromPath[str], body: RawBody, house: House, by: ApiKeyHolder) -> ToldSource:
    wanted = decoded(SourceChange, body)
    async with house.database.writing() as session:
        row = await sources.one(row_id(source), session)
        return _told(await sources.change(row, wanted, house.connectors, session, by))


@delete(SOURCE, opt=told(Call(summary="Remove a source that no order refers to", gives={204: None})))
async def remove_source(source: FromPath[str], house: House, by: ApiKeyHolder) -> None:
    async with house.database.writing() as session:
        await sources.remove(await sources.one(row_id(source), session), session, by)


@post(
    SOURCE + "/checks",
    status_code=200,
    opt=told(Call(summary="Check a source by asking it for real", gives={200: SourceCheck})),
)
async def check_source(source: FromPath[str], house: House) -> SourceCheck:
    done = await source_checks.check(row_id(source), house.connectors, house.database, house.zone)
    return SourceCheck(
        ok=done.outcome is RunOutcome.OK,
        outcome=done.outcome,
        detail=done.detail,
        milliseconds=done.milliseconds,
        orders=done.orders,
    )


@get(SOURCE + "/runs", opt=told(Call(summary="List the last runs of a source", gives={200: Listed[ToldRun]})))
async def list_runs(source: FromPath[str], reading: Reading) -> Listed[ToldRun]:
    row = await sources.one(row_id(source), reading)
    return Listed(items=[_told_run(run) for run in await source_runs.of_source(row.id, reading)])


@post(
    SOURCE + "/runs",
    status_code=202,
    opt=told(Call(summary="Fetch the orders of a source now; one that waits already is told", gives={202: ToldRun})),
)
async def ask_for_run(source: FromPath[str], house: House, by: ApiKeyHolder) -> ToldRun:
    async with house.database.writing() as session:
        row = await sources.one(row_id(source), session)
        return _told_run(await source_runs.ask(row, RunCause.ASKED, session, by))


@post(
    SOURCE + "/webhooks",
    status_code=201,
    opt=told(Call(summary="Ask the shop to report changes by itself", gives={201: ToldWebhook})),
)
async def register_source_webhooks(source: FromPath[str], house: House, by: ApiKeyHolder) -> ToldWebhook:
    made = await source_webhooks.register(row_id(source), house.connectors, house.database, by)
    return ToldWebhook(url=made.url, registered_at=made.registered_at)


def _told(row: Source) -> ToldSource:
    return ToldSource(
        id=row.id,
        name=row.name,
        kind=row.kind,
        options=source_options.shown(row),
        secrets_set=source_options.set_secrets(row),
        waiver_needs_text=row.waiver_needs_text,
        invoices_elsewhere=row.invoices_elsewhere,
        active=row.active,
    )


def _told_run(run: SourceRun) -> ToldRun:
    return ToldRun(**{name: getattr(run, name) for name in ToldRun.__struct_fields__})
