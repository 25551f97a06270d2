"""One CSV file on its way in: how it is written, what its columns mean, what would become of it, what has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from db.csv_imports import CsvFile, CsvImport, CsvReportRow, ImportOutcome
from portal import csv_mappings
from portal.csv_findings import Code
from portal.csv_imports import RESULTS as COUNTED
from portal.csv_mappings import CONSTANTS, CsvMapping, Layout
from views.admin import csv_words
from views.admin.csv_imports import PATH
from views.admin.frame import OfficePage
from views.sentences import Sentence, counted, said

LONGEST_SAMPLE = 60
SHOWN_ROWS = 100
TWICE = said("Another column is assigned to this already.")
CHANGED_SINCE = said("Something was changed since this dry run. Look at a new one, then import.")
GONE = said("The file is not here any more. Upload it again.")
IS_READ = said("This file is being read. Cancel that first.")
SAYS: Mapping[str, Callable[[int], Sentence]] = {
    "created": lambda count: counted("One order is new", "%(count)s orders are new", count),
    "updated": lambda count: counted("One order has changed", "%(count)s orders have changed", count),
    "unchanged": lambda count: counted("One order is unchanged", "%(count)s orders are unchanged", count),
    "stale": lambda count: counted(
        "One order is older than what is known", "%(count)s orders are older than what is known", count
    ),
    "ignored": lambda count: counted("One draft is left out", "%(count)s drafts are left out", count),
    "failed": lambda count: counted("One order cannot be taken", "%(count)s orders cannot be taken", count),
}


@dataclass(frozen=True)
class Option:
    value: str
    words: Sentence
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class ColumnRow:
    """`field` is what the column means, empty for nothing."""

    place: int
    name: str
    samples: tuple[str, ...]
    field: str
    error: Sentence | None


@dataclass(frozen=True, kw_only=True)
class Constant:
    name: str
    label: Sentence
    value: str


@dataclass(frozen=True, kw_only=True)
class MappingForm:
    """`lacking` is what has to be said yet; `is_by_hand` where columns can be assigned."""

    is_by_hand: bool
    is_open: bool
    columns: tuple[ColumnRow, ...]
    fields: tuple[tuple[str, Sentence], ...]
    constants: tuple[Constant, ...]
    lacking: tuple[tuple[Sentence, ...], ...]
    decimal_signs: tuple[Option, ...]
    dates: tuple[Option, ...]
    asks_for_decimal_sign: bool
    asks_for_dates: bool


@dataclass(frozen=True, kw_only=True)
class ReportLine:
    line: int
    external_id: str
    result: Sentence
    finding: Sentence | None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The newest import of the file. `confirms` is the id of the dry run that may be imported now, else 0."""

    id: int
    is_dry_run: bool
    is_over: bool
    is_cancelled: bool
    percent: int
    line: int
    outcome: Sentence | None
    went_well: bool
    counts: tuple[Sentence, ...]
    found: tuple[ReportLine, ...]
    findings: int
    first: tuple[ReportLine, ...]
    has_report: bool
    confirms: int


@dataclass(frozen=True, kw_only=True)
class CsvImportPage(OfficePage):
    template: ClassVar = "admin/csv_import.html"

    path: str
    name: str
    source: str
    size: int
    uploaded_at: datetime
    encoding: Sentence
    delimiter: Sentence
    is_gone: bool
    formats: tuple[Option, ...]
    form: MappingForm
    preset: str
    preset_error: Sentence | None
    reading: Reading | None
    trouble: Sentence | None


def path_of(file: CsvFile) -> str:
    return f"{PATH}/{file.id}"


def formats(
    mapping: CsvMapping, recognised: CsvMapping | None, presets: Sequence[tuple[int, str]]
) -> tuple[Option, ...]:
    """What the file can be read by: a kept mapping that fits, the known format that it is of, or by hand."""
    chosen = next((f"preset-{row_id}" for row_id, name in presets if name == mapping.name), "")
    is_known = recognised is not None and not chosen and mapping.layout is recognised.layout
    found = [Option(f"preset-{row_id}", plain_name(name), chosen == f"preset-{row_id}") for row_id, name in presets]
    if recognised is not None:
        found.append(Option(recognised.layout.value, csv_words.LAYOUTS[recognised.layout], is_known))
    if recognised is None or recognised.layout is not Layout.OWN:
        found.append(Option("by-hand", csv_words.BY_HAND, not chosen and not is_known))
    return tuple(found)


def plain_name(name: str) -> Sentence:
    return said("Kept mapping: %(name)s", name=name)


def mapping_form(
    file: CsvFile,
    mapping: CsvMapping,
    samples: Sequence[Sequence[str]],
    errors: Mapping[int, Sentence],
    found: frozenset[str],
) -> MappingForm:
    """`found` are the codes that the last dry run met: what is ambiguous is asked for."""
    meanings = {column: field for field, column in mapping.columns.items()}
    first = {name: place for place, name in reversed(list(enumerate(file.header)))}
    lacking = tuple(tuple(csv_words.FIELDS[name] for name in names) for names in csv_mappings.lacking(mapping))
    return MappingForm(
        is_by_hand=mapping.layout is Layout.OWN,
        is_open=bool(lacking or errors),
        columns=tuple(
            ColumnRow(
                place=place,
                name=name,
                samples=tuple(_cut(row[place]) for row in samples if place < len(row) and row[place].strip()),
                field=meanings.get(name, "") if first[name] == place else "",
                error=errors.get(place),
            )
            for place, name in enumerate(file.header)
            if name
        ),
        fields=tuple((name, csv_words.FIELDS[name]) for name in csv_words.FIELDS),
        constants=tuple(
            Constant(name=name, label=csv_words.FIELDS[name], value=mapping.constants.get(name, ""))
            for name in CONSTANTS
        ),
        lacking=lacking,
        decimal_signs=_options(csv_words.DECIMAL_SIGNS, mapping.decimal_sign),
        dates=_options(csv_words.DATES, mapping.dates),
        asks_for_decimal_sign=Code.AMBIGUOUS_NUMBER in found and not mapping.decimal_sign,
        asks_for_dates=Code.AMBIGUOUS_DATE in found and not mapping.dates,
    )


def reading(row: CsvImport, file: CsvFile, found: Sequence[CsvReportRow], first: Sequence[CsvReportRow]) -> Reading:
    went_well = row.outcome in (ImportOutcome.OK, ImportOutcome.UNREADABLE)
    may_follow = row.is_dry_run and went_well and row.mapping == file.mapping and file.removed_at is None
    takes_any = row.created + row.updated > 0
    return Reading(
        id=row.id,
        is_dry_run=row.is_dry_run,
        is_over=row.ended_at is not None,
        is_cancelled=row.cancelled_at is not None,
        percent=100 if row.ended_at else min(99, row.line * 100 // max(file.lines, 1)),
        line=row.line,
        outcome=csv_words.outcome(row),
        went_well=row.outcome is ImportOutcome.OK and not row.failed,
        counts=_counts(row),
        found=tuple(_line(each) for each in found),
        findings=row.findings,
        first=tuple({(each.line, each.external_id): _line(each) for each in first}.values()),
        has_report=bool(first),
        confirms=row.id if may_follow and takes_any else 0,
    )


def _counts(row: CsvImport) -> tuple[Sentence, ...]:
    return tuple(SAYS[name](count) for name in COUNTED if (count := getattr(row, name)))


def _line(row: CsvReportRow) -> ReportLine:
    return ReportLine(
        line=row.line,
        external_id=row.external_id,
        result=csv_words.RESULTS[row.result],
        finding=csv_words.finding(row) if row.code else None,
    )


def _options(words: Mapping[str, Sentence], chosen: str) -> tuple[Option, ...]:
    return tuple(Option(value, each, value == chosen) for value, each in words.items())


def _cut(cell: str) -> str:
    flat = " ".join(cell.replace("\0", "").split())
    return flat if len(flat) <= LONGEST_SAMPLE else f"{flat[:LONGEST_SAMPLE]}…"
