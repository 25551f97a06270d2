"""The part of the history that speaks of automations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from db.orders import State
from portal import automation_runs, left_alone
from portal.actions import ActionKind
from portal.conditions import ConditionKind
from views.admin.automation_words import ACTIONS, CONDITIONS, why
from views.admin.order_words import STATES
from views.admin.told import Told, count_of, text_of
from views.sentences import Sentence, counted, plain, said


def _ran(told: Told) -> Sentence:
    does = told.get("done")
    words = [ACTIONS[ActionKind(each)] for each in does if each in set(ActionKind)] if isinstance(does, list) else []
    return said("Automation %(name)s ran: %(done)s", name=text_of(told, "name"), done=_listed(words))


def _listed(words: list[Sentence]) -> Sentence:
    """One after the other."""
    if not words:
        return plain("")
    first, *rest = words
    return said("%(first)s and %(rest)s", first=first, rest=_listed(rest)) if rest else first


def _skipped(told: Told) -> Sentence:
    name, kind = text_of(told, "name"), text_of(told, "condition")
    if kind in set(ConditionKind):
        return said(
            "Automation %(name)s did nothing: condition %(place)s does not hold (%(condition)s)",
            name=name,
            place=text_of(told, "place"),
            condition=CONDITIONS[ConditionKind(kind)],
        )
    return said("Automation %(name)s did nothing: %(reason)s", name=name, reason=why(text_of(told, "reason")))


def _waits(told: Told) -> Sentence:
    until = datetime.fromisoformat(text_of(told, "until"))
    return said("Automation %(name)s waits until %(day)s", name=text_of(told, "name"), day=until.date())


def _state_set(told: Told) -> Sentence:
    old, new = (_state(text_of(told, name)) for name in ("state_before", "state"))
    return said("State changed: %(old)s, now %(new)s", old=old, new=new)


def _state(text: str) -> Sentence:
    return STATES[State(text)] if text in set(State) else plain(text)


SENTENCES: Mapping[str, Callable[[Told], Sentence]] = {
    "automation_added": lambda told: said("Automation %(name)s added", name=text_of(told, "name")),
    "automation_changed": lambda told: said("Automation %(name)s changed", name=text_of(told, "name")),
    "held_runs_discarded": lambda told: counted(
        "One run that a pause had held was dropped", "%(count)s runs that a pause had held were dropped", count_of(told)
    ),
    left_alone.NOTICE: lambda told: counted(
        "One order from %(name)s was not written to: it came in long after it had been placed or paid",
        "%(count)s orders from %(name)s were not written to: they came in long after they had been placed or paid",
        count_of(told),
        name=text_of(told, "name"),
    ),
    "automation_asked_again": lambda told: said("Automation %(name)s asked once more", name=text_of(told, "name")),
    automation_runs.NO_SERVER: lambda told: said(
        "Automations are held: no mail server is set up. They go on when there is one"
    ),
    "automation_removed": lambda told: said("Automation %(name)s removed", name=text_of(told, "name")),
    "automation_ran": _ran,
    "automation_skipped": _skipped,
    "automation_waits": _waits,
    "automation_loop": lambda told: said(
        "Automation %(name)s was stopped: automations set each other off again and again", name=text_of(told, "name")
    ),
    "automation_notice": lambda told: said("From an automation: %(text)s", text=text_of(told, "text")),
    "automation_run_failed": lambda told: said(
        "An automation was given up: %(error)s", error=text_of(told, "error")
    ),
    "tag_added": lambda told: said("Tag %(tag)s added", tag=text_of(told, "tag")),
    "tag_removed": lambda told: said("Tag %(tag)s removed", tag=text_of(told, "tag")),
    "state_set": _state_set,
}
