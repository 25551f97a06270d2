"""Consent on the portal page, and its confirmation on every way it can take, with real mail servers."""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pypdfium2
import pytest

from db.settings import FileSettings, MailTls
from portal import confirmations, mail_servers, settings
from portal.activity import By
from portal.imported import Buyer, ShopWaiver
from portal.settings import DEFAULT_WAIVER_TEXT, FilesChange, MailChange
from tests.pretend_mail import HANGS, PostOffice, open_post_office
from tests.routes.customer.conftest import Running, Sale, sell
from tests.views.reading import Shown

BY = By("test", datetime(2026, 11, 1, tzinfo=UTC))
TRY_LATER = "451 4.3.0 try again later"
NEVER = "550 5.1.1 no such user"
ERIKA = "erika@example.org"


@pytest.fixture
async def asked(tresen: Running) -> Sale:
    """A sale whose files wait for consent; no mail server is set up."""
    found = await sell(tresen, "1")
    await change(tresen, waiver_required=True)
    return found


@pytest.fixture
async def office(tresen: Running) -> AsyncIterator[PostOffice]:
    """A mail server, set up."""
    async with open_post_office() as office:
        await use(tresen, office.port)
        yield office


async def use(tresen: Running, port: int) -> None:
    wanted = MailChange(smtp_host="127.0.0.1", smtp_port=port, smtp_tls=MailTls.NONE, from_address="shop@example.org")
    async with tresen.house.database.writing() as session:
        await mail_servers.change(wanted, tresen.house.vault, session, BY)


async def change(tresen: Running, **wanted: Any) -> None:
    async with tresen.house.database.writing() as session:
        await settings.change(FileSettings, FilesChange(**wanted), session, BY)


async def page_of(tresen: Running, sale: Sale) -> Shown:
    answer = await tresen.client.get(sale.link)
    assert answer.status_code == 200
    return Shown(answer.text)


async def refusals(tresen: Running, sale: Sale) -> list[str | None]:
    return [row.attributes.get("data-refusal") for row in (await page_of(tresen, sale)).all("li", class_="file-row")]


def box(page: Shown):
    return page.all("form", data_deed="give-waiver")


async def tick(tresen: Running, sale: Sale, **changes: str):
    """What a browser sends of the form on the page."""
    form = (await tresen.client.get(sale.link)).text.partition('data-deed="give-waiver"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert set(hidden) == {"text", "lines", "attempt"}
    fields = {**hidden, "accepted": "yes", **changes}
    data = {name: value for name, value in fields.items() if value}
    return await tresen.client.post(f"{sale.link}/waivers", data=data)


def rows(tresen: Running, table: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(tresen.config.database)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found
    return str(found.get_content())


def text_of(pdf: bytes) -> str:
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())


async def until_open(tresen: Running, sale: Sale) -> None:
    async with asyncio.timeout(10):
        while await refusals(tresen, sale) != [None, None]:
            await asyncio.sleep(0.05)


# --- The question


async def test_the_page_asks_with_one_box_that_nobody_has_ticked(tresen: Running, asked: Sale):
    page = await page_of(tresen, asked)

    (form,) = box(page)
    assert DEFAULT_WAIVER_TEXT in form.text
    (tick_box,) = page.all("input", type="checkbox")
    assert "checked" not in tick_box.attributes
    assert not any(name.startswith("hx-") for name in form.attributes)
    assert await refusals(tresen, asked) == ["waiver-missing", "waiver-missing"]
    assert page.all("form", data_deed="start-download") == []


async def test_beside_it_stands_the_day_from_which_nothing_has_to_be_waived(tresen: Running, asked: Sale):
    (form,) = box(await page_of(tresen, asked))

    found = re.search(r"Ohne Zustimmung .*?, ab (\d\d)\.(\d\d)\.(\d{4})", form.text)
    assert found
    day = datetime(int(found[3]), int(found[2]), int(found[1]), tzinfo=UTC)
    assert datetime.now(UTC) + timedelta(days=12) < day < datetime.now(UTC) + timedelta(days=20)


async def test_the_page_says_where_the_confirmation_goes(tresen: Running, asked: Sale):
    (form,) = box(await page_of(tresen, asked))
    assert "als PDF" in form.text

    async with open_post_office() as office:
        await use(tresen, office.port)
        (form,) = box(await page_of(tresen, asked))

    assert f"geht an {ERIKA}" in form.text


async def test_a_download_cannot_be_forced(tresen: Running, asked: Sale):
    answer = await tresen.client.post(f"{asked.link}/files/{asked.pattern}/downloads")

    assert answer.status_code == 409
    assert rows(tresen, "download") == []


async def test_a_text_of_the_merchant_cannot_act(tresen: Running, asked: Sale):
    await change(tresen, waiver_text="<script>alert(1)</script> Ich stimme zu,\nmein Widerrufsrecht erlischt.")

    assert "<script>alert" not in (await tresen.client.get(asked.link)).text


# --- The answer


async def test_without_the_tick_the_page_comes_back_and_says_so_at_the_box(tresen: Running, asked: Sale):
    answer = await tick(tresen, asked, accepted="")

    assert answer.status_code == 422
    page = Shown(answer.text)
    (complaint,) = page.all("p", role="alert")
    assert "kreuzen Sie das Kästchen an" in complaint.text
    (tick_box,) = page.all("input", type="checkbox")
    assert tick_box.attributes["aria-describedby"] == complaint.attributes["id"]
    assert rows(tresen, "waiver") == []


async def test_a_script_may_consent_with_nothing_but_accepted_yes(tresen: Running, asked: Sale, office: PostOffice):
    answer = await tresen.client.post(f"{asked.link}/waivers", data={"accepted": "yes"})

    assert answer.status_code == 303
    (record,) = rows(tresen, "waiver")
    assert record["text"] == DEFAULT_WAIVER_TEXT


async def test_a_wording_that_nobody_was_shown_brings_the_page_again(tresen: Running, asked: Sale):
    answer = await tick(tresen, asked, text="0" * 64)

    assert answer.status_code == 422
    assert "hat sich geändert" in answer.text
    assert rows(tresen, "waiver") == []


async def test_the_wording_on_record_is_the_one_that_was_read(tresen: Running, asked: Sale, office: PostOffice):
    read = hashlib.sha256(DEFAULT_WAIVER_TEXT.encode()).hexdigest()
    await change(tresen, waiver_text="Ich bin einverstanden; mein Widerrufsrecht erlischt.")

    assert (await tick(tresen, asked, text=read)).status_code == 303

    (record,) = rows(tresen, "waiver")
    assert record["text"] == DEFAULT_WAIVER_TEXT
    assert DEFAULT_WAIVER_TEXT in " ".join(part(office.mails[0], "plain").replace("> ", "").split())


async def test_consent_for_another_order_s_link_is_none_for_this_one(tresen: Running, asked: Sale, office: PostOffice):
    other = await sell(tresen, "2")
    await change(tresen, waiver_required=True)

    await tick(tresen, other)

    assert await refusals(tresen, asked) == ["waiver-missing", "waiver-missing"]
    assert await refusals(tresen, other) == [None, None]


# --- Confirmed by mail


async def test_the_mail_says_everything_and_then_the_files_are_open(tresen: Running, asked: Sale, office: PostOffice):
    answer = await tick(tresen, asked)

    assert (answer.status_code, answer.headers["location"]) == (303, asked.link.removeprefix("http://127.0.0.1:8000"))
    assert await refusals(tresen, asked) == [None, None]
    (mail,) = office.mails
    assert mail["To"].addresses[0].addr_spec == ERIKA
    text = part(mail, "plain")
    (record,) = rows(tresen, "waiver")
    given = datetime.fromisoformat(str(record["given_at"])).replace(tzinfo=UTC).astimezone(tresen.house.storefront.zone)
    assert DEFAULT_WAIVER_TEXT in " ".join(text.replace("> ", "").split())
    for fact in ("4711", "Bente", f"{given:%d.%m.%Y} um {given:%H:%M:%S} Uhr (MEZ"):
        assert fact in text
    html = part(mail, "html")
    assert DEFAULT_WAIVER_TEXT in html and "4711" in html
    (confirmed,) = rows(tresen, "waiver_confirmation")
    assert (confirmed["way"], confirmed["recipient"]) == ("mail", ERIKA)


async def test_the_record_is_committed_before_the_mail_goes_out(tresen: Running, asked: Sale):
    async with open_post_office() as office:
        office.answers.append(HANGS)
        await use(tresen, office.port)

        waiting = asyncio.create_task(tick(tresen, asked))
        async with asyncio.timeout(10):
            while not rows(tresen, "waiver"):
                await asyncio.sleep(0.02)

        assert rows(tresen, "waiver_confirmation") == []
        assert await refusals(tresen, asked) == ["waiver-confirmation-pending", "waiver-confirmation-pending"]
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_the_page_then_tells_of_the_consent_and_links_its_confirmation(
    tresen: Running, asked: Sale, office: PostOffice
):
    await tick(tresen, asked)

    page = await page_of(tresen, asked)

    assert box(page) == []
    (line,) = page.all("p", class_="hint consent")
    assert re.search(r"Sie haben am \d\d\.\d\d\.\d{4} zugestimmt", line.text)
    paper = await tresen.client.get(f"{asked.link}/waivers/1.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert DEFAULT_WAIVER_TEXT in text_of(paper.content)
    shown = await tresen.client.get(f"{asked.link}/waivers/1")
    assert DEFAULT_WAIVER_TEXT in Shown(shown.text).one("blockquote").text


async def test_ticking_twice_at_once_is_one_record_and_one_mail(tresen: Running, asked: Sale, office: PostOffice):
    answers = await asyncio.gather(*(tick(tresen, asked) for _ in range(5)), return_exceptions=True)

    assert {answer.status_code for answer in answers if not isinstance(answer, BaseException)} == {303}
    assert len(rows(tresen, "waiver")) == 1
    assert len(office.mails) == 1


# --- The server does not take it now


async def test_while_the_server_is_down_the_files_wait_and_then_the_outbox_delivers(
    tresen: Running, asked: Sale, office: PostOffice
):
    office.answers.append(TRY_LATER)

    answer = await tick(tresen, asked)

    assert answer.status_code == 303
    assert await refusals(tresen, asked) == ["waiver-confirmation-pending", "waiver-confirmation-pending"]
    assert rows(tresen, "waiver_confirmation") == []
    await a_while_later(tresen)
    await until_open(tresen, asked)
    assert len(office.mails) == 1


async def a_while_later(tresen: Running) -> None:
    """The outbox tries again."""
    with closing(sqlite3.connect(tresen.config.database, timeout=5)) as connection, connection:
        connection.execute("UPDATE outbox SET run_at = '2026-01-01 00:00:00.000000' WHERE done_at IS NULL")
    tresen.house.database.queued.set()


async def test_nobody_listens_at_the_server_s_port(tresen: Running, asked: Sale):
    async with open_post_office() as office:
        port = office.port
    await use(tresen, port)

    assert (await tick(tresen, asked)).status_code == 303
    assert await refusals(tresen, asked) == ["waiver-confirmation-pending", "waiver-confirmation-pending"]


async def test_a_server_that_hangs_holds_the_click_up_for_a_limited_time(
    tresen: Running, asked: Sale, office: PostOffice, monkeypatch: pytest.MonkeyPatch
):
    assert confirmations.MAIL_SECONDS <= 10
    monkeypatch.setattr(confirmations, "MAIL_SECONDS", 0.3)
    office.answers.append(HANGS)

    async with asyncio.timeout(20):
        answer = await tick(tresen, asked)

    assert answer.status_code == 303
    assert "waiver-confirmation-pending" in await refusals(tresen, asked)


async def test_who_does_not_want_to_wait_for_the_mail_takes_the_paper(
    tresen: Running, asked: Sale, office: PostOffice
):
    office.answers.append(TRY_LATER)
    await tick(tresen, asked)
    (form,) = (await page_of(tresen, asked)).all("form", data_deed="get-confirmation")

    answer = await tresen.client.post(form.attributes["action"])

    assert answer.headers["content-disposition"].startswith("attachment;")
    assert await refusals(tresen, asked) == [None, None]


# --- The click is answered with the paper


async def no_server(tresen: Running) -> Sale:
    return await sell(tresen, "1")


async def no_address(tresen: Running) -> Sale:
    return await sell(tresen, "1", buyer=Buyer(name="Erika Mustermann"))


async def no_real_address(tresen: Running) -> Sale:
    return await sell(tresen, "1", buyer=Buyer(name="Erika Mustermann", email="keine Angabe"))


WITHOUT_MAIL = {
    "no server is set up": (no_server, False),
    "the order has no mail address": (no_address, True),
    "what the order has is none": (no_real_address, True),
}


@pytest.mark.parametrize(("sold", "served"), WITHOUT_MAIL.values(), ids=WITHOUT_MAIL)
async def test_the_answer_is_the_paper_where(tresen: Running, sold, served):
    sale = await sold(tresen)
    await change(tresen, waiver_required=True)
    async with open_post_office() as office:
        if served:
            await use(tresen, office.port)

        answer = await tick(tresen, sale)

        assert office.mails == []
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert DEFAULT_WAIVER_TEXT in text_of(answer.content)
    assert "4711" in text_of(answer.content)
    (confirmed,) = rows(tresen, "waiver_confirmation")
    assert confirmed["way"] == "pdf"
    assert await refusals(tresen, sale) == [None, None]
    assert (await tresen.client.get(f"{sale.link}/waivers/1.pdf")).content == answer.content


async def test_the_answer_is_the_paper_where_the_server_refuses_for_good(
    tresen: Running, asked: Sale, office: PostOffice
):
    office.refuses[ERIKA] = NEVER

    answer = await tick(tresen, asked)

    assert answer.headers["content-type"] == "application/pdf"
    assert await refusals(tresen, asked) == [None, None]


async def test_a_transfer_that_broke_confirms_nothing_and_the_page_offers_another(tresen: Running, asked: Sale):
    await broken_off(tresen, f"{asked.link}/waivers", b"accepted=yes")

    assert len(rows(tresen, "waiver")) == 1
    assert rows(tresen, "waiver_confirmation") == []
    page = await page_of(tresen, asked)
    (form,) = page.all("form", data_deed="get-confirmation")
    await tresen.client.post(form.attributes["action"])
    assert await refusals(tresen, asked) == [None, None]


async def broken_off(tresen: Running, address: str, body: bytes) -> None:
    """A client who leaves at the first byte of the answer."""
    gone = asyncio.Event()
    asked = False

    async def receive():
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            gone.set()
        await asyncio.sleep(0)

    path = address.removeprefix("http://127.0.0.1:8000")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", str(len(body)).encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    transport: Any = tresen.client._transport
    await transport.app(scope, receive, send)


async def test_reading_the_paper_confirms_nothing(tresen: Running, asked: Sale):
    await broken_off(tresen, f"{asked.link}/waivers", b"accepted=yes")

    for method in ("GET", "HEAD"):
        for form in ("", ".pdf"):
            assert (await tresen.client.request(method, f"{asked.link}/waivers/1{form}")).status_code == 200

    assert rows(tresen, "waiver_confirmation") == []


# --- Strangers


@pytest.mark.parametrize("document", ["2", "2.pdf", "1.xml", "x.pdf", "1.pdf.pdf", "99999999999999999999.pdf", "-1"])
async def test_what_is_not_there_is_not_found(tresen: Running, asked: Sale, document: str):
    await tick(tresen, asked)

    assert (await tresen.client.get(f"{asked.link}/waivers/{document}")).status_code == 404


async def test_another_order_s_paper_is_as_unknown_as_none(tresen: Running, asked: Sale):
    await tick(tresen, asked)
    stranger = await sell(tresen, "2")
    await change(tresen, waiver_required=True)

    assert (await tresen.client.get(f"{stranger.link}/waivers/1.pdf")).status_code == 404
    assert (await tresen.client.post(f"{stranger.link}/waivers/1/confirmations")).status_code == 404


async def test_what_a_shop_told_has_no_confirmation_of_ours(tresen: Running):
    sale = await sell(tresen, "1", waiver=ShopWaiver(accepted=True))
    await change(tresen, waiver_required=True)

    assert await refusals(tresen, sale) == [None, None]
    assert (await tresen.client.get(f"{sale.link}/waivers/1.pdf")).status_code == 404


async def test_a_post_from_another_site_gives_no_consent(tresen: Running, asked: Sale):
    answer = await tresen.client.post(
        f"{asked.link}/waivers", data={"accepted": "yes"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403
    assert rows(tresen, "waiver") == []


# --- In English


async def test_who_reads_english_gets_page_mail_and_paper_in_english(tresen: Running, office: PostOffice):
    sale = await sell(tresen, "1", locale="en-GB")
    await change(tresen, waiver_required=True)

    assert "Without consent" in (await tresen.client.get(sale.link)).text
    await tick(tresen, sale)

    assert office.mails[0]["Subject"].startswith("Confirmation of your consent")
    assert "you declared" in text_of((await tresen.client.get(f"{sale.link}/waivers/1.pdf")).content)
    assert rows(tresen, "waiver")[0]["locale"] == "en-GB"
