"""Articles, known by SKU, and the files that belong to them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Article(Base, kw_only=True):
    """`prefix` is what stands before the asterisk of a SKU such as `PDF-*`: its files belong to all that begin so."""

    __tablename__ = "article"
    __table_args__ = (Index("ix_article_prefix", "prefix"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    sku: Mapped[str] = mapped_column(unique=True)
    prefix: Mapped[str | None] = mapped_column(default=None)
    title: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None] = mapped_column(default=None)


class ArticleFile(Base, kw_only=True):
    """A file linked with an article. Unlinking keeps the row, so that linking again keeps the first day."""

    __tablename__ = "article_file"
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"), primary_key=True)
    title: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)
    linked_at: Mapped[datetime]
    unlinked_at: Mapped[datetime | None] = mapped_column(default=None)
