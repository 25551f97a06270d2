"""What failed on our side can be tried again from the page, and by that is mended."""

from __future__ import annotations

from sqlalchemy import text

from tests.routes.customer.conftest import Running, Sale


async def test_a_file_that_is_back_can_be_had_by_the_button_of_its_row(tresen: Running, sale: Sale):
    (tresen.files / "extras.zip").rename(tresen.files / "elsewhere.zip")
    missed = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads")
    page = (await tresen.client.get(sale.link)).text
    (tresen.files / "elsewhere.zip").rename(tresen.files / "extras.zip")

    again = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads")

    assert missed.status_code == 503
    assert 'data-refusal="file-missing"' in page
    assert f'action="/o/{sale.link.rpartition("/")[2]}/files/{sale.extras}/downloads"' in page
    assert "Noch einmal" in page
    assert again.status_code == 303
    assert "file-missing" not in (await tresen.client.get(sale.link)).text


async def test_a_rule_that_applies_offers_no_button(tresen: Running, sale: Sale):
    async with tresen.house.database.writing() as session:
        await session.execute(text("UPDATE file_settings SET download_enabled = 0"))

    page = (await tresen.client.get(sale.link)).text

    assert "/downloads" not in page
