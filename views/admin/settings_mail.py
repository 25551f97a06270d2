"""Einstellungen / E-Mail: through which server mail leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from views.admin.frame import Frame, OfficePage
from views.form import Form, as_text


@dataclass(frozen=True, kw_only=True)
class MailPage(OfficePage):
    """`fixed` holds what the environment says, by field name: it is shown, and cannot be changed here."""

    template: ClassVar = "admin/settings_mail.html"

    form: Form
    fixed: Mapping[str, str]
    password_set: bool

    @staticmethod
    def of(frame: Frame, form: Form, told: Mapping[str, object]) -> MailPage:
        """`told` as portal.mail_servers.answer() gives it."""
        names = told["fixed"]
        fixed = {name: as_text(told[name]) for name in names} if isinstance(names, list) else {}
        return MailPage(frame=frame, form=form, fixed=fixed, password_set=told["smtp_password_set"] is True)
