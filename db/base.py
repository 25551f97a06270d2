"""What every table shares: typed columns, UTC, enums as their words."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import UTC, date, datetime

from sqlalchemy import JSON, Date, DateTime, Dialect, Enum, Integer, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. SQLite has no time zones, so a naive value is refused on the way in."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without zone cannot be stored: {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


def words(enumeration: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in enumeration]


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Rows are made with keyword arguments only; ids come from the database."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it from the class)
        datetime: UtcDateTime,
        date: Date,
        int: Integer,
        str: Text,
        dict[str, str]: JSON,
        dict[str, object]: JSON,
        list[str]: JSON,
        list[list[int]]: JSON,
        enum.StrEnum: Enum(enum.StrEnum, native_enum=False, values_callable=words, length=40),
    }


def columns(row: Base) -> Mapping[str, object]:
    """The row as column name → value, for histories and comparisons."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}
