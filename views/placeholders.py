"""What is to be said of the names in braces that a merchant types: those that nothing will fill."""

from __future__ import annotations

from collections.abc import Callable, Collection

from portal import greetings, message_templates, number_series, placeholders
from views.sentences import Sentence, counted, said

WITHOUT_YEAR = said("Without {year} the number does not tell the year of the invoice.")


def unknown_in(known: Collection[str]) -> Callable[[str], tuple[Sentence, ...]]:
    """What names every unknown one of a text, each as the customer would read it."""

    def told(text: str) -> tuple[Sentence, ...]:
        names = placeholders.unknown(text, known)
        return (_unknown(names),) if names else ()

    return told


def _unknown(names: Collection[str]) -> Sentence:
    return counted(
        "%(names)s is no known placeholder and reaches the customer as it is.",
        "%(names)s are no known placeholders and reach the customer as they are.",
        len(names),
        names=", ".join(names),
    )


def in_series(text: str) -> tuple[Sentence, ...]:
    """A series may do without the year, and is told what that means."""
    return () if number_series.YEAR in text else (WITHOUT_YEAR,)


IN_GREETING = {"greeting_html": unknown_in(greetings.PLACEHOLDERS)}
IN_STAMP = {"watermark_text": unknown_in(placeholders.STAMP)}
IN_MESSAGE = dict.fromkeys(("subject", "html", "text"), unknown_in(message_templates.PLACEHOLDERS))
IN_SERIES = {"invoice_series": in_series}
