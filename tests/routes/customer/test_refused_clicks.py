"""A click that is refused says which file it was about: there may be many, and the page begins above all of them."""

from __future__ import annotations

from tests.routes.customer.conftest import Running, Sale


async def test_a_refused_click_names_its_file(tresen: Running, sale: Sale):
    (tresen.files / "extras.zip").unlink()

    answer = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads")

    assert answer.status_code == 503
    assert "Der Download von extras.zip konnte nicht starten." in answer.text
    assert "Es wurde kein Download verbraucht." in answer.text


async def test_a_refused_archive_names_none(tresen: Running, sale: Sale):
    for name in ("bente.pdf", "extras.zip"):
        (tresen.files / name).unlink()

    answer = await tresen.client.post(f"{sale.link}/archives")

    assert "Der Download konnte nicht starten." in answer.text
