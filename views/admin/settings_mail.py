"""Einstellungen / E-Mail: through which server mail leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from db.messages import Message
from views.admin.frame import Frame, OfficePage
from views.admin.messages import Tested
from views.form import Form, as_text
from views.sentences import Sentence


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A mail to see whether mail leaves: where it goes, why it did not, and what became of it."""

    to: str
    error: Sentence | None = None
    mail: Message | None = None


@dataclass(frozen=True, kw_only=True)
class MailPage(OfficePage):
    """`fixed` holds what the environment says, by field name: it is shown, and cannot be changed here."""

    template: ClassVar = "admin/settings_mail.html"

    form: Form
    fixed: Mapping[str, str]
    password_set: bool
    is_set_up: bool
    test_to: str
    test_error: Sentence | None
    tested: Tested | None

    @staticmethod
    def of(frame: Frame, form: Form, told: Mapping[str, object], trial: Trial) -> MailPage:
        """`told` as portal.mail_servers.answer() gives it."""
        names = told["fixed"]
        fixed = {name: as_text(told[name]) for name in names} if isinstance(names, list) else {}
        return MailPage(
            frame=frame,
            form=form,
            fixed=fixed,
            password_set=told["smtp_password_set"] is True,
            is_set_up=bool(told["smtp_host"]),
            test_to=trial.to,
            test_error=trial.error,
            tested=Tested.of(trial.mail) if trial.mail else None,
        )
