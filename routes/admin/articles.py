"""Articles behind the counter: the list of all that was ever sold, and one article with its files in their order."""

from __future__ import annotations

from dataclasses import replace

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect

from db.settings import FileSettings
from portal import article_files, article_list, articles, file_inspections, file_reach, releases, sessions, settings
from portal.article_list import Wanted
from portal.articles import LONGEST_SKU, Renaming
from portal.house import House as PortalHouse
from portal.refusals import NotFound
from portal.sessions import SignedIn
from routes.admin.orders import LARGEST
from routes.admin.signed_in import kept_for
from routes.forms import submitted, texts_of
from routes.given import AnyRequest, House, Merchant, Now
from views import Page
from views.admin.articles import PATH, ArticlePage, ArticleRow, ArticlesPage, LinkedRow, address, done_of
from views.admin.frame import Frame
from views.admin.labels import ARTICLE
from views.faults import too_long, unfit_name
from views.form import Form

ARTICLE_PATH = f"{PATH}/{{article_id:int}}"
LONGEST_TITLE = 500


@route(PATH, http_method=["GET", "HEAD"])
async def list_articles(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    return Page(await _list(_wanted(request), house, merchant), locale=merchant.locale)


@post(PATH)
async def open_article(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    """To the article of that SKU, which is made if there is none."""
    texts = await texts_of(request)
    sku, title = texts.get("sku", "").strip(), texts.get("title", "").strip()
    wrong = unfit_name(sku, LONGEST_SKU)
    if wrong is None and len(title) > LONGEST_TITLE:
        title = title[:LONGEST_TITLE]  # it came from an order, and can be mended on the next page
    if wrong or "\0" in sku:
        page = replace(await _list(Wanted(), house, merchant), sku=sku, error=wrong or too_long(len(sku), LONGEST_SKU))
        return Page(page, locale=merchant.locale, status_code=422)
    async with house.database.writing() as session:
        article = await articles.opened(sku, title, session, merchant.by)
        await sessions.let_go(merchant.session_id, PATH, session)
    return Redirect(f"{PATH}/{article.id}", status_code=303)


@route(ARTICLE_PATH, http_method=["GET", "HEAD"])
async def show_article(
    article_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant, now: Now
) -> Page:
    path = f"{PATH}/{article_id}"
    async with house.database.reading() as session:
        article = await articles.by_id(checked(article_id), session)
    stored: dict[str, object] = {"name": article.title}
    form = Form.of(path, ARTICLE, stored, saved=request.query_params.get("saved", "").split("."))
    if waiting := await kept_for(path, merchant, house):
        form = form.with_typed(submitted(Renaming, waiting), stored)
    page = await _page(article_id, form, house, merchant)
    return Page(replace(page, done=done_of(request.query_params.get("done", ""))), locale=merchant.locale)


@post(ARTICLE_PATH)
async def change_article(
    article_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    path = f"{PATH}/{article_id}"
    given = submitted(Renaming, await texts_of(request))
    async with house.database.writing() as session:
        article = await articles.by_id(checked(article_id), session)
        stored: dict[str, object] = {"name": article.title}
        refused = given.faults or given.overtaken(stored)
        if not refused and given.values:
            await articles.call(article, str(given.values["name"]), session, merchant.by)
            await sessions.let_go(merchant.session_id, path, session)
    if refused:
        form = Form.of(path, ARTICLE, stored).with_typed(given, stored)
        return Page(await _page(article_id, form, house, merchant), locale=merchant.locale, status_code=422)
    return Redirect(f"{path}?saved=name", status_code=303)


@post(ARTICLE_PATH + "/removals")
async def remove_article(article_id: FromPath[int], house: House, merchant: Merchant) -> Redirect:
    async with house.database.writing() as session:
        article = await articles.by_id(checked(article_id), session)
        await articles.remove(article.sku, session, merchant.by)
    return Redirect(PATH, status_code=303)


@post(ARTICLE_PATH + "/moves")
async def move_file(article_id: FromPath[int], request: AnyRequest, house: House, merchant: Merchant) -> Redirect:
    """`move` is `up-7` or `down-7`: that file by one place."""
    step, _, file = (await texts_of(request)).get("move", "").partition("-")
    if step not in ("up", "down") or not (file.isascii() and file.isdecimal() and len(file) < 19):
        raise NotFound
    async with house.database.writing() as session:
        article = await articles.by_id(checked(article_id), session)
        await article_files.move(article, int(file), -1 if step == "up" else 1, session)
    return Redirect(f"{PATH}/{article_id}", status_code=303)


def checked(row_id: int) -> int:
    """Raises NotFound for what no row can have."""
    if not 0 < row_id <= LARGEST:
        raise NotFound
    return row_id


def _wanted(request: AnyRequest) -> Wanted:
    asked = request.query_params
    return Wanted(
        query=asked.get("q", "")[:200].strip(),
        only_without=asked.get("files", "") == "none",
        after=asked.get("after", "")[:LONGEST_SKU],
    )


async def _list(wanted: Wanted, house: PortalHouse, merchant: SignedIn) -> ArticlesPage:
    async with house.database.reading() as session:
        found = await article_list.page(wanted, session)
    waiting = await kept_for(PATH, merchant, house)
    return ArticlesPage(
        frame=Frame.of(merchant, PATH),
        query=wanted.query,
        only_without=wanted.only_without,
        rows=tuple(ArticleRow.of(row) for row in found.rows),
        more=address(replace(wanted, after=found.next_sku)) if found.next_sku else "",
        is_first=not wanted.after,
        sku=waiting.get("sku", ""),
    )


async def _page(article_id: int, form: Form, house: PortalHouse, merchant: SignedIn) -> ArticlePage:
    async with house.database.reading() as session:
        article = await articles.by_id(article_id, session)
        linked = (await articles.files_of([article], session))[article.id]
        asked = releases.asked_for(await settings.of(FileSettings, session))
        awaited = await file_inspections.awaited([each.file.id for each in linked], session)
        reach = await file_reach.counts([each.file.id for each in linked], session, merchant.at, house.zone)
    path = f"{PATH}/{article_id}"
    rows = [LinkedRow.of(each, reach[each.file.id], path, asked) for each in linked]
    return ArticlePage(
        frame=Frame.of(merchant, path),
        path=path,
        sku=article.sku,
        prefix=article.prefix,
        form=form,
        files=tuple(replace(row, is_first=row is rows[0], is_last=row is rows[-1]) for row in rows),
        is_awaited="" in awaited.values(),
    )
