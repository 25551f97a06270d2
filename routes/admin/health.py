"""Einstellungen / Zustand: how the shop stands, and the doctor's next look."""

from __future__ import annotations

from litestar import post, route
from litestar.response import Redirect

from db.migrate import newest
from portal import health, scheduled_backups
from routes.given import House, Merchant
from views import Page
from views.admin.backups import BackupRow
from views.admin.frame import Frame
from views.admin.health import ExaminationPart, HealthPage, LaneRow, MailPart, SourceLine, copies

PATH = "/admin/settings/health"


@route(PATH, http_method=["GET", "HEAD"])
async def show_health(house: House, merchant: Merchant) -> Page:
    zone, data = house.storefront.zone, house.examinations.patient.data
    async with house.database.reading() as session:
        last = await health.last_examination(session)
        is_awaited = await health.is_awaited(session)
        lanes = await health.lanes(session)
        sources = await health.source_standings(session)
        mailing = await health.mailing(house.post.fixed, house.vault, session)
        saved = await scheduled_backups.last(session)
    page = HealthPage(
        frame=Frame.of(merchant, PATH),
        path=PATH,
        examination=ExaminationPart.of(last, zone) if last else None,
        is_awaited=is_awaited,
        lanes=tuple(LaneRow.of(lane, zone, merchant.at) for lane in lanes),
        sources=tuple(SourceLine.of(row, run, zone) for row, run in sources),
        mail=MailPart.of(mailing, zone),
        saved=BackupRow.of(saved, zone) if saved else None,
        backups=copies(await health.backups(data), zone),
        folder=data / health.BACKUPS,
        disk=await health.disk(data),
        version=house.version,
        schema=newest(),  # whoever serves has migrated
    )
    return Page(page, locale=merchant.locale)


@post(f"{PATH}/examinations")
async def ask_for_examination(house: House, merchant: Merchant) -> Redirect:
    async with house.database.writing() as session:
        await health.ask(session, merchant.at)
    return Redirect(PATH, status_code=303)
