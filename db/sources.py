"""Where orders come from: one row a shop, marketplace or script."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class SourceKind(StrEnum):
    API = "api"
    BILLBEE = "billbee"
    WOOCOMMERCE = "woocommerce"
    CSV = "csv"


class Source(Base, kw_only=True):
    """The name stands in addresses: lower-case letters, digits and hyphens."""

    __tablename__ = "source"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[SourceKind] = mapped_column(default=SourceKind.API)
    waiver_needs_text: Mapped[bool] = mapped_column(default=False)
    invoices_elsewhere: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
