"""The merchant's words become a mail: filled, harmless, with links that work, in text as in HTML."""

from __future__ import annotations

from dataclasses import replace

from portal.templated_mails import Wording
from tests.views.orders import NOW, a_dossier, a_file
from views.mail.templated import written

URL = "https://portal.example.org/o/token"


def a_wording(**parts: str) -> Wording:
    return Wording(**{"subject": "Bestellung {OrderNumber}", "text": "", "html": "", "locale": "de", **parts})


def test_every_placeholder_is_filled():
    text = "{UserName} {OrderNumber} {OrderDate} {Platform} {PortalUrl} {DownloadUrl} {InvoiceNumber} {OpenAmount}|"
    dossier = a_dossier(files=[a_file()])

    mail = written(a_wording(text=text + "{PaymentDueDate}|{FileList}"), dossier, URL, NOW)

    assert "{" not in mail.subject + mail.text
    assert dossier.order.number in mail.subject
    assert mail.text.count(URL) == 2
    assert f"- {dossier.entitlements[0].file.title}" in mail.text
    assert mail.html == ""


def test_an_unknown_placeholder_stays_as_it_was_typed():
    assert written(a_wording(text="Hallo {Nobody}"), a_dossier(), URL, NOW).text == "Hallo {Nobody}\n"


def test_an_address_becomes_a_link_and_one_in_a_link_leads_there():
    html = '<p>{PortalUrl}</p><p><a href="{PortalUrl}">Ansehen</a></p>'

    mail = written(a_wording(html=html), a_dossier(), URL, NOW)

    assert mail.html.count(f'href="{URL}"') == 2
    assert f">{URL}</a>" in mail.html
    assert "Ansehen</a>" in mail.html


def test_a_name_cannot_become_markup():
    dossier = replace(a_dossier(), user_name='<img src=x onerror="x()"> {PortalUrl}')

    mail = written(a_wording(html="<p>Hallo {UserName}</p>"), dossier, URL, NOW)

    assert "<img" not in mail.html
    assert "&lt;img" in mail.html
    assert "{PortalUrl}" in mail.html


def test_a_mail_of_html_alone_says_the_same_in_its_text():
    html = '<p>Hallo {UserName},</p><ul><li>eins</li><li>zwei</li></ul><p><a href="{PortalUrl}">Ansehen</a></p>'

    mail = written(a_wording(html=html), replace(a_dossier(), user_name="Ä & Ö"), URL, NOW)

    assert mail.text == f"Hallo Ä & Ö,\n\neins\nzwei\n\nAnsehen: {URL}\n"


def test_the_customer_s_own_locale_writes_the_numbers():
    dossier = replace(a_dossier(), locale="en-GB")

    assert written(a_wording(text="{OrderDate}", locale="en"), dossier, URL, NOW).locale == "en-GB"
    assert written(a_wording(text="{OrderDate}", locale="de"), dossier, URL, NOW).locale == "de"
