"""Einstellungen / Sicherung: when the shop is saved by itself, where to, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import post, route
from litestar.response import Redirect

from db.backups import BackupSettings, BackupState, Rhythm
from portal import depositories, scheduled_backups, settings
from portal.house import House as PortalHouse
from portal.sessions import SignedIn
from portal.settings import BackupsChange
from routes.forms import texts_of
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.backups import BackupRow, BackupsPage, Place
from views.admin.frame import Frame

PATH = "/admin/settings/backups"
MOST_KEPT = 365


@route(PATH, http_method=["GET", "HEAD"])
async def show_backups(house: House, merchant: Merchant) -> Page:
    return Page(await _page(house, merchant, {}, ()), locale=merchant.locale)


@post(PATH)
async def change_backups(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    texts = await texts_of(request)
    async with house.database.reading() as session:
        known = {str(row.id): row.id for row in await depositories.offered(house.storages, session)}
    wrong = tuple(_wrong(texts, known))
    if wrong:
        return Page(await _page(house, merchant, texts, wrong), locale=merchant.locale, status_code=422)
    wanted = BackupsChange(
        rhythm=Rhythm(texts["rhythm"]),
        hour=int(texts["hour"]),
        weekday=int(texts["weekday"]),
        storage_id=known.get(texts.get("storage_id", "")),
        kept=int(texts["kept"].strip()),
    )
    async with house.database.writing() as session:
        await settings.change(BackupSettings, wanted, session, merchant.by)
    return Redirect(PATH, status_code=303)


@post(PATH + "/runs")
async def begin_backup(house: House, merchant: Merchant) -> Redirect:
    """Where one is running already, it is that one."""
    async with house.database.writing() as session:
        await house.scheduled_backups.begin(session, merchant.at)
    return Redirect(PATH, status_code=303)


def _wrong(texts: Mapping[str, str], known: Mapping[str, int]) -> list[str]:
    """The names of the fields with what nobody can choose; a storage may have gone meanwhile."""
    allowed: Mapping[str, set[str]] = {
        "rhythm": {rhythm.value for rhythm in Rhythm},
        "hour": {str(hour) for hour in range(24)},
        "weekday": {str(day) for day in range(7)},
        "storage_id": {"", *known},
        "kept": {str(count) for count in range(1, MOST_KEPT + 1)},
    }
    return [name for name, values in allowed.items() if texts.get(name, "").strip() not in values]


async def _page(
    house: PortalHouse, merchant: SignedIn, typed: Mapping[str, str], wrong: tuple[str, ...]
) -> BackupsPage:
    async with house.database.reading() as session:
        chosen = await settings.of(BackupSettings, session)
        rows = await scheduled_backups.runs(session)
        offered = await depositories.offered(house.storages, session)
    stored = {
        "rhythm": chosen.rhythm.value,
        "hour": str(chosen.hour),
        "weekday": str(chosen.weekday),
        "storage_id": str(chosen.storage_id or ""),
        "kept": str(chosen.kept),
    }
    zone = house.storefront.zone
    return BackupsPage(
        frame=Frame.of(merchant, PATH),
        values={name: typed.get(name, value) for name, value in stored.items()},
        wrong=wrong,
        places=tuple(Place(value=str(row.id), name=row.name) for row in offered),
        folder=str(house.scheduled_backups.folder),
        keys_inside=house.scheduled_backups.keys_inside,
        is_running=any(row.state is BackupState.RUNNING for row in rows),
        rows=tuple(BackupRow.of(row, zone) for row in rows),
    )
