"""Issued documents, frozen: triggers refuse UPDATE and DELETE."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary
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


class Invoice(Base, kw_only=True):
    __tablename__ = "invoice"
    __table_args__ = (Index("ix_invoice_order", "order_id"), Index("ix_invoice_number", "number"))
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


class InvoiceDocument(Base, kw_only=True):
    """The very bytes that the customer gets."""

    __tablename__ = "invoice_document"
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), primary_key=True)
    format: Mapped[DocumentFormat] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]
