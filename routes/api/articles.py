"""Articles and the files that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from litestar import delete, get, post, put
from litestar.params import FromPath, RawBody
from litestar.response import Response
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from db.articles import Article
from db.settings import FileSettings
from pdfkit.outcome import Caution
from portal import articles, file_inspections, paging, releases, settings
from portal.articles import LONGEST_SKU, ArticleBody, LinkedFile
from portal.paging import AfterText, Paging
from portal.refusals import Fault, Invalid
from portal.releases import Confirmed
from routes.api.body import decoded
from routes.api.calls import Call, Listed, asked, row_id, told
from routes.api.slashes import segment
from routes.given import AnyRequest, ApiKeyHolder, House, Reading

ARTICLE = "/articles/{sku:str}"
PATIENCE = 5.0  # seconds that an answer waits for the worker to have looked at the files


class ToldLink(Struct, kw_only=True, frozen=True):
    """A linked file. `inspection` is what was found in these bytes, of `version`; null until somebody has looked.

    `missing_since` is when it was missed in its storage, null while it is there. `awaits_release`: with a watermark
    it is delivered only after the merchant released it on its page, as it was rebuilt or its owner forbade changes.
    """

    id: int
    storage: int
    path: str
    title: str
    name: str
    size: int
    version: str
    inspection: dict[str, object] | None
    missing_since: datetime | None
    awaits_release: bool


class ToldArticle(Struct, kw_only=True, frozen=True):
    sku: str
    title: str
    files: list[ToldLink]


@put(
    ARTICLE,
    opt=told(
        Call(summary="Store an article with its files", takes=ArticleBody, gives={201: ToldArticle, 200: ToldArticle})
    ),
)
async def put_article(sku: FromPath[str], body: RawBody, house: House, by: ApiKeyHolder) -> Response[ToldArticle]:
    sku, wanted = _checked(segment(sku)), decoded(ArticleBody, body)
    seen = await articles.look(wanted.files, house.database.reading, house.storages)
    is_new = await articles.put(sku, wanted, seen, house.database.writing, by)
    async with house.database.reading() as session:
        stored = await _one(sku, session)
    if any(file.inspection is None for file in stored.files):
        await file_inspections.over([file.id for file in stored.files], house.database.reading, PATIENCE)
        async with house.database.reading() as session:
            stored = await _one(sku, session)
    return Response(stored, status_code=201 if is_new else 200)


@get(ARTICLE, opt=told(Call(summary="Show an article", gives={200: ToldArticle})))
async def show_article(sku: FromPath[str], reading: Reading) -> ToldArticle:
    return await _one(segment(sku), reading)


@delete(ARTICLE, opt=told(Call(summary="Remove an article and unlink its files", gives={204: None})))
async def remove_article(sku: FromPath[str], house: House, by: ApiKeyHolder) -> None:
    async with house.database.writing() as session:
        await articles.remove(segment(sku), session, by)


@post(
    ARTICLE + "/files/{file_id:str}/releases",
    status_code=201,
    opt=told(
        Call(
            summary="Let a file that waits for it be delivered, with the number of pages that your own copy has",
            path="/articles/{sku}/files/{id}/releases",
            takes=Confirmed,
            gives={201: ToldArticle},
        )
    ),
)
async def release_file(
    sku: FromPath[str], file_id: FromPath[str], body: RawBody, house: House, by: ApiKeyHolder
) -> ToldArticle:
    seen = decoded(Confirmed, body)
    async with house.database.writing() as session:
        article = await articles.one(segment(sku), session)
        await releases.confirm(article.id, row_id(file_id), seen, session, by)
    async with house.database.reading() as session:
        return await _one(segment(sku), session)


@get("/articles", opt=told(Call(summary="List articles by SKU", query=Paging, gives={200: Listed[ToldArticle]})))
async def list_articles(request: AnyRequest, reading: Reading) -> Listed[ToldArticle]:
    query = asked(Paging, request)
    after = paging.place(query.cursor, AfterText).text if query.cursor else ""
    found = await articles.page(reading, query.limit + 1, after)
    page, cursor = paging.cut(found, query.limit, lambda article: AfterText(article.sku))
    return Listed(items=await _told(page, reading), next_cursor=cursor)


async def _one(sku: str, session: AsyncSession) -> ToldArticle:
    return (await _told([await articles.one(sku, session)], session))[0]


async def _told(found: Sequence[Article], session: AsyncSession) -> list[ToldArticle]:
    files = await articles.files_of(found, session)
    held = releases.asked_for(await settings.of(FileSettings, session))
    return [
        ToldArticle(sku=article.sku, title=article.title, files=[_file(each, held) for each in files[article.id]])
        for article in found
    ]


def _file(linked: LinkedFile, held_back_for: frozenset[Caution]) -> ToldLink:
    file = linked.file
    return ToldLink(
        id=file.id,
        storage=linked.storage_row.id,
        path=file.path,
        title=linked.link.title,
        name=file.name,
        size=file.size,
        version=file.version,
        inspection=file.inspection,
        missing_since=file.missing_since,
        awaits_release=releases.awaits_release(file, held_back_for),
    )


def _checked(sku: str) -> str:
    if not 0 < len(sku) <= LONGEST_SKU or "\0" in sku:
        raise Invalid(Fault("#/sku", "too-long", f"A SKU has 1 to {LONGEST_SKU} characters."))
    return sku
