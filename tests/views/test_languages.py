"""German and English are both complete, and everybody gets the one they read."""

import re
import string
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from views.languages import LANGUAGES, language_of, locale_of

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = ROOT / "views" / "locale"
WOOS = {"API", "Consumer key", "Consumer secret"}
PAYPALS = {"PayPal", "PayPal Plus", "Sandbox", "PayPal App Client ID", "PayPal App Client Secret"}
CLOUDS = {"WebDAV (Nextcloud, ownCloud)", "Bucket", "Region", "App key", "App secret"}
TABLES = {"Code", "Format", "Import"}
NAMES = {"Tresen", "Mails", "SKU", "Demo", "IBAN", "BIC", "Port", "Webhook", *PAYPALS, *CLOUDS, *WOOS, *TABLES}
SAME_IN_BOTH = {*NAMES, "Downloads", "%(number)s\u00a0%(unit)s", "%(amount)s\u00a0×\u00a0%(price)s"}


def in_the_source() -> set[str]:
    """What the project says, found as the comment in messages.cfg tells translators to find it."""
    with (CATALOGUES / "messages.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    keywords = DEFAULT_KEYWORDS | parse_keywords(["said", "phrase", "counted:1,2"])
    found = set()
    for room in ("views", "components", "portal"):
        for _file, _line, message, *_ in extract_from_dir(
            ROOT / room,
            method_map=[(f.removeprefix(f"{room}/"), m) for f, m in methods],
            options_map=options,
            keywords=keywords,
        ):
            found.add(message if isinstance(message, str) else message[0])
    return found


def catalogue(language: str):
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return [message for message in read_po(file, locale=language) if message.id]


def texts(value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_holds_what_the_pages_say_and_nothing_else(language):
    said = in_the_source()

    assert len(said) > 100
    assert {texts(message.id)[0] for message in catalogue(language)} == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_translated_twice(language):
    written = (CATALOGUES / language / "LC_MESSAGES" / "messages.po").read_text(encoding="utf-8")

    assert len(re.findall("^msgid ", written, re.MULTILINE)) == len(catalogue(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated_in_all_its_forms(language):
    for message in catalogue(language):
        assert len(texts(message.string)) == len(texts(message.id))
        assert all(texts(message.string)), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_uses_the_same_values(language):
    for message in catalogue(language):
        known = placeholders("".join(texts(message.id)))
        for text in texts(message.string):
            assert placeholders(text) <= known, text
            assert re.sub(r"%\(\w+\)s", "", text).count("%") == 0, text
        assert placeholders("".join(texts(message.string))) == known, message.id


def test_german_is_not_english():
    same = {texts(message.id)[0] for message in catalogue("de") if message.id == message.string}

    assert same == SAME_IN_BOTH


def test_the_english_sentences_are_those_of_the_source():
    assert [message.id for message in catalogue("en") if message.id != message.string] == []


# --- Nothing is said past the catalogue


def templates() -> list[Path]:
    """All but those for programmers, who read English: these say so in their first lines."""
    found = sorted([*(ROOT / "views").rglob("*.html"), *(ROOT / "components").rglob("*.html")])
    return [path for path in found if '<html lang="en">' not in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("template", templates(), ids=lambda path: path.name)
def test_a_template_holds_no_words_of_its_own(template):
    tree = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(template.read_text(encoding="utf-8"))
    written = "\0".join(data.data for data in tree.find_all(nodes.TemplateData))
    spoken = re.findall(r"""\b(?:alt|title|placeholder|aria-label|label)="([^"\0]*[A-Za-z][^"\0]*)""", written)
    between = re.sub(r"<[^>]*>", " ", re.sub(r"<[^>]*$", "", written)).split("\0")

    assert spoken == []
    # What stands between tags and values is punctuation; attributes torn apart by a value are skipped.
    assert [word for part in between for word in re.findall(r"(?<![\w=\"#/-])[A-ZÄÖÜ][a-zäöüß]{2,}", part)] == []


# --- Who reads which


@pytest.mark.parametrize(
    ("order", "browser", "language"),
    [
        ("de-DE", "en", "de"),
        ("en-US", "de", "en"),
        ("de_AT", "", "de"),
        ("DE", "", "de"),
        ("fr-FR", "en-US,en;q=0.9", "en"),
        ("", "en;q=0.5, de;q=0.8", "de"),
        ("", "fr, nl", "de"),
        ("", "en;q=0", "de"),
        ("", "", "de"),
        ("", ",;q=,x;q=y,en", "en"),
    ],
)
def test_the_order_s_language_comes_first_then_the_browser_s_then_german(order, browser, language):
    assert language_of(order, browser) == language


@pytest.mark.parametrize(
    ("order", "browser", "locale"),
    [("de-AT", "", "de_AT"), ("en", "", "en"), ("", "en", "en_GB"), ("fr-FR", "", "de_DE"), ("de-XX-!", "", "de_DE")],
)
def test_the_country_comes_from_the_order(order, browser, locale):
    assert str(locale_of(order, browser)) == locale


@pytest.mark.parametrize("order", ["de-" + "x" * 5000, "../../etc", "de\0", "en-" + string.punctuation])
def test_no_locale_breaks_the_page(order):
    assert locale_of(order, "").language in LANGUAGES
