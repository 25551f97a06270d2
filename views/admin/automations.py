"""Regeln: what happens by itself, what it would do, and what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from db.automations import Automation, AutomationRun, RunState
from portal import automations
from portal.automations import Readiness
from portal.dry_runs import Affected, DryRun
from views.admin.automation_form import AutomationForm
from views.admin.automation_words import ACTIONS, SKIPS, STATES, TRIGGERS, wait, why
from views.admin.frame import OfficePage
from views.form import Form
from views.sentences import Sentence, counted, plain, said

PATH = "/admin/automations"
CHANGED = said("Meanwhile somebody else has changed this automation. Saving again writes over theirs.")
SAVED = said("The automation is saved.")


@dataclass(frozen=True, kw_only=True)
class AutomationRow:
    url: str
    name: str
    trigger: Sentence
    wait: Sentence
    does: tuple[Sentence, ...]
    active: bool

    @staticmethod
    def of(row: Automation) -> AutomationRow:
        return AutomationRow(
            url=f"{PATH}/{row.id}",
            name=row.name,
            trigger=TRIGGERS[row.trigger],
            wait=wait(row.delay_minutes),
            does=tuple(ACTIONS[each.kind] for each in automations.actions_of(row)),
            active=row.active,
        )


@dataclass(frozen=True, kw_only=True)
class AutomationsPage(OfficePage):
    """`lacks`: what has to be there before anything can be switched on."""

    template: ClassVar = "admin/automations.html"

    path: str
    rows: tuple[AutomationRow, ...]
    lacks: tuple[Sentence, ...]
    form: Form
    held: Sentence | None
    queued: Sentence | None


@dataclass(frozen=True, kw_only=True)
class RunRow:
    at: datetime
    number: str
    url: str
    tone: str
    state: Sentence
    why: Sentence | None

    @staticmethod
    def of(run: AutomationRun, number: str, zone: ZoneInfo) -> RunRow:
        tone, state = STATES[run.state]
        return RunRow(
            at=(run.finished_at or run.created_at).astimezone(zone),
            number=number,
            url=f"/admin/orders/{run.order_id}/activity",
            tone=tone,
            state=state,
            why=why(run.reason) if run.reason and run.state is not RunState.DONE else None,
        )


@dataclass(frozen=True, kw_only=True)
class AffectedRow:
    """One order that it is meant for: what it would do, and what it would not, and why."""

    number: str
    url: str
    to: str
    does: tuple[Sentence, ...]

    @staticmethod
    def of(found: Affected) -> AffectedRow:
        return AffectedRow(
            number=found.order.number,
            url=f"/admin/orders/{found.order.id}/overview",
            to=found.to,
            does=tuple(
                said("%(action)s: not done, %(reason)s", action=ACTIONS[each.kind], reason=SKIPS[each.refusal])
                if each.refusal
                else ACTIONS[each.kind]
                for each in found.actions
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What came of a dry run."""

    title: Sentence
    rows: tuple[AffectedRow, ...]

    @staticmethod
    def of(done: DryRun) -> Rehearsal:
        title = counted(
            "%(found)s of the newest order: this automation is meant for it.",
            "%(found)s of the %(count)s newest orders: this automation is meant for them.",
            done.looked_at,
            found=len(done.items),
        )
        return Rehearsal(title=title, rows=tuple(AffectedRow.of(each) for each in done.items))


@dataclass(frozen=True, kw_only=True)
class AutomationPage(OfficePage):
    """`rehearsal` where one was asked for; `address` is empty for one that is not stored yet."""

    template: ClassVar = "admin/automation.html"

    path: str
    address: str
    title: Sentence
    form: AutomationForm
    done: Sentence | None
    lacks: tuple[Sentence, ...]
    runs: tuple[RunRow, ...]
    rehearsal: Rehearsal | None


def title_of(name: str) -> Sentence:
    return plain(name) if name else said("New automation")


def lacks(ready: Readiness) -> tuple[Sentence, ...]:
    found = []
    if not ready.base_url:
        found.append(said("TRESEN_BASE_URL has to be set: links in mails must lead here."))
    if not ready.mail:
        found.append(said("Automations that send mail wait until a mail has left: send a test under E-mail."))
    return tuple(found)


def held(count: int) -> Sentence | None:
    return counted("%(count)s run is held.", "%(count)s runs are held.", count) if count else None


def waiting(count: int) -> Sentence | None:
    """Of mails that were written before a pause."""
    return (
        counted(
            "%(count)s mail that was written before waits for the end of the pause.",
            "%(count)s mails that were written before wait for the end of the pause.",
            count,
        )
        if count
        else None
    )


def trouble(conflict: str) -> Sentence:
    """Why it could not be switched on."""
    if conflict == automations.NO_BASE_URL:
        return said("Not switched on: TRESEN_BASE_URL is not set.")
    return said("Not switched on: no mail has left by the present mail settings yet. Send a test first.")


def numbers_of(rows: Sequence[tuple[AutomationRun, str]], zone: ZoneInfo) -> tuple[RunRow, ...]:
    return tuple(RunRow.of(run, number, zone) for run, number in rows)
