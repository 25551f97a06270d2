"""Settings over the API: shown, changed field by field, refused as a whole."""

from __future__ import annotations

import pytest

from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import codes

SECTIONS = {
    "appearance": "image greeting_html accent_colour",
    "invoices": "download_enabled auto_create window_days address_correction",
    "files": "download_enabled limit_per_file limit_times_quantity window_days waiver_required waiver_text"
    " watermark_text watermark_font_size_pt watermark_x_mm watermark_y_mm"
    " deliver_protected",
    "general": "paid_rule withdrawal_days link_retention_days log_retention_days timezone",
    "seller": "name street zip city country vat_id tax_number email phone contact_name iban bic bank_name tax_regime"
    " invoice_series invoice_start credit_note_series credit_note_start imprint_url privacy_url terms_url",
    "invoice-texts": " ".join(
        f"{reason}_{language}"
        for reason in "small_business exempt reverse_charge intra_eu export margin outside_scope".split()
        for language in ("de", "en")
    ),
}


@pytest.mark.parametrize("section", SECTIONS)
async def test_a_section_tells_exactly_its_fields_and_takes_its_own_answer(shop: Shop, section: str):
    shown = (await shop.call.get(f"/api/v1/settings/{section}")).json()
    again = await shop.call.patch(f"/api/v1/settings/{section}", json=shown)

    assert set(shown) == set(SECTIONS[section].split())
    assert (again.status_code, again.json()) == (200, shown)


async def test_only_what_is_sent_changes_and_null_takes_a_limit_away(shop: Shop):
    changed = await shop.call.patch("/api/v1/settings/files", json={"limit_per_file": 5, "window_days": 7})
    cleared = await shop.call.patch("/api/v1/settings/files", json={"limit_per_file": None})

    assert (changed.json()["limit_per_file"], changed.json()["window_days"]) == (5, 7)
    assert (cleared.json()["limit_per_file"], cleared.json()["window_days"]) == (None, 7)
    assert (await shop.call.get("/api/v1/settings/files")).json() == cleared.json()


@pytest.mark.parametrize(
    ("section", "change", "expected"),
    [
        (
            "files",
            {"limit_per_file": 0, "window_days": -1, "waiver_text": None, "typo": 1, "watermark_x_mm": "10"},
            {
                "#/limit_per_file": "out-of-range",
                "#/window_days": "out-of-range",
                "#/waiver_text": "wrong-type",
                "#/typo": "unknown-field",
                "#/watermark_x_mm": "wrong-type",
            },
        ),
        ("files", {"limit_per_file": 1.5}, {"#/limit_per_file": "amount-not-integer"}),
        ("appearance", {"image": 1}, {"#/image": "unknown-image"}),
        ("appearance", {"image": 0}, {"#/image": "out-of-range"}),
        ("appearance", {"image": 2**63}, {"#/image": "out-of-range"}),
        ("appearance", {"image": "1"}, {"#/image": "amount-not-integer"}),
        ("appearance", {"accent_colour": "red"}, {"#/accent_colour": "pattern"}),
        ("general", {"timezone": "Mars/Olympus"}, {"#/timezone": "unknown-timezone"}),
        ("general", {"paid_rule": "never"}, {"#/paid_rule": "not-allowed"}),
        ("general", {"link_retention_days": None}, {"#/link_retention_days": "wrong-type"}),
        ("seller", {"imprint_url": "javascript:alert(1)"}, {"#/imprint_url": "pattern"}),
        ("seller", {"country": "de"}, {"#/country": "pattern"}),
    ],
)
async def test_a_wrong_field_refuses_the_whole_change(
    shop: Shop, section: str, change: dict[str, object], expected: dict[str, str]
):
    before = (await shop.call.get(f"/api/v1/settings/{section}")).json()

    answer = await shop.call.patch(f"/api/v1/settings/{section}", json=change)

    assert (answer.status_code, codes(answer.json())) == (422, expected)
    assert (await shop.call.get(f"/api/v1/settings/{section}")).json() == before


async def test_the_seller_is_known_to_error_pages_at_once(shop: Shop):
    await shop.call.patch("/api/v1/settings/seller", json={"name": "Nähwerk", "email": "hallo@naehwerk.example"})

    page = await shop.stranger.get("/o/unknown")

    assert page.status_code == 404
    assert "hallo@naehwerk.example" in page.text


async def test_a_greeting_is_cleaned_when_it_is_stored(shop: Shop):
    html = "<p onclick='x()'>Hallo {UserName}<script>alert(1)</script></p>"

    answer = await shop.call.patch("/api/v1/settings/appearance", json={"greeting_html": html, "image": None})

    assert answer.json()["greeting_html"] == "<p>Hallo {UserName}</p>"
    assert answer.json()["image"] is None


@pytest.mark.parametrize(
    "series", [" ZZ", "Z\u200bZ", "R\r\nE", "RE\n", "RE🎉", "王", "RÉ-", "{year}-{year}", "{nix}", "R" * 41, ""]
)
async def test_a_number_series_has_signs_that_everybody_reads_alike(shop: Shop, series: str):
    answer = await shop.call.patch("/api/v1/settings/seller", json={"invoice_series": series})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/invoice_series"]


@pytest.mark.parametrize(
    ("text", "code"),
    [("   ", "blank"), ("\u200b", "blank"), ("steuer\nfrei", "control-character"), ("\x1b[0m", "control-character")],
)
async def test_a_reason_for_no_tax_can_be_read_on_paper(shop: Shop, text: str, code: str):
    answer = await shop.call.patch("/api/v1/settings/invoice-texts", json={"exempt_de": text})

    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("#/exempt_de", code)]
