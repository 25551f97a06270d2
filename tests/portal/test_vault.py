"""Credentials are encrypted at rest, and keys can change without anybody typing a password again."""

import pytest

from portal.vault import Unreadable, Vault

OLD, NEW = "an old key of sixteen", "a new key of sixteen!"
SECRET = "hunter2 – größer als ASCII"


def test_what_was_sealed_opens_again_and_shows_nothing_meanwhile():
    token = Vault([NEW]).sealed("smtp-password", SECRET)

    assert "hunter2" not in token
    assert Vault([NEW]).opened("smtp-password", token) == SECRET


def test_the_same_secret_never_looks_the_same_twice():
    vault = Vault([NEW])

    assert vault.sealed("smtp-password", SECRET) != vault.sealed("smtp-password", SECRET)


def test_an_older_key_still_opens_what_it_sealed():
    token = Vault([OLD]).sealed("smtp-password", SECRET)

    assert Vault([NEW, OLD]).opened("smtp-password", token) == SECRET


def test_the_newest_key_seals():
    token = Vault([NEW, OLD]).sealed("smtp-password", SECRET)

    assert Vault([NEW]).opened("smtp-password", token) == SECRET
    with pytest.raises(Unreadable):
        Vault([OLD]).opened("smtp-password", token)


def test_what_was_sealed_for_one_purpose_opens_for_no_other():
    token = Vault([NEW]).sealed("smtp-password", SECRET)

    with pytest.raises(Unreadable):
        Vault([NEW]).opened("paypal-secret", token)


@pytest.mark.parametrize("token", ["", "gAAAA", "no token at all", "ü"])
def test_whatever_is_no_token_is_unreadable(token):
    with pytest.raises(Unreadable):
        Vault([NEW]).opened("smtp-password", token)


def test_a_token_that_was_changed_is_unreadable():
    token = Vault([NEW]).sealed("smtp-password", SECRET)

    with pytest.raises(Unreadable):
        Vault([NEW]).opened("smtp-password", token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:])


def test_the_operator_can_see_how_many_secrets_an_old_key_still_holds():
    tokens = [Vault([OLD]).sealed("smtp-password", SECRET), Vault([NEW]).sealed("smtp-password", SECRET)]

    assert Vault([NEW, OLD]).held_by_old_keys("smtp-password", tokens) == 1
    assert Vault([NEW]).held_by_old_keys("smtp-password", tokens[1:]) == 0


def test_keys_of_the_data_directory_never_seal_directly():
    """The signing key is derived otherwise: who learns one of the two learns nothing of the other."""
    from base64 import urlsafe_b64encode

    from cryptography.fernet import Fernet, InvalidToken

    key = "x" * 32
    token = Vault([key]).sealed("smtp-password", SECRET)

    with pytest.raises(InvalidToken):
        Fernet(urlsafe_b64encode(key.encode())).decrypt(token.encode())
