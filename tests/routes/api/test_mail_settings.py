"""How mail leaves, over the API: the password goes in and never comes out, and the environment wins."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from assembly import create_app, opened
from config import ConfigError, from_environment, with_data_directory
from db.settings import MailSettings
from portal import mail_servers, settings
from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import codes

MAIL = "/api/v1/settings/mail"


async def change(shop: Shop, **fields: object) -> httpx.Response:
    return await shop.call.patch(MAIL, json=fields)


async def test_a_fresh_shop_has_no_server(shop: Shop):
    assert (await shop.call.get(MAIL)).json() == {
        "smtp_host": "",
        "smtp_port": 587,
        "smtp_tls": "starttls",
        "smtp_user": "",
        "smtp_password_set": False,
        "from_address": "",
        "from_name": "",
        "fixed": [],
    }


async def test_what_is_set_is_shown_except_for_the_password(shop: Shop):
    answer = await change(
        shop, smtp_host="mail.example.org", smtp_user="shop", smtp_password="geheim", from_address="shop@example.org"
    )

    assert answer.status_code == 200
    assert answer.json()["smtp_password_set"] is True
    assert "geheim" not in answer.text
    assert (await shop.call.get(MAIL)).json() == answer.json()
    async with shop.house.database.reading() as session:
        used = await mail_servers.in_use(None, shop.house.vault, session)
    assert used
    assert (used.host, used.user, used.password) == ("mail.example.org", "shop", "geheim")


async def test_the_password_stays_when_other_fields_change_and_goes_with_null(shop: Shop):
    await change(shop, smtp_password="geheim")

    assert (await change(shop, smtp_host="mail.example.org")).json()["smtp_password_set"] is True
    assert (await change(shop, smtp_password=None)).json()["smtp_password_set"] is False


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"smtp_port": 0}, {"#/smtp_port": "out-of-range"}),
        ({"smtp_tls": "ssl"}, {"#/smtp_tls": "not-allowed"}),
        ({"smtp_host": "a b"}, {"#/smtp_host": "pattern"}),
        ({"from_address": "nobody"}, {"#/from_address": "pattern"}),
        ({"from_address": "a@b.example\r\nBcc: c@d.example"}, {"#/from_address": "pattern"}),
        ({"smtp_password_set": True}, {"#/smtp_password_set": "unknown-field"}),
        (
            {"smtp_host": "mail.example.org", "smtp_password": "geheim", "smtp_tls": "none"},
            {"#/smtp_tls": "password-without-tls"},
        ),
    ],
)
async def test_what_cannot_work_is_refused_and_nothing_is_stored(
    shop: Shop, wrong: dict[str, object], expected: dict[str, str]
):
    before = (await shop.call.get(MAIL)).json()

    answer = await change(shop, **wrong)

    assert (answer.status_code, codes(answer.json())) == (422, expected)
    assert "geheim" not in answer.text
    assert (await shop.call.get(MAIL)).json() == before


async def test_strangers_see_nothing(shop: Shop):
    assert (await shop.stranger.get(MAIL)).status_code == 401


async def test_what_the_environment_fixes_is_used_and_named(tmp_path: Path):
    url = "smtp://shop:geheim@mail.example.org?from=shop@example.org"
    config = with_data_directory(from_environment({"TRESEN_DATA": str(tmp_path), "TRESEN_SMTP_URL": url}))
    async with opened(config) as house, house.database.reading() as session:
        shown = mail_servers.answer(await settings.of(MailSettings, session), house.post.fixed)

    assert shown["smtp_host"] == "mail.example.org"
    assert shown["smtp_password_set"] is True
    assert shown["fixed"] == [
        "from_address",
        "smtp_host",
        "smtp_password_set",
        "smtp_port",
        "smtp_tls",
        "smtp_user",
    ]


def test_an_environment_that_makes_no_sense_is_told_before_anything_is_served(tmp_path: Path):
    with pytest.raises(ConfigError):
        create_app(from_environment({"TRESEN_DATA": str(tmp_path), "TRESEN_SMTP_URL": "mail.example.org"}))
