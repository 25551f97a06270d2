"""Every refusal has its sentences, in both languages, and none that a customer should not read."""

from datetime import date
from typing import Any

import pytest

from portal.refusals import Refusal
from tests.views.reading import Shown
from views import environment, flashes, wording
from views.languages import locale_of
from views.seller import Seller
from views.wording import FileTerms

FILE_REFUSALS = list(wording.FILE_NOTICES)
FULL = FileTerms(limit=3, last=date(2026, 10, 14), until=date(2026, 10, 13), unlocks_on=date(2026, 11, 10))
SELLER = Seller(
    name="Papierhafen",
    email="post@papierhafen.example",
    phone="",
    dial="",
    address="mailto:post@papierhafen.example",
    write=wording.write_to("Papierhafen"),
    links=(),
)
LANGUAGES = ("de-DE", "en-GB")
NEVER = ("leider", "ungültig", "fehler", "unfortunately", "invalid", "error", "sorry")


def notices():
    yield from (wording.file_notice(why, terms) for why in FILE_REFUSALS for terms in (FULL, FileTerms()))
    yield from (wording.files_notice(why, count) for why in wording.FILES_NOTICES for count in (1, 2))
    yield from (wording.files_notice(Refusal.NOT_PAID, count) for count in (1, 2))
    yield from (wording.invoices_notice(why, FULL.until) for why in Refusal)


def template_globals(locale: str) -> dict[str, Any]:
    return dict(environment(locale_of(locale, "")).globals)


def read(notice, locale: str) -> str:
    return Shown(template_globals(locale)["ui"].notice(notice, SELLER)).elements[0].text


def flash(why: Refusal, locale: str) -> str:
    return Shown(template_globals(locale)["ui"].flash(flashes.flash(why))).elements[0].text


@pytest.mark.parametrize("why", Refusal)
@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_refusal_can_be_told_after_a_click(why, locale):
    said = flash(why, locale)

    assert len(said.split(".")) >= 3
    assert why.value not in said or why.value in ("disabled", "deleted", "cancelled", "refunded", "expired")
    assert not any(word in said.lower() for word in NEVER)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_no_notice_sighs_or_names_a_code(locale):
    for notice in notices():
        said = read(notice, locale).lower()
        assert said
        assert not any(word in said for word in NEVER)
        assert not any(why.value in said for why in Refusal if "-" in why.value)


def test_the_two_languages_differ():
    for notice in notices():
        assert read(notice, "de-DE") != read(notice, "en-GB")


@pytest.mark.parametrize(
    ("why", "terms", "german", "english"),
    [
        (
            Refusal.EXPIRED,
            FULL,
            "Der Download war bis 13.10.2026 möglich. Brauchen Sie die Datei noch? Papierhafen schreiben",
            "The download was possible until 13 Oct 2026. Do you still need the file? Write to Papierhafen",
        ),
        (
            Refusal.LIMIT_REACHED,
            FULL,
            "Alle 3 Downloads sind verbraucht, zuletzt am 14.10.2026."
            " Wenn etwas schiefging, gibt der Shop weitere frei: Papierhafen schreiben",
            "All 3 downloads are used up, the last one on 14 Oct 2026."
            " If something went wrong, the shop gives you more: Write to Papierhafen",
        ),
        (
            Refusal.WAIVER_MISSING,
            FULL,
            "Wartet auf Ihre Zustimmung. Ohne Zustimmung ist sie ab 10.11.2026 abrufbar.",
            "Waits for your consent. Without consent it is available from 10 Nov 2026.",
        ),
    ],
)
def test_a_refused_file_says_why_with_its_date_and_a_way(why, terms, german, english):
    notice = wording.file_notice(why, terms)

    assert read(notice, "de-DE") == german
    assert read(notice, "en-GB") == english


def test_red_is_for_our_own_failures():
    red = {why for why in FILE_REFUSALS if wording.file_notice(why, FULL).tone == "stop"}

    assert red == flashes.OUR_FAULT
    assert not any(notice.tone == "stop" for notice in wording.FILES_NOTICES.values())
    assert not any(notice.tone == "stop" for notice in wording.INVOICES_NOTICES.values())


@pytest.mark.parametrize("name", ["", "Papierhafen"])
def test_a_shop_without_a_name_can_be_written_to_as_well(name):
    say = template_globals("de-DE")["say"]

    assert say(wording.write_to(name)) == (f"{name} schreiben" if name else "Dem Shop schreiben")
