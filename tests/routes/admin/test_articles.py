"""Articles behind the counter: found or made, given files out of the storages, in order, named, replaced, removed."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from portal import file_inspections
from portal.activity import By
from tests.pdfkit import papers
from tests.routes.admin.conftest import Browser
from tests.routes.customer.conftest import Running, Sale, sell
from tests.views.reading import Shown


@pytest.fixture
async def sale(tresen: Running) -> Sale:
    return await sell(tresen, "1")


@pytest.fixture
async def article(jana: Browser, sale: Sale) -> str:
    """The address of what was sold."""
    page = Shown((await jana.get("/admin/articles")).text)
    (link,) = [each for each in page.all("a") if each.attributes.get("href", "").startswith("/admin/articles/")]
    return str(link["href"])


async def looked_at(jana: Browser, file: int) -> None:
    """As soon as the worker is through with it."""
    await file_inspections.over([file], jana.tresen.house.database.reading, patience=60)


async def files(browser: Browser, article: str) -> list[str]:
    return re.findall(r'data-file="(\d+)"', (await browser.get(article)).text)


async def test_the_list_shows_what_was_sold_and_finds_it(jana: Browser, sale: Sale):
    everything = await jana.get("/admin/articles")
    found = await jana.get("/admin/articles?q=bente")
    nothing = await jana.get("/admin/articles?q=nirgends")
    without = await jana.get("/admin/articles?files=none")

    assert "PDF-BENTE" in everything.text
    assert "2 Dateien" in everything.text
    assert "PDF-BENTE" in found.text
    assert "Kein Artikel passt" in nothing.text
    assert "PDF-BENTE" not in without.text


async def test_the_search_answers_with_the_list_alone_where_it_is_swapped(jana: Browser, sale: Sale):
    part = (await jana.get("/admin/articles?q=bente", HX_Target="div#articles")).text

    assert part.lstrip().startswith('<div id="articles"')


async def test_an_article_is_made_by_hand_and_a_second_time_is_the_same(jana: Browser):
    first = await jana.post("/admin/articles", {"sku": " PDF-* "})
    second = await jana.post("/admin/articles", {"sku": "PDF-*"})

    assert first.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert "die mit „PDF-“ beginnen" in (await jana.get(first.headers["location"])).text


@pytest.mark.parametrize("sku", ["", "   ", "x" * 501])
async def test_what_is_no_sku_is_said_beside_the_field(jana: Browser, sku: str):
    answer = await jana.post("/admin/articles", {"sku": sku})

    assert answer.status_code == 422
    assert 'id="sku-error"' in answer.text


async def test_a_title_is_saved_alone_and_a_clash_is_shown_instead_of_overwritten(jana: Browser, article: str):
    saved = await jana.post(article, {"name": "Bente, neu", "was.name": "Bente"})
    clash = await jana.post(article, {"name": "Bente, anders", "was.name": "Bente"})
    long = await jana.post(article, {"name": "x" * 501, "was.name": "Bente, neu"})

    assert (saved.status_code, saved.headers["location"]) == (303, f"{article}?saved=name")
    assert clash.status_code == 422
    assert "Bente, neu" in clash.text
    assert long.status_code == 422
    assert 'value="Bente, neu"' in (await jana.get(article)).text


async def test_each_file_says_whether_it_is_there_stamped_and_for_how_many(jana: Browser, article: str):
    text = (await jana.get(article)).text

    assert "Lässt sich stempeln, 1 Seite." in text
    assert "Kein PDF: Sie geht unverändert hinaus." in text
    assert text.count("1 bezahlte Bestellung kann sie bekommen.") == 2


async def test_files_change_places(jana: Browser, article: str):
    before = await files(jana, article)

    moved = await jana.post(f"{article}/moves", {"move": f"down-{before[0]}"})

    assert (moved.status_code, moved.headers["location"]) == (303, article)
    assert await files(jana, article) == before[::-1]


async def test_a_file_is_picked_out_of_a_folder_and_reaches_buyers(jana: Browser, article: str, sale: Sale):
    folder = jana.tresen.files / "muster"
    folder.mkdir()
    (folder / 'Größe "34" <b>.zip').write_bytes(b"PK 34")
    top = (await jana.get(f"{article}/picker")).text
    address = Shown(top).one("li", data_folder="muster").text
    inside = await jana.get(f"{article}/picker?storage=1&path=muster")

    linked = await jana.post(f"{article}/files", {"storage": "1", "path": 'muster/Größe "34" <b>.zip'})
    again = (await jana.get(f"{article}/picker?storage=1&path=muster")).text

    assert address == "muster/"
    assert "Größe &#34;34&#34; &lt;b&gt;.zip" in inside.text
    assert linked.status_code == 303
    assert len(await files(jana, article)) == 3
    assert ("Schon verknüpft" in inside.text, "Schon verknüpft" in again) == (False, True)
    assert "Größe &#34;34&#34; &lt;b&gt;.zip" in (await jana.tresen.client.get(sale.link)).text


async def test_a_file_that_is_linked_is_looked_into_meanwhile_and_its_pages_say_so(
    jana: Browser, article: str, sale: Sale
):
    await jana.tresen.house.worker.end()
    papers.book(jana.tresen.files / "neu.pdf", pages=6)
    await jana.post(f"{article}/files", {"storage": "1", "path": "neu.pdf"})
    (new,) = set(await files(jana, article)) - {str(sale.pattern), str(sale.extras)}
    of_article, page = (await jana.get(article)).text, f"{article}/files/{new}"
    of_file = (await jana.get(page)).text

    await jana.tresen.house.file_checks.one(int(new), By("test", datetime.now(UTC)))
    found = (await jana.get(page, HX_Target="div#facts")).text

    for text, part in ((of_article, "files"), (of_file, "facts")):
        assert "Tresen prüft die Datei" in text
        assert Shown(text).one("div", id=part).attributes["hx-trigger"] == "load delay:2s"
        assert "Noch nicht geprüft." in text
    assert found.lstrip().startswith('<div id="facts"')
    assert "Lässt sich stempeln, 6 Seiten." in found
    assert f"/admin/preview/stamp.png?file={new}" in found


async def test_a_storage_that_does_not_answer_is_told_where_somebody_asks_for_a_look(
    jana: Browser, article: str, sale: Sale
):
    page, folder = f"{article}/files/{sale.extras}", jana.tresen.files
    folder.rename(folder.with_name("moved"))

    await jana.post(f"{page}/checks")
    await looked_at(jana, sale.extras)

    text = (await jana.get(page)).text
    assert "Der Speicher antwortet nicht" in text
    assert "Es wird von selbst noch einmal versucht." in text
    assert "load delay" not in Shown(text).one("div", id="facts").attributes.get("hx-trigger", "")


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "gone.zip", "", "a\0b"])
async def test_what_is_not_there_or_not_within_the_storage_is_not_linked(jana: Browser, article: str, path: str):
    answer = await jana.post(f"{article}/files", {"storage": "1", "path": path})

    assert answer.status_code == 409
    assert "Es wurde nichts geändert." in answer.text
    assert len(await files(jana, article)) == 2


@pytest.mark.parametrize("path", ["..", "../..", "/etc", "bente.pdf", "gone"])
async def test_instead_of_a_folder_that_is_not_there_the_topmost_is_listed(jana: Browser, article: str, path: str):
    answer = await jana.get(f"{article}/picker?storage=1&path={path}")

    assert answer.status_code == 200
    assert re.findall('data-name="([^"]*)"', answer.text) == ["bente.pdf", "extras.zip"]
    assert 'role="alert"' in answer.text


async def test_a_storage_that_does_not_answer_is_said(jana: Browser, article: str):
    jana.tresen.files.rename(jana.tresen.files.with_name("moved"))

    answer = await jana.get(f"{article}/picker")

    assert answer.status_code == 200
    assert "Der Speicher antwortet nicht" in answer.text


async def test_a_file_is_named_checked_replaced_and_unlinked_on_its_own_page(jana: Browser, article: str, sale: Sale):
    page = f"{article}/files/{sale.extras}"
    (jana.tresen.files / "neu.zip").write_bytes(b"PK the second edition")

    named = await jana.post(page, {"name": "Extras zum Ausdrucken", "was.name": ""})
    assert named.status_code == 303
    assert "Extras zum Ausdrucken" in (await jana.tresen.client.get(sale.link)).text

    replaced = await jana.post(f"{page}/replacements", {"storage": "1", "path": "neu.zip"})
    assert replaced.headers["location"] == f"{page}?done=replaced"
    customer = (await jana.tresen.client.get(sale.link)).text
    assert (f'data-file="{sale.extras}" data-name="neu.zip"') in customer

    (jana.tresen.files / "neu.zip").unlink()
    checked = await jana.post(f"{page}/checks")
    await looked_at(jana, sale.extras)
    assert "Fehlt im Speicher." in (await jana.get(checked.headers["location"])).text

    unlinked = await jana.post(f"{page}/removals")
    assert unlinked.headers["location"] == article
    assert await files(jana, article) == [str(sale.pattern)]
    assert (await jana.get(page)).status_code == 404


async def test_a_file_that_had_to_be_rebuilt_waits_for_a_look_and_a_release(jana: Browser, article: str, sale: Sale):
    page = f"{article}/files/{sale.pattern}"
    assert "/releases" not in (await jana.get(page)).text
    papers.with_broken_index(jana.tresen.files / "bente.pdf")
    await jana.post(f"{page}/checks")
    await looked_at(jana, sale.pattern)

    waiting = (await jana.get(page)).text
    before = (await jana.tresen.client.get(sale.link)).text
    old = await jana.post(f"{page}/releases", {"version": "another"})
    seen = Shown(waiting).one("input", name="version").attributes["value"]
    released = await jana.post(f"{page}/releases", {"version": seen})

    assert "Wartet auf Ihre Freigabe" in waiting
    assert "musste wiederhergestellt werden" in waiting
    assert "1 bezahlte Bestellung wartet darauf." in waiting
    assert "Sie hat 4 Seiten: freigeben" in waiting
    assert f'src="/admin/preview/stamp.png?file={sale.pattern}"' in waiting
    assert old.headers["location"] == f"{page}?done=changed"
    assert released.headers["location"] == f"{page}?done=released"
    after = (await jana.get(page)).text
    assert "/releases" not in after
    assert "Lässt sich stempeln, 4 Seiten." in after
    assert "1 bezahlte Bestellung kann sie bekommen." in after
    assert (await jana.tresen.client.get(sale.link)).text != before
    assert "bente.pdf zur Auslieferung freigegeben" in (await jana.get("/admin/activity?all")).text


async def test_a_file_is_not_replaced_by_one_that_is_linked_already(jana: Browser, article: str, sale: Sale):
    answer = await jana.post(f"{article}/files/{sale.extras}/replacements", {"storage": "1", "path": "bente.pdf"})

    assert answer.status_code == 409
    assert "schon als eigene verknüpft" in answer.text


async def test_a_removed_article_gives_its_buyers_nothing_more(jana: Browser, article: str, sale: Sale):
    removed = await jana.post(f"{article}/removals")

    assert removed.headers["location"] == "/admin/articles"
    assert (await jana.get(article)).status_code == 404
    assert 'data-section="files"' not in (await jana.tresen.client.get(sale.link)).text
    again = await jana.post("/admin/articles", {"sku": "PDF-BENTE"})
    assert again.headers["location"] == article


async def test_all_files_are_listed_the_missing_ones_first(jana: Browser, article: str, sale: Sale):
    (jana.tresen.files / "extras.zip").unlink()
    await jana.post(f"{article}/files/{sale.extras}/checks")
    await looked_at(jana, sale.extras)

    text = (await jana.get("/admin/files")).text

    assert text.index("extras.zip") < text.index("bente.pdf")
    assert f"{article}/files/{sale.extras}" in text


@pytest.mark.parametrize(
    "path",
    [
        "/admin/articles/99",
        "/admin/articles/0",
        f"/admin/articles/{2**64}",
        "/admin/articles/1/files/99",
        "/admin/articles/99/picker",
        "/admin/articles/1/picker?file=99",
    ],
)
async def test_what_is_not_there_is_not_found(jana: Browser, sale: Sale, path: str):
    assert (await jana.get(path)).status_code == 404


async def test_a_move_that_names_nothing_is_not_found(jana: Browser, article: str):
    for move in ("", "up", "up-x", "left-1", "up-99"):
        assert (await jana.post(f"{article}/moves", {"move": move})).status_code == 404


async def test_nobody_gets_here_without_signing_in(stranger: Browser):
    for path in ("/admin/articles", "/admin/files", "/admin/articles/1/picker"):
        assert (await stranger.get(path)).headers["location"].startswith("/admin/sign-in")
