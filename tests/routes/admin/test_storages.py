"""Connecting storages elsewhere, on screen: what is entered, what is said, and the dance with a service."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from db.activity import Activity
from db.storages import Storage, StorageKind
from portal.storage_grants import Client, GrantRefused, challenge
from tests.integrations.clouds.drives import CLIENT_ID, CLIENT_SECRET, Drives
from tests.integrations.clouds.servers import PASSWORD, USER, Anybody, anybody
from tests.routes.admin.conftest import Browser
from tests.routes.customer.conftest import BASE, Running

LIST = "/admin/storages"
GRANTS = f"{LIST}/grants"
AN_APP = {"name": "Cloud", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "root": "shop"}
GRANTED = ["dropbox", "gdrive", "onedrive"]


@pytest.fixture
def server() -> Iterator[Anybody]:
    with anybody() as found:
        yield found


@pytest.fixture
def drives(server: Anybody, monkeypatch: pytest.MonkeyPatch) -> Drives:
    """The three services, on this machine."""
    drives = Drives(server)
    drives.files["shop/bente.pdf"] = b"%PDF-"
    for kind, service in drives.services().items():
        monkeypatch.setattr(f"integrations.clouds.{kind.value}.SERVICE", service)
    return drives


async def stored(tresen: Running):
    async with tresen.house.database.reading() as session:
        return (await session.scalars(select(Storage).order_by(Storage.id.desc()))).first()


async def everything_told(tresen: Running) -> str:
    async with tresen.house.database.reading() as session:
        rows = await session.scalars(select(Activity))
        return " ".join(f"{row.kind} {row.details}" for row in rows)


async def agreed(jana: Browser, drives: Drives, page: str) -> tuple[str, str]:
    """What the service sends Jana back with, once she has followed the link of the page: code and state."""
    [link] = re.findall(rf'href="({drives.server.origin}/authorize[^"]*)"', page)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(unescape(link)).query).items()}
    assert asked["redirect_uri"] == f"{BASE}{GRANTS}"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    _storage, _session, verifier, _at = json.loads(jana.tresen.house.vault.opened("storage-grant", asked["state"]))
    assert challenge(verifier) == asked["code_challenge"]
    drives.verifier_hash = hashlib.sha256(verifier.encode()).hexdigest()
    return "code-1", asked["state"]


# --- Forms


@pytest.mark.parametrize("kind", [kind.value for kind in StorageKind if kind is not StorageKind.LOCAL])
async def test_each_kind_has_a_form_of_its_own_in_both_languages(jana: Browser, kind: str):
    german = await jana.get(f"{LIST}/new/{kind}", Accept_Language="de")
    english = await jana.get(f"{LIST}/new/{kind}", Accept_Language="en")

    assert (german.status_code, english.status_code) == (200, 200)
    assert 'name="refresh_token"' not in german.text
    assert german.text.count('type="password"') == 1
    assert "Bezeichnung" in german.text
    assert f'action="{LIST}/new/{kind}"' in english.text


@pytest.mark.parametrize("path", [f"{LIST}/new/local", f"{LIST}/new/ftp", f"{LIST}/7", f"{LIST}/{9**30}"])
async def test_what_is_not_there_has_no_form(jana: Browser, path: str):
    assert (await jana.get(path)).status_code == 404
    assert (await jana.post(path, {"name": "x"})).status_code == 404


async def test_a_storage_is_connected_and_shown_with_what_came_of_looking(jana: Browser, server: Anybody):
    server.answers = lambda ask: ask.say(207, b'<multistatus xmlns="DAV:"/>')
    form = {"name": "Nextcloud", "endpoint": server.origin, "username": USER, "password": PASSWORD, "root": "muster"}

    answer = await jana.post(f"{LIST}/new/webdav", form)
    shown = await jana.get(answer.headers["location"])

    assert answer.status_code == 303
    assert "Er antwortet innerhalb von" in shown.text
    assert "Nextcloud" in shown.text
    assert PASSWORD not in str((await stored(jana.tresen)).options)
    assert PASSWORD not in unescape(shown.text) + await everything_told(jana.tresen)


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "lässt Tresen nicht hinein"), (503, "selbst Schwierigkeiten"), (302, "schickt Tresen anderswohin"),
     (404, "Der Ordner ist nicht da"), (200, "keine, die ein solcher Speicher geben würde")],
)  # fmt: skip
async def test_each_trouble_is_told_with_what_to_do(jana: Browser, server: Anybody, status: int, words: str):
    server.answers = lambda ask: ask.say(status)
    form = {"name": "Nextcloud", "endpoint": server.origin, "username": USER, "password": PASSWORD}

    shown = await jana.get((await jana.post(f"{LIST}/new/webdav", form)).headers["location"])

    assert words in shown.text
    assert PASSWORD not in unescape(shown.text)


async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_stored(jana: Browser):
    form = {"name": "", "endpoint": "http://10.0.0.7", "bucket": "shop", "secret_access_key": "wJalr"}

    unnamed = await jana.post(f"{LIST}/new/s3", form)
    named = await jana.post(f"{LIST}/new/s3", form | {"name": "S3", "bucket": ""})
    leaking = await jana.post(f"{LIST}/new/s3", form | {"name": "S3", "access_key_id": "AKIA"})
    long = await jana.post(f"{LIST}/new/s3", form | {"name": "S3", "bucket": "b" * 3000})

    assert {each.status_code for each in (unnamed, named, leaking, long)} == {422}
    assert 'id="name-error"' in unnamed.text
    assert 'id="bucket-error"' in named.text
    assert 'id="access_key_id-error"' in named.text
    assert 'id="endpoint-error"' in leaking.text
    assert 'value="http://10.0.0.7"' in leaking.text, "what was typed stays"
    assert "wJalr" not in leaking.text, "but for the secret"
    assert 'id="bucket-error"' in long.text
    assert await stored(jana.tresen) is None


async def test_a_secret_stays_unless_another_server_would_get_to_read_it(jana: Browser, server: Anybody):
    form = {"name": "Nextcloud", "endpoint": server.origin, "username": USER, "password": PASSWORD}
    await jana.post(f"{LIST}/new/webdav", form)
    before = await stored(jana.tresen)
    path = f"{LIST}/{before.id}"

    kept = await jana.post(path, form | {"password": "", "root": "muster"})
    after = await stored(jana.tresen)
    elsewhere = await jana.post(path, form | {"password": "", "endpoint": "https://elsewhere.example.org"})

    assert kept.status_code == 303
    assert jana.tresen.house.vault.opened("storage", after.options["password"]) == PASSWORD
    assert after.options["root"] == "muster"
    assert elsewhere.status_code == 422
    assert 'id="password-error"' in elsewhere.text
    assert "gesetzt" in (await jana.get(path)).text
    assert (await stored(jana.tresen)).options["endpoint"] == server.origin


async def test_a_name_that_is_taken_is_told(jana: Browser, server: Anybody):
    form = {"name": "Nextcloud", "endpoint": server.origin, "username": USER, "password": PASSWORD}
    await jana.post(f"{LIST}/new/webdav", form)

    assert 'id="name-error"' in (await jana.post(f"{LIST}/new/webdav", form)).text


# --- Accounts


@pytest.mark.parametrize("kind", GRANTED)
async def test_an_account_is_connected_by_agreeing_at_the_service(jana: Browser, drives: Drives, kind: str):
    page = await jana.get((await jana.post(f"{LIST}/new/{kind}", AN_APP)).headers["location"])
    code, state = await agreed(jana, drives, page.text)
    back = await jana.get(f"{GRANTS}?code={code}&state={state}")
    looked_only = (await stored(jana.tresen)).options

    done = await jana.post(GRANTS, {"code": code, "state": state})
    shown = await jana.get(done.headers["location"])

    assert f"{BASE}{GRANTS}" in page.text, "the redirect URI is there to be copied"
    assert back.status_code == 200
    assert "refresh_token" not in looked_only, "a GET stores nothing"
    assert done.status_code == 303
    assert "Ein Eintrag liegt dort" in shown.text
    options = (await stored(jana.tresen)).options
    assert jana.tresen.house.vault.opened("storage", options["refresh_token"]) == "refresh-1"
    told = await everything_told(jana.tresen) + shown.text + str(options)
    assert "refresh-1" not in told
    assert CLIENT_SECRET not in told


async def test_a_state_of_another_session_or_made_up_opens_nothing(jana: Browser, drives: Drives):
    page = await jana.get((await jana.post(f"{LIST}/new/dropbox", AN_APP)).headers["location"])
    code, state = await agreed(jana, drives, page.text)
    other = Browser(jana.tresen)
    await other.sign_in()

    for browser, given in ((other, state), (jana, state[:-4]), (jana, ""), (jana, "ü")):
        assert (await browser.get(f"{GRANTS}?code={code}&state={given}")).status_code == 422
        assert (await browser.post(GRANTS, {"code": code, "state": given})).status_code == 422
    assert "refresh_token" not in (await stored(jana.tresen)).options


async def test_a_service_that_refuses_is_quoted_without_its_secrets(jana: Browser, drives: Drives):
    page = await jana.get((await jana.post(f"{LIST}/new/dropbox", AN_APP)).headers["location"])
    _code, state = await agreed(jana, drives, page.text)

    wrong = await jana.post(GRANTS, {"code": "another", "state": state})
    denied = await jana.get(f"{GRANTS}?error=access_denied&state={state}")

    assert (wrong.status_code, denied.status_code) == (422, 422)
    assert "invalid_grant" in wrong.text
    assert "access_denied" in denied.text
    assert CLIENT_SECRET not in wrong.text


async def test_another_app_needs_the_account_anew(jana: Browser, drives: Drives):
    page = await jana.get((await jana.post(f"{LIST}/new/dropbox", AN_APP)).headers["location"])
    code, state = await agreed(jana, drives, page.text)
    await jana.post(GRANTS, {"code": code, "state": state})
    row = await stored(jana.tresen)

    await jana.post(f"{LIST}/{row.id}", AN_APP | {"client_secret": "", "root": ""})
    same = (await stored(jana.tresen)).options
    await jana.post(f"{LIST}/{row.id}", AN_APP | {"client_id": "another-app"})

    assert "refresh_token" in same
    assert "refresh_token" not in (await stored(jana.tresen)).options


async def connected(jana: Browser, drives: Drives) -> Storage:
    page = await jana.get((await jana.post(f"{LIST}/new/onedrive", AN_APP)).headers["location"])
    code, state = await agreed(jana, drives, page.text)
    await jana.post(GRANTS, {"code": code, "state": state})
    return await stored(jana.tresen)


@pytest.mark.parametrize("error", ["invalid_client", "temporarily_unavailable", "invalid_request", ""])
async def test_a_refusal_that_is_not_about_the_grant_leaves_it(jana: Browser, drives: Drives, error: str):
    row = await connected(jana, drives)
    drives.server.answers = lambda ask: ask.say(
        401 if error == "invalid_client" else 403, f'{{"error":"{error}"}}'.encode()
    )

    await jana.tresen.house.storage_grants.renew(row.created_at)

    assert (await stored(jana.tresen)).options == row.options


async def test_a_grant_that_was_given_anew_meanwhile_outlives_the_end_of_the_old_one(jana: Browser, drives: Drives):
    row = await connected(jana, drives)
    house = jana.tresen.house

    class Granter:
        """The merchant agrees while the daily job asks with the old grant."""

        async def renewed(self, _client: Client, _refresh_token: str) -> str:
            async with house.database.writing() as session:
                fresh = await session.get_one(Storage, row.id)
                fresh.options = {**fresh.options, "refresh_token": house.vault.sealed("storage", "fresh")}
            raise GrantRefused("invalid_grant", is_over=True)

    grants = replace(house.storage_grants, by_kind={StorageKind.ONEDRIVE: Granter()})  # type: ignore[dict-item]

    await grants.renew(row.created_at)

    assert house.vault.opened("storage", (await stored(jana.tresen)).options["refresh_token"]) == "fresh"


async def test_a_grant_is_renewed_by_the_daily_job_and_its_end_is_a_notice(jana: Browser, drives: Drives):
    page = await jana.get((await jana.post(f"{LIST}/new/onedrive", AN_APP)).headers["location"])
    code, state = await agreed(jana, drives, page.text)
    await jana.post(GRANTS, {"code": code, "state": state})
    house, now = jana.tresen.house, (await stored(jana.tresen)).created_at
    drives.rotates = True

    await house.storage_grants.renew(now)
    renewed = house.vault.opened("storage", (await stored(jana.tresen)).options["refresh_token"])
    drives.refresh_token = "another"
    await house.storage_grants.renew(now)
    await house.storage_grants.renew(now)

    assert renewed == "refresh-1x"
    assert "refresh_token" not in (await stored(jana.tresen)).options
    async with house.database.reading() as session:
        notices = list(await session.scalars(select(Activity).where(Activity.notice)))
    assert [each.kind for each in notices] == ["storage_grant_lost"]
    assert "neu" in (await jana.get("/admin/activity?all")).text
