"""Einstellungen / Mein Konto."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from views.admin.frame import OfficePage
from views.sentences import Sentence, said

CURRENT_UNFIT = said("This is not your present password.")
PASSWORDS_DIFFER = said("The two new passwords differ.")


@dataclass(frozen=True, kw_only=True)
class AccountPage(OfficePage):
    """`wrong` names the field that `error` belongs to."""

    template: ClassVar = "admin/account.html"

    chosen_language: str
    chosen_theme: str
    error: Sentence | None = None
    wrong: str = ""
    password_changed: bool = False
