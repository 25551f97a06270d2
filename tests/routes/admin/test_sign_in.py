"""Coming in: with a password, from here, and without learning who else may."""

from __future__ import annotations

import re
from time import perf_counter

import httpx
import pytest
from litestar import Litestar

from tests.routes.admin.conftest import EMAIL, PASSWORD, Browser
from tests.routes.customer.conftest import Running, sell
from tests.views.reading import Shown

HOME = "/admin/orders"
INVOICES = "/admin/settings/portal/invoices"
OPEN_TO_ALL = {"/admin/sign-in", "/admin/first-run"}


def every_address(app: Litestar) -> list[tuple[str, str]]:
    found = []
    for route in app.routes:
        if route.path.startswith("/admin") and route.path not in OPEN_TO_ALL:
            path = re.sub(r"\{[^}]*\}", "1", route.path_format)
            found += [(path, method) for method in sorted(getattr(route, "methods", set()) - {"OPTIONS"})]
    return found


def comes_from(host: str, browser: Browser) -> None:
    transport = browser.tresen.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    transport.client = (host, 1)


async def test_a_stranger_sees_nothing_behind_the_counter(stranger: Browser):
    addresses = every_address(stranger.tresen.app)
    assert len(addresses) > 20
    for number, (path, method) in enumerate(addresses):
        comes_from(f"10.0.{number}.1", stranger)  # one network gets sixty refusals a minute: there are more addresses
        if method == "POST":
            answer = await stranger.post(path, {"name": "x"})
            assert answer.status_code == 401, path
            assert 'action="/admin/sign-in"' in answer.text
        else:
            answer = await stranger.tresen.client.request(method, path)
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/admin/sign-in?next=%2Fadmin")
        assert answer.headers["cache-control"] == "no-store"
        assert EMAIL not in answer.text


async def test_a_made_up_session_is_none(stranger: Browser):
    for token in ("", "x", "a" * 43, "a" * 100_000, "null", "%00"):
        answer = await stranger.get(INVOICES, Cookie=f"__Host-tresen={token}")
        assert answer.status_code == 303


async def test_the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts(stranger: Browser):
    answer = await stranger.sign_in()

    assert answer.status_code == 303
    assert answer.headers["location"] == HOME
    name, attributes = answer.headers["set-cookie"].split("=", 1)[0], answer.headers["set-cookie"]
    assert name == "__Host-tresen"
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(attributes.split("; "))


async def test_capitals_and_blanks_round_the_address_do_not_matter(stranger: Browser):
    assert (await stranger.sign_in(f" {EMAIL.upper()} ")).status_code == 303


async def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(stranger: Browser):
    wrong = await stranger.sign_in(password="falsch")
    unknown = await stranger.sign_in("niemand@naehwerk.example", "falsch")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace(EMAIL, "") == unknown.text.replace("niemand@naehwerk.example", "")
    assert "set-cookie" not in wrong.headers


async def test_both_take_about_the_same_time(stranger: Browser):
    await stranger.sign_in("warm@naehwerk.example", "up")

    async def seconds(email: str) -> float:
        times = []
        for _ in range(3):
            start = perf_counter()
            await stranger.sign_in(email, "falsch")
            times.append(perf_counter() - start)
        return min(times)

    known, unknown = await seconds(EMAIL), await seconds("niemand@naehwerk.example")
    assert 0.4 < known / unknown < 2.5


async def test_whoever_guesses_waits_whatever_the_account_is(stranger: Browser):
    for email in ("niemand@naehwerk.example", EMAIL):
        answers = [await stranger.sign_in(email, f"falsch {number}") for number in range(9)]
        statuses = [answer.status_code for answer in answers]
        assert statuses[:5] == [401] * 5
        assert 429 in statuses  # a slow machine may have waited a second or two by itself, but no longer
        assert all(int(each.headers["retry-after"]) >= 1 for each in answers if each.status_code == 429)
    # The right password has to wait, too: else the wait would tell that it is the right one.
    assert (await stranger.sign_in()).status_code == 429


async def test_after_the_sign_in_one_is_where_one_wanted_to_be(stranger: Browser):
    asked = await stranger.get("/admin/settings/seller")
    form = await stranger.get(asked.headers["location"])
    wanted = re.search('name="next" value="([^"]*)"', form.text)
    assert wanted

    answer = await stranger.sign_in(next=wanted[1])

    assert answer.headers["location"] == "/admin/settings/seller"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/admin/",
        "//evil.example/admin",
        "/\\evil.example",
        "/admin\\..\\..\\evil",
        "javascript:alert(1)",
        "/admin/\r\nSet-Cookie: x=1",
        "/administrators",
        "/o/token",
        "/admin/sign-in",
        "/admin/" + "a" * 5000,
    ],
)
async def test_nobody_is_sent_elsewhere_from_here(stranger: Browser, elsewhere: str):
    answer = await stranger.sign_in(next=elsewhere)

    assert answer.headers["location"] == HOME
    assert "x=1" not in answer.headers["set-cookie"]


async def test_a_post_from_another_site_is_refused_before_it_is_read(jana: Browser):
    for site in ("cross-site", "same-site", "none"):
        answer = await jana.post(INVOICES, {"was.window_days": "", "window_days": "7"}, **{"Sec-Fetch-Site": site})
        assert answer.status_code == 403
    shown = await jana.get(INVOICES)
    assert 'name="was.window_days" value=""' in shown.text


async def test_what_was_sent_without_a_session_is_shown_after_the_sign_in(stranger: Browser):
    sent = {"was.street": "", "street": "Heidestraße <17> & Söhne"}
    asked = await stranger.post(INVOICES, sent, Referer=f"http://127.0.0.1:8000{INVOICES}?saved=name")
    kept = re.search('name="kept" value="([^"]+)"', asked.text)
    assert kept
    assert "Heidestra" not in asked.text  # it is sealed

    answer = await stranger.sign_in(kept=kept[1], next=INVOICES)
    page = await stranger.get(answer.headers["location"])

    assert 'name="street" value="Heidestraße &lt;17&gt; &amp; Söhne"' in page.text
    assert "Meine Eingabe speichern" in page.text
    await stranger.post(INVOICES, sent)
    assert "Meine Eingabe speichern" not in (await stranger.get(INVOICES)).text


async def test_passwords_are_never_kept(stranger: Browser):
    asked = await stranger.post("/admin/settings/account/passwords", {"password": "a", "new_password": "b"})

    assert 'name="kept"' not in asked.text


async def test_what_is_too_long_to_be_kept_is_said_so(stranger: Browser):
    asked = await stranger.post(INVOICES, {"was.street": "", "street": "x" * 900_000})

    assert asked.status_code == 401
    assert 'name="kept"' not in asked.text
    assert "zu lang" in asked.text


async def test_kept_input_that_somebody_made_up_is_ignored(stranger: Browser):
    answer = await stranger.sign_in(kept="gAAAAABmade-up")

    assert answer.status_code == 303
    assert "Meine Eingabe speichern" not in (await stranger.get(INVOICES)).text


async def test_signing_out_ends_the_session_and_takes_the_cookie(jana: Browser):
    cookie = jana.cookie
    await jana.post("/admin/settings/account/sign-outs")

    assert jana.cookie == ""
    jana.cookie = cookie
    assert (await jana.get(INVOICES)).status_code == 303


async def test_signing_out_everywhere_ends_other_sessions_too(jana: Browser):
    other = Browser(jana.tresen)
    await other.sign_in()

    await jana.post("/admin/settings/account/sign-outs", {"everywhere": "yes"})

    assert (await other.get(INVOICES)).status_code == 303


async def test_a_new_password_needs_the_old_one(jana: Browser):
    path = "/admin/settings/account/passwords"
    new = {"new_password": "ein anderes Wort", "again": "ein anderes Wort"}
    assert (await jana.post(path, {"password": "falsch", **new})).status_code == 422
    assert (await jana.post(path, {"password": PASSWORD, "new_password": "kurz", "again": "kurz"})).status_code == 422
    assert (await jana.post(path, {"password": PASSWORD, **new})).status_code == 303

    assert (await jana.get(INVOICES)).status_code == 200
    assert (await Browser(jana.tresen).sign_in()).status_code == 401
    assert (await Browser(jana.tresen).sign_in(password="ein anderes Wort")).status_code == 303


# --- The first run


async def test_until_there_is_a_merchant_the_first_run_is_the_only_way_in(tresen: Running):
    nobody = Browser(tresen)
    assert (await nobody.get("/admin/sign-in")).headers["location"] == "/admin/first-run"
    assert (await nobody.get("/admin/first-run")).status_code == 200

    guessed = [
        await nobody.post("/admin/first-run", {"code": f"AAAA-AAA{letter}", "email": EMAIL, "password": PASSWORD})
        for letter in "ABCDEFGH"
    ]

    assert [answer.status_code for answer in guessed][:5] == [401] * 5
    assert 429 in [answer.status_code for answer in guessed]
    assert await tresen.house.door.is_first_run()


async def test_everything_that_is_wrong_with_the_first_run_is_told_at_once(tresen: Running):
    answer = await Browser(tresen).post("/admin/first-run", {"code": "x", "email": "jana", "password": "kurz"})
    page = Shown(answer.text)

    told = {each["id"]: each.text for each in page.all("p", class_="field-error")}
    assert answer.status_code == 401
    assert told.keys() == {"code-error", "email-error", "password-error"}
    assert [each["id"] for each in page.all("input", autofocus=None)] == ["code"]
    assert page.one("input", id="email")["value"] == "jana"


async def test_afterwards_the_first_run_is_gone(stranger: Browser):
    assert (await stranger.get("/admin/first-run")).status_code == 404
    answer = await stranger.post("/admin/first-run", {"code": "x", "email": "b@x.example", "password": PASSWORD})
    assert answer.status_code == 404


# --- What was typed when nobody was signed in any more


async def typed_without_a_session(jana: Browser, action: str, came_from: str, data: dict[str, str]) -> Browser:
    """Jana's session is over; she sends a form, signs in again from the page that answers."""
    later = Browser(jana.tresen)
    asked = await later.post(action, data, Referer=f"http://127.0.0.1:8000{came_from}")
    kept = re.search('name="kept" value="([^"]*)"', asked.text)
    assert kept
    answer = await later.sign_in(kept=kept[1], next=came_from)
    assert answer.headers["location"] == came_from
    return later


@pytest.mark.parametrize(
    ("action", "came_from", "data"),
    [
        ("/admin/settings/keys", "/admin/settings/keys", {"name": "Etsy-Anbindung"}),
        ("/admin/storages", "/admin/storages", {"name": "Schnittmuster-Ordner", "root": "/srv/muster"}),
        (
            "/admin/settings/portal/payments/new",
            "/admin/settings/portal/payments/new",
            {"name": "PayPal neu", "kind": "paypal"},
        ),
    ],
)
async def test_every_form_shows_again_what_was_typed(jana: Browser, action: str, came_from: str, data: dict[str, str]):
    again = await typed_without_a_session(jana, action, came_from, data)

    page = (await again.get(came_from)).text

    assert f'value="{data["name"]}"' in page


async def test_the_reason_for_more_downloads_is_shown_again(jana: Browser):
    sale = await sell(jana.tresen, "1")
    order = f"/admin/orders/{sale.order.id}"
    sent = {"file": str(sale.pattern), "given": "0", "downloads": "3", "reason": "Platte kaputt"}

    again = await typed_without_a_session(jana, f"{order}/allowances", f"{order}/downloads", sent)

    assert 'value="Platte kaputt"' in (await again.get(f"{order}/downloads")).text
    assert (await again.post(f"{order}/allowances", sent)).status_code == 303
    assert 'value="Platte kaputt"' not in (await again.get(f"{order}/downloads")).text


async def test_saving_one_form_does_not_lose_what_waits_for_another(jana: Browser):
    data = {"was.street": "", "street": "Heidestraße 17"}
    again = await typed_without_a_session(jana, INVOICES, INVOICES, data)

    await again.post("/admin/settings/seller", {"was.phone": "", "phone": "0221 1"})

    assert 'value="Heidestraße 17"' in (await again.get(INVOICES)).text


async def test_a_file_that_was_sent_without_a_session_is_said_to_be_lost(stranger: Browser):
    answer = await stranger.tresen.client.post(
        "/admin/settings/portal/appearance/images",
        files={"file": ("logo.png", b"\x89PNG", "image/png")},
        headers={"Sec-Fetch-Site": "same-origin", "Referer": "http://127.0.0.1:8000/admin/settings/portal/appearance"},
    )

    assert answer.status_code == 401
    assert "zu lang" in answer.text


async def test_new_keys_wait_side_by_side_until_each_is_copied(jana: Browser):
    for name in ("Etsy", "Ebay"):
        await jana.post("/admin/settings/keys", {"name": name})
    await jana.post("/admin/settings/seller", {"was.phone": "", "phone": "0221 1"})
    page = (await jana.get("/admin/settings/keys")).text
    assert len(re.findall('value="tresen_[^"]+"', page)) == 2

    await jana.post("/admin/settings/keys/copies", {"name": "Etsy"})

    assert len(re.findall('value="tresen_[^"]+"', (await jana.get("/admin/settings/keys")).text)) == 1


@pytest.mark.parametrize("path", ["/admin/settings/keys", "/admin/storages"])
async def test_a_name_that_is_too_long_is_refused_and_not_cut(jana: Browser, path: str):
    answer = await jana.post(path, {"name": "A" * 1_000_000, "root": "/srv"})

    assert answer.status_code in (200, 422)
    assert "1.000.000" in answer.text
    assert "AAAA</b>" not in (await jana.get(path)).text
