"""The merchant's settings, section by section."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get, patch
from litestar.params import FromPath, RawBody
from msgspec import Struct

from db.automations import AutomationSettings
from db.settings import (
    AppearanceSettings,
    FileSettings,
    GeneralSettings,
    InvoiceSettings,
    InvoiceTextSettings,
    MailSettings,
    MailTls,
    SellerSettings,
    Settings,
)
from portal import mail_servers, settings
from portal.house import House as PortalHouse
from portal.refusals import NotFound
from portal.settings import (
    AppearanceChange,
    AutomationsChange,
    Change,
    FilesChange,
    GeneralChange,
    InvoicesChange,
    InvoiceTextsChange,
    MailChange,
    SellerChange,
)
from routes.api.body import decoded
from routes.api.calls import Call, told
from routes.given import ApiKeyHolder, House, Reading


class Mail(Struct, kw_only=True, frozen=True):
    """`fixed` names the fields that the environment sets: they are shown as they are used, and changes to them wait."""

    smtp_host: str
    smtp_port: int
    smtp_tls: MailTls
    smtp_user: str
    smtp_password_set: bool
    from_address: str
    from_name: str
    fixed: list[str]


@dataclass(frozen=True)
class Section:
    """`shown` where that is not simply what can be changed."""

    row: type[Settings]
    shape: type[Change]
    shown: type[Struct] | None = None

    @property
    def answer(self) -> type[Struct]:
        return self.shown or self.shape


SECTIONS = {
    "appearance": Section(AppearanceSettings, AppearanceChange),
    "invoices": Section(InvoiceSettings, InvoicesChange),
    "invoice-texts": Section(InvoiceTextSettings, InvoiceTextsChange),
    "files": Section(FileSettings, FilesChange),
    "general": Section(GeneralSettings, GeneralChange),
    "seller": Section(SellerSettings, SellerChange),
    "mail": Section(MailSettings, MailChange, shown=Mail),
    "automations": Section(AutomationSettings, AutomationsChange),
}


@get(
    "/settings/{section:str}",
    opt=told(
        *(
            Call(summary=f"Show the settings: {name}", path=f"/settings/{name}", gives={200: each.answer})
            for name, each in SECTIONS.items()
        )
    ),
)
async def show_settings(section: FromPath[str], reading: Reading, house: House) -> dict[str, object]:
    return _told(await settings.of(_section(section).row, reading), house)


@patch(
    "/settings/{section:str}",
    opt=told(
        *(
            Call(
                summary=f"Change the settings: {name}",
                path=f"/settings/{name}",
                takes=each.shape,
                gives={200: each.answer},
            )
            for name, each in SECTIONS.items()
        )
    ),
)
async def change_settings(section: FromPath[str], body: RawBody, house: House, by: ApiKeyHolder) -> dict[str, object]:
    wanted = decoded(_section(section).shape, body)
    async with house.database.writing() as session:
        row: Settings
        if isinstance(wanted, MailChange):
            row = await mail_servers.change(wanted, house.vault, session, by)
        else:
            row = await settings.change(_section(section).row, wanted, session, by)
    if isinstance(row, SellerSettings):
        async with house.database.reading() as session:
            await house.storefront.refresh(session)
    return _told(row, house)


def _section(name: str) -> Section:
    if found := SECTIONS.get(name):
        return found
    raise NotFound


def _told(row: Settings, house: PortalHouse) -> dict[str, object]:
    if isinstance(row, MailSettings):
        return mail_servers.answer(row, house.post.fixed)
    return settings.answer(row)
