"""The editor of an automation: a form of rows, each with the fields that its kind asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from db.automations import Automation, Match, Trigger
from db.orders import BuyerKind
from portal import automations
from portal.actions import NEVER_SET, Action, ActionKind
from portal.conditions import AMOUNTS, CHOICES, TRUTHS, Condition, ConditionKind, ops_of
from views.admin.automation_words import ACTIONS, CONDITIONS, MATCHES, OPS, TRIGGERS
from views.admin.order_words import PAYMENT_METHODS, PAYMENT_STATES, STATES
from views.format import amount_to_type
from views.sentences import Sentence, plain, said

Word = TypeVar("Word", bound=StrEnum)
CURRENCY = "EUR"  # how many digits an amount has that is typed here
SPARE = 1  # empty rows at the end: the next one is there without a script
YES = "yes"
UNITS = {"minutes": (1, said("minutes")), "hours": (60, said("hours")), "days": (1440, said("days"))}
BUYERS = {BuyerKind.CONSUMER: said("Consumer"), BuyerKind.BUSINESS: said("Business")}
WORDS: Mapping[ConditionKind, Mapping[str, Sentence]] = {
    ConditionKind.STATE: {each.value: words for each, words in STATES.items()},
    ConditionKind.PAYMENT_STATE: {each.value: words for each, words in PAYMENT_STATES.items()},
    ConditionKind.PAYMENT_METHOD: {each.value: words for each, words in PAYMENT_METHODS.items()},
    ConditionKind.BUYER_KIND: {each.value: words for each, words in BUYERS.items()},
}
NO_ACTION = said("Choose at least one action.")
WRONG_DELAY = said("Please enter a whole number; the longest wait is a year.")
WRONG_CONDITION = said("This condition is not complete, or its value does not fit.")
WRONG_ACTION = said("This action is not complete, or its value does not fit.")


@dataclass(frozen=True)
class Choice:
    """One thing to choose, and whether it is chosen."""

    value: str
    words: Sentence
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class ConditionRow:
    """`control`: truth, choices, amount, words, or empty as long as no kind is chosen."""

    name: str
    place: int
    kinds: tuple[Choice, ...]
    ops: tuple[Choice, ...]
    control: str
    choices: tuple[Choice, ...]
    value: str
    error: Sentence | None


@dataclass(frozen=True, kw_only=True)
class ActionRow:
    """`control`: template, state, text, or empty where nothing more is to be said."""

    name: str
    place: int
    kinds: tuple[Choice, ...]
    control: str
    choices: tuple[Choice, ...]
    value: str
    repeats: bool
    error: Sentence | None


@dataclass(frozen=True, kw_only=True)
class AutomationForm:
    """`seen` marks the state of what it was made from."""

    name: str
    active: bool
    triggers: tuple[Choice, ...]
    delay: str
    units: tuple[Choice, ...]
    matches: tuple[Choice, ...]
    position: str
    conditions: tuple[ConditionRow, ...]
    actions: tuple[ActionRow, ...]
    seen: str
    errors: Mapping[str, Sentence]


def texts_of(row: Automation, language: str) -> dict[str, str]:
    """What is stored, as the form would send it."""
    unit = next((name for name, (size, _) in reversed(UNITS.items()) if row.delay_minutes % size == 0), "minutes")
    texts = {
        "name": row.name,
        "active": YES if row.active else "",
        "trigger": row.trigger.value,
        "delay": str(row.delay_minutes // UNITS[unit][0]),
        "unit": unit if row.delay_minutes else "days",
        "match": row.match.value,
        "position": str(row.position),
    }
    for place, condition in enumerate(automations.conditions_of(row), start=1):
        texts |= _condition_texts(f"condition-{place}", condition, language)
    for place, action in enumerate(automations.actions_of(row), start=1):
        texts |= _action_texts(f"action-{place}", action)
    return texts


def _condition_texts(name: str, condition: Condition, language: str) -> dict[str, str]:
    texts = {f"{name}-kind": condition.kind.value, f"{name}-op": condition.op.value}
    match condition.value:
        case bool():
            return {**texts, f"{name}-value": YES if condition.value else "no"}
        case int():
            return {**texts, f"{name}-value": amount_to_type(condition.value, CURRENCY, language) or "0"}
        case _ if condition.kind in WORDS:
            return {**texts, **{f"{name}-value.{word}": YES for word in condition.words}}
        case _:
            return {**texts, f"{name}-value": ", ".join(condition.words)}


def _action_texts(name: str, action: Action) -> dict[str, str]:
    value = str(action.template or "") if action.kind is ActionKind.SEND_MESSAGE else action.value or ""
    repeats = {f"{name}-repeat": YES} if action.allow_repeat else {}
    return {f"{name}-kind": action.kind.value, f"{name}-value": value, **repeats}


def form_of(
    texts: Mapping[str, str], templates: Sequence[str], seen: str, errors: Mapping[str, Sentence]
) -> AutomationForm:
    """What was typed or stored, with one more row of each kind."""
    return AutomationForm(
        name=texts.get("name", ""),
        active=texts.get("active") == YES,
        triggers=_choices(TRIGGERS, texts.get("trigger", Trigger.ORDER_PAID.value)),
        delay=texts.get("delay", "0"),
        units=tuple(Choice(name, words, name == texts.get("unit", "days")) for name, (_, words) in UNITS.items()),
        matches=_choices(MATCHES, texts.get("match", Match.ALL.value)),
        position=texts.get("position", ""),
        conditions=tuple(_condition_row(place, texts, errors) for place in _places("condition", texts)),
        actions=tuple(_action_row(place, texts, templates, errors) for place in _places("action", texts)),
        seen=seen,
        errors=errors,
    )


def rows_of(part: str, texts: Mapping[str, str]) -> list[int]:
    """The places of the rows that have a kind."""
    named = (re.fullmatch(f"{part}-([1-9][0-9]?)-kind", name, re.ASCII) for name, kind in texts.items() if kind)
    return sorted(int(found[1]) for found in named if found)


def _places(part: str, texts: Mapping[str, str]) -> list[int]:
    used = rows_of(part, texts)
    last = used[-1] if used else 0
    return [*used, *(last + more for more in range(1, SPARE + 1))][: automations.MOST_PARTS]


def _condition_row(place: int, texts: Mapping[str, str], errors: Mapping[str, Sentence]) -> ConditionRow:
    name = f"condition-{place}"
    text = texts.get(f"{name}-kind", "")
    kind = ConditionKind(text) if text in set(ConditionKind) else None
    ops = ops_of(kind) if kind else ()
    asked = texts.get(f"{name}-op", "")
    return ConditionRow(
        name=name,
        place=place,
        kinds=_choices(CONDITIONS, text),
        ops=_choices({op: OPS[op] for op in ops}, asked if asked in ops else (ops[0] if ops else "")),
        control=_control(kind),
        choices=_words(kind, name, texts),
        value=texts.get(f"{name}-value", ""),
        error=errors.get(name),
    )


def _control(kind: ConditionKind | None) -> str:
    if kind is None:
        return ""
    if kind in TRUTHS:
        return "truth"
    return "amount" if kind in AMOUNTS else "choices" if kind in CHOICES else "words"


def _words(kind: ConditionKind | None, name: str, texts: Mapping[str, str]) -> tuple[Choice, ...]:
    if kind is None:
        return ()
    if kind in TRUTHS:
        chosen = texts.get(f"{name}-value", YES)
        return (Choice(YES, said("yes"), chosen == YES), Choice("no", said("no"), chosen == "no"))
    known = WORDS.get(kind, {})
    return tuple(
        Choice(each, words, texts.get(f"{name}-value.{each}") == YES) for each, words in known.items()
    )


def _action_row(
    place: int, texts: Mapping[str, str], templates: Sequence[str], errors: Mapping[str, Sentence]
) -> ActionRow:
    name = f"action-{place}"
    kind, value = texts.get(f"{name}-kind", ""), texts.get(f"{name}-value", "")
    control = ""
    choices: tuple[Choice, ...] = ()
    match kind:
        case ActionKind.SEND_MESSAGE:
            control, choices = "template", tuple(Choice(each, plain(each), each == value) for each in templates)
        case ActionKind.SET_STATE:
            known = {state: words for state, words in STATES.items() if state not in NEVER_SET}
            control, choices = "state", _choices(known, value)
        case ActionKind.ADD_TAG | ActionKind.REMOVE_TAG | ActionKind.NOTIFY_MERCHANT:
            control = "text"
    return ActionRow(
        name=name,
        place=place,
        kinds=_choices(ACTIONS, kind),
        control=control,
        choices=choices,
        value=value,
        repeats=texts.get(f"{name}-repeat") == YES,
        error=errors.get(name),
    )


def _choices(known: Mapping[Word, Sentence], chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(each.value, words, each.value == chosen) for each, words in known.items())
