"""What the history says to a merchant: words, never the names of columns."""

from __future__ import annotations

import re

import pytest

from portal.order_history import Happening
from tests.factories import BERLIN, NOON
from views import Components, environment
from views.admin import history_words
from views.admin.labels import BY_SECTION
from views.languages import locale_of


def shown(kind: str = "settings_changed", language: str = "de", actor: str = "merchant:1", **details: object) -> str:
    """The entry as the page shows it, without its tags."""
    entry = history_words.entry(
        Happening(at=NOON, actor=actor, kind=kind, details=details), BERLIN, {1: "jana@x.example"}
    )
    ui = environment(locale_of(language, "")).globals["ui"]
    assert isinstance(ui, Components)
    return " ".join(re.sub("<[^>]*>", " ", ui.happening(entry)).split())


def test_a_new_provider_is_told_in_words_and_only_with_what_it_has():
    new = {
        "name": "Bank", "kind": "bank_transfer", "active": True, "client_id": "", "sandbox": False, "methods": [],
        "client_secret_set": False,
    }  # fmt: skip
    words = shown("payment_provider_added", provider=3, new=new)

    assert "Typ Überweisung mit GiroCode" in words
    assert "Aktiv an" in words
    for foreign in ("True", "False", "[]", "bank_transfer", "•••", "leer", "client", "methods"):
        assert foreign not in words


def test_methods_are_listed_in_their_order():
    words = shown("payment_provider_changed", name="P", old={"methods": ["paypal"]}, new={"methods": ["card", "sepa"]})

    assert "PayPal → Kredit- oder Debitkarte, Lastschrift" in words


@pytest.mark.parametrize(("old", "new", "told"), [(False, True, "leer → •••"), (True, True, "••• → •••")])
def test_of_a_secret_is_told_that_it_was_set(old, new, told):
    words = shown(section="mail_settings", old={"smtp_password_set": old}, new={"smtp_password_set": new})

    assert f"Passwort {told}" in words


def test_a_secret_that_was_never_set_is_not_told_of():
    assert "•••" not in shown("payment_provider_added", provider=3, new={"name": "P", "client_secret_set": False})


@pytest.mark.parametrize(
    ("section", "field", "old", "new", "words"),
    [
        ("file_settings", "waiver_required", False, True, "aus → an"),
        ("general_settings", "paid_rule", "pipeline", "strict", "→ Erst wenn das Geld da ist"),
        ("seller_settings", "tax_regime", "standard", "small_business", "→ Kleinunternehmer ohne Umsatzsteuer"),
        ("mail_settings", "smtp_tls", "none", "starttls", "Keine → STARTTLS"),
    ],
)
def test_a_changed_setting_is_told_in_the_words_of_its_tab(section, field, old, new, words):
    told = shown(section=section, old={field: old}, new={field: new})

    assert words in told
    assert field not in told


def test_a_delivery_that_was_given_up_says_whose_it_was_and_what_follows():
    told = shown("webhook_delivery_failed", provider=3, name="PayPal Shop", error="PayPal: HTTP 503.")

    assert "PayPal Shop ließ sich nicht fragen" in told
    assert "PayPal: HTTP 503. Nach den Zahlungen wird trotzdem gesehen." in told
    assert "webhook" not in shown("webhook_delivery_failed", delivery_id=1, error="Tresen itself failed.")


def test_a_look_that_failed_says_that_there_is_another():
    assert "Der nächste ist geplant." in shown("payment_look_failed", attempt_id=1, error="It took too long.")


def test_every_setting_has_a_name():
    from db.base import Base

    tables = {table.name: table for table in Base.metadata.sorted_tables}
    for section, labels in BY_SECTION.items():
        assert {column.key for column in tables[section].columns} - {"id"} <= labels.keys(), section


@pytest.mark.parametrize(
    ("actor", "german", "english"),
    [
        ("first run", "Erster Start", "First run"),
        ("command line", "Befehlszeile", "Command line"),
        ("demo", "Demo", "Demo"),
        ("customer", "Besteller", "Customer"),
        ("key:etsy", "API-Schlüssel etsy", "API key etsy"),
    ],
)
def test_whoever_acts_has_a_name_in_both_languages(actor, german, english):
    assert german in shown("signed_in", actor=actor)
    assert english in shown("signed_in", "en", actor=actor)


def test_a_reversed_payment_says_how_much_is_gone():
    words = shown("payment_reversed", provider="paypal", amount=2490, currency="EUR")

    assert "Zahlung über PayPal wurde zurückgebucht: 24,90" in words
