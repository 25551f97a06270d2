"""The merchant's settings: what may be set to what, and every change with who, when, old and new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import AutomationSettings
from db.backups import BackupSettings, Rhythm
from db.base import columns
from db.images import Image
from db.settings import (
    AppearanceSettings,
    FileSettings,
    GeneralSettings,
    InvoiceSettings,
    LinkStart,
    MailSettings,
    MailTls,
    PaidRule,
    RetentionSettings,
    SellerSettings,
    Settings,
    TaxRegime,
)
from portal import first_paid, greetings, held_runs, invoice_texts, number_series, seller_numbers, waiver_texts
from portal.activity import By, entry
from portal.refusals import Fault, Invalid

Days = Annotated[int, Meta(ge=1, le=36_500)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Short = Annotated[str, Meta(max_length=500)]
Html = Annotated[str, Meta(max_length=100_000)]
Prefix = Annotated[str, Meta(min_length=1, max_length=number_series.LONGEST_TEMPLATE, pattern=number_series.TEMPLATE)]
OwnPrefix = Annotated[str, Meta(max_length=number_series.LONGEST_TEMPLATE, pattern=number_series.TEMPLATE)]
FirstNumber = Annotated[int, Meta(ge=1, le=99_999_999)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]
WebAddress = Annotated[str, Meta(pattern=r"^(https?://[^\s<>\"']+)?$", max_length=2000)]
DEFAULT_WAIVER_TEXT = (
    "Ich stimme ausdrücklich zu, dass vor Ablauf der Widerrufsfrist mit der Bereitstellung der Dateien begonnen wird."
    " Mir ist bekannt, dass mein Widerrufsrecht damit erlischt."
)
MailAddress = Annotated[str, Meta(pattern=r"^([^@\s<>]+@[^@\s<>]+)?$", max_length=320)]
MOST_MAILS_PER_MINUTE = 6000
SECRETS = frozenset({"smtp_password"})  # sealed by the vault; the API and the history only tell whether they are set
Row = TypeVar("Row", bound=Settings)


class AppearanceChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    greeting_html: Html | UnsetType = UNSET
    accent_colour: Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")] | UnsetType = UNSET
    image: Annotated[int, Meta(ge=1, le=2**63 - 1)] | UnsetType | None = UNSET


class InvoicesChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    download_enabled: bool | UnsetType = UNSET
    auto_create: bool | UnsetType = UNSET
    window_days: Days | UnsetType | None = UNSET
    address_correction: bool | UnsetType = UNSET


class FilesChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    download_enabled: bool | UnsetType = UNSET
    limit_per_file: Count | UnsetType | None = UNSET
    limit_times_quantity: bool | UnsetType = UNSET
    window_days: Days | UnsetType | None = UNSET
    waiver_required: bool | UnsetType = UNSET
    waiver_text: Annotated[str, Meta(min_length=1, max_length=10_000)] | UnsetType = UNSET
    watermark_text: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET
    watermark_font_size_pt: Annotated[float, Meta(ge=1, le=200)] | UnsetType = UNSET
    watermark_x_mm: Annotated[float, Meta(ge=0, le=2000)] | UnsetType = UNSET
    watermark_y_mm: Annotated[float, Meta(ge=0, le=2000)] | UnsetType = UNSET
    deliver_protected: bool | UnsetType = UNSET


class GeneralChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    paid_rule: PaidRule | UnsetType = UNSET
    withdrawal_days: Annotated[int, Meta(ge=1, le=3650)] | UnsetType = UNSET
    link_retention_days: Days | UnsetType = UNSET
    log_retention_days: Days | UnsetType = UNSET
    timezone: str | UnsetType = UNSET


class RetentionChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Nobody sets less than the law asks for: six years for letters (§ 147 (3) AO), three for the proof of a consent,
    as claims out of it end then (§§ 195, 199 BGB)."""

    work_retention_days: Days | UnsetType = UNSET
    run_retention_days: Days | UnsetType = UNSET
    message_retention_years: Annotated[int, Meta(ge=6, le=30)] | UnsetType = UNSET
    order_retention_years: Annotated[int, Meta(ge=6, le=30)] | UnsetType = UNSET
    waiver_retention_years: Annotated[int, Meta(ge=3, le=30)] | UnsetType = UNSET


class SellerChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    name: Short | UnsetType = UNSET
    street: Short | UnsetType = UNSET
    zip: Short | UnsetType = UNSET
    city: Short | UnsetType = UNSET
    country: Annotated[str, Meta(pattern="^([A-Z]{2})?$")] | UnsetType = UNSET
    vat_id: Short | UnsetType = UNSET
    tax_number: Short | UnsetType = UNSET
    email: MailAddress | UnsetType = UNSET
    phone: Short | UnsetType = UNSET
    contact_name: Short | UnsetType = UNSET
    iban: Short | UnsetType = UNSET
    bic: Short | UnsetType = UNSET
    bank_name: Short | UnsetType = UNSET
    tax_regime: TaxRegime | UnsetType = UNSET
    invoice_series: Prefix | UnsetType = UNSET
    invoice_start: FirstNumber | UnsetType = UNSET
    credit_note_series: OwnPrefix | UnsetType = UNSET
    credit_note_start: FirstNumber | UnsetType = UNSET
    imprint_url: WebAddress | UnsetType = UNSET
    privacy_url: WebAddress | UnsetType = UNSET
    terms_url: WebAddress | UnsetType = UNSET


class InvoiceTextsChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    small_business_de: Reason | UnsetType = UNSET
    small_business_en: Reason | UnsetType = UNSET
    exempt_de: Reason | UnsetType = UNSET
    exempt_en: Reason | UnsetType = UNSET
    reverse_charge_de: Reason | UnsetType = UNSET
    reverse_charge_en: Reason | UnsetType = UNSET
    intra_eu_de: Reason | UnsetType = UNSET
    intra_eu_en: Reason | UnsetType = UNSET
    export_de: Reason | UnsetType = UNSET
    export_en: Reason | UnsetType = UNSET
    margin_de: Reason | UnsetType = UNSET
    margin_en: Reason | UnsetType = UNSET
    outside_scope_de: Reason | UnsetType = UNSET
    outside_scope_en: Reason | UnsetType = UNSET


class MailChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`smtp_password` can be written, never read; null removes it."""

    smtp_host: Annotated[str, Meta(pattern=r"^[^\s/@]*$", max_length=253)] | UnsetType = UNSET
    smtp_port: Annotated[int, Meta(ge=1, le=65_535)] | UnsetType = UNSET
    smtp_tls: MailTls | UnsetType = UNSET
    smtp_user: Short | UnsetType = UNSET
    smtp_password: Annotated[str, Meta(max_length=1000)] | UnsetType | None = UNSET
    from_address: MailAddress | UnsetType = UNSET
    from_name: Short | UnsetType = UNSET


class AutomationsChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    paused: bool | UnsetType = UNSET
    mails_per_minute: Annotated[int, Meta(ge=1, le=MOST_MAILS_PER_MINUTE)] | UnsetType = UNSET
    relay_addresses: bool | UnsetType = UNSET


class BackupsChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    rhythm: Rhythm | UnsetType = UNSET
    hour: Annotated[int, Meta(ge=0, le=23)] | UnsetType = UNSET
    weekday: Annotated[int, Meta(ge=0, le=6)] | UnsetType = UNSET
    storage_id: Annotated[int, Meta(ge=1, le=2**63 - 1)] | UnsetType | None = UNSET
    kept: Annotated[int, Meta(ge=1, le=365)] | UnsetType = UNSET


Change = (
    AppearanceChange
    | InvoicesChange
    | InvoiceTextsChange
    | FilesChange
    | GeneralChange
    | RetentionChange
    | SellerChange
    | MailChange
    | AutomationsChange
    | BackupsChange
)


@dataclass(frozen=True)
class AllSettings:
    """The five sections at one moment, with the image that the appearance has chosen."""

    appearance: AppearanceSettings
    invoices: InvoiceSettings
    files: FileSettings
    general: GeneralSettings
    seller: SellerSettings
    image: Image | None
    fixed_zone: ZoneInfo | None

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.general, self.fixed_zone)


async def all_settings(session: AsyncSession, fixed_zone: ZoneInfo | None) -> AllSettings:
    others = (InvoiceSettings, FileSettings, GeneralSettings, SellerSettings)
    sections = (
        select(AppearanceSettings, *others, Image)
        .select_from(AppearanceSettings)
        .outerjoin(Image, Image.id == AppearanceSettings.image)
        .where(*(other.id == AppearanceSettings.id for other in others))
    )
    row = (await session.execute(sections)).one()
    return AllSettings(*row, fixed_zone)


async def of(section: type[Row], session: AsyncSession) -> Row:
    """The one row of that section, e.g. `of(FileSettings, session)`."""
    return (await session.scalars(select(section))).one()


async def change(section: type[Row], wanted: Change, session: AsyncSession, by: By) -> Row:
    """Writes the fields that differ and notes old and new; everything or nothing. Raises Invalid."""
    row = await of(section, session)
    given = _given(wanted)
    news = {name: value for name, value in given.items() if getattr(row, name) != value}
    found = [*faults(news), *await _unknown(wanted, session)]
    if isinstance(row, SellerSettings):
        found += await number_series.faults(row, given, session)
        news |= await number_series.starts(row, given, session)
    if found:
        raise Invalid(*found)
    if not news:
        return row
    olds = {name: getattr(row, name) for name in news}
    for name, value in news.items():
        setattr(row, name, value)
    details: dict[str, object] = {"section": section.__tablename__, "old": _shown(olds), "new": _shown(news)}
    session.add(entry(by, "settings_changed", details=details))
    if isinstance(row, GeneralSettings) and "paid_rule" in news:
        await first_paid.note_all(row.paid_rule, session, by)
    if isinstance(row, FileSettings) and "waiver_text" in news:
        await waiver_texts.keep(row.waiver_text, session, by)
    if isinstance(row, AutomationSettings) and news.get("paused") is False:
        await held_runs.release(session, by.at)
    return row


def faults(news: Mapping[str, object]) -> list[Fault]:
    """What the type of a field alone cannot tell, of those that change: what is stored already stops nobody."""
    if "timezone" in news and news["timezone"] not in available_timezones():
        return [Fault("#/timezone", "unknown-timezone", "Name a zone such as Europe/Berlin.")]
    return [*seller_numbers.faults(news), *invoice_texts.faults(news)]


async def _unknown(wanted: Change, session: AsyncSession) -> list[Fault]:
    """What is referred to and is not there."""
    image = wanted.image if isinstance(wanted, AppearanceChange) else None
    if image is UNSET or image is None or await session.scalar(select(Image.id).where(Image.id == image)):
        return []
    return [Fault("#/image", "unknown-image", "There is no image of this id.")]


def answer(row: Settings) -> dict[str, object]:
    """The section as the API shows it."""
    return _shown({name: value for name, value in columns(row).items() if name != "id"})


def _shown(values: Mapping[str, object]) -> dict[str, object]:
    """`smtp_password` becomes `smtp_password_set`: whether there is one, and no more."""
    secrets = {f"{name}_set": bool(values[name]) for name in SECRETS & values.keys()}
    return {name: value for name, value in values.items() if name not in SECRETS} | secrets


def zone_of(general: GeneralSettings, fixed: ZoneInfo | None) -> ZoneInfo:
    """The merchant's zone: what the environment fixes wins over what is set on screen."""
    return fixed or ZoneInfo(general.timezone)


async def lay_out(session: AsyncSession) -> None:
    """The rows of a fresh database, with their defaults. Existing rows stay as they are."""
    defaults: tuple[Settings, ...] = (
        AppearanceSettings(greeting_html=greetings.DEFAULT_GREETING),
        InvoiceSettings(),
        FileSettings(waiver_text=DEFAULT_WAIVER_TEXT),
        GeneralSettings(),
        LinkStart(),
        RetentionSettings(),
        SellerSettings(),
        invoice_texts.defaults(),
        MailSettings(),
        AutomationSettings(),
        BackupSettings(),
    )
    for row in defaults:
        if await session.get(type(row), 1) is None:
            session.add(row)
    await waiver_texts.keep((await of(FileSettings, session)).waiver_text, session)


def _given(wanted: Change) -> dict[str, object]:
    given = {field.name: getattr(wanted, field.name) for field in msgspec.structs.fields(wanted)}
    given = {name: value for name, value in given.items() if value is not UNSET}
    if isinstance(html := given.get("greeting_html"), str):
        given["greeting_html"] = greetings.clean(html)
    return given


def missing_seller_fields(seller: SellerSettings) -> list[str]:
    """What § 14 (4) UStG asks of the seller and is not there yet; VAT id or tax number will do."""
    missing = [name for name in ("name", "street", "zip", "city", "country") if not getattr(seller, name)]
    return missing if seller.vat_id or seller.tax_number else [*missing, "vat_id"]
