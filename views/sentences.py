"""What a page says, before it is known in which language: an English sentence and the values that go into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from views.format import Money, Percent, Reference

Value: TypeAlias = "str | int | Decimal | date | Money | Percent | Reference | Sentence"


@dataclass(frozen=True)
class Sentence:
    """`text` is looked up in the catalogue, `%(name)s` in it is replaced by the value of that name.

    With `many`, `count` decides which of the two forms is meant.
    """

    text: str
    values: Mapping[str, Value] = field(default_factory=dict)
    many: str = ""
    count: int = 1


def said(text: str, /, **values: Value) -> Sentence:
    """One sentence. Babel finds its text in the source, so it has to stand there as it is."""
    return Sentence(text, values)


def counted(one: str, many: str, count: int, /, **values: Value) -> Sentence:
    """One of two sentences, by number; `%(count)s` is that number."""
    return Sentence(one, {"count": count, **values}, many, count)


def plain(value: Value) -> Sentence:
    """A name or a number that is the same in every language."""
    return Sentence("%(value)s", {"value": value})
