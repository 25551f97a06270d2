"""All files as one ZIP archive: its name, and the note in it of what was left out and why."""

from __future__ import annotations

from collections.abc import Sequence

from babel import Locale

from portal import member_names
from portal.archive_bytes import Note
from portal.refusals import Refusal
from views.papers.speech import Speech
from views.sentences import Sentence, said
from views.wording import FileTerms, file_notice


def name_of(number: str, locale: Locale) -> str:
    """`Bestellung 4711.zip`, as it lands in a folder full of other downloads."""
    return member_names.safe(Speech(locale).say(said("Order %(number)s", number=number)) + ".zip")


def note(left_out: Sequence[tuple[str, Refusal]], locale: Locale) -> Note | None:
    """None where nothing was left out. `left_out`: the names of the files, and why each is not there."""
    if not left_out:
        return None
    speech = Speech(locale)
    lines = [speech.say(said("These files of your order are not in this archive:")), ""]
    for name, why in left_out:
        notice = file_notice(why, FileTerms())
        told: list[Sentence] = [notice.title, *([notice.advice] if notice.advice else [])]
        lines.append(f"- {name}: {' '.join(map(speech.say, told))}")
    text = "\r\n".join([*lines, ""])  # the one line end that every text editor knows
    return Note(speech.say(said("Not included.txt")), text.encode("utf-8-sig"))
