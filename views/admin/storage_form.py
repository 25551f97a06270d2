"""One storage: what has to be said of its kind, and how its account is connected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from db.storages import Storage, StorageKind
from portal import storage_options
from portal.refusals import Fault
from portal.sealed_options import Option
from portal.storage_options import OPTIONS, REFRESH_TOKEN
from views.admin.frame import OfficePage
from views.admin.storage_words import FAULTS, GUIDES, KINDS, LABELS, UNUSABLE, Guide
from views.faults import UNFIT
from views.sentences import Sentence


@dataclass(frozen=True, kw_only=True)
class OptionField:
    """`is_set`: a secret that is there and not shown."""

    name: str
    label: Sentence
    hint: Sentence | None
    is_secret: bool
    is_needed: bool
    is_set: bool
    value: str
    error: Sentence | None


@dataclass(frozen=True, kw_only=True)
class Consent:
    """How the account is connected: `agree_at` is the service's page, empty before the app is known."""

    guide: Guide
    redirect_uri: str
    agree_at: str
    is_given: bool


@dataclass(frozen=True, kw_only=True)
class StorageFormPage(OfficePage):
    """`row` is None for a new one."""

    template: ClassVar = "admin/storage_form.html"

    action: str
    kind: Sentence
    is_new: bool
    name: str
    name_error: Sentence | None
    options: tuple[OptionField, ...]
    consent: Consent | None


def option_fields(
    kind: StorageKind, row: Storage | None, typed: Mapping[str, str], errors: Mapping[str, Sentence]
) -> tuple[OptionField, ...]:
    """What was typed, else what is stored; of a secret, nothing."""
    stored = storage_options.shown(row) if row else {}
    there = storage_options.set_secrets(row) if row else ()
    return tuple(
        OptionField(
            name=option.name,
            label=LABELS[kind][option.name].text,
            hint=LABELS[kind][option.name].hint,
            is_secret=option.is_secret,
            is_needed=option.is_needed and option.name not in there,
            is_set=option.name in there,
            value="" if option.is_secret else typed.get(option.name, stored.get(option.name, "")),
            error=errors.get(option.name),
        )
        for option in asked_for(kind)
    )


def asked_for(kind: StorageKind) -> Sequence[Option]:
    """What the form asks for: the refresh token comes from the service."""
    return [option for option in OPTIONS[kind] if option.name != REFRESH_TOKEN]


def consent(kind: StorageKind, row: Storage | None, redirect_uri: str, agree_at: str) -> Consent | None:
    """None where no account is to be connected."""
    if kind not in GUIDES:
        return None
    is_given = bool(row and row.options.get(REFRESH_TOKEN))
    return Consent(guide=GUIDES[kind], redirect_uri=redirect_uri, agree_at=agree_at, is_given=is_given)


def title(kind: StorageKind) -> Sentence:
    return KINDS[kind]


def told_of(faults: Sequence[Fault]) -> dict[str, Sentence]:
    """What is wrong, by the name of the field."""
    found: dict[str, Sentence] = {}
    for fault in faults:
        name = fault.pointer.rpartition("/")[2]
        found[name] = FAULTS.get(fault.code) or UNUSABLE.get(name, UNFIT)
    return found
