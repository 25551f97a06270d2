"""Regeln: what happens by itself, set up with and without JavaScript by the same addresses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Automation, AutomationRun, AutomationSettings
from db.base import columns
from db.orders import Order
from portal import automations, dry_runs, held_mails, held_runs, message_templates, sessions
from portal.automations import AutomationChange, NewAutomation
from portal.house import House as PortalHouse
from portal.refusals import Conflict, Invalid
from portal.sessions import SignedIn
from portal.settings import AutomationsChange
from routes.admin.automation_texts import told_of, wanted
from routes.admin.example_orders import row_id
from routes.admin.signed_in import kept_for
from routes.admin.tabs import Section, Tab, saved, shown
from routes.api.body import converted
from routes.forms import texts_of
from routes.given import AnyRequest, House, Merchant
from views import Page, spoken
from views.admin import automation_form
from views.admin.automation_form import form_of
from views.admin.automations import (
    CHANGED,
    PATH,
    SAVED,
    AutomationPage,
    AutomationRow,
    AutomationsPage,
    Rehearsal,
    held,
    lacks,
    numbers_of,
    title_of,
    trouble,
    waiting,
)
from views.admin.frame import Frame
from views.admin.labels import AUTOMATIONS
from views.form import Form
from views.sentences import Sentence

TAB = Tab(PATH, [Section(AutomationSettings, AutomationsChange, AUTOMATIONS)])
NEW = f"{PATH}/new"
ONE = f"{PATH}/{{automation:str}}"
LATEST = 30


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What the editor shows in place of what is stored, and what is wrong with it."""

    texts: Mapping[str, str]
    errors: Mapping[str, Sentence] = field(default_factory=dict)
    status: int = 200


@route(PATH, http_method=["GET", "HEAD"])
async def list_automations(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    return await _list(await shown(TAB, request, house, merchant), house, merchant)


@post(PATH)
async def change_settings(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    found = await saved(TAB, request, house, merchant)
    return found if isinstance(found, Redirect) else await _list(found, house, merchant, 422)


async def _list(form: Form, house: PortalHouse, merchant: SignedIn, status: int = 200) -> Page:
    async with house.database.reading() as session:
        rows = await automations.every(session)
        ready = await house.automation_runs.readiness(session)
        held_back, queued = await held_runs.count(session), await held_mails.count(session)
    page = AutomationsPage(
        frame=Frame.of(merchant, PATH),
        path=PATH,
        rows=tuple(AutomationRow.of(row) for row in rows),
        lacks=lacks(ready),
        form=form,
        held=held(held_back),
        queued=waiting(queued),
    )
    return Page(page, locale=merchant.locale, status_code=status)


@post(f"{PATH}/discards")
async def discard_held(house: House, merchant: Merchant) -> Redirect:
    """What a pause has held is not done any more."""
    async with house.database.writing() as session:
        await held_runs.discard(session, merchant.by)
    return Redirect(PATH, status_code=303)


@post(f"{PATH}/mail-discards")
async def discard_mails(house: House, merchant: Merchant) -> Redirect:
    """What automations have written and a pause keeps in the queue does not leave any more; none if it is over."""
    with suppress(Conflict):
        async with house.database.writing() as session:
            await held_mails.discard(session, merchant.by)
    return Redirect(PATH, status_code=303)


@route(NEW, http_method=["GET", "HEAD"])
async def show_new_automation(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    waiting = await kept_for(NEW, merchant, house)
    return await _editor(None, Typed(texts=waiting or dict(request.query_params)), request, house, merchant)


@post(NEW)
async def add_automation(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    texts = await texts_of(request)
    try:
        new = converted(NewAutomation, wanted(texts, spoken(merchant.locale, request).language))
        async with house.database.writing() as session:
            ready = await house.automation_runs.readiness(session)
            row = await automations.add(new, ready, session, merchant.by)
            await sessions.let_go(merchant.session_id, NEW, session)
    except Invalid as invalid:
        wrong = Typed(texts=texts, errors=told_of(invalid.faults, texts), status=422)
        return await _editor(None, wrong, request, house, merchant)
    except Conflict as conflict:
        wrong = Typed(texts=texts, errors={"whole": trouble(str(conflict))}, status=409)
        return await _editor(None, wrong, request, house, merchant)
    return Redirect(f"{PATH}/{row.id}?saved=yes", status_code=303)


@route(ONE, http_method=["GET", "HEAD"])
async def show_automation(automation: FromPath[str], request: AnyRequest, house: House, merchant: Merchant) -> Page:
    """As it is stored; with a draft in the address, as that would look, fitted to what was chosen."""
    waiting = await kept_for(f"{PATH}/{row_id(automation)}", merchant, house)
    draft = waiting or (dict(request.query_params) if "draft" in request.query_params else None)
    typed = Typed(texts=draft) if draft else None
    return await _editor(row_id(automation), typed, request, house, merchant)


@post(ONE)
async def change_automation(
    automation: FromPath[str], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    """All of it or nothing; what somebody else has changed meanwhile is not written over."""
    automation_id, texts = row_id(automation), await texts_of(request)
    path = f"{PATH}/{automation_id}"
    try:
        change = converted(AutomationChange, wanted(texts, spoken(merchant.locale, request).language))
        async with house.database.writing() as session:
            row = await automations.one(automation_id, session)
            if texts.get("seen", "") != _mark(row):
                wrong = Typed(texts={**texts, "seen": _mark(row)}, errors={"whole": CHANGED}, status=409)
                return await _editor(automation_id, wrong, request, house, merchant)
            ready = await house.automation_runs.readiness(session)
            await automations.change(row, change, ready, session, merchant.by)
            await sessions.let_go(merchant.session_id, path, session)
    except Invalid as invalid:
        wrong = Typed(texts=texts, errors=told_of(invalid.faults, texts), status=422)
        return await _editor(automation_id, wrong, request, house, merchant)
    except Conflict as conflict:
        wrong = Typed(texts=texts, errors={"whole": trouble(str(conflict))}, status=409)
        return await _editor(automation_id, wrong, request, house, merchant)
    return Redirect(f"{path}?saved=yes", status_code=303)


@post(f"{ONE}/removals")
async def remove_automation(automation: FromPath[str], house: House, merchant: Merchant) -> Redirect:
    async with house.database.writing() as session:
        await automations.remove(await automations.one(row_id(automation), session), session, merchant.by)
    return Redirect(PATH, status_code=303)


async def _editor(
    automation_id: int | None, typed: Typed | None, request: AnyRequest, house: PortalHouse, merchant: SignedIn
) -> Page:
    path = NEW if automation_id is None else f"{PATH}/{automation_id}"
    async with house.database.reading() as session:
        row = None if automation_id is None else await automations.one(automation_id, session)
        names = list(dict.fromkeys(each.name for each in await message_templates.every(session)))
        ready = await house.automation_runs.readiness(session)
        runs = await _runs(row, session) if row else []
        rehearsal = None
        if row and request.query_params.get("rehearsal"):
            done = await dry_runs.of(row, house.automation_runs.hands, session, merchant.at, house.zone)
            rehearsal = Rehearsal.of(done)
    shown_as = typed or Typed(texts=_stored(row, spoken(merchant.locale, request).language))
    seen = shown_as.texts.get("seen") or (_mark(row) if row else "")
    page = AutomationPage(
        frame=Frame.of(merchant, path),
        path=PATH,
        address=path if row else "",
        title=title_of(row.name if row else ""),
        form=form_of(shown_as.texts, names, seen, shown_as.errors),
        done=SAVED if request.query_params.get("saved") else None,
        lacks=lacks(ready),
        runs=numbers_of(runs, house.storefront.zone),
        rehearsal=rehearsal,
    )
    return Page(page, locale=merchant.locale, status_code=shown_as.status)


def _stored(row: Automation | None, language: str) -> Mapping[str, str]:
    return automation_form.texts_of(row, language) if row else {}


def _mark(row: Automation) -> str:
    """Of all that the editor shows, so that a save knows whether it was made from what is there."""
    shown_too = {name: str(value) for name, value in columns(row).items() if name not in ("active_since", "removed_at")}
    return hashlib.sha256(repr(sorted(shown_too.items())).encode()).hexdigest()[:16]


async def _runs(row: Automation, session: AsyncSession) -> list[tuple[AutomationRun, str]]:
    """The latest, each with the number of its order."""
    found = await session.execute(
        select(AutomationRun, Order.number)
        .join(Order, Order.id == AutomationRun.order_id)
        .where(AutomationRun.automation_id == row.id)
        .order_by(AutomationRun.id.desc())
        .limit(LATEST)
    )
    return [(run, number) for run, number in found]
