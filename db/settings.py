"""The merchant's settings: one row a tab, one column a field. The row always exists, with its defaults."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class PaidRule(StrEnum):
    """`pipeline`: packed, shipped and the like count as paid; `strict`: payment facts alone do."""

    PIPELINE = "pipeline"
    STRICT = "strict"


class TaxRegime(StrEnum):
    STANDARD = "standard"
    SMALL_BUSINESS = "small_business"


class MailTls(StrEnum):
    """`starttls`: the line is made safe before anything is said; `implicit`: it is from the first byte."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


class Settings(Base, kw_only=True):
    """What all tabs share: there is one row of each."""

    __abstract__ = True
    id: Mapped[int] = mapped_column(primary_key=True, default=1)


class AppearanceSettings(Settings, kw_only=True):
    __tablename__ = "appearance_settings"
    greeting_html: Mapped[str]
    accent_colour: Mapped[str] = mapped_column(default="#0b5e6e")
    image: Mapped[int | None] = mapped_column("image_id", ForeignKey("image.id"), key="image", default=None)


class InvoiceSettings(Settings, kw_only=True):
    __tablename__ = "invoice_settings"
    download_enabled: Mapped[bool] = mapped_column(default=True)
    auto_create: Mapped[bool] = mapped_column(default=False)
    window_days: Mapped[int | None] = mapped_column(default=None)
    address_correction: Mapped[bool] = mapped_column(default=False)


class FileSettings(Settings, kw_only=True):
    __tablename__ = "file_settings"
    download_enabled: Mapped[bool] = mapped_column(default=True)
    limit_per_file: Mapped[int | None] = mapped_column(default=None)
    limit_times_quantity: Mapped[bool] = mapped_column(default=False)
    window_days: Mapped[int | None] = mapped_column(default=None)
    waiver_required: Mapped[bool] = mapped_column(default=False)
    waiver_text: Mapped[str]
    watermark_text: Mapped[str] = mapped_column(default="")
    watermark_font_size_pt: Mapped[float] = mapped_column(default=11)
    watermark_x_mm: Mapped[float] = mapped_column(default=10)
    watermark_y_mm: Mapped[float] = mapped_column(default=10)
    deliver_protected: Mapped[bool] = mapped_column(default=False)


class GeneralSettings(Settings, kw_only=True):
    __tablename__ = "general_settings"
    paid_rule: Mapped[PaidRule] = mapped_column(default=PaidRule.PIPELINE)
    withdrawal_days: Mapped[int] = mapped_column(default=14)
    link_retention_days: Mapped[int] = mapped_column(default=400)
    log_retention_days: Mapped[int] = mapped_column(default=30)
    timezone: Mapped[str] = mapped_column(default="Europe/Berlin")


class LinkStart(Settings, kw_only=True):
    """With which version the portal link of a new order begins. Nobody sets it: each start of Tresen raises it."""

    __tablename__ = "link_start"
    first_version: Mapped[int] = mapped_column(default=1)


class RetentionSettings(Settings, kw_only=True):
    """How long what was kept is kept. Years are whole calendar years, behind the one in which it came to be."""

    __tablename__ = "retention_settings"
    work_retention_days: Mapped[int] = mapped_column(default=30)
    run_retention_days: Mapped[int] = mapped_column(default=365)
    message_retention_years: Mapped[int] = mapped_column(default=6)
    order_retention_years: Mapped[int] = mapped_column(default=8)
    waiver_retention_years: Mapped[int] = mapped_column(default=3)


class SellerSettings(Settings, kw_only=True):
    __tablename__ = "seller_settings"
    name: Mapped[str] = mapped_column(default="")
    street: Mapped[str] = mapped_column(default="")
    zip: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="DE")
    vat_id: Mapped[str] = mapped_column(default="")
    tax_number: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    contact_name: Mapped[str] = mapped_column(default="")
    iban: Mapped[str] = mapped_column(default="")
    bic: Mapped[str] = mapped_column(default="")
    bank_name: Mapped[str] = mapped_column(default="")
    tax_regime: Mapped[TaxRegime] = mapped_column(default=TaxRegime.STANDARD)
    invoice_series: Mapped[str] = mapped_column(default="RE-{year}-")
    invoice_start: Mapped[int] = mapped_column(default=1)
    credit_note_series: Mapped[str] = mapped_column(default="")  # empty: numbered with the invoices
    credit_note_start: Mapped[int] = mapped_column(default=1)
    imprint_url: Mapped[str] = mapped_column(default="")
    privacy_url: Mapped[str] = mapped_column(default="")
    terms_url: Mapped[str] = mapped_column(default="")


class InvoiceTextSettings(Settings, kw_only=True):
    """Why there is no tax, as it is written on documents of either language: the merchant's words, kept with each."""

    __tablename__ = "invoice_text_settings"
    small_business_de: Mapped[str]
    small_business_en: Mapped[str]
    exempt_de: Mapped[str]
    exempt_en: Mapped[str]
    reverse_charge_de: Mapped[str]
    reverse_charge_en: Mapped[str]
    intra_eu_de: Mapped[str]
    intra_eu_en: Mapped[str]
    export_de: Mapped[str]
    export_en: Mapped[str]
    margin_de: Mapped[str]
    margin_en: Mapped[str]
    outside_scope_de: Mapped[str]
    outside_scope_en: Mapped[str]


class MailSettings(Settings, kw_only=True):
    """How mail leaves. `smtp_password` is sealed; no host means that no mail server is set up."""

    __tablename__ = "mail_settings"
    smtp_host: Mapped[str] = mapped_column(default="")
    smtp_port: Mapped[int] = mapped_column(default=587)
    smtp_tls: Mapped[MailTls] = mapped_column(default=MailTls.STARTTLS)
    smtp_user: Mapped[str] = mapped_column(default="")
    smtp_password: Mapped[str] = mapped_column(default="")
    from_address: Mapped[str] = mapped_column(default="")
    from_name: Mapped[str] = mapped_column(default="")
