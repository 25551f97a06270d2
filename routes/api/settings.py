"""The merchant's settings, section by section."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get, patch
from litestar.params import FromPath, RawBody
from msgspec import UNSET, UnsetType

from db.settings import (
    AppearanceSettings,
    FileSettings,
    GeneralSettings,
    InvoiceSettings,
    SellerSettings,
    Settings,
)
from portal import settings
from portal.refusals import NotFound
from portal.settings import AppearanceChange, Change, FilesChange, GeneralChange, InvoicesChange, SellerChange
from routes.api.body import decoded
from routes.api.calls import Call, told
from routes.given import ApiKeyHolder, House, Reading


class Appearance(AppearanceChange, kw_only=True, frozen=True):
    """`image` is null: there is no image to choose yet."""

    image: UnsetType | None = UNSET


@dataclass(frozen=True)
class Section:
    row: type[Settings]
    shape: type[Change]


SECTIONS = {
    "appearance": Section(AppearanceSettings, Appearance),
    "invoices": Section(InvoiceSettings, InvoicesChange),
    "files": Section(FileSettings, FilesChange),
    "general": Section(GeneralSettings, GeneralChange),
    "seller": Section(SellerSettings, SellerChange),
}


@get(
    "/settings/{section:str}",
    opt=told(
        *(
            Call(summary=f"Show the settings: {name}", path=f"/settings/{name}", gives={200: each.shape})
            for name, each in SECTIONS.items()
        )
    ),
)
async def show_settings(section: FromPath[str], reading: Reading) -> dict[str, object]:
    return _told(await settings.of(_section(section).row, reading))


@patch(
    "/settings/{section:str}",
    opt=told(
        *(
            Call(
                summary=f"Change the settings: {name}",
                path=f"/settings/{name}",
                takes=each.shape,
                gives={200: each.shape},
            )
            for name, each in SECTIONS.items()
        )
    ),
)
async def change_settings(section: FromPath[str], body: RawBody, house: House, by: ApiKeyHolder) -> dict[str, object]:
    wanted = decoded(_section(section).shape, body)
    if isinstance(wanted, Appearance):
        wanted = AppearanceChange(greeting_html=wanted.greeting_html, accent_colour=wanted.accent_colour)
    async with house.database.writing() as session:
        row = await settings.change(_section(section).row, wanted, session, by)
    if isinstance(row, SellerSettings):
        async with house.database.reading() as session:
            await house.storefront.refresh(session)
    return _told(row)


def _section(name: str) -> Section:
    if found := SECTIONS.get(name):
        return found
    raise NotFound


def _told(row: Settings) -> dict[str, object]:
    image: dict[str, object] = {"image": None} if isinstance(row, AppearanceSettings) else {}
    return {**image, **settings.answer(row)}
