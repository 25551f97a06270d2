"""Every field saves itself; what is wrong, stale or foreign is never written."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from db.activity import Activity
from db.settings import FileSettings, MailSettings, SellerSettings
from portal import settings
from portal.activity import By, entry
from portal.vault import Vault
from tests.routes.admin.conftest import EMAIL, Browser
from tests.routes.customer.conftest import Running, sell
from tests.views.reading import Shown

INVOICES = "/admin/settings/portal/invoices"
FILES = "/admin/settings/portal/files"
MAIL = "/admin/settings/mail"


def the_form(page: str) -> dict[str, str]:
    """What a browser without JavaScript would send if somebody pressed Save at once."""
    form = page[page.index('class="sheet-body settings-form"') : page.index("</form>\n</live-form>")]
    sent = {}
    for tag in re.findall("<input[^>]*>", form):
        name, value = re.search('name="([^"]*)"', tag), re.search(' value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent[name[1]] = html.unescape(value[1]) if value else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', form, re.S):
        sent[name] = html.unescape(text).replace("\n", "\r\n")
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        sent[name] = re.findall('value="([^"]*)" selected', options)[0]
    return sent


async def stored(tresen: Running, section: type[settings.Row]) -> settings.Row:
    async with tresen.house.database.reading() as session:
        return await settings.of(section, session)


async def history(tresen: Running) -> list[dict[str, object]]:
    async with tresen.house.database.reading() as session:
        rows = await session.scalars(select(Activity).where(Activity.kind == "settings_changed").order_by(Activity.id))
        return [{"actor": row.actor, **row.details} for row in rows]


@pytest.mark.parametrize("tab", [INVOICES, FILES, "/admin/settings/seller", MAIL])
async def test_an_untouched_form_writes_nothing(jana: Browser, tab: str):
    sent = the_form((await jana.get(tab)).text)

    answer = await jana.post(tab, sent)

    assert answer.headers["location"] == f"{tab}?saved="
    assert await history(jana.tresen) == []


async def test_only_the_fields_that_differ_are_written_and_noted(jana: Browser):
    sent = the_form((await jana.get(FILES)).text)
    async with jana.tresen.house.database.writing() as session:  # somebody else, meanwhile
        row = await settings.of(FileSettings, session)
        row.window_days = 90

    answer = await jana.post(FILES, sent | {"limit_per_file": "4"})

    assert answer.headers["location"] == f"{FILES}?saved=limit_per_file"
    row = await stored(jana.tresen, FileSettings)
    assert (row.limit_per_file, row.window_days) == (4, 90)
    (change,) = await history(jana.tresen)
    assert change["old"] == {"limit_per_file": None}
    assert change["new"] == {"limit_per_file": 4}
    assert str(change["actor"]).startswith("merchant:")


async def test_one_field_alone_is_the_same_address_and_answers_with_its_own_block(jana: Browser):
    headers = {"HX-Target": "div#limit_per_file"}
    answer = await jana.post(FILES, {"was.limit_per_file": "", "limit_per_file": "4"}, **headers)
    block = (await jana.get(answer.headers["location"], **headers)).text

    assert block.lstrip().startswith('<div class="field" id="limit_per_file" data-state="saved"')
    assert block.count('class="field"') == 1
    assert "Gespeichert" in block


async def test_what_was_changed_meanwhile_is_shown_with_both_values(jana: Browser):
    async with jana.tresen.house.database.writing() as session:
        (await settings.of(FileSettings, session)).window_days = 90

    answer = await jana.post(FILES, {"was.window_days": "", "window_days": "7"})

    assert answer.status_code == 422
    assert "„90“" in answer.text
    control = answer.text[answer.text.index('id="window_days-input"') :]
    assert 'aria-invalid="true"' in control[: control.index(">")]
    assert 'value="7"' in control[: control.index(">")]
    assert (await stored(jana.tresen, FileSettings)).window_days == 90
    again = await jana.post(FILES, {"was.window_days": "90", "window_days": "7"})
    assert again.status_code == 303
    assert (await stored(jana.tresen, FileSettings)).window_days == 7


async def test_both_wanting_the_same_is_no_conflict(jana: Browser):
    async with jana.tresen.house.database.writing() as session:
        (await settings.of(FileSettings, session)).window_days = 7

    assert (await jana.post(FILES, {"was.window_days": "", "window_days": "7"})).status_code == 303


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("limit_per_file", "0"),
        ("limit_per_file", "-1"),
        ("limit_per_file", "1.5"),
        ("limit_per_file", "1e3"),
        ("limit_per_file", "٣"),
        ("limit_per_file", "9" * 400),
        ("window_days", "36501"),
        ("waiver_text", ""),
        ("waiver_text", "x" * 1_000_000),
        ("watermark_text", "x" * 501),
        ("watermark_text", "a\0b"),
        ("watermark_font_size_pt", ""),
        ("watermark_font_size_pt", "0"),
        ("watermark_font_size_pt", "nan"),
        ("watermark_font_size_pt", "inf"),
        ("watermark_x_mm", "-0.1"),
        ("watermark_y_mm", "1e9"),
    ],
)
async def test_a_wrong_entry_is_refused_beside_its_field_and_nothing_is_written(jana: Browser, name: str, text: str):
    seen = the_form((await jana.get(FILES)).text)
    answer = await jana.post(FILES, {f"was.{name}": seen[f"was.{name}"], name: text, "was.window_days": ""})

    assert answer.status_code == 422
    block = answer.text[answer.text.index(f'id="{name}"') :]
    assert 'role="alert"' in block[: block.index("</div>\n<div") if "</div>\n<div" in block else None]
    assert await history(jana.tresen) == []


async def test_one_wrong_field_keeps_the_others_from_being_written_and_all_as_typed(jana: Browser):
    sent = the_form((await jana.get(FILES)).text) | {"limit_per_file": "viele", "watermark_text": "Neu"}

    answer = await jana.post(FILES, sent)

    assert answer.status_code == 422
    assert 'value="viele"' in answer.text
    assert 'value="Neu"' in answer.text
    assert (await stored(jana.tresen, FileSettings)).watermark_text == ""


async def test_a_field_that_does_not_exist_changes_nothing(jana: Browser):
    answer = await jana.post(FILES, {"was.id": "1", "id": "7", "was.secret": "", "secret": "x"})

    assert answer.headers["location"] == f"{FILES}?saved="


async def test_numbers_may_be_typed_with_a_comma(jana: Browser):
    await jana.post(FILES, {"was.watermark_x_mm": "10", "watermark_x_mm": "12,5"})

    assert (await stored(jana.tresen, FileSettings)).watermark_x_mm == 12.5
    assert 'inputmode="decimal" value="12,5"' in (await jana.get(FILES)).text


async def test_the_same_rules_hold_that_only_a_look_at_the_whole_can_tell(jana: Browser):
    sent = {"was.timezone": "Europe/Berlin", "timezone": "Mars/Base", "was.city": "", "city": "K"}
    answer = await jana.post("/admin/settings/seller", sent)

    assert answer.status_code == 422
    assert "Europe/Berlin" in answer.text
    assert (await stored(jana.tresen, SellerSettings)).city == ""


async def test_markup_in_a_text_stays_text(jana: Browser):
    vector = '"><script>alert(1)</script>'
    await jana.post(INVOICES, {"was.name": "", "name": vector})

    page = (await jana.get(INVOICES)).text
    assert vector not in page
    assert html.escape(vector).replace("&#x27;", "'") in page.replace("&#34;", "&quot;")


async def test_the_error_pages_learn_a_new_name_at_once(jana: Browser):
    await jana.post(INVOICES, {"was.name": "", "name": "Nähwerk"})

    assert jana.tresen.house.storefront.seller.name == "Nähwerk"


# --- Mail: a secret is written, never shown


async def test_a_mail_password_is_sealed_and_never_shown_again(jana: Browser):
    await jana.post(MAIL, {"was.smtp_host": "", "smtp_host": "mail.example.org"})
    await jana.post(MAIL, {"was.smtp_password": "", "smtp_password": "geheim 123"})

    page = (await jana.get(MAIL)).text
    row = await stored(jana.tresen, MailSettings)
    vault: Vault = jana.tresen.house.vault
    assert "geheim" not in page
    assert 'placeholder="gesetzt"' in page
    assert vault.opened("smtp-password", row.smtp_password) == "geheim 123"
    assert "geheim" not in str(await history(jana.tresen))
    await jana.post(MAIL, the_form(page))
    assert (await stored(jana.tresen, MailSettings)).smtp_password == row.smtp_password


async def test_a_password_is_not_sent_in_the_clear(jana: Browser):
    await jana.post(MAIL, {"was.smtp_host": "", "smtp_host": "mail.example.org"})
    await jana.post(MAIL, {"was.smtp_password": "", "smtp_password": "geheim 123"})

    answer = await jana.post(MAIL, {"was.smtp_tls": "starttls", "smtp_tls": "none"})

    assert answer.status_code == 422
    assert (await stored(jana.tresen, MailSettings)).smtp_tls == "starttls"


# --- Screens round them


async def test_a_storage_in_use_stays(jana: Browser):
    await sell(jana.tresen, "1")

    answer = await jana.post("/admin/storages/1/removals")

    assert answer.status_code == 409
    assert "darum bleibt er" in answer.text


async def test_the_stamp_is_drawn_on_the_first_page_of_a_linked_file(jana: Browser):
    sale = await sell(jana.tresen, "1")
    for query, status in (
        ("", 200),
        (f"?file={sale.pattern}&watermark_text=Neu&watermark_x_mm=12,5", 200),
        (f"?file={sale.pattern}&watermark_text=", 200),
        (f"?file={sale.extras}", 404),  # no PDF
        ("?file=999", 404),
        ("?file=../../etc/passwd", 404),
        ("?watermark_x_mm=-1", 422),
        ("?watermark_font_size_pt=viel", 422),
    ):
        answer = await jana.get(f"/admin/preview/stamp.png{query}")
        assert answer.status_code == status, query
        assert answer.content.startswith(b"\x89PNG") == (status == 200)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert await history(jana.tresen) == [change for change in await history(jana.tresen) if change["actor"] == "test"]


async def test_no_page_of_the_office_may_be_framed_or_kept(jana: Browser):
    answer = await jana.get(FILES)

    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "frame-src 'self'" in answer.headers["content-security-policy"]


async def test_every_link_of_the_navigation_leads_somewhere(jana: Browser):
    page = (await jana.get(FILES)).text
    for path in set(re.findall('href="(/admin[^"#]*)"', page)):
        answer = await jana.get(path)
        assert answer.status_code in (200, 303), path


COUNTED = 'Hinweise <span class="badge" data-tone="wait">'


async def test_a_notice_is_counted_in_the_navigation(jana: Browser):
    assert COUNTED not in (await jana.get(FILES)).text
    async with jana.tresen.house.database.writing() as session:
        session.add(entry(By("tresen", datetime.now(UTC)), "mail_failing", details={"reason": "x"}, notice=True))

    assert f"{COUNTED}1</span>" in (await jana.get(FILES)).text


@pytest.mark.parametrize(("typed", "meant"), [("2.000", 2000), ("1.000.000", 1_000_000), ("1 500", 1500), ("7", 7)])
async def test_whole_numbers_may_be_grouped_as_pages_group_them(jana: Browser, typed: str, meant: int):
    answer = await jana.post(FILES, {"was.limit_per_file": "", "limit_per_file": typed})

    assert answer.status_code == 303
    assert (await stored(jana.tresen, FileSettings)).limit_per_file == meant


@pytest.mark.parametrize("typed", ["2.000", "1,500"])
async def test_what_may_be_a_thousand_or_a_fraction_is_asked_again(jana: Browser, typed: str):
    answer = await jana.post(FILES, {"was.watermark_x_mm": "10", "watermark_x_mm": typed})

    assert answer.status_code == 422
    assert "von 0 bis 2000" in answer.text
    assert (await stored(jana.tresen, FileSettings)).watermark_x_mm == 10


# --- What is allowed and yet worth a look


async def test_a_stamp_that_does_not_fit_there_says_so_on_the_page_and_beside_its_picture(jana: Browser):
    words = "passt der Text nicht auf die Seite"
    await jana.post(FILES, {"watermark_text": "Neu", "was.watermark_text": ""})
    fits = Shown((await jana.get(FILES)).text).one("p", data_caution="text-moved")
    await jana.post(FILES, {"watermark_x_mm": "1999", "was.watermark_x_mm": "10"})
    moved = Shown((await jana.get(FILES)).text).one("p", data_caution="text-moved")
    typed = await jana.get("/admin/preview/stamp.png?watermark_x_mm=50")

    assert "hidden" in fits.attributes
    assert "hidden" not in moved.attributes
    assert words in moved.text
    assert typed.headers["tresen-cautions"] == ""
    assert "text-moved" in (await jana.get("/admin/preview/stamp.png")).headers["tresen-cautions"]


@pytest.mark.parametrize(
    ("tab", "field", "text", "told"),
    [
        (FILES, "watermark_text", "{UserName} {nix} {OrderDate} {Nochwas}", "{nix}, {Nochwas} sind keine bekannten"),
        (FILES, "watermark_text", "{UserName}", ""),
        (INVOICES, "invoice_series", "R-", "Ohne {year}"),
        ("/admin/settings/seller", "invoice_series", "R-", "Ohne {year}"),
        (INVOICES, "invoice_series", "R-{year}-", ""),
    ],
)
async def test_an_unknown_placeholder_is_saved_and_named(jana: Browser, tab: str, field: str, text: str, told: str):
    answer = await jana.post(tab, {field: text, f"was.{field}": "RE-{year}-" if field == "invoice_series" else ""})
    page = Shown((await jana.get(tab)).text)

    assert answer.status_code == 303
    note = page.one("p", id=f"{field}-note")
    assert note.text.strip().startswith(told)
    assert bool(note.text.strip()) is bool(told)
    assert f"{field}-note" in page.one("input", id=f"{field}-input")["aria-describedby"]


@pytest.mark.parametrize("text", ["{nix}{year}-", "RÉ-", "R E", "{year}{year}", "王", "R\u200b"])
async def test_a_series_of_signs_that_not_everybody_reads_alike_is_refused(jana: Browser, text: str):
    answer = await jana.post(INVOICES, {"invoice_series": text, "was.invoice_series": "RE-{year}-"})

    assert answer.status_code == 422
    assert "Hier passen Buchstaben ohne Akzente" in answer.text


# --- The frame, the focus, and questions


async def test_the_settings_begin_with_the_first_tab_and_the_frame_names_who_is_signed_in(jana: Browser):
    page = (await jana.get(FILES)).text

    assert (await jana.get("/admin/settings")).headers["location"] == "/admin/settings/portal/appearance"
    assert '<a href="/admin/settings/portal/appearance" aria-current="true">Einstellungen</a>' in page
    assert EMAIL in Shown(page).one("span", class_="signed-in").text


async def test_after_a_refusal_the_first_wrong_field_has_the_focus(jana: Browser):
    sent = the_form((await jana.get(FILES)).text) | {"limit_per_file": "0", "watermark_x_mm": "-1"}

    page = Shown((await jana.post(FILES, sent)).text)

    assert [each["id"] for each in page.all("input", autofocus=None)] == ["limit_per_file-input"]


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("/admin/settings/keys", "revocations"),
        ("/admin/storages", "removals"),
        ("/admin/settings/account", "sign-outs"),
    ],
)
async def test_what_cannot_be_undone_is_asked_first(jana: Browser, path: str, action: str):
    await jana.post("/admin/settings/keys", {"name": "Kasse"})
    await sell(jana.tresen, "1")
    page = (await jana.get(path)).text
    main = page[page.index("<main") :]

    dialogs = re.findall(r'<div class="dialog".*?popover.*?</form>\s*</div>', main, re.S)
    assert len(dialogs) == main.count('data-kind="danger" popovertarget=')
    assert len(dialogs) == len(re.findall(rf'action="[^"]*{action}"', main)) > 0
    for dialog in dialogs:
        assert f"{action}" in dialog
        assert "autofocus" in dialog
