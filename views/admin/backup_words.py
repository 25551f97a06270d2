"""What becomes of backups, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from db.backups import BackupState
from portal.backup_outcomes import FAILED
from portal.backup_rhythms import Cause
from portal.storages import Trouble
from views.admin.storage_words import ADVICE
from views.admin.told import Told, text_of
from views.sentences import Sentence, said

STATES: Mapping[BackupState, tuple[Sentence, str]] = {
    BackupState.RUNNING: (said("Running"), "running"),
    BackupState.DONE: (said("Done and read back"), "ok"),
    BackupState.FAILED: (said("Failed"), "stop"),
}
CAUSES: Mapping[str, Sentence] = {
    Cause.NO_ROOM: said("There is no room left on the disk of this server."),
    Cause.UNWRITABLE: said("Tresen may not write to the folder for backups."),
    Cause.NOT_SAVED: said("The archive could not be written."),
    Cause.DIFFERENT: said("What was read back differs from what was sent; it was removed."),
    Cause.STORAGE_GONE: said("The storage takes no backups any more."),
    Cause.BROKEN_OFF: said("Tresen itself failed, or was ended again and again."),
    Cause.RESTORED: said("The shop was restored from this backup."),
    **{trouble.value: words for trouble, (words, _) in ADVICE.items()},
    Trouble.DENIED: said("The storage does not let Tresen write or remove files."),
}
UNKNOWN = said("The archive could not be written.")


def cause(error: str) -> Sentence:
    return CAUSES.get(error, UNKNOWN)


def _failed(told: Told) -> Sentence:
    """A run names its cause; a job that was given up tells only in its own words what broke it off."""
    why = text_of(told, "cause") or Cause.BROKEN_OFF.value
    if detail := text_of(told, "error"):
        return said("Scheduled backup failed: %(cause)s (%(detail)s)", cause=cause(why), detail=detail)
    return said("Scheduled backup failed: %(cause)s", cause=cause(why))


SENTENCES = {FAILED: _failed}
