"""Stylesheets and scripts say what they are, and in which letters they are written, once."""

from __future__ import annotations

import pytest

from tests.routes.customer.conftest import Running
from views.assets import ASSETS


@pytest.mark.parametrize(
    ("address", "media_type"),
    [
        (ASSETS.address_of("css/portal.bundle.css"), "text/css; charset=utf-8"),
        (ASSETS.address_of("js/fresh_counters.js"), "text/javascript; charset=utf-8"),
        ("/theme/x.css", "text/css; charset=utf-8"),
    ],
)
async def test_a_text_names_its_letters_once(tresen: Running, address: str, media_type: str):
    answer = await tresen.client.get(address)

    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
