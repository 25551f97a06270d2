"""German and English: which one a reader gets, and the catalogues of both."""

from __future__ import annotations

from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.support import Translations

LANGUAGES = ("de", "en")
# Where somebody's language is known, but not their country.
USUAL = {"de": "de-DE", "en": "en-GB"}
CATALOGUES = Path(__file__).parent / "locale"


def language_of(order_locale: str, accept_language: str) -> str:
    """The order's language, else the first one of the browser's that we speak, else German."""
    wishes = [order_locale, *_by_preference(accept_language)]
    spoken = (language for wish in wishes if (language := _primary(wish)) in LANGUAGES)
    return next(spoken, LANGUAGES[0])


def locale_of(order_locale: str, accept_language: str) -> Locale:
    """The same with its country where the order names one: an Austrian reads German, and amounts as in Austria."""
    language = language_of(order_locale, accept_language)
    return _locale(order_locale if _primary(order_locale) == language else USUAL[language])


@cache
def catalogue(language: str) -> Translations:
    """Read from the `.po` file itself, so that no compiled file can be older than it."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        messages = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


@lru_cache(maxsize=256)
def _locale(tag: str) -> Locale:
    try:
        return Locale.parse(tag.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale.parse(USUAL[_primary(tag)], sep="-")


def _primary(tag: str) -> str:
    return tag.replace("_", "-").partition("-")[0].strip().lower()


def _by_preference(accept_language: str) -> list[str]:
    """Tags of an Accept-Language header, the dearest first; those with q=0 are refused ones."""
    weighed = []
    for part in accept_language.split(",")[:20]:
        tag, _, weight = part.partition(";")
        quality = _quality(weight)
        if quality > 0:
            weighed.append((-quality, tag.strip()))
    return [tag for _, tag in sorted(weighed, key=lambda wish: wish[0])]


def _quality(weight: str) -> float:
    name, _, number = weight.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(number)
    except ValueError:
        return 0.0
