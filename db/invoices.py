"""Issued documents, frozen: triggers refuse UPDATE and DELETE. And where the next number of each series stands."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class InvoiceKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class Issuer(StrEnum):
    TRESEN = "tresen"
    ELSEWHERE = "elsewhere"


class DocumentFormat(StrEnum):
    PDF = "pdf"
    XML = "xml"
    XRECHNUNG = "xrechnung.xml"


IS_OWN = text("issuer = 'tresen'")


class Invoice(Base, kw_only=True):
    """An invoice or what takes it back. The last five columns are those of our own: a foreign document has none.

    `sequence` is the running number within the series of its year (0 where the series runs on over the years).
    `generation` counts the invoices of an order: the next one may come when a credit note has taken back all of the
    last. `cancels_id` is the invoice of which this credit note leaves nothing.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        Index("ix_invoice_order", "order_id"),
        Index("ix_invoice_number", "number"),
        Index("ix_invoice_day", "issued_on"),
        Index("uq_invoice_own_number", "number", unique=True, sqlite_where=IS_OWN),
        Index("uq_invoice_sequence", "series", "year", "sequence", unique=True, sqlite_where=IS_OWN),
        Index(
            "uq_invoice_generation",
            "order_id",
            "generation",
            unique=True,
            sqlite_where=text("issuer = 'tresen' AND kind = 'invoice'"),
        ),
        Index("uq_invoice_cancels", "cancels_id", unique=True, sqlite_where=text("cancels_id IS NOT NULL")),
        Index("ix_invoice_refers_to", "refers_to", sqlite_where=text("refers_to IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    number: Mapped[str]
    kind: Mapped[InvoiceKind] = mapped_column(default=InvoiceKind.INVOICE)
    issuer: Mapped[Issuer]
    issued_on: Mapped[date]
    total_gross: Mapped[int]
    currency: Mapped[str]
    refers_to: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), default=None)
    stored_at: Mapped[datetime]
    series: Mapped[str | None] = mapped_column(default=None)
    year: Mapped[int | None] = mapped_column(default=None)
    sequence: Mapped[int | None] = mapped_column(default=None)
    generation: Mapped[int | None] = mapped_column(default=None)
    cancels_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), default=None)


class InvoiceDocument(Base, kw_only=True):
    """The very bytes that the customer gets."""

    __tablename__ = "invoice_document"
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), primary_key=True)
    format: Mapped[DocumentFormat] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]


class InvoiceSnapshot(Base, kw_only=True):
    """What an own document was made from, as JSON of `portal.snapshots.Snapshot`: for corrections, never drawn anew."""

    __tablename__ = "invoice_snapshot"
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), primary_key=True)
    content: Mapped[str]
    renderer_version: Mapped[str]


class InvoiceSeal(Base, kw_only=True):
    """The link of an own document to the one before it in its series, as `portal.seals.seal` computes it."""

    __tablename__ = "invoice_seal"
    __table_args__ = (UniqueConstraint("prefix", "sequence"),)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), primary_key=True)
    prefix: Mapped[str]
    sequence: Mapped[int]
    seal: Mapped[str]


class NumberSeries(Base, kw_only=True):
    """The next number behind one prefix, such as `RE-2026-`. It only grows, in the transaction that stores a document.

    `series` is the template of the prefix, such as `RE-{year}-`; `first` is where it began; `newest` is the day of its
    newest document, behind which no later one goes.
    """

    __tablename__ = "number_series"
    prefix: Mapped[str] = mapped_column(primary_key=True)
    series: Mapped[str]
    year: Mapped[int]
    first: Mapped[int]
    next: Mapped[int]
    newest: Mapped[date]
    begun_at: Mapped[datetime]
