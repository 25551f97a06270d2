"""Static files lie under addresses that change with their content."""

import gzip
import re

import pytest

from views.assets import ASSETS, BUNDLES, STATIC, Assets


def test_an_address_leads_to_the_file(tmp_path):
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "a.css").write_text("a{color:red}" * 50)
    assets = Assets(tmp_path)
    asset = assets.find(assets.address_of("css/a.css"))

    assert asset is not None
    assert re.fullmatch(r"/static/css/a\.[0-9a-f]{16}\.css", assets.address_of("css/a.css"))
    assert asset.content == b"a{color:red}" * 50
    assert asset.gzip is not None
    assert gzip.decompress(asset.gzip) == asset.content
    assert asset.media_type == "text/css"


def test_a_change_of_a_font_changes_the_address_of_the_stylesheet_too(tmp_path):
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "a.css").write_text("""@font-face{src: url("../font.woff2") format("woff2")}""")
    (tmp_path / "font.woff2").write_bytes(b"old")
    before = Assets(tmp_path)
    (tmp_path / "font.woff2").write_bytes(b"new")
    after = Assets(tmp_path)

    assert before.address_of("css/a.css") != after.address_of("css/a.css")
    sheet = after.find(after.address_of("css/a.css"))
    assert sheet is not None
    assert after.address_of("font.woff2").encode() in sheet.content


def test_remarks_and_indentation_of_a_stylesheet_stay_at_home_but_no_string_is_touched(tmp_path):
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "a.css").write_text(
        """/* why */\n.a::before {\n  content: "/* seen */"; /* not\n  seen */ }\n"""
    )
    assets = Assets(tmp_path)
    asset = assets.find(assets.address_of("css/a.css"))

    assert asset is not None
    assert (
        asset.content
        == b"""
.a::before {\ncontent: "/* seen */";  }\n""".lstrip()
    )


def test_what_is_packed_already_is_not_packed_again(tmp_path):
    (tmp_path / "font.woff2").write_bytes(b"packed")
    assets = Assets(tmp_path)
    asset = assets.find(assets.address_of("font.woff2"))

    assert asset is not None
    assert asset.gzip is None


@pytest.mark.parametrize("address", ["/static/css/portal.css", "/static/../pyproject.toml", "/static/", ""])
def test_only_hashed_addresses_are_known(address):
    assert ASSETS.find(address) is None


def test_a_name_that_is_not_there_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        ASSETS.address_of("css/nowhere.css")


def bundle(name: str) -> str:
    asset = ASSETS.find(ASSETS.address_of(name))
    assert asset is not None
    return asset.content.decode()


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_names_its_layers_before_anything_else(name):
    css = re.sub(r"/\*.*?\*/", "", bundle(name), flags=re.S).strip()

    assert css.startswith("@layer tokens, reset, base, layout, components, pages, print;")
    assert css.count("{") == css.count("}")


@pytest.mark.parametrize("name", BUNDLES)
def test_a_stylesheet_asks_for_nothing_from_elsewhere(name):
    addresses = re.findall(r"url\(([^)]*)\)", bundle(name))

    assert addresses
    assert all(ASSETS.find(address.strip('"')) for address in addresses)
    assert "@import" not in bundle(name)


def test_only_the_tokens_name_a_colour():
    named = re.compile(r"#[0-9a-fA-F]{3,8}\b|oklch\(\s*[\d.]|rgba?\(|hsla?\(")
    found = {
        sheet.name: hits
        for sheet in (STATIC / "css").glob("*.css")
        if sheet.name != "tokens.css"
        and (hits := [hit for hit in named.findall(sheet.read_text()) if hit not in ("#000", "#0000")])
    }

    assert found == {}


def test_the_customer_s_half_is_light():
    assert len(gzip.compress(bundle("css/portal.bundle.css").encode())) < 12_000
