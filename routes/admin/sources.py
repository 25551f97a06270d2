"""Einstellungen / Quellen: the list, adding one, and what was set aside."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect

from db.sources import Source, SourceKind
from portal import doubles, sessions, source_options, source_runs, sources, webhook_inbox
from portal.house import House as PortalHouse
from portal.refusals import Conflict, Invalid, NotFound
from portal.sessions import SignedIn
from portal.sources import NewSource
from routes.admin.signed_in import kept_for
from routes.api.body import converted
from routes.forms import texts_of
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.frame import Frame
from views.admin.settings_sources import DeliveryRow, NewSourcePage, SourceRow, SourcesPage, double, kinds, new_fields
from views.admin.source_words import NAME_TAKEN, title, told_of
from views.sentences import Sentence

PATH = "/admin/settings/sources"
NEW = f"{PATH}/new"


@route(PATH, http_method=["GET", "HEAD"])
async def show_sources(house: House, merchant: Merchant) -> Page:
    zone = house.storefront.zone
    async with house.database.reading() as session:
        last = await source_runs.last_of_each(session)
        rows = [SourceRow.of(row, last.get(row.id), zone) for row in await sources.every(session)]
        same = await doubles.among_newest(session)
        deliveries = [DeliveryRow.of(each, zone) for each in await webhook_inbox.given_up(session)]
    page = SourcesPage(
        frame=Frame.of(merchant, PATH),
        rows=tuple(rows),
        doubles=tuple(double(name, other) for name, others in same.items() for other in others if name < other),
        kinds=kinds(),
        deliveries=tuple(deliveries),
    )
    return Page(page, locale=merchant.locale)


@route(NEW + "/{kind:str}", http_method=["GET", "HEAD"])
async def show_new_source(kind: FromPath[str], house: House, merchant: Merchant) -> Page:
    known = _kind(kind)
    return _new(known, await kept_for(f"{NEW}/{known}", merchant, house), {}, merchant)


@post(NEW + "/{kind:str}")
async def connect_source(kind: FromPath[str], request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    known = _kind(kind)
    texts = {name: text.strip() for name, text in (await texts_of(request)).items()}
    try:
        row = await _connected(known, texts, house, merchant)
    except Invalid as invalid:
        return _new(known, texts, told_of(invalid.faults), merchant)
    except Conflict:
        return _new(known, texts, {"name": NAME_TAKEN}, merchant)
    return Redirect(f"{PATH}/{row.id}", status_code=303)


@post(PATH + "/deliveries/{delivery:int}/retries")
async def retry_delivery(delivery: FromPath[int], house: House, merchant: Merchant) -> Redirect:
    """A second click finds that it waits already, and changes nothing."""
    try:
        async with house.database.writing() as session:
            await webhook_inbox.retry(delivery, session, merchant.by)
    except Conflict:
        pass
    return Redirect(PATH, status_code=303)


async def _connected(kind: SourceKind, texts: Mapping[str, str], house: PortalHouse, merchant: SignedIn) -> Source:
    """Raises Invalid, Conflict."""
    options = {option.name: texts.get(option.name, "") for option in source_options.OPTIONS[kind]}
    given = {"name": texts.get("name", ""), "kind": kind.value, "options": options}
    new = converted(NewSource, given)
    async with house.database.writing() as session:
        row = await sources.add(new, house.connectors, session, merchant.by)
        await sessions.let_go(merchant.session_id, f"{NEW}/{kind}", session)
    return row


def _kind(text: str) -> SourceKind:
    """Raises NotFound."""
    try:
        return SourceKind(text)
    except ValueError as error:
        raise NotFound from error


def _new(kind: SourceKind, texts: Mapping[str, str], errors: Mapping[str, Sentence], merchant: SignedIn) -> Page:
    page = NewSourcePage(
        frame=Frame.of(merchant, f"{NEW}/{kind}"),
        action=f"{NEW}/{kind}",
        kind=title(kind),
        fields=new_fields(kind, texts, errors),
    )
    return Page(page, locale=merchant.locale, status_code=422 if errors else 200)
