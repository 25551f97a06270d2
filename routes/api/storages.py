"""Where sold files lie."""

from __future__ import annotations

from litestar import delete, get, patch, post
from litestar.params import FromPath, RawBody
from msgspec import UNSET, Struct

from db.storages import Storage as StorageRow
from db.storages import StorageKind
from portal import storage_checks, storage_options, storages
from portal.storages import NewStorage, StorageChange
from routes.api.body import decoded
from routes.api.calls import Call, Listed, asked, row_id, told
from routes.given import AnyRequest, ApiKeyHolder, House, Reading

STORAGE = "/storages/{storage:str}"


class ToldStorage(Struct, kw_only=True, frozen=True):
    """`options` without the secrets; `secrets_set` names those that are there."""

    id: int
    name: str
    kind: StorageKind
    options: dict[str, str]
    secrets_set: list[str]


class Check(Struct, kw_only=True, frozen=True):
    """What came of listing the root for real; `outcome` is `ok` or the kind of trouble, `detail` says why it failed."""

    ok: bool
    outcome: str
    detail: str
    milliseconds: int
    entries: int


class ToldEntry(Struct, kw_only=True, frozen=True):
    path: str
    name: str
    is_folder: bool
    size: int


class EntriesQuery(Struct, kw_only=True, frozen=True):
    """The folder, relative to the root; empty is the root itself."""

    path: str = ""


@get("/storages", opt=told(Call(summary="List the storages", gives={200: Listed[ToldStorage]})))
async def list_storages(reading: Reading) -> Listed[ToldStorage]:
    return Listed(items=[_told(row) for row in await storages.every(reading)])


@post("/storages", opt=told(Call(summary="Connect a storage", takes=NewStorage, gives={201: ToldStorage})))
async def add_storage(body: RawBody, house: House, by: ApiKeyHolder) -> ToldStorage:
    new = decoded(NewStorage, body)
    await house.storages.look(new.kind, new.options)
    async with house.database.writing() as session:
        return _told(await storages.add(new, house.storages, session, by))


@get(STORAGE, opt=told(Call(summary="Show a storage", gives={200: ToldStorage})))
async def show_storage(storage: FromPath[str], reading: Reading) -> ToldStorage:
    return _told(await storages.one(row_id(storage), reading))


@patch(STORAGE, opt=told(Call(summary="Change a storage", takes=StorageChange, gives={200: ToldStorage})))
async def change_storage(storage: FromPath[str], body: RawBody, house: House, by: ApiKeyHolder) -> ToldStorage:
    wanted = decoded(StorageChange, body)
    if wanted.options is not UNSET:
        async with house.database.reading() as session:
            kind = (await storages.one(row_id(storage), session)).kind
        await house.storages.look(kind, wanted.options)
    async with house.database.writing() as session:
        row = await storages.one(row_id(storage), session)
        return _told(await storages.change(row, wanted, house.storages, session, by))


@delete(STORAGE, opt=told(Call(summary="Disconnect a storage that holds no known file", gives={204: None})))
async def remove_storage(storage: FromPath[str], house: House, by: ApiKeyHolder) -> None:
    async with house.database.writing() as session:
        await storages.remove(await storages.one(row_id(storage), session), session, by)


@post(
    STORAGE + "/checks",
    status_code=200,
    opt=told(Call(summary="Check a storage by listing its root", gives={200: Check})),
)
async def check_storage(storage: FromPath[str], house: House) -> Check:
    async with house.database.reading() as session:
        row = await storages.one(row_id(storage), session)
    done = await storage_checks.check(row, house.storages)
    return Check(
        ok=done.trouble is None,
        outcome=done.trouble or "ok",
        detail=done.detail,
        milliseconds=done.milliseconds,
        entries=done.entries,
    )


@get(
    STORAGE + "/entries",
    opt=told(Call(summary="List a folder of a storage", query=EntriesQuery, gives={200: Listed[ToldEntry]})),
)
async def list_entries(storage: FromPath[str], request: AnyRequest, house: House) -> Listed[ToldEntry]:
    query = asked(EntriesQuery, request)
    async with house.database.reading() as session:
        row = await storages.one(row_id(storage), session)
    found = await house.storages.opened(row).entries(query.path)
    return Listed(
        items=[ToldEntry(path=each.path, name=each.name, is_folder=each.is_folder, size=each.size) for each in found]
    )


def _told(row: StorageRow) -> ToldStorage:
    return ToldStorage(
        id=row.id,
        name=row.name,
        kind=row.kind,
        options=storage_options.shown(row),
        secrets_set=storage_options.set_secrets(row),
    )
