"""One file as it belongs to an article: what customers read, whether it is there, and what else can be done with it."""

from __future__ import annotations

from dataclasses import replace

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect

from db.settings import FileSettings
from portal import article_files, articles, file_inspections, file_reach, releases, sessions, settings, stamp_previews
from portal.articles import LinkedFile, Renaming
from portal.house import House as PortalHouse
from portal.refusals import NotFound
from portal.sessions import SignedIn
from routes.admin.articles import checked
from routes.admin.signed_in import kept_for
from routes.forms import submitted, texts_of
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.article_file import FilePage, done_of
from views.admin.articles import PATH, LinkedRow
from views.admin.file_picker import unreachable
from views.admin.file_words import cautions_of
from views.admin.frame import Frame
from views.admin.labels import LINKED_FILE
from views.admin.settings_files import picture_of
from views.form import Form

FILE_PATH = f"{PATH}/{{article_id:int}}/files/{{file_id:int}}"


@route(FILE_PATH, http_method=["GET", "HEAD"])
async def show_file(
    article_id: FromPath[int], file_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant
) -> Page:
    path = path_of(article_id, file_id)
    linked = await found(article_id, file_id, house)
    stored: dict[str, object] = {"name": linked.link.title}
    form = Form.of(path, LINKED_FILE, stored, saved=request.query_params.get("saved", "").split("."))
    if waiting := await kept_for(path, merchant, house):
        form = form.with_typed(submitted(Renaming, waiting), stored)
    page = await _page(linked, form, house, merchant)
    return Page(replace(page, done=done_of(request.query_params.get("done", ""))), locale=merchant.locale)


@post(FILE_PATH)
async def change_file(
    article_id: FromPath[int], file_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    path = path_of(article_id, file_id)
    given = submitted(Renaming, await texts_of(request))
    async with house.database.writing() as session:
        article = await articles.by_id(checked(article_id), session)
        link = await article_files.one(article, checked(file_id), session)
        stored: dict[str, object] = {"name": link.title}
        refused = given.faults or given.overtaken(stored)
        if not refused and given.values:
            await article_files.name(article, file_id, str(given.values["name"]), session, merchant.by)
            await sessions.let_go(merchant.session_id, path, session)
    if refused:
        form = Form.of(path, LINKED_FILE, stored).with_typed(given, stored)
        page = await _page(await found(article_id, file_id, house), form, house, merchant)
        return Page(page, locale=merchant.locale, status_code=422)
    return Redirect(f"{path}?saved=name", status_code=303)


@post(FILE_PATH + "/checks")
async def check_file(article_id: FromPath[int], file_id: FromPath[int], house: House, merchant: Merchant) -> Redirect:
    """The worker looks into the storage; the page says what it found as soon as it has."""
    linked = await found(article_id, file_id, house)
    async with house.database.writing() as session:
        await file_inspections.ask(linked.file, session, merchant.at)
    return Redirect(path_of(article_id, file_id), status_code=303)


@post(FILE_PATH + "/releases")
async def release_file(
    article_id: FromPath[int], file_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant
) -> Redirect:
    version = (await texts_of(request)).get("version", "")
    async with house.database.writing() as session:
        done = await releases.release(checked(article_id), checked(file_id), version, session, merchant.by)
    return Redirect(f"{path_of(article_id, file_id)}?done={'released' if done else 'changed'}", status_code=303)


@post(FILE_PATH + "/removals")
async def unlink_file(article_id: FromPath[int], file_id: FromPath[int], house: House, merchant: Merchant) -> Redirect:
    async with house.database.writing() as session:
        article = await articles.by_id(checked(article_id), session)
        await article_files.take_away(article, checked(file_id), session, merchant.by)
    return Redirect(f"{PATH}/{article_id}", status_code=303)


def path_of(article_id: int, file_id: int) -> str:
    return f"{PATH}/{article_id}/files/{file_id}"


async def found(article_id: int, file_id: int, house: PortalHouse) -> LinkedFile:
    """Raises NotFound for what is not linked with it."""
    async with house.database.reading() as session:
        article = await articles.by_id(checked(article_id), session)
        linked = (await articles.files_of([article], session))[article.id]
    for each in linked:
        if each.file.id == file_id:
            return each
    raise NotFound


async def _page(linked: LinkedFile, form: Form, house: PortalHouse, merchant: SignedIn) -> FilePage:
    async with house.database.reading() as session:
        asked = releases.asked_for(await settings.of(FileSettings, session))
        reach = await file_reach.counts([linked.file.id], session, merchant.at, house.zone)
        others = (await article_files.articles_of([linked.file.id], session))[linked.file.id]
        article = await articles.by_id(linked.link.article_id, session)
        trouble = (await file_inspections.awaited([linked.file.id], session)).get(linked.file.id)
    article_path = f"{PATH}/{article.id}"
    preview = stamp_previews.of(linked.file)
    return FilePage(
        frame=Frame.of(merchant, f"{article_path}/files"),
        sku=article.sku,
        article_path=article_path,
        path=path_of(article.id, linked.file.id),
        form=form,
        row=LinkedRow.of(linked, reach[linked.file.id], article_path, asked),
        checked_at=linked.file.checked_at.astimezone(house.storefront.zone) if linked.file.checked_at else None,
        others=tuple((each.sku, f"{PATH}/{each.id}") for each in others if each.id != article.id),
        cautions=cautions_of(linked.file),
        to_release=linked.file.version if releases.awaits_release(linked.file, asked) else "",
        picture=picture_of(preview) if preview else "",
        pages=preview.pages if preview else 0,
        is_awaited=trouble is not None,
        trouble=unreachable(trouble) if trouble else None,
    )
