"""One source: its fields save themselves; it is checked, asked, called back and removed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import UNSET, Meta, Struct, UnsetType

from db.sources import RunCause, Source
from db.webhooks import SourceWebhook
from portal import (
    csv_imports,
    doubles,
    sessions,
    source_checks,
    source_options,
    source_runs,
    source_webhooks,
    sources,
    webhook_inbox,
)
from portal.fetching import SourceUnavailable
from portal.house import House as PortalHouse
from portal.refusals import Conflict, Invalid
from portal.sessions import SignedIn
from portal.sources import Name, SourceChange
from routes.admin.signed_in import kept_for
from routes.admin.sources import PATH
from routes.api.body import converted
from routes.forms import submitted, texts_of
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.csv_imports import FileRow
from views.admin.frame import Frame
from views.admin.labels import SOURCE
from views.admin.settings_sources import DeliveryRow, SourcePage, WebhookLine, double, fault_rows
from views.admin.source_words import NAME_STAYS, NAME_TAKEN, ORDERS_REFER, UNUSABLE, RunRow, Told, title, told_of
from views.form import Form, Label, Submitted
from views.sentences import Sentence

ONE = f"{PATH}/{{source:int}}"
SWITCHES = ("active", "waiver_needs_text", "invoices_elsewhere")
Text = Annotated[str, Meta(max_length=2000)]


class SourceFields(Struct, kw_only=True, frozen=True):
    """What the form of any kind may bring; each kind has some of the options."""

    name: Name | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    waiver_needs_text: bool | UnsetType = UNSET
    invoices_elsewhere: bool | UnsetType = UNSET
    base_url: Text | UnsetType = UNSET
    consumer_key: Text | UnsetType = UNSET
    consumer_secret: Text | UnsetType = UNSET
    webhook_secret: Text | UnsetType = UNSET
    username: Text | UnsetType = UNSET
    password: Text | UnsetType = UNSET
    api_key: Text | UnsetType = UNSET


@dataclass(frozen=True)
class Shown:
    """What a page shows besides what is stored. `form` is None where it is shown as stored."""

    form: Form | None = None
    saved: str = ""
    status: int = 200
    is_checked: bool = False
    removal_error: Sentence | None = None
    webhook_trouble: str = ""


@route(ONE, http_method=["GET", "HEAD"])
async def show_source(source: FromPath[int], request: AnyRequest, house: House, merchant: Merchant) -> Page:
    """`?checked` asks the service for real, and says what came of it."""
    query = request.query_params
    shown = Shown(saved=query.get("saved", ""), is_checked=bool(query.get("checked", "")))
    return await _page(source, house, merchant, shown)


@post(ONE)
async def change_source(
    source: FromPath[int], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    """Writes the fields that differ from what they were rendered with, all of them or none."""
    path = f"{PATH}/{source}"
    given = submitted(SourceFields, await texts_of(request))
    async with house.database.writing() as session:
        row = await sources.one(source, session)
        stored = _stored(row)
        if not given.faults and not given.overtaken(stored):
            try:
                await sources.change(row, _wanted(row, given.values), house.connectors, session, merchant.by)
                if given.values:
                    await sessions.let_go(merchant.session_id, path, session)
            except Invalid as invalid:
                given = given.with_faults(told_of(invalid.faults))
                await session.rollback()
            except Conflict as conflict:
                given = given.with_faults({"name": NAME_STAYS if str(conflict) == sources.NAME_STAYS else NAME_TAKEN})
                await session.rollback()
    if given.faults or given.overtaken(stored):
        named = {name: UNUSABLE["name"] for name in given.faults if name == "name" and _is_unfit(given)}
        form = Form.of(path, _labels(stored), stored).with_typed(given.with_faults(named), stored)
        return await _page(source, house, merchant, Shown(form=form, status=422))
    return Redirect(f"{path}?saved={'.'.join(sorted(given.values))}", status_code=303)


@post(f"{ONE}/runs")
async def ask_for_run(source: FromPath[int], house: House, merchant: Merchant) -> Redirect:
    """Where it waits already, or there is nobody to ask, the page says so."""
    async with house.database.writing() as session:
        row = await sources.one(source, session)
        await source_runs.ask_if_fetched(row, RunCause.ASKED, session, merchant.by)
    return Redirect(f"{PATH}/{source}", status_code=303)


@post(f"{ONE}/webhooks")
async def register_webhooks(source: FromPath[int], house: House, merchant: Merchant) -> Page | Redirect:
    try:
        await source_webhooks.register(source, house.connectors, house.database, merchant.by)
    except (Conflict, SourceUnavailable) as error:
        return await _page(source, house, merchant, Shown(webhook_trouble=str(error), status=409))
    return Redirect(f"{PATH}/{source}", status_code=303)


@post(f"{ONE}/deliveries/{{delivery:int}}/retries")
async def retry_delivery_of(
    source: FromPath[int], delivery: FromPath[int], house: House, merchant: Merchant
) -> Redirect:
    """A second click finds that it waits already, and changes nothing."""
    with suppress(Conflict):
        async with house.database.writing() as session:
            await webhook_inbox.retry(delivery, session, merchant.by)
    return Redirect(f"{PATH}/{source}", status_code=303)


@post(f"{ONE}/removals")
async def remove_source(source: FromPath[int], house: House, merchant: Merchant) -> Page | Redirect:
    try:
        async with house.database.writing() as session:
            await sources.remove(await sources.one(source, session), session, merchant.by)
    except Conflict:
        return await _page(source, house, merchant, Shown(removal_error=ORDERS_REFER, status=409))
    return Redirect(PATH, status_code=303)


def _wanted(row: Source, values: Mapping[str, object]) -> SourceChange:
    """Another address takes no key along, whoever typed it: the keys are for the shop that was there."""
    names = source_options.of(row.kind)
    options = {name: str(value) for name, value in values.items() if name in {each.name for each in names.asked}}
    wanted = {name: value for name, value in values.items() if name in (*SWITCHES, "name")}
    if "base_url" not in options and options:
        options = {**source_options.shown(row), **options}
    return converted(SourceChange, {**wanted, "options": options} if options else wanted)


def _is_unfit(given: Submitted) -> bool:
    """Whether the name itself cannot be one, as opposed to one that is taken."""
    return given.faults["name"] not in (NAME_STAYS, NAME_TAKEN)


def _stored(row: Source) -> dict[str, object]:
    """As it is; of secrets, nothing."""
    shown = source_options.shown(row)
    kind = source_options.of(row.kind)
    options = {each.name: None if each.is_secret else shown.get(each.name, "") for each in kind.asked}
    return {"name": row.name, **{name: getattr(row, name) for name in SWITCHES}, **options}


def _labels(stored: Mapping[str, object]) -> Mapping[str, Label]:
    return {name: SOURCE[name] for name in stored}


async def _page(source_id: int, house: PortalHouse, merchant: SignedIn, shown: Shown) -> Page:
    path, zone = f"{PATH}/{source_id}", house.storefront.zone
    async with house.database.reading() as session:
        row = await sources.one(source_id, session)
        runs = await source_runs.of_source(row.id, session)
        faults = await source_runs.open_faults(row.id, session)
        webhook = await source_webhooks.of(row.id, session)
        imports = await csv_imports.of_source(row.id, session)
        deliveries = await webhook_inbox.given_up(session, source_id=row.id)
        same = await doubles.among_newest(session)
    stored = _stored(row)
    form = shown.form or Form.of(path, _labels(stored), stored, saved=shown.saved.split("."))
    if waiting := await kept_for(path, merchant, house):
        form = form.with_typed(submitted(SourceFields, waiting), stored)
    check = None
    if shown.is_checked:
        check = await source_checks.check(row.id, house.connectors, house.database, house.zone)
    page = SourcePage(
        frame=Frame.of(merchant, path),
        path=path,
        name=row.name,
        kind=row.kind.value,
        kind_words=title(row.kind),
        form=form,
        secrets=tuple(source_options.set_secrets(row)),
        is_fetched=source_options.is_fetched(row),
        is_running=any(run.ended_at is None for run in runs),
        doubles=tuple(double(row.name, other) for other in same.get(row.name, ())),
        runs=tuple(RunRow.of(run, zone) for run in runs),
        faults=fault_rows(faults),
        imports=tuple(FileRow.of(file, row.name, done, zone) for done, file in imports),
        deliveries=tuple(DeliveryRow.of(each, zone) for each in deliveries),
        check=Told.of_check(check) if check else None,
        webhook=_webhook(row, webhook, house, shown),
        removal_error=shown.removal_error,
    )
    return Page(page, locale=merchant.locale, status_code=shown.status)


def _webhook(row: Source, known: SourceWebhook | None, house: PortalHouse, shown: Shown) -> WebhookLine | None:
    if not house.connectors.calls(row):
        return None
    can_register = house.connectors.can_be_called_by(row)
    return WebhookLine.of(known, house.storefront.zone, can_register=can_register, trouble=shown.webhook_trouble)
