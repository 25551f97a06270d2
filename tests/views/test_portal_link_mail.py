"""The mail with the portal link says what is ready, in the order's language, with nothing of an order as markup."""

from __future__ import annotations

from babel import Locale

from tests.views.orders import NOW, a_dossier, a_file, an_open_order
from tests.views.reading import Shown
from views.mail import portal_link

URL = "https://portal.example.org/o/token"
GERMAN, ENGLISH = Locale("de", "DE"), Locale("en", "GB")


def test_it_names_the_files_and_leads_to_them():
    mail = portal_link.written(a_dossier(files=[a_file("Bente – A4"), a_file("Anleitung", id=12)]), URL, GERMAN, NOW)
    shown = Shown(mail.html)

    assert mail.subject == "Ihre Dateien zur Bestellung 3123456789"
    assert (mail.to, mail.to_name, mail.order_id, mail.locale) == ("erika@example.org", "Erika Mustermann", 1, "de-DE")
    assert [each.text for each in shown.all("li")] == ["Bente – A4", "Anleitung"]
    assert [each.attributes["href"] for each in shown.all("a")][:2] == [URL, URL]
    assert "- Bente – A4\n- Anleitung\n\n" in mail.text
    assert f":\n{URL}\n" in mail.text
    assert "bestellung 3123456789 vom 25.10.2026 ist bezahlt" in mail.text.lower()


def test_files_that_are_not_to_be_had_are_not_promised():
    mail = portal_link.written(a_dossier(an_open_order(), files=[a_file("Bente")]), URL, GERMAN, NOW)

    assert mail.subject == "Ihre Bestellung 3123456789"
    assert "Bente" not in mail.text + mail.html
    assert "bezahlt" not in mail.text + mail.html


def test_it_speaks_english_too():
    mail = portal_link.written(a_dossier(files=[a_file()]), URL, ENGLISH, NOW)

    assert mail.subject == "Your files for order 3123456789"
    assert Shown(mail.html).one("html").attributes["lang"] == "en"
    assert "Hello Erika Mustermann," in mail.text


def test_a_name_that_is_markup_stays_a_name_in_both_parts():
    name = '<img src="x"> & "Söhne" %(number)s {{ 7 * 7 }}'
    mail = portal_link.written(a_dossier(user_name=name, files=[a_file("<b>A4</b>")]), URL, GERMAN, NOW)
    shown = Shown(mail.html)

    assert shown.all("img") == shown.all("b") == []
    assert f"Hallo {name}," in mail.text
    assert "- <b>A4</b>\n" in mail.text


def test_nothing_is_loaded_from_anywhere():
    shown = Shown(portal_link.written(a_dossier(files=[a_file()]), URL, GERMAN, NOW).html)

    assert [each for each in shown.elements if "src" in each.attributes or each.tag in ("link", "img", "script")] == []


def test_a_colour_that_white_cannot_be_read_on_is_not_used():
    dossier = a_dossier()
    pale = a_dossier(appearance=type(dossier.appearance)(greeting_html="", accent_colour="#ffee88"))

    assert "#0b5e6e" in portal_link.written(pale, URL, GERMAN, NOW).html
    assert "#ffee88" not in portal_link.written(pale, URL, GERMAN, NOW).html
