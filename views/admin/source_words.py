"""What sources are called, how they fare, and what to do where one does not answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from db.sources import RunOutcome, SourceKind, SourceRun
from portal.refusals import Fault
from portal.source_checks import Check
from views.admin.labels import SOURCE
from views.faults import UNFIT
from views.sentences import Sentence, counted, said

KINDS = SOURCE["kind"].choices
TROUBLE: Mapping[RunOutcome, tuple[Sentence, Sentence]] = {
    RunOutcome.DENIED: (
        said("It does not let Tresen in."),
        said("Check the keys, and that they may read orders. Copy them once more if in doubt."),
    ),
    RunOutcome.UNREACHABLE: (
        said("It cannot be reached."),
        said("Is the address right, and does this server get out to it?"),
    ),
    RunOutcome.TIMED_OUT: (
        said("It did not answer in time."),
        said("This says nothing about the keys. It is tried again by itself."),
    ),
    RunOutcome.BUSY: (
        said("It has trouble of its own at the moment."),
        said("This says nothing about the keys. It is tried again by itself."),
    ),
    RunOutcome.MOVED: (
        said("It sends Tresen somewhere else."),
        said("For safety no redirect is followed. Enter the final address of the shop."),
    ),
    RunOutcome.UNEXPECTED: (
        said("The answer is none that such a service would give."),
        said("Does the address belong to a shop of this kind?"),
    ),
    RunOutcome.INCOMPLETE: (
        said("Nobody was asked."),
        said("Something is missing: enter all keys, and switch the source on."),
    ),
    RunOutcome.BROKEN_OFF: (
        said("It was broken off."),
        said("Tresen ended or failed while it ran. The next run sees it all."),
    ),
}
NAME_TAKEN = said("Another source has this name already.")
NAME_STAYS = said("Orders have come from this source, and its name stands in their addresses: it stays.")
ORDERS_REFER = said("Orders refer to this source, so it stays. Switched off, it takes no more.")
MISSING = said("Please enter something here.")
UNUSABLE: Mapping[str, Sentence] = {
    "name": said("Only lower-case letters, digits and hyphens fit here, at most 64."),
    "base_url": said("Please enter an address such as https://shop.example.org: with https, and without a password."),
    "username": said("Please enter the mail address that you sign in to Billbee with."),
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """How asking went; `detail` is what the service said, in its own words. `tone`: ok, wait or stop."""

    tone: str
    title: Sentence
    advice: Sentence | None = None
    detail: str = ""

    @property
    def works(self) -> bool:
        return self.tone == "ok"

    @staticmethod
    def of_check(check: Check) -> Told:
        if check.outcome is RunOutcome.OK:
            orders = counted(
                "It answers: one order can be read.", "It answers: %(count)s orders can be read.", check.orders
            )
            return Told(tone="ok", title=orders)
        title, advice = TROUBLE[check.outcome]
        return Told(tone="stop", title=title, advice=advice, detail=check.detail)

    @staticmethod
    def of_run(run: SourceRun) -> Told:
        if run.ended_at is None:
            return Told(tone="wait", title=said("It is running.") if run.started_at else said("It is about to run."))
        if run.outcome is RunOutcome.OK or run.outcome is None:
            return Told(tone="ok", title=_came(run))
        title, advice = TROUBLE[run.outcome]
        return Told(tone="stop", title=title, advice=advice, detail=run.detail)


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """`at`: when it ended, else when it was asked for, on the merchant's clock."""

    told: Told
    at: datetime
    counts: tuple[Sentence, ...]

    @staticmethod
    def of(run: SourceRun, zone: ZoneInfo) -> RunRow:
        return RunRow(told=Told.of_run(run), at=(run.ended_at or run.asked_at).astimezone(zone), counts=_counts(run))


def told_of(faults: Sequence[Fault]) -> dict[str, Sentence]:
    """What is wrong, by the name of the field."""
    found: dict[str, Sentence] = {}
    for fault in faults:
        name = fault.pointer.rpartition("/")[2]
        found[name] = MISSING if fault.code in ("missing", "too-short") else UNUSABLE.get(name, UNFIT)
    return found


def title(kind: SourceKind) -> Sentence:
    return KINDS[kind]


def _came(run: SourceRun) -> Sentence:
    came = run.created + run.updated
    return counted("One order came in.", "%(count)s orders came in.", came) if came else said("Nothing new.")


def _counts(run: SourceRun) -> tuple[Sentence, ...]:
    told = (
        (run.created, counted("one new", "%(count)s new", run.created)),
        (run.updated, counted("one changed", "%(count)s changed", run.updated)),
        (run.unchanged, counted("one as it was", "%(count)s as they were", run.unchanged)),
        (run.stale, counted("one older than what is known", "%(count)s older than what is known", run.stale)),
        (run.ignored, counted("one draft left out", "%(count)s drafts left out", run.ignored)),
        (run.failed, counted("one not understood", "%(count)s not understood", run.failed)),
    )
    return tuple(words for count, words in told if count)
