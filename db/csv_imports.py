"""CSV files that a merchant brought, what was made of them, and the mappings that are kept for the next ones."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class ImportOutcome(StrEnum):
    """`unreadable`: nothing more could be told apart from some line on. `broken-off`: Tresen itself failed."""

    OK = "ok"
    UNREADABLE = "unreadable"
    CANCELLED = "cancelled"
    FILE_GONE = "file-gone"
    BROKEN_OFF = "broken-off"


class CsvFile(Base, kw_only=True):
    """A file as it was uploaded, with how it is written.

    `place` is its name on disk. `lines` is counted by line ends, so that quoted cells count for more. `mapping` is
    what is to be read with, which each import keeps for itself. The file itself goes after some days (`removed_at`).
    """

    __tablename__ = "csv_file"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    place: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int]
    sha256: Mapped[str]
    lines: Mapped[int]
    encoding: Mapped[str]
    delimiter: Mapped[str]
    header: Mapped[list[str]]
    header_line: Mapped[int]
    mapping: Mapped[dict[str, object]]
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[str]
    removed_at: Mapped[datetime | None] = mapped_column(default=None)


class CsvImport(Base, kw_only=True):
    """One reading of a file, for a report alone or for good: waiting, then running, then ended with an outcome.

    `line` is the last one that has been dealt with: whoever goes on begins behind it. What counts as `failed` was
    kept out, `ignored` are drafts.
    """

    __tablename__ = "csv_import"
    __table_args__ = (Index("ix_csv_import_file", "file_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    file_id: Mapped[int] = mapped_column(ForeignKey("csv_file.id", ondelete="CASCADE"))
    is_dry_run: Mapped[bool]
    mapping: Mapped[dict[str, object]]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    outcome: Mapped[ImportOutcome | None] = mapped_column(default=None)
    line: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    stale: Mapped[int] = mapped_column(default=0)
    ignored: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    findings: Mapped[int] = mapped_column(default=0)


class CsvReportRow(Base, kw_only=True):
    """One line of an import's report: an order with what became of it, or something that was found wrong with it.

    `result` is `created` and its like, `ignored` or `failed`; `code` is empty where nothing was found.
    """

    __tablename__ = "csv_report_row"
    __table_args__ = (Index("ix_csv_report_row_import", "import_id", "line", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    import_id: Mapped[int] = mapped_column(ForeignKey("csv_import.id", ondelete="CASCADE"))
    line: Mapped[int]
    external_id: Mapped[str]
    result: Mapped[str]
    column: Mapped[str] = mapped_column(default="")
    code: Mapped[str] = mapped_column(default="")
    value: Mapped[str] = mapped_column(default="")


class CsvPreset(Base, kw_only=True):
    """A mapping under a name; it is offered for files that have its columns."""

    __tablename__ = "csv_preset"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)
    mapping: Mapped[dict[str, object]]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
