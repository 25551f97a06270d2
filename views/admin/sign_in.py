"""The way in: signing in, and the first run that makes the first merchant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from portal.merchants import SHORTEST_PASSWORD
from views import View
from views.sentences import Sentence, counted, said

UNFIT = said("Mail address and password do not fit together.")
CODE_UNFIT = said("This is not the code that the terminal shows.")
NO_MAIL_ADDRESS = said("Please enter a mail address such as hallo@example.org.")
PASSWORD_UNFIT = said("A password needs at least %(count)s characters.", count=SHORTEST_PASSWORD)


def too_soon(seconds: int) -> Sentence:
    return counted(
        "That were many tries. The next one counts in a second.",
        "That were many tries. The next one counts in %(count)s seconds.",
        seconds,
    )


@dataclass(frozen=True, kw_only=True)
class SignInPage(View):
    """`next` is where one wanted to go; `kept` is sealed input that waits there; `error` belongs to the whole form."""

    template: ClassVar = "admin/sign_in.html"

    shop: str
    email: str = ""
    next: str = ""
    kept: str = ""
    was_cut_off: bool = False
    error: Sentence | None = None


@dataclass(frozen=True, kw_only=True)
class FirstRunPage(View):
    """`errors` by the name of the field they belong to."""

    template: ClassVar = "admin/first_run.html"

    email: str = ""
    code: str = ""
    errors: Mapping[str, Sentence] = field(default_factory=dict)
