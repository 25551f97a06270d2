"""A form's fields: what is stored, what was typed, what is wrong, and what of it is to be written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

from views.sentences import Sentence, said

SAVED = "saved"
ERROR = "error"
UNSAVED = "unsaved"  # typed, but not written yet; the field bears a button of its own


@dataclass(frozen=True)
class Label:
    """What a field is called, and what one has to know about it."""

    text: Sentence
    hint: Sentence | None = None


@dataclass(frozen=True)
class Submitted:
    """What a form brought, by field name.

    `seen` is the text each field was rendered with. `values` holds what is to be written: fields that differ from it
    and have no fault.
    """

    typed: Mapping[str, str]
    seen: Mapping[str, str]
    values: Mapping[str, object]
    faults: Mapping[str, Sentence]

    def overtaken(self, stored: Mapping[str, object]) -> frozenset[str]:
        """Fields that somebody else has set meanwhile, to something that is not wanted here."""
        return frozenset(
            name
            for name, wanted in self.values.items()
            if as_text(stored[name]) not in (self.seen[name], as_text(wanted))
        )

    def with_faults(self, faults: Mapping[str, Sentence]) -> Submitted:
        """The same after a look at the whole has found more."""
        values = {name: value for name, value in self.values.items() if name not in faults}
        return Submitted(self.typed, self.seen, values, {**self.faults, **faults})


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field as its template shows it. `value` is a stored value, or the text that was typed."""

    action: str
    name: str
    label: Label
    value: object
    seen: str
    state: str = ""
    error: Sentence | None = None

    @property
    def described_by(self) -> str:
        """The ids of what explains it, the error first."""
        parts = [f"{self.name}-error"] * bool(self.error) + [f"{self.name}-hint"] * bool(self.label.hint)
        return " ".join(parts)

    @property
    def is_on(self) -> bool:
        return self.value is True or self.value == "yes"


@dataclass(frozen=True)
class Form:
    """The fields of one form; a template takes each by its name."""

    action: str
    fields: Mapping[str, Field]

    @classmethod
    def of(
        cls, action: str, labels: Mapping[str, Label], stored: Mapping[str, object], *, saved: Collection[str] = ()
    ) -> Self:
        """As it is stored; the fields named in `saved` say that they just were."""
        return cls(
            action,
            {
                name: Field(
                    action=action,
                    name=name,
                    label=label,
                    value=stored[name],
                    seen=as_text(stored[name]),
                    state=SAVED if name in saved else "",
                )
                for name, label in labels.items()
            },
        )

    def with_typed(self, given: Submitted, stored: Mapping[str, object]) -> Form:
        """The same with what was typed and is not written: because of a fault, because somebody else was faster, or
        because nobody was signed in any more."""
        overtaken = given.overtaken(stored)
        fields = dict(self.fields)
        for name in fields.keys() & given.typed.keys():
            error = given.faults.get(name) or (_overtaken(stored[name]) if name in overtaken else None)
            if error or name in given.values:
                fields[name] = Field(
                    action=self.action,
                    name=name,
                    label=fields[name].label,
                    value=_shown(given, name, stored[name]),
                    seen=fields[name].seen,
                    state=ERROR if name in given.faults else UNSAVED,
                    error=error,
                )
        return Form(self.action, fields)

    def __getitem__(self, name: str) -> Field:
        return self.fields[name]


def _shown(given: Submitted, name: str, stored: object) -> object:
    """What was typed stays to be mended. A switch that could not be thrown is where it was: it has no wrong text."""
    return stored if name in given.faults and isinstance(stored, bool) else given.typed[name]


def as_text(value: object) -> str:
    """How a value travels in a form, in every language; a typed number is compared in this form, too."""
    match value:
        case None | False:
            return ""
        case True:
            return "yes"
        case float():
            return repr(value).removesuffix(".0")
        case str():
            return value.replace("\r\n", "\n")
        case _:
            return str(value)


def _overtaken(stored: object) -> Sentence:
    match stored:
        case True:
            return said("Meanwhile somebody else has switched this on.")
        case False:
            return said("Meanwhile somebody else has switched this off.")
        case None | "":
            return said("Meanwhile somebody else has emptied this field.")
        case _:
            return said("Meanwhile somebody else has entered “%(value)s” here.", value=as_text(stored))
