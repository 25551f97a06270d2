"""Bestellungen aus Dateien: bring one, see the last ones, and the mappings that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from db.csv_imports import CsvFile, CsvImport, CsvPreset
from portal import csv_mappings
from portal.csv_files import ARE_KEPT, LARGEST_FILE
from views.admin.csv_words import LAYOUTS, outcome
from views.admin.frame import OfficePage
from views.sentences import Sentence, said

PATH = "/admin/settings/sources/imports"
PRESETS = f"{PATH}/presets"
TEMPLATE = f"{PATH}/template.csv"
NO_SOURCE_NAME = said("A source is named with lower-case letters, digits and hyphens, such as messe.")
FETCHED = said("The orders of this source are fetched. Name another source for the file.")
SWITCHED_OFF = said("This source is switched off, and takes no orders.")
PRESET_TAKEN = said("Another mapping has this name already.")
RUNNING = said("Being read")
NOT_READ = said("Not read yet")
DRY_RUN, IMPORT = said("Dry run"), said("Import")


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """`kind` and `state` are of its newest import."""

    url: str
    name: str
    source: str
    uploaded_at: datetime
    kind: Sentence | None
    state: Sentence

    @staticmethod
    def of(file: CsvFile, source: str, last: CsvImport | None, zone: ZoneInfo) -> FileRow:
        state = NOT_READ if last is None else outcome(last) or RUNNING
        return FileRow(
            url=f"{PATH}/{file.id}",
            name=file.name,
            source=source,
            uploaded_at=file.uploaded_at.astimezone(zone),
            kind=None if last is None else DRY_RUN if last.is_dry_run else IMPORT,
            state=state,
        )


@dataclass(frozen=True, kw_only=True)
class PresetRow:
    id: int
    name: str
    layout: Sentence
    columns: int
    error: Sentence | None = None

    @staticmethod
    def of(row: CsvPreset, error: Sentence | None = None) -> PresetRow:
        mapping = csv_mappings.of(row.mapping)
        return PresetRow(
            id=row.id, name=row.name, layout=LAYOUTS[mapping.layout], columns=len(mapping.columns), error=error
        )


@dataclass(frozen=True, kw_only=True)
class CsvImportsPage(OfficePage):
    """`source` is what was typed; `known` are the names that a file may be brought for."""

    template: ClassVar = "admin/csv_imports.html"

    files: tuple[FileRow, ...]
    presets: tuple[PresetRow, ...]
    known: tuple[str, ...]
    source: str
    source_error: Sentence | None = None
    file_error: Sentence | None = None
    most_megabytes: int = LARGEST_FILE >> 20
    days: int = ARE_KEPT.days
