"""Mails as the merchant words them."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class MessageTemplate(Base, kw_only=True):
    """One mail in one language: `name` is the same in all of them, `locale` a language such as `de`.

    Subject, text and HTML hold placeholders; the HTML is sanitised, empty for a mail of text alone.
    """

    __tablename__ = "message_template"
    __table_args__ = (UniqueConstraint("name", "locale"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str]
    locale: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str] = mapped_column(default="")
    attach_invoice: Mapped[bool] = mapped_column(default=False)
