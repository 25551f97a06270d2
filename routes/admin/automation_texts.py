"""What the editor of an automation sends, as the API would get it: the rules are the same."""

from __future__ import annotations

from collections.abc import Mapping

from portal.actions import ActionKind
from portal.conditions import AMOUNTS, CHOICES, TRUTHS, ConditionKind
from portal.refusals import Fault
from routes.forms import WHOLE
from views.admin.automation_form import (
    CURRENCY,
    NO_ACTION,
    UNITS,
    WRONG_ACTION,
    WRONG_CONDITION,
    WRONG_DELAY,
    YES,
    rows_of,
)
from views.faults import NO_NAME, UNFIT
from views.format import amount_typed
from views.sentences import Sentence


def wanted(texts: Mapping[str, str], language: str) -> dict[str, object]:
    """What cannot be read stays a text, which the check then refuses."""
    size = UNITS[texts["unit"]][0] if texts.get("unit") in UNITS else 1
    delay = texts.get("delay", "").strip() or "0"
    position = texts.get("position", "").strip()
    return {
        "name": texts.get("name", "").strip(),
        "active": texts.get("active") == YES,
        "trigger": {
            "kind": texts.get("trigger", ""),
            "delay_minutes": int(delay) * size if WHOLE.fullmatch(delay) else delay,
        },
        "match": texts.get("match", ""),
        "conditions": [_condition(f"condition-{place}", texts, language) for place in rows_of("condition", texts)],
        "actions": [_action(f"action-{place}", texts) for place in rows_of("action", texts)],
        **({"position": int(position) if WHOLE.fullmatch(position) else position} if position else {}),
    }


def told_of(faults: tuple[Fault, ...], texts: Mapping[str, str]) -> dict[str, Sentence]:
    """By the name of the field or row at which each is shown."""
    return dict(_told(fault.pointer.removeprefix("#/").split("/"), texts) for fault in faults)


def _told(path: list[str], texts: Mapping[str, str]) -> tuple[str, Sentence]:
    match path:
        case ["conditions", index, *_]:
            return f"condition-{rows_of('condition', texts)[int(index)]}", WRONG_CONDITION
        case ["actions", index, *_]:
            return f"action-{rows_of('action', texts)[int(index)]}", WRONG_ACTION
        case ["actions"]:
            return "actions", NO_ACTION
        case ["name"]:
            return "name", NO_NAME
        case ["trigger", "delay_minutes"]:
            return "delay", WRONG_DELAY
        case [name]:
            return name, UNFIT
        case _:
            return "whole", UNFIT


def _condition(name: str, texts: Mapping[str, str], language: str) -> dict[str, object]:
    kind = texts[f"{name}-kind"]
    value = _value(kind, name, texts, language)
    op = texts.get(f"{name}-op", "")
    if op == "is" and isinstance(value, list) and len(value) == 1:
        return {"kind": kind, "op": op, "value": value[0]}
    return {"kind": kind, "op": op, "value": value}


def _value(kind: str, name: str, texts: Mapping[str, str], language: str) -> object:
    text = texts.get(f"{name}-value", "").strip()
    if kind in TRUTHS:
        return text == YES
    if kind in AMOUNTS:
        amount = amount_typed(text, CURRENCY, language)
        return text if amount is None else amount
    if kind in CHOICES:
        known = (each.value for each in CHOICES[ConditionKind(kind)])
        return [each for each in known if texts.get(f"{name}-value.{each}") == YES]
    return [word.strip() for word in text.split(",") if word.strip()]


def _action(name: str, texts: Mapping[str, str]) -> dict[str, object]:
    kind, value = texts[f"{name}-kind"], texts.get(f"{name}-value", "").strip()
    if kind == ActionKind.SEND_MESSAGE:
        return {"kind": kind, "template": value, "allow_repeat": texts.get(f"{name}-repeat") == YES}
    return {"kind": kind, "value": value or None}
