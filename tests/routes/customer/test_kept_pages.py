"""A page is rendered once and kept until anything that it shows changes."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.routes.customer.conftest import Running, Sale

CHANGES = {
    "a line": "UPDATE line SET title = 'Other'",
    "a payment": (
        "INSERT INTO payment (order_id, provider, transaction_id, kind, amount, currency, status, at, origin,"
        " recorded_at) VALUES (1, 'x', 'y', 'payment', 1, 'EUR', 'pending', '2026-01-01 00:00:00', 'api',"
        " '2026-01-01 00:00:00')"
    ),
    "the order": "UPDATE \"order\" SET number = '4712'",
    "a download": (
        "INSERT INTO download (order_id, file_id, attempt, name, file_version, size, stamp, started_at, ip_prefix)"
        " VALUES (1, 1, '', 'x', 'x', 1, '', '2026-01-01 00:00:00', '')"
    ),
    "an allowance": (
        "INSERT INTO allowance (order_id, file_id, downloads, reason, given_by, given_at)"
        " VALUES (1, 1, 1, 'x', 'x', '2026-01-01 00:00:00')"
    ),
    "an invoice": (
        "INSERT INTO invoice (order_id, number, kind, issuer, issued_on, total_gross, currency, stored_at)"
        " VALUES (1, 'RE-9', 'credit_note', 'elsewhere', '2026-01-01', -1, 'EUR', '2026-01-01 00:00:00')"
    ),
    "an article": "UPDATE article SET title = 'Other'",
    "a link": "UPDATE article_file SET title = 'Other'",
    "a file": "UPDATE file SET missing_since = '2026-01-01 00:00:00'",
    "the appearance": "UPDATE appearance_settings SET accent_colour = '#112233'",
    "the choice of an image": "UPDATE appearance_settings SET image_id = NULL",
    "an image": (
        "INSERT INTO image (name, width, height, media_type, sha256, content, uploaded_at, uploaded_by)"
        " VALUES ('x', 1, 1, 'image/png', 'x', x'00', '2026-01-01 00:00:00', 'x')"
    ),
    "the rules for invoices": "UPDATE invoice_settings SET download_enabled = 0",
    "the rules for files": "UPDATE file_settings SET limit_per_file = 9",
    "general settings": "UPDATE general_settings SET paid_rule = 'strict'",
    "the seller": "UPDATE seller_settings SET email = 'other@example.org'",
}


async def tag(tresen: Running, sale: Sale, **headers: str) -> str:
    answer = await tresen.client.get(sale.link, headers=headers)
    return str(answer.headers["etag"])


async def test_a_browser_that_has_the_page_is_told_so(tresen: Running, sale: Sale):
    answer = await tresen.client.get(sale.link, headers={"If-None-Match": await tag(tresen, sale)})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_every_change_of_what_is_shown_makes_another_page(tresen: Running, sale: Sale, change: str):
    before = await tag(tresen, sale)

    async with tresen.house.database.writing() as session:
        await session.execute(text(change))

    assert await tag(tresen, sale) != before


async def test_opening_the_page_changes_no_page(tresen: Running, sale: Sale):
    before = await tag(tresen, sale)

    await tresen.house.observations.write()

    assert await tag(tresen, sale) == before
    async with tresen.house.database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM link_observation")) == 1


async def test_each_language_and_each_block_is_a_page_of_its_own(tresen: Running, sale: Sale):
    async with tresen.house.database.writing() as session:
        await session.execute(text("UPDATE \"order\" SET locale = 'fr-FR'"))

    tags = {
        await tag(tresen, sale),
        await tag(tresen, sale, **{"Accept-Language": "en"}),
        await tag(tresen, sale, **{"HX-Target": "section#downloads"}),
    }

    assert len(tags) == 3


async def test_a_block_that_the_page_does_not_have_is_no_page_of_its_own(tresen: Running, sale: Sale):
    whole = await tresen.client.get(sale.link)

    asked = await tresen.client.get(sale.link, headers={"HX-Target": "a#made-up"})

    assert asked.headers["etag"] == whole.headers["etag"]
    assert asked.headers["hx-retarget"] == "body"


async def test_two_copies_of_a_kept_page_bear_different_attempts(tresen: Running, sale: Sale):
    first, second = [(await tresen.client.get(sale.link)).text for _ in range(2)]

    assert first != second
    assert "<attempt>" not in first
