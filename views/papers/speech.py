"""Sentences as plain text, for what is no page: papers, tables, files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_gmt, get_timezone_name
from markupsafe import Markup

from views import environment
from views.sentences import Sentence, said


class Speech:
    """Sentences as plain text in one language."""

    def __init__(self, locale: Locale) -> None:
        self.locale = locale
        self._say = cast("Callable[[Sentence], Markup]", environment(locale).globals["say"])

    def say(self, sentence: Sentence) -> str:
        return self._say(sentence).unescape()

    def moment(self, at: datetime) -> str:
        """`25.10.2026 um 14:02:17 Uhr (MEZ, GMT+01:00)` of a time in the merchant's zone."""
        zone = get_timezone_name(at, "short", locale=self.locale)
        offset = get_timezone_gmt(at, "long", locale=self.locale)
        parts = {
            "day": format_date(at, "dd.MM.yyyy" if self.locale.language == "de" else "d MMMM yyyy", self.locale),
            "time": format_time(at, "HH:mm:ss", locale=self.locale),
            "zone": zone if zone in offset else f"{zone}, {offset}",
        }
        return self.say(said("%(day)s at %(time)s (%(zone)s)", **parts))
