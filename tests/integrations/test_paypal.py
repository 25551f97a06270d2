"""What PayPal says to a call for a token, over real connections: to the stand-in, and to servers that misbehave."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time

import pytest
from litestar.types import ASGIApp

from config import ConfigError
from db.payment_providers import CheckOutcome
from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET, paypal, serving, stand_in
from integrations.paypal import LIVE, LONGEST_ANSWER, SANDBOX, TOKEN, Origins, PayPal, origins
from portal.payment_providers import Answer, Credentials

SECRET = "EJ-very-secret-0123456789"


def credentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, sandbox=True) -> Credentials:
    return Credentials(client_id=client_id, client_secret=client_secret, sandbox=sandbox)


async def asked(origin: str, patience: float = 5, **given) -> Answer:
    return await PayPal(origins=Origins(live=origin, sandbox=origin), patience=patience).check(credentials(**given))


@pytest.fixture(scope="module")
def service():
    with paypal() as origin:
        yield origin


class Anybody:
    """A server that says something else in every test."""

    application: ASGIApp
    origin: str

    async def __call__(self, scope, receive, send):
        await self.application(scope, receive, send)


@pytest.fixture(scope="module")
def anybody():
    said = Anybody()
    with serving(said) as said.origin:
        yield said


def answering(status=200, body=b"", headers=()):
    """A server that says this to everybody."""

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    return application


JSON_TYPE = (b"content-type", b"application/json")


async def hanging(scope, receive, send):
    await asyncio.sleep(30)


async def dripping(scope, receive, send):
    """Sends a byte now and then: no single read ever times out."""
    await send({"type": "http.response.start", "status": 200, "headers": [JSON_TYPE]})
    while True:
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.sleep(0.05)


# --- Where customers may be sent


@pytest.mark.parametrize(
    ("url", "is_theirs"),
    [
        ("https://www.paypal.com/checkoutnow?token=1", True),
        ("https://www.sandbox.paypal.com/checkoutnow", True),
        ("https://paypal.com/checkoutnow", False),
        ("https://evilpaypal.com/", False),
        ("https://www.paypal.com.evil.example/", False),
        ("http://www.paypal.com/", False),
        ("https://user@www.paypal.com/", False),
        ("https://www.paypal.com:8443/", False),
    ],
)
def test_customers_are_sent_to_hosts_below_paypal_s_domain_alone(url, is_theirs):
    assert Origins().is_paypals(url) is is_theirs


# --- What PayPal means


async def test_the_right_credentials_get_a_token(service):
    assert await asked(service) == Answer(CheckOutcome.OK)


@pytest.mark.parametrize("wrong", [{"client_secret": SECRET}, {"client_id": "somebody-else"}])
async def test_wrong_credentials_are_told_in_paypals_own_words(service, wrong):
    answer = await asked(service, **wrong)

    assert answer.outcome is CheckOutcome.WRONG_CREDENTIALS
    assert answer.detail.startswith("HTTP 401: invalid_client Client Authentication failed (PayPal-Debug-Id ")


async def test_credentials_of_the_other_environment_are_recognised(service):
    with serving(stand_in({})) as empty:
        live_only = PayPal(origins=Origins(live=service, sandbox=empty))

        assert (await live_only.check(credentials(sandbox=True))).outcome is CheckOutcome.WRONG_ENVIRONMENT
        assert (await live_only.check(credentials(sandbox=False))).outcome is CheckOutcome.OK


async def test_credentials_that_work_nowhere_are_wrong(service):
    with serving(stand_in({})) as empty:
        answer = await PayPal(origins=Origins(live=service, sandbox=empty)).check(credentials(client_secret=SECRET))

    assert answer.outcome is CheckOutcome.WRONG_CREDENTIALS


async def test_the_call_is_the_one_that_paypal_documents(anybody):
    seen = []

    async def application(scope, receive, send):
        seen.append((scope["method"], scope["path"], dict(scope["headers"]), (await receive())["body"]))
        await answering(200, b'{"access_token": "A21AA", "expires_in": 32400}', [JSON_TYPE])(scope, receive, send)

    anybody.application = application
    assert (await asked(anybody.origin, client_id="id", client_secret="secret")).outcome is CheckOutcome.OK

    [(method, path, headers, body)] = seen
    assert (method, path, body) == ("POST", TOKEN, b"grant_type=client_credentials")
    assert headers[b"authorization"] == b"Basic aWQ6c2VjcmV0"
    assert headers[b"content-type"] == b"application/x-www-form-urlencoded"


async def test_nothing_of_the_machine_s_surroundings_takes_part(service, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert (await asked(service)).outcome is CheckOutcome.OK


# --- What may go wrong on the way


@pytest.mark.parametrize("application", [hanging, dripping])
async def test_a_service_that_does_not_come_to_an_end_is_given_up(application):
    with serving(application) as origin:
        start = time.monotonic()
        answer = await asked(origin, patience=0.3)

    assert answer.outcome is CheckOutcome.TIMED_OUT
    assert time.monotonic() - start < 5


async def test_nobody_waits_on_the_service_meanwhile():
    ticks = 0

    async def ticking():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    clock = asyncio.create_task(ticking())
    with serving(hanging) as origin:
        await asked(origin, patience=0.5)
    clock.cancel()

    assert ticks > 10


async def test_where_nobody_listens_nobody_is_reached():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert (await asked(f"http://127.0.0.1:{port}")).outcome is CheckOutcome.UNREACHABLE


async def test_a_name_that_nobody_has_is_not_reached():
    assert (await asked("https://paypal.invalid")).outcome is CheckOutcome.UNREACHABLE


async def test_a_server_without_the_right_certificate_is_not_trusted(service):
    answer = await asked(service.replace("http:", "https:"))

    assert answer.outcome is CheckOutcome.UNREACHABLE


GARBAGE = {
    "nothing at all": answering(200),
    "a page": answering(200, b"<!doctype html><title>Willkommen</title>", [(b"content-type", b"text/html")]),
    "broken JSON": answering(200, b'{"access_token": "A2', [JSON_TYPE]),
    "no UTF-8": answering(200, b"\xff\xfe\x00{", [JSON_TYPE]),
    "a list": answering(200, b'["access_token"]', [JSON_TYPE]),
    "null": answering(200, b"null", [JSON_TYPE]),
    "a number": answering(200, b"1", [JSON_TYPE]),
    "an empty token": answering(200, b'{"access_token": ""}', [JSON_TYPE]),
    "a token that is none": answering(200, b'{"access_token": 1}', [JSON_TYPE]),
    "a key that hides a method": answering(200, b'{"dict": 1}', [JSON_TYPE]),
    "deep JSON": answering(200, b"[" * 50_000, [JSON_TYPE]),
    "deep objects": answering(200, b'{"a":' * 9_000 + b"1" + b"}" * 9_000, [JSON_TYPE]),
    "far too much": answering(200, b" " * (LONGEST_ANSWER + 1), [JSON_TYPE]),
    "badly packed": answering(200, b"no gzip", [JSON_TYPE, (b"content-encoding", b"gzip")]),
    "a redirect": answering(302, b"", [(b"location", b"http://127.0.0.1:9/")]),
    "another refusal": answering(403, b'{"name": "NOT_AUTHORIZED"}', [JSON_TYPE]),
    "a refusal that is none of PayPal's": answering(401, b"<h1>Unauthorized</h1>", [(b"content-type", b"text/html")]),
    "a strange status": answering(499, b"", []),
}


@pytest.mark.parametrize("application", GARBAGE.values(), ids=list(GARBAGE))
async def test_what_paypal_would_not_say_is_no_yes(anybody, application):
    anybody.application = application
    answer = await asked(anybody.origin)

    assert answer.outcome is CheckOutcome.UNEXPECTED
    assert answer.detail
    assert answer.detail.isprintable()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
async def test_a_service_in_trouble_is_not_taken_for_wrong_credentials(anybody, status):
    anybody.application = answering(status, b"<h1>Sorry</h1>", [(b"content-type", b"text/html")])
    answer = await asked(anybody.origin)

    assert answer.outcome is CheckOutcome.UNAVAILABLE
    assert f"HTTP {status}" in answer.detail


async def test_the_secret_is_told_to_nobody_else(anybody, caplog, capfd):
    """Not even where a server sends it back."""
    echo = json.dumps({"error": "invalid_client", "error_description": f"what is {SECRET}?"}).encode()
    anybody.application = answering(401, echo, [JSON_TYPE])
    with caplog.at_level(logging.DEBUG):
        answer = await asked(anybody.origin, client_secret=SECRET)

    said = capfd.readouterr()
    assert answer.outcome is CheckOutcome.WRONG_CREDENTIALS
    for text in (answer.detail, caplog.text, said.out, said.err, repr(credentials(client_secret=SECRET))):
        assert SECRET not in text


async def test_a_long_answer_is_cut_short(anybody):
    told = json.dumps({"error": "x" * 5000, "error_description": "two\nlines\x1b[31m"}).encode()
    anybody.application = answering(400, told, [JSON_TYPE])
    answer = await asked(anybody.origin)

    assert len(answer.detail) < 400
    assert answer.detail.isprintable()


# --- Where PayPal is


def test_without_a_setting_it_is_paypal_itself():
    assert origins("") == Origins(live=LIVE, sandbox=SANDBOX)
    assert origins("").of(sandbox=True) == SANDBOX
    assert origins("").of(sandbox=False) == LIVE


@pytest.mark.parametrize(
    "base", ["https://paypal.example.org", "http://127.0.0.1:8123", "http://localhost:8123", "http://[::1]:8123"]
)
def test_the_setting_replaces_both_environments(base):
    assert origins(base) == origins(base + "/") == Origins(live=base, sandbox=base)


@pytest.mark.parametrize(
    "base",
    [
        "http://paypal.example.org",
        "http://10.0.0.1:8000",
        "paypal.example.org",
        "ftp://127.0.0.1",
        "https://",
        "https://user:secret@paypal.example.org",
        "https://paypal.example.org/v1",
        "https://paypal.example.org?x=1",
        "https://paypal.example.org#x",
        "https://paypal.example.org:0",
        "https://paypal.example.org:port",
        "https://paypal .example.org",
        "https://[::1",
    ],
)
def test_anything_but_a_safe_origin_is_refused_in_one_sentence(base):
    with pytest.raises(ConfigError, match=r"^TRESEN_PAYPAL_API_BASE[^\n]*\.$"):
        origins(base)
