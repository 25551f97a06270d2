"""The handbook: a page for each tab, in the merchant's language, of nothing but what its few marks say."""

from __future__ import annotations

import re

import pytest

from views import guide
from views.admin.guide import PATH, TOPICS
from views.assets import ASSETS
from views.guide import FOLDER
from views.languages import LANGUAGES


@pytest.mark.parametrize("topic", TOPICS)
async def test_every_tab_has_a_page_in_both_languages(jana, topic):
    german, english = [await jana.get(f"{PATH}/{topic}", Accept_Language=language) for language in ("de", "en")]

    assert german.status_code == english.status_code == 200
    assert "Gut zu wissen" in german.text
    assert "Good to know" in english.text
    assert f'href="{PATH}/{topic}"' in (await jana.get(TOPICS[topic])).text


@pytest.mark.parametrize("topic", ["..%2Ffiles", "files.md", "nothing", "de"])
async def test_there_are_no_other_pages(jana, topic):
    assert (await jana.get(f"{PATH}/{topic}")).status_code == 404


async def test_a_stranger_reads_nothing(stranger):
    assert (await stranger.get(f"{PATH}/files")).status_code in (303, 401)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_are_those_of_the_tabs_and_nothing_else(language):
    assert {path.stem for path in (FOLDER / language).iterdir()} == set(TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_has_a_picture_that_is_there_and_leaves_no_mark_unread(topic, language):
    title, body = guide.read(topic, language)

    assert title
    (address,) = re.findall(r'src="([^"]+)"', body)
    assert ASSETS.find(address)
    text = re.sub(r"<code>.*?</code>|<[^>]*>", "", body)
    assert not re.search(r"[*`#]|\]\(|^- ", text, re.MULTILINE)


def test_what_looks_like_an_element_stays_text():
    assert "&lt;/&gt;" in guide.read("appearance", "de")[1]
