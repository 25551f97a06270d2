"""What the API tells of consent, and the evidence it hands out."""

from __future__ import annotations

import hashlib
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pypdfium2

from portal.settings import DEFAULT_WAIVER_TEXT
from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import an_order

WAIVERS = "/api/v1/orders/etsy/1/waivers"


async def sold(shop: Shop, **order: object) -> str:
    """A paid order of today whose file waits for consent; its portal link."""
    await shop.file()
    await shop.call.patch("/api/v1/settings/files", json={"waiver_required": True})
    now = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    return str((await shop.put(an_order(state="paid", ordered_at=now, **order))).json()["portal_url"])


def text_of(pdf: bytes) -> str:
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())


async def test_consent_on_the_portal_page_is_told_with_its_wording_and_its_confirmation(shop: Shop):
    link = await sold(shop)

    await shop.stranger.post(f"{link}/waivers", data={"accepted": "yes"})

    (told,) = (await shop.call.get(WAIVERS)).json()["items"]
    assert told["text"] == DEFAULT_WAIVER_TEXT
    assert told["text_sha256"] == hashlib.sha256(DEFAULT_WAIVER_TEXT.encode()).hexdigest()
    assert (told["source"], told["locale"]) == ("portal", "de-DE")
    assert [set(line) for line in told["lines"]] == [{"id", "title"}]
    assert told["given_at"].endswith("Z") and told["confirmed_at"] >= told["given_at"]


async def test_consent_from_the_shop_is_told_with_what_is_known_of_it(shop: Shop):
    await sold(shop, waiver={"accepted": True})

    (told,) = (await shop.call.get(WAIVERS)).json()["items"]

    assert (told["source"], told["text"], told["text_sha256"]) == ("shop", None, None)
    assert (told["given_at"], told["confirmed_at"]) == (None, None)


async def test_the_evidence_holds_the_wording_its_digest_and_the_times(shop: Shop):
    link = await sold(shop)
    await shop.stranger.post(f"{link}/waivers", data={"accepted": "yes"})
    (told,) = (await shop.call.get(WAIVERS)).json()["items"]

    answer = await shop.call.get(f"{WAIVERS}/{told['id']}.pdf")

    assert answer.headers["content-type"] == "application/pdf"
    text = text_of(answer.content)
    assert DEFAULT_WAIVER_TEXT in text
    assert told["text_sha256"] in text.replace(" ", "")
    assert told["given_at"][:19] + "Z" in text
    assert "als PDF ausgehändigt" in text


async def test_the_evidence_of_a_shop_s_consent_says_what_the_shop_did_not_tell(shop: Shop):
    await sold(shop, waiver={"accepted": True})

    text = text_of((await shop.call.get(f"{WAIVERS}/1.pdf")).content)

    assert "Der Shop hat den Wortlaut nicht übermittelt." in text
    assert "nicht durch Tresen" in text


async def test_strangers_and_wrong_addresses_get_no_evidence(shop: Shop):
    await sold(shop, waiver={"accepted": True})

    assert (await shop.stranger.get(f"{WAIVERS}/1.pdf")).status_code == 401
    for document in ("2.pdf", "1", "1.xml", "x.pdf"):
        assert (await shop.call.get(f"{WAIVERS}/{document}")).status_code == 404
    assert (await shop.call.get("/api/v1/orders/etsy/2/waivers")).status_code == 404
