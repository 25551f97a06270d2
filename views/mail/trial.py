"""The mail that shows whether mail leaves."""

from __future__ import annotations

from babel import Locale

from portal.new_messages import Written
from views.papers.speech import Speech
from views.sentences import said


def written(locale: Locale) -> Written:
    """Text alone, in the merchant's language."""
    speech = Speech(locale)
    text = speech.say(said("This mail shows that your mail server takes mail of Tresen. There is nothing to do."))
    subject = speech.say(said("A test from Tresen"))
    return Written(subject=subject, text=f"{text}\n", html="", locale=str(locale).replace("_", "-"))
