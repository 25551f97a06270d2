"""A mail that is ready to be sent: its text and its HTML in one language."""

from __future__ import annotations

import re

from babel import Locale
from markupsafe import Markup

from portal.new_messages import Written
from views import View, render
from views.papers.speech import Speech
from views.sentences import Sentence
from views.theme import READABLE, WHITE, contrast, oklch

OWN_TAG = re.compile(r"<[^>]*>")
USUAL_ACCENT = "#0b5e6e"


def written(subject: Sentence, text: View, html: View, locale: Locale) -> Written:
    return Written(
        subject=Speech(locale).say(subject),
        text=without_markup(render(text, locale=locale)),
        html=render(html, locale=locale),
        locale=str(locale).replace("_", "-"),
    )


def without_markup(text: str) -> str:
    """Whatever a template puts in is escaped on its way, so that the tags still standing are our own."""
    return Markup(OWN_TAG.sub("", text)).unescape()  # noqa: S704 (becomes plain text)


def button_colour(colour: str) -> str:
    """White stands on it; mail programs know no other colours than these."""
    return colour if contrast(oklch(colour), WHITE) >= READABLE else USUAL_ACCENT
