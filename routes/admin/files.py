"""All files that are linked with articles, those first that customers cannot get."""

from __future__ import annotations

from litestar import route

from db.settings import FileSettings
from portal import article_files, file_list, file_reach, releases, settings
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.files import PATH, FileRow, FilesPage, address
from views.admin.frame import Frame


@route(PATH, http_method=["GET", "HEAD"])
async def list_files(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    asked = request.query_params.get("page", "")
    number = int(asked) if asked.isascii() and asked.isdecimal() and 0 < len(asked) < 7 else 0
    async with house.database.reading() as session:
        found = await file_list.page(number, session)
        ids = [each.file.id for each in found.rows]
        linked = await article_files.articles_of(ids, session)
        asked = releases.asked_for(await settings.of(FileSettings, session))
        reach = await file_reach.counts(ids, session, merchant.at, house.zone)
    page = FilesPage(
        frame=Frame.of(merchant, "/admin/articles/files"),
        rows=tuple(FileRow.of(each, linked[each.file.id], reach[each.file.id], asked) for each in found.rows),
        before=address(number - 1) if number else "",
        more=address(number + 1) if found.has_more else "",
    )
    return Page(page, locale=merchant.locale)
